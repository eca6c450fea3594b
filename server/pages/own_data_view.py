"""A person's own bundle as files: pages that anybody can open, JSON that machines can read, and a guide.

    guide.html, guide.txt       what is in here; the guide leads to everything else
    style.css                   how the pages look
    formats.txt                 what the keys of the JSON files mean, in English
    conversations/01/…          each conversation: index.html, conversation.json, and what is in it
    about-you/<source>.html     everything else, as a page
    about-you/<source>.json     and for machines

Pure but for putting records on paper. Nothing here decides what is told.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from server.former import Part
from server.own_data.bundles import File
from server.own_data.conversation import OwnConversation
from server.own_data.making import Chapter
from server.own_data.source import Field, FieldKind, Item, Source
from server.pages import changes, heading, own_data_json, own_data_words, record_view, record_words
from server.pages.context import DEFAULT_ZONE
from server.pages.names import whose
from server.pages.records import KEY_ADDRESS
from server.pages.rendering import Rendering, View
from server.people import Person
from server.policy import Policy
from server.record import paper as record_paper
from server.record.digests import for_people
from server.record.sheet import Sheet
from server.records import Record
from server.rules.access import Pane, State
from server.rules.errors import TooMuchForPaper

if TYPE_CHECKING:
    from server.record.sealing import OrganisationSeal

WIDEST_TABLE = 5
"""What has more fields is shown as cards: a table of it would be wider than a page."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One value as people read it."""

    heading: str
    lines: tuple[str, ...]
    is_text: bool = False
    """Somebody's own words, with their line breaks."""


class BundleWriter:
    """Writes what ``server.own_data.making`` has read. See ``making.Writer``."""

    def __init__(self, rendering: Rendering, address: str) -> None:
        """``address`` is where people find the server."""
        self._rendering = rendering
        self._address = address

    def source(
        self, me: Person, source: Source, items: Sequence[Item], now: datetime
    ) -> tuple[Chapter, list[File]]:
        """One kind, as a page for people and as JSON."""
        view = self._view(me, now)
        about = own_data_words.about(view.catalogue, Policy().retention)[source.name]
        page, data = f"about-you/{source.name}.html", f"about-you/{source.name}.json"
        count = view.catalogue.say_number("%(num)s entry", "%(num)s entries", len(items))
        cards = [_cells(source, item, view) for item in items]
        html = self._html(
            view,
            "my_data/kind.html",
            title=about.title,
            origin=about.origin,
            why=about.why,
            cards=cards,
            is_table=len(source.fields) <= WIDEST_TABLE,
            up="../",
        )
        chapter = Chapter(source.name, about.title, count, page, (data,), len(items))
        return chapter, [
            File(page, html),
            File(data, own_data_json.written(source.name, list(map(own_data_json.plain, items)))),
        ]

    def conversation(
        self, me: Person, number: int, own: OwnConversation, seal: "OrganisationSeal", now: datetime
    ) -> tuple[Chapter, list[File]]:
        """One conversation: an index, what it says now, and each of its records with how to verify it."""
        conversation = own.conversation
        view = self._rendering.view(me.locale, now, heading.zone(conversation))
        folder = f"conversations/{number:02}"
        files = [
            File(
                f"{folder}/conversation.json", own_data_json.written("conversation", own_data_json.told(own))
            )
        ]
        links: list[tuple[str, str]] = []
        if own.draft is not None:
            sheet = record_view.sheet(own.draft, (), view, is_draft=True)
            files.append(File(f"{folder}/draft.html", self._sheet(view, sheet)))
            files.append(
                File(
                    f"{folder}/draft.json", own_data_json.written("draft", own.draft.model_dump(mode="json"))
                )
            )
            links.append(("draft.html", view.catalogue.say("What is written now, as you may read it")))
        for at, (part, content) in enumerate(own.former, start=1):
            sheet = record_view.sheet(content, (), view, is_draft=True)
            files.append(File(f"{folder}/before-{at}.html", self._sheet(view, sheet)))
            draft = own_data_json.written("draft", content.model_dump(mode="json"))
            files.append(File(f"{folder}/before-{at}.json", draft))
            links.append((f"before-{at}.html", _before(part, view)))
        for record in own.records:
            made, named = self._record(me, record, seal, view, now)
            files += [File(f"{folder}/{each.name}", each.content) for each in made]
            links += named
        title = heading.names(conversation, view)
        state = view.catalogue.say("Handed over") if own.is_past else _state(conversation.state, view)
        html = self._html(
            view,
            "my_data/conversation.html",
            title=conversation.template.name.to(view.locale),
            names=title,
            meeting=heading.meeting_of(conversation, view),
            state=state,
            links=links,
            unread=[_pane(own, pane, view) for pane in own.unread],
            guests=[each.name for each in own.guests],
            happened=changes.days(own.log, me, view) if own.log else [],
            up="../../",
        )
        index = File(f"{folder}/index.html", html)
        name = conversation.template.name.to(view.locale)
        under = " · ".join(
            filter(
                None,
                (
                    title,
                    view.days.weekday(view.days.of(conversation.created_at)),
                    state,
                ),
            )
        )
        chapter = Chapter("", name, under, index.name, tuple(each.name for each in files), 1)
        return chapter, [index, *files]

    def guide(
        self, me: Person, chapters: Sequence[Chapter], policy: Policy, asked: Sequence[Person], now: datetime
    ) -> list[File]:
        """What leads to everything else."""
        view = self._view(me, now)
        about = own_data_words.about(view.catalogue, policy.retention)
        talks = [each for each in chapters if not each.source]
        others = [(each, about[each.source]) for each in chapters if each.source]
        given = {
            "me": me,
            "made": view.days.exactly(now),
            "address": self._address,
            "talks": talks,
            "about_talks": about[own_data_words.CONVERSATION],
            "others": [pair for pair in others if pair[0].count],
            "nothing": [pair[0].title for pair in others if not pair[0].count],
            "asked": asked,
            "up": "",
        }
        return [
            File("guide.html", self._html(view, "my_data/guide.html", **given)),
            File("guide.txt", _lines(view.html("my_data/guide.txt", **given)).encode()),
            File("style.css", view.html("my_data/style.css").encode()),
            File("formats.txt", own_data_json.formats().encode()),
        ]

    def _record(
        self, me: Person, record: Record, seal: "OrganisationSeal", view: View, now: datetime
    ) -> tuple[list[File], list[tuple[str, str]]]:
        """The files of one record, and those to which the index leads, each with its words."""
        say = view.catalogue.say
        version = f"version-{record.version}"
        sheet = record_view.sheet(record.content, record.statements, view, closed_at=record.closed_at)
        files = [File(f"{version}.html", self._sheet(view, sheet))]
        links = [(f"{version}.html", say("Version %(number)s, to read", number=record.version))]
        if record.sealed is None:
            return files, links
        key = self._address + KEY_ADDRESS
        keys = (record.fingerprint, seal.fingerprint)
        words = record_words.record(sheet, record.sha256, keys, key, view)
        try:
            paper = record_paper.pdf(sheet, words, record.sha256, seal, now)
        except TooMuchForPaper:
            # It is there as a page and as JSON.
            pass
        else:
            files.append(File(f"{version}/record.pdf", paper))
            links.append(
                (f"{version}/record.pdf", say("Version %(number)s on paper (PDF)", number=record.version))
            )
        files += [
            File(f"{version}/record.json", record.sealed),
            File(f"{version}/certificate.pem", record.certificate.encode()),
            File(
                f"{version}/how-to-verify.txt",
                record_words.instructions(key, view, "record.json").encode(),
            ),
        ]
        links.append(
            (f"{version}/how-to-verify.txt", say("How to verify version %(number)s", number=record.version))
        )
        if (statement := record.statement_of(me.id)) is not None:
            mine = record_view.signature(statement, view)
            receipt = self._html(
                view,
                "my_data/receipt.html",
                title=sheet.title,
                names=sheet.under,
                mine=mine,
                sha256=for_people(record.sha256),
                fingerprint=for_people(record.fingerprint),
                up="../../../",
            )
            files.append(File(f"{version}/receipt.html", receipt))
            links.append(
                (f"{version}/receipt.html", say("Your receipt of version %(number)s", number=record.version))
            )
        return files, links

    def _sheet(self, view: View, sheet: Sheet) -> bytes:
        return self._html(view, "my_data/sheet.html", sheet=sheet, title=sheet.title, up="../../")

    def _html(self, view: View, template: str, **context: Any) -> bytes:
        return view.html(template, **context).encode()

    def _view(self, me: Person, now: datetime) -> View:
        return self._rendering.view(me.locale, now, DEFAULT_ZONE)


