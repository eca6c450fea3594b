"""The three languages, for tests that draw something without a server."""

from datetime import UTC, datetime
from pathlib import Path

from server.pages.assets import Assets
from server.pages.catalogues import read_catalogues
from server.pages.rendering import Rendering, View

WEB = Path(__file__).parents[2] / "web"
RENDERING = Rendering(WEB / "templates", read_catalogues(WEB / "locales"), Assets({"icons.svg": "icons.svg"}))


def view(locale: str) -> View:
    """What somebody is shown who reads this language, in Stockholm, in November 2026."""
    return RENDERING.view(locale, datetime(2026, 11, 26, 10, 0, tzinfo=UTC), "Europe/Stockholm")


SWEDISH = view("sv")
