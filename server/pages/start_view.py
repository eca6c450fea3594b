"""One conversation as a row of the start page, and what waits for the person, in one plain sentence.

Computed for the one who looks: nothing here rests on what the other party has not shared.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from server.conversations import Conversation, Meeting
from server.decisions import Declined
from server.documents import colour_of
from server.pages.dates import Days
from server.pages.names import whose
from server.pages.rendering import View
from server.people import Person
from server.rules import life
from server.rules.access import GOES_ON, Action, Pane, State
from server.start import Talk

WHOLE = ("full", "full", "full")
ALMOST = ("full", "full", "half")
NOTHING = ("", "", "")
"""Segments of the track: prepared, shared, finished."""

COMING_SHOWN = 4
"""How many of the next meetings are listed beside the conversations."""


@dataclass(frozen=True, slots=True)
class Row:
    """One conversation, in words."""

    id: str
    other: Person
    hand: str
    name: str
    state: str
    stage: str
    is_started: bool
    """For the one who looks."""
    track: tuple[str, ...]
    waits: bool
    """Whether the person has something to do before the other party can go on."""
    verb: str
    address: str
    """Where the verb leads."""
    when: str
    place: str
    month: str
    date: date | None
    meets_at: datetime | None
    goes_on: bool
    is_coming: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an open conversation stands for the person: a sentence, a verb, and the track's segments."""

    stage: str
    verb: str
    waits: bool
    track: tuple[str, ...]


def row(talk: Talk, me: Person, view: View) -> Row:
    """Describe one conversation to ``me``, who is a party to it."""
    conversation = talk.conversation
    other = conversation.other(me.id)
    goes_on = conversation.state in GOES_ON
    standing = _standing(talk, me, view)
    meeting = conversation.meeting
    days = Days(view.catalogue, view.days.now, ZoneInfo(meeting.time_zone)) if meeting else view.days
    day = days.of(meeting.at) if meeting else None
    return Row(
        id=conversation.id,
        other=other,
        hand=colour_of(conversation, other.id),
        name=conversation.template.name.to(view.locale),
        state=state_of(conversation.state, talk.is_started, view),
        stage=standing.stage,
        is_started=talk.is_started,
        track=standing.track,
        waits=standing.waits,
        verb=standing.verb,
        address=f"/conversations/{conversation.id}{'/handover' if talk.hands_over else ''}",
        when=_when(meeting, days, view),
        place=meeting.place if meeting else "",
        month=days.month(day) if day else "",
        date=day,
        meets_at=meeting.at if meeting else None,
        goes_on=goes_on,
        is_coming=goes_on and day is not None and day >= days.today,
    )


@dataclass(frozen=True, slots=True)
class DeclinedRow:
    """A conversation that an employee has declined, for HR. ``meeting`` is empty without one."""

    employee: Person
    responsible: Person
    when: str
    meeting: str
    reason: str
    alternative: str


def declined_row(declined: Declined, view: View) -> DeclinedRow:
    """Describe it in the time zone of its meeting."""
    zone = ZoneInfo(declined.time_zone) if declined.time_zone else view.days.zone
    days = Days(view.catalogue, view.days.now, zone)
    return DeclinedRow(
        declined.employee,
        declined.responsible,
        days.when(declined.decision.at),
        days.exactly(declined.meeting_at) if declined.meeting_at else "",
        declined.decision.reason,
        declined.decision.alternative,
    )


def lead(rows: list[Row], invitations: int, others: Sequence[str], view: View) -> Markup:
    """What waits for the person, in a few plain sentences.

    ``invitations``: how many are to be answered. ``others``: what else waits, each a sentence.
    """
    parts = []
    of_conversations = waiting(rows, view)
    if of_conversations:
        parts.append(of_conversations)
    if invitations:
        parts.append(
            escape(
                view.catalogue.say_number(
                    "You have one invitation to answer.",
                    "You have %(num)s invitations to answer.",
                    invitations,
                )
            )
        )
    parts += map(escape, others)
    return Markup(" ").join(parts or [escape(view.catalogue.say("Nothing waits for you right now."))])


def waiting(rows: Sequence[Row], view: View) -> Markup | None:
    """How many conversations wait, and with which to begin; None where none does."""
    say, wait = view.catalogue.say, [each for each in rows if each.waits]
    if not wait:
        return None
    count = view.catalogue.say_number(
        "One conversation waits for you.", "%(num)s conversations wait for you.", len(wait)
    )
    first = next((each for each in wait if each.is_coming), wait[0])
    name = first.other.first_name
    if first.is_coming:
        then = say("Begin with %(name)s: you meet %(when)s.", name=name, when=first.when)
    else:
        then = say("Begin with %(name)s.", name=name)
    return Markup("<b>{}</b> {}").format(count, then)


