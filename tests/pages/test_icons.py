"""The sprite holds the icons that pages draw, and no others."""

import re

from tests.pages.world import ROOT

LISTED = set((ROOT / "web/styles/icons.txt").read_text("utf-8").split())
SOURCES = [*(ROOT / "web/templates").rglob("*.html"), ROOT / "server/pages/conversation_view.py"]
QUOTED = set(re.findall(r'"([a-z0-9-]+)"', "\n".join(path.read_text("utf-8") for path in SOURCES)))
DRAWN = set(re.findall(r'icon\("([a-z0-9-]+)"', "\n".join(path.read_text("utf-8") for path in SOURCES)))


def test_every_icon_that_a_template_draws_is_in_the_sprite() -> None:
    assert DRAWN
    assert not DRAWN - LISTED


def test_the_sprite_holds_no_icon_that_nobody_draws() -> None:
    assert not LISTED - QUOTED