def _state(state: State, view: View) -> str:
    say = view.catalogue.say
    match state:
        case State.OPEN:
            return say("Open")
        case State.FROZEN:
            return say("Waits to be signed")
        case State.CLOSED:
            return say("Closed")
        case State.DECLINED:
            return say("Declined")
        case State.CANCELLED:
            return say("Cancelled")


def _pane(own: OwnConversation, pane: Pane, view: View) -> str:
    owner = own.conversation.panes[pane].facts.owner
    name = next(
        (each.name for each in (own.conversation.employee, own.conversation.responsible) if each.id == owner),
        "",
    )
    return view.catalogue.say("%(whose)s pane", whose=whose(name, view.locale))


def _before(part: Part, view: View) -> str:
    day = view.days.day(view.days.of(part.at))
    if part.pane is Pane.JOINT:
        return view.catalogue.say("What you wrote together until %(day)s, when it was handed over", day=day)
    name = whose(part.predecessor.name, view.locale)
    return view.catalogue.say("%(whose)s pane until %(day)s, when it was handed over", whose=name, day=day)


def _cells(source: Source, item: Item, view: View) -> list[Cell]:
    words = own_data_words.headings(view.catalogue)
    values = own_data_words.values(view.catalogue)
    made = []
    for field in source.fields:
        known = values.get((source.name, field.name), {})
        lines = tuple(_shown(field, item[field.name], known, view))
        made.append(Cell(words[field.name], lines, field.kind in (FieldKind.TEXT, FieldKind.LINES)))
    return made


def _shown(field: Field, value: Any, known: Mapping[str, str], view: View) -> Iterator[str]:
    """A value in words; nothing where there is none."""
    if value is None or value == "":
        return
    match field.kind:
        case FieldKind.INSTANT:
            yield record_view.when(value, view)
        case FieldKind.DAY:
            yield view.days.day(value)
        case FieldKind.WORD:
            yield known.get(value, value)
        case FieldKind.WORDS:
            yield value.get(view.locale) or next(iter(value.values()), "")
        case FieldKind.PERSON:
            yield value["name"] or value["id"]
        case FieldKind.LINES:
            yield from (known.get(each, each) for each in value)
        case FieldKind.YES:
            yield view.catalogue.say("Yes") if value else view.catalogue.say("No")
        case _:
            yield str(value)


def _lines(text: str) -> str:
    """A plain text without more than one empty line at once."""
    kept: list[str] = []
    for line in (each.rstrip() for each in text.strip().splitlines()):
        if line or (kept and kept[-1]):
            kept.append(line)
    return "\n".join(kept) + "\n"