def asked_for(by: Sequence[Person], view: View) -> list[str]:
    """That employees ask for a conversation: one sentence, or none."""
    if not by:
        return []
    if len(by) == 1:
        return [view.catalogue.say("%(name)s asks for a conversation.", name=by[0].first_name)]
    return [
        view.catalogue.say_number(
            "One employee asks for a conversation.",
            "%(num)s employees ask for a conversation.",
            len(by),
        )
    ]


def coming(rows: list[Row]) -> list[Row]:
    """The next meetings, the nearest first."""
    return sorted((each for each in rows if each.is_coming), key=lambda each: str(each.meets_at))[
        :COMING_SHOWN
    ]


def state_of(state: State, is_started: bool, view: View) -> str:
    """A state in a word or two."""
    say = view.catalogue.say
    match state:
        case State.OPEN:
            return say("Started") if is_started else say("Planned")
        case State.FROZEN:
            return say("Being signed")
        case State.CLOSED:
            return say("Completed")
        case State.DECLINED:
            return say("Declined")
        case State.CANCELLED:
            return say("Cancelled")


def _standing(talk: Talk, me: Person, view: View) -> Standing:
    conversation = talk.conversation
    say, name = view.catalogue.say, conversation.other(me.id).first_name
    signs = bool(conversation.facts.signers)
    if talk.hands_over:
        stage = say("You are asked what %(name)s may read of what was written before", name=name)
        return Standing(stage, say("Answer"), True, ("half", "", ""))
    match conversation.state:
        case State.OPEN:
            return _open(conversation, talk.is_started, me, view)
        case State.FROZEN if conversation.may(me.actor, Action.SIGN) and not talk.has_signed:
            return Standing(say("Waits for your signature"), say("Read and sign"), True, ALMOST)
        case State.FROZEN:
            stage = say("Waits for %(whose)s signature", whose=whose(name, view.locale))
            return Standing(stage, say("Read"), False, ALMOST)
        case State.CLOSED:
            stage = say("Signed") if signs else say("Can be read, not changed")
            return Standing(stage, say("Read"), False, WHOLE)
        case State.DECLINED | State.CANCELLED:
            return Standing(say("Was not held"), say("Read why"), False, NOTHING)


def _open(conversation: Conversation, is_started: bool, me: Person, view: View) -> Standing:
    say, name = view.catalogue.say, conversation.other(me.id).first_name
    if not conversation.facts.shares:
        track = ("full", "", "") if is_started else ("", "", "")
        return Standing(say("You write in it together"), say("Open"), False, track)
    is_employee = me.id == conversation.employee.id
    mine = conversation.panes[Pane.EMPLOYEE if is_employee else Pane.MANAGER].facts
    theirs = conversation.panes[Pane.MANAGER if is_employee else Pane.EMPLOYEE].facts
    can_open = conversation.may(me.actor, Action.OPEN_PANE, theirs.pane) and not theirs.opened
    # Who has nothing to share waits for nobody, and nobody for them.
    i_have, they_have = (
        each.shared or not life.must_be_shared(conversation.template, each.pane) for each in (mine, theirs)
    )
    match i_have, they_have:
        case True, True if can_open:
            return Standing(
                say("%(name)s has shared: read the answers", name=name),
                say("Read"),
                True,
                ("full", "full", ""),
            )
        case True, True:
            return Standing(say("Both have shared"), say("Open"), False, ("full", "full", "half"))
        case True, False if not mine.shared:
            stage = say("%(name)s has not shared yet", name=name) if is_started else say("Not begun")
            return Standing(stage, say("Open"), False, ("half" if is_started else "", "", ""))
        case True, False:
            return Standing(
                say("You have shared, %(name)s not yet", name=name), say("Open"), False, ("full", "half", "")
            )
        case False, True if theirs.shared:
            return Standing(
                say("%(name)s has shared, you have not", name=name),
                say("Prepare"),
                True,
                ("half", "half", ""),
            )
        case _:
            stage = say("You have not shared yet") if is_started else say("Not begun")
            return Standing(stage, say("Prepare"), True, ("half" if is_started else "", "", ""))


def _when(meeting: Meeting | None, days: Days, view: View) -> str:
    return days.when(meeting.at) if meeting else view.catalogue.say("No time agreed")
