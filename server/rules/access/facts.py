"""What is asked about: the facts that decide, and nothing else of it."""

from dataclasses import dataclass, field
from enum import StrEnum


class Pane(StrEnum):
    """A box of the conversation, and one document. In reading order (F14)."""

    EMPLOYEE = "employee"
    MANAGER = "manager"
    JOINT = "joint"


class State(StrEnum):
    """Where a conversation is in its life. "Planned" and "started" are computed, never stored."""

    OPEN = "open"
    FROZEN = "frozen"
    CLOSED = "closed"
    DECLINED = "declined"
    CANCELLED = "cancelled"


GOES_ON = (State.OPEN, State.FROZEN)
"""The states in which a conversation is not over: a guest takes part as long."""


@dataclass(frozen=True, slots=True)
class GuestFacts:
    """A support person or union representative whose part in one conversation has not been ended."""

    person: str
    invited_by: str
    agreed: bool
    """The employee agrees: with whomever she invited herself, and with others when she says so."""
    accepted: bool
    writes: bool = False
    """The joint pane has been given to the guest."""

    @property
    def takes_part(self) -> bool:
        return self.agreed and self.accepted


@dataclass(frozen=True, slots=True)
class ConversationFacts:
    """What decides about a conversation as a whole."""

    employee: str
    responsible: str
    state: State
    shares: bool
    """The template's ``share``: off means that both read every pane from the start (F22, F58)."""
    signers: frozenset[str] = frozenset()
    """The persons who sign; nobody where the template does without (F22, F26)."""
    completer: str | None = None
    """Who closes a conversation that nobody signs (F61)."""
    guests: tuple[GuestFacts, ...] = ()
    may_be_declined: bool = True
    """False where the template or the organisation says that it must be held (F100, F115)."""
    stand_ins: frozenset[str] = frozenset()
    """Who stands in for the responsible today: plans the meeting, and reads nothing."""

    @property
    def parties(self) -> tuple[str, str]:
        return (self.employee, self.responsible)

    def guest(self, person: str) -> GuestFacts | None:
        """The guest who is this person; None for anybody else, the parties included."""
        return next((guest for guest in self.guests if guest.person == person), None)


@dataclass(frozen=True, slots=True)
class PaneFacts:
    """What decides about one pane, or about one generation of it."""

    conversation: ConversationFacts
    pane: Pane
    owner: str | None
    """The person whose pane it is; None for the joint pane."""
    shared: bool = False
    opened: bool = False
    """The content has been sent to somebody but its owner; a share can then no longer be withdrawn."""
    waiting: bool = False
    """Shared, but the template opens both panes together and the other one is not shared yet (F22)."""
    current: bool = True
    """False for a generation that has been replaced: nothing is read or written there any more."""
    withheld: bool = False
    """The conversation was handed over, and the employee has not answered yet whether this goes over."""


@dataclass(frozen=True, slots=True)
class PartFacts:
    """What decides about one pane as it stood when the conversation was handed over."""

    conversation: ConversationFacts
    """As it is now: its responsible is the successor, or one of later."""
    pane: Pane
    predecessor: str
    """Who was responsible then, and owns what stood in the manager's pane."""
    received: bool
    """The other one of the two had it: of the predecessor's own pane the employee, of the rest both."""
    goes_over: bool | None = None
    """The employee's answer; None before it, and where there is nothing to answer."""
    removed: bool = False
    """Its owner has had it erased."""


@dataclass(frozen=True, slots=True)
class InvitationFacts:
    """What decides about one guest's part."""

    conversation: ConversationFacts
    guest: GuestFacts


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """An employee for whom a conversation is made, or whose activities are asked for."""

    person: str
    manager: str | None
    units: frozenset[str] = field(default_factory=frozenset)
    stand_ins: frozenset[str] = frozenset()
    """Who stands in for the manager now: plans and sees the overview, and reads nothing."""
    responsibles: frozenset[str] = frozenset()
    """Who is responsible for a conversation with the employee that goes on."""
    above: str | None = None
    """The manager's manager."""
    leads: bool = False
    """Whether the person has staff, in whose planning somebody can stand in."""


@dataclass(frozen=True, slots=True)
class ActivityFacts:
    """What decides about one follow-up activity."""

    employee: PersonFacts
    active: bool = True
    """False once it is completed or cancelled."""
    archived: bool = False
    """Brought in from an older system: it is read, and never changes."""


@dataclass(frozen=True, slots=True)
class NoteFacts:
    """What decides about a note."""

    owner: str


@dataclass(frozen=True, slots=True)
class OrganisationFacts:
    """The organisation itself: its people and its templates."""


Target = (
    ConversationFacts
    | PaneFacts
    | PartFacts
    | InvitationFacts
    | PersonFacts
    | ActivityFacts
    | NoteFacts
    | OrganisationFacts
)
