"""The built files of ``web/static``: their hashed names, read once from the build's manifest."""

import json
from pathlib import Path

from server.rules.errors import CannotServe

STATIC_URL = "/static/"
MANIFEST = "manifest.json"


class AssetsMissing(CannotServe):
    """The client has not been built."""


class Assets:
    """Addresses of the built files, by the name before the hash."""

    def __init__(self, names: dict[str, str]) -> None:
        self._names = names

    def address(self, name: str) -> str:
        """Return the address of ``samsyn.css`` and the like. Raises KeyError for an unknown one."""
        return STATIC_URL + self._names[name]


def read_assets(folder: Path) -> Assets:
    """Read the manifest in ``folder``. Raises AssetsMissing with a sentence that says what to do."""
    try:
        names = json.loads((folder / MANIFEST).read_text("utf-8"))
    except FileNotFoundError:
        raise AssetsMissing("The pages' styles and scripts are not built. Run: make build") from None
    return Assets(names)
