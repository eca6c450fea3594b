"""The README says what is there: every setting, and for every promise the test that carries it."""

import re
from pathlib import Path

from server.settings import PREFIX, Settings

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
SETTING = re.compile(rf"^\| `({PREFIX}[A-Z_]+)` \| (?:`(.*?)`)? ?\| .+ \|$", re.MULTILINE)
PROMISE = re.compile(r"^\| ([A-Z]{3}-\d+) \|(.+)\|$", re.MULTILINE)
TEST = re.compile(r"(tests/[\w/]+\.(?:py|ts|mjs))(?:::(\w+))?")


def test_every_setting_stands_in_the_table_with_its_default() -> None:
    """A setting without a default of its own has an empty cell."""
    defaults = {
        PREFIX + name.upper(): str(field.default).lower()
        if isinstance(field.default, bool)
        else field.default
        for name, field in Settings.model_fields.items()
    }
    assert dict(SETTING.findall(README)) == {name: str(value or "") for name, value in defaults.items()}


def test_no_other_setting_is_named() -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    assert set(re.findall(rf"{PREFIX}[A-Z_]+", README)) <= known


def test_every_promise_names_a_test_that_is_there() -> None:
    promises = PROMISE.findall(README)
    assert promises, "the README has no table of promises: | DUR-1 | … | `tests/….py` |"
    for id_, row in promises:
        carried_by = TEST.findall(row)
        assert carried_by, f"{id_} names no test"
        for path, name in carried_by:
            assert (ROOT / path).is_file(), f"{id_}: {path} is not there"
            assert not name or f"def {name}(" in (ROOT / path).read_text(encoding="utf-8"), f"{id_}: {name}"
