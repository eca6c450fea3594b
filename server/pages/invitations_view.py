"""Who takes part in a conversation, in plain words: as what, by whose invitation, with which rights.

Pure. The same is said to everybody who takes part; only what can be pressed differs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from server.conversations import Conversation
from server.invitations import Guest, Invitation
from server.pages.dates import Days
from server.pages.rendering import View
from server.people import Person
from server.rules.access import Action, InvitationFacts, Role, State, allowed


@dataclass(frozen=True, slots=True)
class GuestSeen:
    """One guest for the person who looks. ``role`` and the sentences are to be shown."""

    person: Person
    role: str
    invited: str
    """Who invited, and whether the employee has agreed."""
    standing: str
    """What the guest can read and write, or what is still to come before that."""
    takes_part: bool
    writes: bool
    is_me: bool
    can_agree: bool
    can_let_write: bool
    can_end: bool
    end: str
    """What ending it is called now."""


@dataclass(frozen=True, slots=True)
class InvitationSeen:
    """One's own invitation, or one's own part as a guest."""

    id: str
    """Of the conversation."""
    parties: str
    about: str
    when: str
    employee: Person
    invited_by: Person
    guest: GuestSeen
    can_accept: bool


def guests(
    conversation: Conversation, present: Sequence[Guest], me: Person, view: View
) -> tuple[GuestSeen, ...]:
    """The guests of a conversation, in order."""
    parties = conversation.employee, conversation.responsible
    return tuple(
        _guest(InvitationFacts(conversation.facts, guest.facts), guest, parties, me, view)
        for guest in present
    )


def invitation(own: Invitation, me: Person, view: View) -> InvitationSeen:
    """An invitation to ``me``."""
    say = view.catalogue.say
    meeting = own.meeting
    days = Days(view.catalogue, view.days.now, ZoneInfo(meeting.time_zone)) if meeting else view.days
    parties = own.employee, own.responsible
    return InvitationSeen(
        id=own.conversation,
        parties=say("%(employee)s and %(manager)s", employee=own.employee.name, manager=own.responsible.name),
        about=own.template.to(view.locale),
        when=days.when(meeting.at) if meeting else say("No time agreed"),
        employee=own.employee,
        invited_by=own.guest.invited_by,
        guest=_guest(own.facts, own.guest, parties, me, view),
        can_accept=allowed(me.actor, Action.ACCEPT_INVITATION, own.facts),
    )


def unanswered(mine: Sequence[Invitation], me: Person) -> int:
    """How many of ``mine`` can still be accepted."""
    return sum(allowed(me.actor, Action.ACCEPT_INVITATION, own.facts) for own in mine)


def groups(mine: Sequence[Invitation], me: Person, view: View) -> list[tuple[str, list[InvitationSeen]]]:
    """What the start page shows of other people's conversations, each group under its heading."""
    say = view.catalogue.say
    seen = [invitation(own, me, view) for own in mine]
    found = [
        (say("Invitations"), [each for each in seen if each.can_accept]),
        (say("As a guest"), [each for each in seen if not each.can_accept]),
    ]
    return [group for group in found if group[1]]


def role_of(guest: Guest, employee: Person, view: View) -> str:
    """What a guest is called."""
    say = view.catalogue.say
    if Role.UNION_REPRESENTATIVE in guest.person.roles:
        return say("Union representative")
    return say("Support person") if guest.invited_by.id == employee.id else say("Guest")


def _guest(
    facts: InvitationFacts, guest: Guest, parties: tuple[Person, Person], me: Person, view: View
) -> GuestSeen:
    can = {action: allowed(me.actor, action, facts) for action in Action}
    is_me = guest.person.id == me.id
    return GuestSeen(
        person=guest.person,
        role=role_of(guest, parties[0], view),
        invited=_invited(guest, parties[0], view),
        standing=_standing(facts, guest, parties, view),
        takes_part=guest.facts.takes_part,
        writes=guest.facts.writes,
        is_me=is_me,
        can_agree=can[Action.AGREE_TO_GUEST],
        can_let_write=can[Action.LET_GUEST_WRITE],
        can_end=can[Action.END_GUEST],
        end=_end(guest, is_me, can[Action.AGREE_TO_GUEST], view),
    )


def _invited(guest: Guest, employee: Person, view: View) -> str:
    say, by = view.catalogue.say, guest.invited_by.first_name
    if guest.invited_by.id == employee.id:
        return say("Invited by %(name)s.", name=by)
    if guest.facts.agreed:
        return say("Invited by %(name)s. %(employee)s has agreed.", name=by, employee=employee.first_name)
    return say("Invited by %(name)s. %(employee)s has not agreed yet.", name=by, employee=employee.first_name)


def _standing(facts: InvitationFacts, guest: Guest, parties: tuple[Person, Person], view: View) -> str:
    say, name = view.catalogue.say, guest.person.first_name
    if not guest.facts.agreed:
        return say("Until then %(name)s is told nothing.", name=name)
    if not guest.facts.accepted:
        return say("%(name)s has not answered yet, and reads nothing before that.", name=name)
    both = {"employee": parties[0].first_name, "manager": parties[1].first_name}
    if guest.facts.writes and facts.conversation.state is State.OPEN:
        return say(
            "Reads what both %(employee)s and %(manager)s can read, and writes in the joint pane.", **both
        )
    return say("Reads what both %(employee)s and %(manager)s can read, and writes nothing.", **both)


def _end(guest: Guest, is_me: bool, can_agree: bool, view: View) -> str:
    say = view.catalogue.say
    if is_me:
        return say("Leave the conversation") if guest.facts.accepted else say("Decline")
    if can_agree:
        return say("Refuse")
    return say("End this part") if guest.facts.accepted else say("Withdraw the invitation")
