"""One follow-up activity as one person sees it: what can be written, what was said, how it stands. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from crdt.content import text_is_filled
from server.activities import ActivityState, Comment, CommentKind, Detail
from server.activity_documents import DESCRIPTION, DEVELOP, DO, FOLLOW_UP, GOAL, HOW, OWNER, TITLE
from server.documents import shown_in_activities
from server.pages import activities_view
from server.pages.rendering import View
from server.people import Person
from server.template.parts import PartKind

DOCUMENT: Final = "activity"
"""What the page's elements call the one document (``data-pane``)."""

ICONS: Final = {
    CommentKind.SAID: "pen-line",
    CommentKind.COMPLETED: "check",
    CommentKind.CANCELLED: "x",
    CommentKind.TAKEN_UP: "rotate-ccw",
}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the document. ``web/client/src/field_names.ts`` says what the client finds there."""

    name: str
    kind: str
    label: str
    help: str
    value: Any
    options: tuple[tuple[str, str], ...] = ()
    """Of a person: id and name of everybody who can be chosen."""
    said: str = ""
    """The value in words, where it is only read."""

    @property
    def is_text(self) -> bool:
        return self.kind in (PartKind.TEXT, PartKind.RICH_TEXT)

    @property
    def is_filled(self) -> bool:
        """Whether a text says anything."""
        return self.is_text and text_is_filled(self.value or [])

    @property
    def id(self) -> str:
        """Its place on the page."""
        return f"f-{DOCUMENT}-{self.name}"


@dataclass(frozen=True, slots=True)
class Said:
    """One line of the trail: a comment, or a turn of the activity's life."""

    by: Person
    hand: str
    sentence: str
    when: str
    text: str
    icon: str
    is_comment: bool


def texts(detail: Detail, view: View) -> tuple[Field, ...]:
    """What is written, in the order of the plan."""
    say = view.catalogue.say
    line, rich = PartKind.TEXT.value, PartKind.RICH_TEXT.value
    asked = (
        (TITLE, line, say("What is to be done"), say("In a few words: this stands in every list.")),
        (
            GOAL,
            line,
            say("The organisation's goal"),
            say("Which of the goals of the organisation it serves."),
        ),
        (DESCRIPTION, rich, say("Description"), ""),
        (DEVELOP, rich, say("What is to be developed"), say("To reach the goal.")),
        (HOW, rich, say("How"), say("What you do, step by step.")),
    )
    return tuple(
        Field(name, kind, label, text, detail.content.get(name)) for name, kind, label, text in asked
    )


def facts(detail: Detail, view: View) -> tuple[Field, ...]:
    """Who does it, and the two days."""
    say, content = view.catalogue.say, detail.content
    owner = detail.activity.owner
    days = detail.activity.due_on, detail.activity.follow_up_on
    written = [view.days.day(day) if day else "" for day in days]
    return (
        Field(
            OWNER,
            PartKind.PERSON.value,
            say("Responsible"),
            "",
            content.get(OWNER),
            tuple((each.id, each.name) for each in view.by_name(detail.owners)),
            owner.name if owner else "",
        ),
        Field(DO, PartKind.DATE.value, say("Done by"), "", content.get(DO), said=written[0]),
        Field(
            FOLLOW_UP, PartKind.DATE.value, say("Followed up on"), "", content.get(FOLLOW_UP), said=written[1]
        ),
    )


def fields(detail: Detail, view: View) -> tuple[Field, ...]:
    """Everything that can be written."""
    return texts(detail, view) + facts(detail, view)


def archived(detail: Detail) -> tuple[tuple[str, str], ...]:
    """What an older system said: heading and text, in its own order."""
    return tuple((detail.activity.archive or {}).items())


def trail(detail: Detail, view: View) -> tuple[Said, ...]:
    """What was said and done, oldest first."""
    return tuple(_said(each, detail, view) for each in detail.comments)


def news(detail: Detail, view: View) -> str:
    """How it ended and by whom, where it has; empty while it goes on."""
    if detail.activity.state is ActivityState.ACTIVE:
        return ""
    ends = (CommentKind.COMPLETED, CommentKind.CANCELLED)
    last = next((each for each in reversed(detail.comments) if each.kind in ends), None)
    words, _ = activities_view.state(detail.activity, view)
    return view.catalogue.say("%(state)s, by %(name)s.", state=words, name=last.by.name) if last else words


def standing(detail: Detail, view: View) -> Iterator[str]:
    """What the bar says: the state, and what one can do about it."""
    say = view.catalogue.say
    words, _ = activities_view.state(detail.activity, view)
    yield words
    if detail.activity.state is ActivityState.ARCHIVED:
        yield say("It comes from an older system, and nobody can change it.")
    elif detail.activity.state is ActivityState.ACTIVE:
        yield say("Everything that you write is kept all the time, and seen at once.")
    else:
        yield say("Nothing more is written in it. You can still comment, or take it up again.")


def _said(comment: Comment, detail: Detail, view: View) -> Said:
    return Said(
        by=comment.by,
        hand=shown_in_activities(comment.by, detail.employee.id)["colour"],
        sentence=_sentence(comment, view),
        when=view.days.exactly(comment.at),
        text=comment.text,
        icon=ICONS[comment.kind],
        is_comment=comment.kind is CommentKind.SAID,
    )


def _sentence(comment: Comment, view: View) -> str:
    say, name = view.catalogue.say, comment.by.name
    match comment.kind:
        case CommentKind.SAID:
            return name
        case CommentKind.COMPLETED:
            return say("%(name)s completed it", name=name)
        case CommentKind.CANCELLED:
            return say("%(name)s cancelled it", name=name)
        case CommentKind.TAKEN_UP:
            return say("%(name)s took it up again", name=name)
