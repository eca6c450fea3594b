"""What a handover means for whoever reads of it, and what was written before it, ready to be shown. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from server.conversations import Conversation
from server.former import Part
from server.handover_answers import Question, Standing
from server.pages.as_read import as_read
from server.pages.rendering import View
from server.people import Person
from server.record.sheet import SheetSection
from server.rules.access import Action, Actor, Pane, allowed


@dataclass(frozen=True, slots=True)
class PartSeen:
    """One pane as it stood. ``title`` and ``readers`` are sentences to show."""

    key: str
    """Marks its ids on the page."""
    address: str
    """Below ``/conversations/{id}/former/``."""
    title: str
    readers: str
    """Who reads it."""
    when: str
    sections: tuple[SheetSection, ...]
    can_remove: bool
    keeps_for_other: bool
    """Removed, it is still there for the one who had received it."""


@dataclass(frozen=True, slots=True)
class QuestionSeen:
    """One thing that the employee is asked, and what each answer means."""

    key: str
    title: str
    goes: str
    stays: str
    sections: tuple[SheetSection, ...]
    state_vector: str
    """As the form sends it back, in base64; empty for what cannot change."""
    chosen: str
    """``goes``, ``stays`` or nothing yet."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What a conversation's page says of a handover, on top."""

    title: str
    what: str
    reason: str
    can_answer: bool


def notice(standing: Standing, conversation: Conversation, me: Person, view: View) -> Notice:
    """What ``me`` is to know, who takes part."""
    say = view.catalogue.say
    employee, responsible = conversation.employee, conversation.responsible
    names = {
        "predecessor": standing.predecessor.first_name,
        "name": responsible.first_name,
        "employee": employee.first_name,
    }
    when = view.days.when(standing.at)
    if me.id == employee.id:
        title = say("%(name)s is responsible for your conversation now.", name=responsible.name)
        what = (
            say(
                "%(name)s reads nothing from before, until you have said what goes over.",
                **names,
            )
            if standing.is_asked
            else say("Until %(when)s it was %(predecessor)s.", when=when, **names)
        )
        return Notice(title, what, standing.reason, standing.is_asked)
    if me.id == responsible.id:
        title = say("You are responsible for this conversation now, after %(predecessor)s.", **names)
        what = (
            say(
                "%(employee)s has not said yet what goes over to you of what was there before. Until then "
                "you can prepare in your own pane, and decide when you meet.",
                **names,
            )
            if standing.is_asked
            else say(
                "%(employee)s has said what goes over to you. What does not is not to be seen here.", **names
            )
            if any(part.facts.received for part in standing.parts)
            else say("Until %(when)s it was %(predecessor)s.", when=when, **names)
        )
        return Notice(title, what, standing.reason, can_answer=False)
    title = say("%(name)s is responsible for this conversation now.", name=responsible.name)
    what = (
        say("What was there before is not shown until %(employee)s has said what goes over.", **names)
        if standing.is_asked
        else say("Until %(when)s it was %(predecessor)s.", when=when, **names)
    )
    return Notice(title, what, "", can_answer=False)


def parts(
    found: Sequence[Part], conversation: Conversation, actor: Actor, view: View
) -> tuple[PartSeen, ...]:
    """What is kept, as ``actor`` reads it."""
    return tuple(_part(each, conversation, actor, view) for each in found)


def questions(
    asked: Sequence[Question],
    conversation: Conversation,
    chosen: dict[str, str],
    encoded: dict[str, str],
    view: View,
) -> Iterator[QuestionSeen]:
    """What is asked. ``chosen`` and ``encoded`` have what was chosen and the state vectors, by their keys."""
    say, name = view.catalogue.say, conversation.responsible.first_name
    for each in asked:
        predecessor = each.predecessor.first_name
        names = {"name": name, "predecessor": predecessor}
        goes, stays = _answers(each.pane, names, view, gated=conversation.facts.shares)
        titles = {
            Pane.EMPLOYEE: say("My own answers"),
            Pane.MANAGER: say("What %(predecessor)s shared with you", **names),
            Pane.JOINT: say("What you and %(predecessor)s wrote together", **names),
        }
        yield QuestionSeen(
            key=each.key,
            title=titles[each.pane],
            goes=goes,
            stays=stays,
            sections=tuple(
                as_read(
                    conversation,
                    each.pane,
                    each.content,
                    view,
                    responsible=each.predecessor,
                    marked=f"{each.key}-",
                    answered=True,
                )
            ),
            state_vector=encoded[each.key],
            chosen=chosen.get(each.key, ""),
        )


def _answers(pane: Pane, names: dict[str, str], view: View, *, gated: bool) -> tuple[str, str]:
    """What each answer means."""
    say = view.catalogue.say
    if pane is Pane.MANAGER:
        return (
            say("%(name)s can read it, as you can. It is not part of the record.", **names),
            say("%(name)s never sees it. You can go on reading it.", **names),
        )
    if pane is Pane.JOINT:
        return (
            say("You and %(name)s write on in it. %(predecessor)s no longer reads it.", **names),
            say("Only you and %(predecessor)s read it. You and %(name)s begin with an empty one.", **names),
        )
    if gated:
        return (
            say("They are shared with %(name)s, as they stand now.", **names),
            say("They stay in your pane, where only you see them. You can share them later.", **names),
        )
    return (
        say("%(name)s can read them, as they stand now.", **names),
        say("They are kept for you alone. Your part of the conversation begins empty.", **names),
    )


def _part(part: Part, conversation: Conversation, actor: Actor, view: View) -> PartSeen:
    key = f"{part.handover}-{part.pane}"
    is_mine = actor.person == part.predecessor.id
    return PartSeen(
        key=key,
        address=f"{part.handover}/{part.pane.value}",
        title=_title(part, conversation, actor, view),
        readers=_readers(part, conversation, actor, view),
        when=view.days.when(part.at),
        sections=tuple(
            as_read(
                conversation,
                part.pane,
                part.content,
                view,
                responsible=part.predecessor,
                marked=f"{key}-",
                answered=True,
            )
        ),
        can_remove=allowed(actor, Action.REMOVE_FORMER, part.facts),
        keeps_for_other=is_mine and part.pane is Pane.MANAGER and part.facts.received,
    )


def _title(part: Part, conversation: Conversation, actor: Actor, view: View) -> str:
    say = view.catalogue.say
    predecessor, employee = part.predecessor.first_name, conversation.employee.first_name
    if part.pane is Pane.MANAGER:
        if actor.person == part.predecessor.id:
            return say("What I had written")
        return say("What %(name)s had shared", name=predecessor)
    if part.pane is Pane.EMPLOYEE:
        return say("What I had written")
    if actor.person == conversation.employee.id:
        return say("What you and %(predecessor)s wrote together", predecessor=predecessor)
    return say("What you and %(employee)s wrote together", employee=employee)


def _readers(part: Part, conversation: Conversation, actor: Actor, view: View) -> str:
    say, employee = view.catalogue.say, conversation.employee.first_name
    predecessor, responsible = part.predecessor.first_name, conversation.responsible.first_name
    if part.pane is Pane.JOINT:
        other = predecessor if actor.person == conversation.employee.id else employee
        return say("Only you and %(name)s read this.", name=other)
    if part.pane is Pane.EMPLOYEE or not part.facts.received:
        return say("Only you read this.")
    if part.facts.goes_over:
        return say("%(employee)s and %(name)s read this.", employee=employee, name=responsible)
    if actor.person == part.predecessor.id:
        return say("%(employee)s has received this, and reads it too.", employee=employee)
    return say("%(name)s does not read this.", name=responsible)
