"""What an older system had of follow-up activities: the page on which HR brings it in (F73)."""

from dataclasses import dataclass

from starlette.responses import Response

from server.activities import ActivityState
from server.archive import Brought
from server.archive_format import (
    DESCRIPTION,
    DUE,
    EMPLOYEE,
    ENDED,
    HEADINGS,
    KIND,
    KINDS,
    REFERENCE,
    RESPONSIBLE,
    STATE,
    STATES,
    TITLE,
    ArchiveInvalid,
    RowFault,
)
from server.pages.addresses import ARCHIVE
from server.pages.context import PersonVisit
from server.pages.forms import read_file
from server.pages.rendering import View
from server.rules.access import Action, OrganisationFacts, allowed
from server.rules.errors import NotFound
from server.rules.limits import ARCHIVE_BYTES_MAX, ARCHIVE_FAULTS_SHOWN_MAX, MIB

FILE = "file"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the file, explained."""

    heading: str
    required: bool
    explanation: str


@dataclass(frozen=True, slots=True)
class Wrong:
    """One fault: the line and a sentence."""

    line: int
    sentence: str


async def show(visit: PersonVisit) -> Response:
    """GET /archive."""
    _require_right(visit)
    return _page(visit)


async def bring(visit: PersonVisit) -> Response:
    """POST /archive with ``file``."""
    _require_right(visit)
    data = await read_file(visit.request, FILE)
    if data is None:
        return _page(visit, missing=True)
    try:
        return _page(visit, brought=await visit.features.archive.bring(visit.actor, data))
    except ArchiveInvalid as invalid:
        return _page(visit, faults=invalid.faults)


def _require_right(visit: PersonVisit) -> None:
    if not allowed(visit.actor, Action.IMPORT_ARCHIVE, OrganisationFacts()):
        raise NotFound


def _page(
    visit: PersonVisit,
    brought: Brought | None = None,
    faults: tuple[RowFault, ...] = (),
    *,
    missing: bool = False,
) -> Response:
    view = visit.view()
    return visit.page(
        view,
        "archive/page.html",
        409 if faults or missing else 200,
        address=ARCHIVE,
        field=FILE,
        size=ARCHIVE_BYTES_MAX // MIB,
        columns=_columns(view),
        example=_example(view),
        brought=brought,
        is_missing=missing,
        faults=[_wrong(fault, view) for fault in faults[:ARCHIVE_FAULTS_SHOWN_MAX]],
        more=max(0, len(faults) - ARCHIVE_FAULTS_SHOWN_MAX),
    )


def _wrong(fault: RowFault, view: View) -> Wrong:
    return Wrong(fault.line, view.catalogue.say(fault.sentence, **fault.fields_in(view.locale)))


def _columns(view: View) -> list[Column]:
    say, locale = view.catalogue.say, view.locale
    day = say("A day: 2024-03-31 or 31.03.2024.")
    explanations = {
        EMPLOYEE: say("The e-mail address of somebody who is here, or the id."),
        KIND: say("One of: %(words)s.", words=", ".join(words.to(locale) for words in KINDS.values())),
        TITLE: say("A few words, as they are to stand in the list."),
        STATE: say("One of: %(words)s.", words=", ".join(words.to(locale) for words in STATES.values())),
        DESCRIPTION: say("A text."),
        RESPONSIBLE: say("A name, as it stood in the older system."),
        DUE: day,
        ENDED: day,
        REFERENCE: say("By which the older system knew it. What has one is never brought in twice."),
    }
    return [
        Column(heading.words.to(locale), heading.required, explanations[name])
        for name, heading in HEADINGS.items()
    ]


def _example(view: View) -> str:
    """The first two lines of a file."""
    headings = [heading.words.to(view.locale) for heading in HEADINGS.values()]
    cells = {
        EMPLOYEE: "maja@example.org",
        KIND: next(iter(KINDS.values())).to(view.locale),
        TITLE: view.catalogue.say("A new routine for alarms"),
        STATE: STATES[ActivityState.COMPLETED].to(view.locale),
        DUE: "2024-03-31",
    }
    return "\n".join((";".join(headings), ";".join(cells.get(name, "") for name in HEADINGS)))
