"""Pages as HTML: the Jinja templates of ``web/templates`` in one of three languages."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from pathlib import Path
from types import CodeType
from typing import Any, TypeVar
from urllib.parse import quote
from zoneinfo import ZoneInfo

from babel.numbers import format_decimal
from jinja2 import BytecodeCache, Environment, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse

from server.pages.assets import Assets
from server.pages.catalogues import LOCALES, Catalogue
from server.pages.dates import Days
from server.pages.names import place, whose
from server.pages.rich_text import markup

T = TypeVar("T")
NAME: Callable[[Any], str] = attrgetter("name")

FAVICON = "data:image/svg+xml," + quote(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
    '<rect width="32" height="32" rx="8" fill="#1c5d51"/>'
    '<circle cx="13" cy="16" r="6.5" fill="#f6f2ea"/>'
    '<circle cx="20" cy="16" r="6.5" fill="#e2aa7c" opacity=".85"/></svg>'
)
"""Two circles that see each other."""


class Rendering:
    """Every language's templates. Made once."""

    def __init__(self, templates: Path, catalogues: Mapping[str, Catalogue], assets: Assets) -> None:
        self.catalogues = catalogues
        compiled = _Compiled()
        self._environments = {
            locale: _environment(templates, catalogue, assets, compiled)
            for locale, catalogue in catalogues.items()
        }

    def view(self, locale: str, now: datetime, zone: str) -> "View":
        """Everything that one answer in ``locale`` needs. ``zone`` is an IANA time zone."""
        catalogue = self.catalogues[locale]
        return View(self._environments[locale], catalogue, Days(catalogue, now, ZoneInfo(zone)))


@dataclass(frozen=True, slots=True)
class View:
    """One person's language and calendar, for one answer."""

    environment: Environment
    catalogue: Catalogue
    days: Days

    @property
    def locale(self) -> str:
        return self.catalogue.locale

    def by_name(self, found: Iterable[T], name: Callable[[T], str] = NAME) -> list[T]:
        """Return what has names as this person's alphabet orders them."""
        return sorted(found, key=lambda each: (place(name(each), self.locale), name(each)))

    def html(self, template: str, **context: object) -> str:
        """Return the page as text."""
        return self.environment.get_template(template).render(days=self.days, **context)

    def page(self, template: str, status: int = 200, **context: object) -> HTMLResponse:
        """Return the page as an answer."""
        return HTMLResponse(self.html(template, **context), status, headers={"Content-Language": self.locale})


class _Compiled(BytecodeCache):
    """Has each template compiled once for all languages: their words come in only when it is rendered."""

    def __init__(self) -> None:
        self._codes: dict[str, CodeType | None] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._codes.get(bucket.key)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._codes[bucket.key] = bucket.code


def _environment(
    templates: Path, catalogue: Catalogue, assets: Assets, compiled: BytecodeCache
) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(templates),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        bytecode_cache=compiled,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_callables(  # type: ignore[attr-defined]  # the extension adds it
        gettext=catalogue.say,
        ngettext=catalogue.form,
        newstyle=True,
    )
    environment.globals |= {
        "asset": assets.address,
        "icon": lambda name, css="": _icon(assets.address("icons.svg"), name, css),
        "favicon": FAVICON,
        "locale": catalogue.locale,
        "languages": LOCALES,
        "markup": markup,
    }
    environment.filters["capital"] = lambda text: text[:1].upper() + text[1:]
    environment.filters["decimal"] = lambda number: format_decimal(
        number, locale=catalogue.calendar, decimal_quantization=False, group_separator=False
    )
    environment.filters["whose"] = lambda name: whose(name, catalogue.locale)
    return environment


def _icon(sprite: str, name: str, css: str) -> Markup:
    attribute = Markup(' class="{}"').format(css) if css else Markup("")
    return Markup('<svg aria-hidden="true"{}><use href="{}#{}"/></svg>').format(
        attribute, sprite, escape(name)
    )
