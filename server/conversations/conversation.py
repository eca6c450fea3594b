"""What a conversation is: its people, its template, its meeting and its panes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from server.people import Person
from server.rules.access import Action, Actor, ConversationFacts, Pane, PaneFacts, State, allowed
from server.template.format import Prepare, Template

NOTHING_SENT = Prepare()


@dataclass(frozen=True, slots=True)
class Meeting:
    """When and where the two meet."""

    at: datetime
    time_zone: str
    """As in the IANA database, ``Europe/Stockholm``."""
    place: str


@dataclass(frozen=True, slots=True)
class ConversationPane:
    """One pane of a conversation, as it is stored."""

    facts: PaneFacts
    document: int
    """Row id of the current generation."""
    name: str
    """Its name on the wire, ``{conversation}/{pane}/{generation}``."""
    shared_at: datetime | None
    opened_at: datetime | None


@dataclass(frozen=True, slots=True)
class ConversationPanes:
    """The panes of one conversation, and what decides about them: all that is asked to open one."""

    id: str
    template: Template
    facts: ConversationFacts
    panes: Mapping[Pane, ConversationPane]
    """In reading order: employee, manager, joint."""

    def may(self, actor: Actor, action: Action, pane: Pane | None = None) -> bool:
        """Whether ``actor`` may do ``action`` to ``pane``, or to the conversation as a whole."""
        return allowed(actor, action, self.facts if pane is None else self.panes[pane].facts)


@dataclass(frozen=True, slots=True)
class Conversation(ConversationPanes):
    """The same with its people, its meeting and how it is prepared."""

    employee: Person
    responsible: Person
    version: int
    """Counts from 1; reopening a closed conversation begins the next."""
    created_at: datetime
    meeting: Meeting | None
    notify: bool = False
    """Whether those who take part are told of the meeting by e-mail (F49)."""
    calendar_sequence: int | None = None
    """Of the calendar event that was last sent to them; None where none ever was (F54)."""
    prepare: Prepare = NOTHING_SENT
    """What went with the invitation, and whether the employee is asked to read it (F116-F119)."""

    @property
    def state(self) -> State:
        """Where it is in its life."""
        return self.facts.state

    @property
    def is_shared(self) -> bool:
        """Whether anybody has shared a pane of it."""
        return any(pane.shared_at for pane in self.panes.values())

    def other(self, person: str) -> Person:
        """The other party, as seen by one of the two."""
        return self.responsible if person == self.employee.id else self.employee
