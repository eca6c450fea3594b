"""What a person can do to a conversation as a whole, and what was decided about it, in words. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from server.decisions import Decision, Kind
from server.pages.conversation_view import Seen
from server.pages.failures import sentence_of
from server.pages.rendering import View
from server.rules.access import Action, State
from server.rules.errors import MustBeHeld

SHOWN_IN = {Kind.DECLINED: State.DECLINED, Kind.CANCELLED: State.CANCELLED, Kind.REOPENED: State.OPEN}
"""The state in which a decision is what everybody must know."""


@dataclass(frozen=True, slots=True)
class Decided:
    """The latest decision, for as long as it says where the conversation stands."""

    sentence: str
    reason: str
    alternative: str
    readers: str
    """Who else reads this."""
    record: int | None
    """The version that was closed before, and stays readable; None when none was."""


@dataclass(frozen=True, slots=True)
class Turns:
    """The turns of a conversation's life, as one person may take them now."""

    can_freeze: bool
    can_complete: bool
    can_decline: bool
    cannot_decline: str
    """Why the employee may not decline it; empty for everybody else, and where she may."""
    can_cancel: bool
    can_move: bool
    can_prepare: bool
    """To change when and where the two meet."""
    can_reassign: bool
    """To name another responsible."""
    can_reopen: bool
    can_download_draft: bool
    has_earlier: bool
    """A version before this one was closed, and stays readable. A closed one leads there itself."""
    completer: str
    """The first name of whoever completes it, for everybody else; empty where it is signed."""
    decided: Decided | None


def turns(seen: Seen, decisions: Sequence[Decision], view: View) -> Turns:
    """Say what ``seen.viewer`` can do. ``decisions``: those of the conversation, oldest first."""
    conversation, actor = seen.conversation, seen.viewer.actor
    facts = conversation.facts
    completer = next((one for one in seen.parties if one.id == facts.completer), None)
    is_theirs = completer is not None and completer.id != actor.person and not facts.signers
    latest = decisions[-1] if decisions else None
    return Turns(
        can_freeze=conversation.may(actor, Action.FREEZE),
        can_complete=conversation.may(actor, Action.COMPLETE),
        can_decline=conversation.may(actor, Action.DECLINE),
        cannot_decline=_cannot_decline(seen, view),
        can_cancel=conversation.may(actor, Action.CANCEL),
        can_move=conversation.may(actor, Action.MOVE_MEETING),
        can_prepare=conversation.may(actor, Action.PREPARE),
        can_reassign=conversation.may(actor, Action.REASSIGN),
        can_reopen=conversation.may(actor, Action.REOPEN),
        can_download_draft=conversation.may(actor, Action.DOWNLOAD_DRAFT),
        has_earlier=conversation.may(actor, Action.READ_RECORD)
        and conversation.version > 1
        and conversation.state is not State.CLOSED,
        completer=completer.first_name if completer and is_theirs else "",
        decided=_decided(seen, latest, view)
        if latest and SHOWN_IN[latest.kind] is conversation.state
        else None,
    )


def _cannot_decline(seen: Seen, view: View) -> str:
    facts = seen.conversation.facts
    if facts.may_be_declined or facts.state is not State.OPEN or seen.viewer.id != facts.employee:
        return ""
    return sentence_of(MustBeHeld(name=seen.other.first_name), view)


def _decided(seen: Seen, decision: Decision, view: View) -> Decided:
    say, name = view.catalogue.say, decision.by.first_name
    when = view.days.when(decision.at)
    is_mine = decision.by.id == seen.viewer.id
    match decision.kind:
        case Kind.DECLINED if is_mine:
            sentence = say("You declined this conversation, %(when)s.", when=when)
            readers = say("%(name)s and HR can read this.", name=seen.other.first_name)
        case Kind.DECLINED:
            sentence = say("%(name)s has declined this conversation, %(when)s.", name=name, when=when)
            readers = say("HR can read this too.")
        case Kind.CANCELLED:
            sentence = (
                say("You cancelled this conversation, %(when)s.", when=when)
                if is_mine
                else say("%(name)s has cancelled this conversation, %(when)s.", name=name, when=when)
            )
            readers = ""
        case Kind.REOPENED:
            sentence = (
                say("You opened this conversation again, %(when)s.", when=when)
                if is_mine
                else say("%(name)s has opened this conversation again, %(when)s.", name=name, when=when)
            )
            readers = say("When you are ready, it is signed or completed anew.")
    record = decision.version if decision.version < seen.conversation.version else None
    return Decided(sentence, decision.reason, decision.alternative, readers, record)
