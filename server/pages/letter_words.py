"""What a letter of each kind says, in its receiver's language. Nothing here was written by anybody."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from server.calendar import method, one_line
from server.letter_format import OPTIONAL, REMINDERS, Appointment, Kind, Letter, Notice
from server.pages.catalogues import Catalogue
from server.pages.dates import Days
from server.rules.day import ZONE

CHOICES = "/reminders"
"""Where each person turns reminders off."""


@dataclass(frozen=True, slots=True)
class Said:
    """All that a letter says, apart from greeting and goodbye."""

    subject: str
    told: tuple[str, ...]
    """Sentences, each a paragraph."""
    facts: tuple[tuple[str, str], ...]
    """What and its value: the conversation, when, where."""
    path: str
    """Of the page to read on."""
    link: str
    """What the link to it is called."""
    event: str = ""
    """What it is called in a calendar."""
    after: str = ""
    """What to know of the calendar event that goes with it; empty without one."""
    choice: str = ""
    """Where it can be turned off; empty for what everybody gets."""


Say = Callable[..., str]


def said(letter: Letter, catalogue: Catalogue) -> Said:
    """What the letter says. The same letter always says the same."""
    about = letter.about
    if isinstance(about, Notice):
        return _notice(letter, about, catalogue)
    return _appointment(letter, about, catalogue)


def _appointment(letter: Letter, about: Appointment, catalogue: Catalogue) -> Said:
    say = catalogue.say
    days = Days(catalogue, letter.made_at, ZoneInfo(about.time_zone or ZONE))
    template = one_line(about.template[catalogue.locale])
    when = days.exactly(about.meeting_at) if about.meeting_at else None
    names = {"employee": one_line(about.employee.name), "responsible": one_line(about.responsible.name)}
    told = [_told(letter, about, catalogue, names)]
    if about.material is not None:
        told.append(say("What to prepare with is enclosed."))
    return Said(
        subject=_subject(letter.kind, catalogue, template, f"{template}, {when}" if when else template),
        told=tuple(told),
        facts=((say("Conversation"), template), *_facts(about, catalogue, days)),
        path=_path(letter, about),
        link=_link(letter.kind, say),
        event=f"{template}: {say('%(employee)s and %(responsible)s', **names)}",
        after=_about_event(letter, say),
        choice=_choice(letter.kind, say),
    )


def _subject(kind: Kind, catalogue: Catalogue, template: str, planned: str) -> str:
    """``template`` is its name, ``planned`` the same with the time."""
    say = catalogue.say
    match kind:
        case Kind.CALLED_OFF:
            return say("Called off: %(conversation)s", conversation=template)
        case Kind.DECLINED:
            return say("Declined: %(conversation)s", conversation=template)
        case Kind.MOVED:
            return say("Changed: %(conversation)s", conversation=planned)
        case Kind.REASSIGNED:
            return say("Another responsible: %(conversation)s", conversation=planned)
        case Kind.GUEST_ASKED:
            return say("Will you take part? %(conversation)s", conversation=planned)
        case Kind.NOT_ASKED | Kind.LEFT:
            return say("Without you: %(conversation)s", conversation=template)
        case Kind.PREPARE:
            return say("To prepare: %(conversation)s", conversation=planned)
        case Kind.SHARE:
            return say("To share: %(conversation)s", conversation=planned)
        case Kind.MEET:
            return say("Soon: %(conversation)s", conversation=planned)
        case Kind.SIGN:
            return say("To sign: %(conversation)s", conversation=template)
        case _:
            return say("Invitation: %(conversation)s", conversation=planned)


def _told(letter: Letter, about: Appointment, catalogue: Catalogue, names: Mapping[str, str]) -> str:
    say = catalogue.say
    if letter.kind in REMINDERS:
        return _reminded(letter, about, catalogue, names)
    match letter.kind:
        case Kind.MOVED:
            return say(
                "The conversation of %(employee)s and %(responsible)s has a new time or place.", **names
            )
        case Kind.CALLED_OFF:
            return say("The conversation of %(employee)s and %(responsible)s will not take place.", **names)
        case Kind.DECLINED:
            return say(
                "%(employee)s has declined the conversation with %(responsible)s. The reason, and what is "
                "proposed instead, can be read in Samsyn.",
                **names,
            )
        case Kind.REASSIGNED:
            return say("%(responsible)s is now responsible for the conversation with %(employee)s.", **names)
        case Kind.GUEST_ASKED:
            return say(
                "%(employee)s and %(responsible)s are going to have a conversation, and you are asked to "
                "take part in it.",
                **names,
            )
        case Kind.NOT_ASKED:
            return say(
                "You are no longer asked to take part in the conversation of %(employee)s and "
                "%(responsible)s.",
                **names,
            )
        case Kind.LEFT:
            return say(
                "You no longer take part in the conversation of %(employee)s and %(responsible)s.", **names
            )
        case _ if letter.is_to_guest:
            return say("You take part in the conversation of %(employee)s and %(responsible)s.", **names)
        case _:
            return say("%(employee)s and %(responsible)s are going to have a conversation.", **names)


def _reminded(letter: Letter, about: Appointment, catalogue: Catalogue, names: Mapping[str, str]) -> str:
    say = catalogue.say
    other = names["responsible"] if letter.to.id == about.employee.id else names["employee"]
    match letter.kind:
        case Kind.PREPARE:
            return say(
                "You have not begun to write for your conversation with %(name)s. Read the questions, and "
                "note a few words for each. Nobody else is told whether you have begun.",
                name=other,
            )
        case Kind.SHARE:
            return say(
                "You have not shared your answers for your conversation with %(name)s. Read them through, "
                "and share them when you are ready.",
                name=other,
            )
        case Kind.MEET if letter.is_to_guest:
            return say(
                "The conversation of %(employee)s and %(responsible)s, in which you take part, is soon.",
                **names,
            )
        case Kind.MEET:
            return say("Your conversation with %(name)s is soon.", name=other)
        case _:
            return say("Your conversation with %(name)s is waiting for your signature.", name=other)


def _facts(about: Appointment, catalogue: Catalogue, days: Days) -> list[tuple[str, str]]:
    """When and where, each with its label."""
    say = catalogue.say
    found: list[tuple[str, str]] = []
    if about.meeting_at:
        found.append((say("When"), days.exactly(about.meeting_at)))
    if _is_moved(about.before_at, about.meeting_at) and about.before_at:
        found.append((say("Before"), days.exactly(about.before_at)))
    if place := one_line(about.place):
        found.append((say("Where"), place))
    return found


def _is_moved(before: datetime | None, now: datetime | None) -> bool:
    return before is not None and before != now


def _path(letter: Letter, about: Appointment) -> str:
    kind = letter.kind
    if kind in (Kind.NOT_ASKED, Kind.LEFT) or (kind is Kind.DECLINED and letter.is_to_guest):
        # There is nothing of it for her to see any more. HR finds there what was declined.
        return "/"
    of_conversation = f"/conversations/{about.conversation}"
    return f"{of_conversation}/invitation" if kind is Kind.GUEST_ASKED else of_conversation


def _link(kind: Kind, say: Say) -> str:
    match kind:
        case Kind.NOT_ASKED | Kind.LEFT:
            return say("Open Samsyn")
        case Kind.GUEST_ASKED:
            return say("Answer")
        case Kind.SIGN:
            return say("Read and sign")
        case Kind.DECLINED:
            return say("Read the reason")
        case _:
            return say("Open the conversation")


def _about_event(letter: Letter, say: Say) -> str:
    if method(letter) is None:
        return ""
    match letter.kind:
        case Kind.CALLED_OFF | Kind.LEFT:
            return say("With this your calendar can remove the event.")
        case Kind.MOVED:
            return say("With this your calendar can move the event that it has.")
        case _:
            return say("With this your calendar can keep the time. If the time is moved, the event follows.")


def _choice(kind: Kind, say: Say) -> str:
    return say("You choose yourself which reminders you get:") if kind in OPTIONAL else ""


def _notice(letter: Letter, about: Notice, catalogue: Catalogue) -> Said:
    say = catalogue.say
    days = Days(catalogue, letter.made_at, ZoneInfo(ZONE))
    name = one_line(about.person.name)
    choice = _choice(letter.kind, say)
    if letter.kind is Kind.FOLLOW_UP:
        day = days.weekday(about.first_on) if about.first_on else ""
        if letter.to.id == about.person.id:
            told = catalogue.say_number(
                "One of your activities is to be done or followed up on %(day)s.",
                "%(num)s of your activities are to be done or followed up on %(day)s.",
                about.number,
                day=day,
            )
        else:
            told = catalogue.say_number(
                "An activity that you have taken on for %(name)s is to be done or followed up on %(day)s.",
                "%(num)s activities that you have taken on for %(name)s are to be done or followed up on "
                "%(day)s.",
                about.number,
                name=name,
                day=day,
            )
        subject = say("To follow up: activities of %(name)s, %(day)s", name=name, day=day)
        return Said(subject, (told,), (), about.path, say("Open the activities"), choice=choice)
    if letter.kind is Kind.STAND_IN:
        facts = [(say("First day"), about.first_on), (say("Last day"), about.last_on)]
        return Said(
            say("You stand in for %(name)s", name=name),
            (
                say(
                    "You plan conversations and see the overview in place of %(name)s. What is written in "
                    "the conversations is not shown to you.",
                    name=name,
                ),
            ),
            tuple((label, days.weekday(day)) for label, day in facts if day),
            about.path,
            say("Open the overview"),
        )
    if letter.kind is Kind.ANSWERED:
        return Said(
            say("%(name)s has answered you", name=name),
            (say("You asked for a conversation, and %(name)s has answered.", name=name),),
            (),
            about.path,
            say("Read the answer"),
        )
    if letter.kind is Kind.ERASED:
        day = days.weekday(about.first_on) if about.first_on else ""
        return Said(
            say("A conversation of %(name)s was erased", name=name),
            (say("On %(day)s a conversation of yours was erased, with everything in it.", day=day),),
            (),
            about.path,
            say("Read what was erased"),
        )
    return Said(
        say("%(name)s asks for a conversation", name=name),
        (say("%(name)s asks for a conversation with you.", name=name),),
        (),
        about.path,
        say("Read and answer"),
    )
