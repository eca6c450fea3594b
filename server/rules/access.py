"""Who may do what: one pure function over plain facts.

Pages and frames ask it on every request and on every batch of updates. It reads nothing and knows no
clock, so a table of role x action x state is its whole test. Whoever may not see a thing is told the
same as if it did not exist; that is the caller's duty (``errors.NotFound``).
"""

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


class Role(StrEnum):
    """What a person is in the organisation, apart from any conversation."""

    EMPLOYEE = "employee"
    MANAGER = "manager"
    HR = "hr"
    FORM_ADMINISTRATOR = "form_administrator"
    SYSTEM_ADMINISTRATOR = "system_administrator"
    UNION_REPRESENTATIVE = "union_representative"


class Action(StrEnum):
    """Everything that somebody can ask to do."""

    CREATE_CONVERSATION = "create_conversation"
    SEE_CONVERSATION = "see_conversation"
    READ_PANE = "read_pane"
    WRITE_PANE = "write_pane"
    SHARE_PANE = "share_pane"
    WITHDRAW_SHARE = "withdraw_share"
    OPEN_PANE = "open_pane"
    """To press "show the answers" on what the other party has shared."""
    PREVIEW_PANE = "preview_pane"
    """To see one's own pane as the other party will see it."""
    ADD_ACTIVITY = "add_activity"
    SEE_ACTIVITIES = "see_activities"
    ADD_PERSON = "add_person"
    """To add and change people and units."""
    SET_PASSWORD = "set_password"  # noqa: S105 (the name of an action)
    """To give somebody a new password without knowing the old one."""
    ADD_TEMPLATE = "add_template"


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever asks: an active person with a session that holds."""

    person: str
    roles: frozenset[Role] = frozenset()


OPERATOR = Actor("")
"""Whoever runs a command where the database lies. Nobody of the organisation, so party to nothing."""


@dataclass(frozen=True, slots=True)
class ConversationFacts:
    """What decides about a conversation as a whole."""

    employee: str
    responsible: str
    state: State
    shares: bool
    """The template's ``share``: off means that both read every pane from the start (F22, F58)."""

    @property
    def parties(self) -> tuple[str, str]:
        return (self.employee, self.responsible)


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


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """An employee for whom a conversation is made, or whose activities are asked for."""

    person: str
    manager: str | None
    units: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class OrganisationFacts:
    """The organisation itself: its people and its templates."""


Target = ConversationFacts | PaneFacts | PersonFacts | OrganisationFacts


def allowed(actor: Actor, action: Action, target: Target) -> bool:
    """Say whether ``actor`` may do ``action`` to ``target``. False wherever no rule says otherwise."""
    match target:
        case PaneFacts():
            return _on_pane(actor, action, target)
        case ConversationFacts():
            return action is Action.SEE_CONVERSATION and actor.person in target.parties
        case PersonFacts():
            return _on_person(actor, action, target)
        case OrganisationFacts():
            return _on_organisation(actor, action)


def _on_organisation(actor: Actor, action: Action) -> bool:
    is_operator = actor == OPERATOR
    match action:
        case Action.ADD_PERSON:
            return is_operator or Role.SYSTEM_ADMINISTRATOR in actor.roles
        case Action.ADD_TEMPLATE:
            return is_operator or Role.FORM_ADMINISTRATOR in actor.roles
        case Action.SET_PASSWORD:
            # Whoever sets a password can sign in as that person and read: nobody of the organisation may.
            return is_operator
        case _:
            return False


def _on_person(actor: Actor, action: Action, target: PersonFacts) -> bool:
    is_manager = actor.person == target.manager
    match action:
        case Action.CREATE_CONVERSATION:
            return is_manager
        case Action.ADD_ACTIVITY | Action.SEE_ACTIVITIES:
            return is_manager or actor.person == target.person
        case _:
            return False


def _on_pane(actor: Actor, action: Action, target: PaneFacts) -> bool:
    conversation = target.conversation
    if actor.person not in conversation.parties or not target.current:
        return False
    is_open = conversation.state is State.OPEN
    is_owner = actor.person == target.owner
    is_joint = target.pane is Pane.JOINT
    gated = conversation.shares and not is_joint
    match action:
        case Action.READ_PANE:
            # A shared pane is read only after "show the answers": until then its owner may withdraw.
            return not gated or is_owner or (target.shared and target.opened)
        case Action.WRITE_PANE:
            return is_open and (is_joint or is_owner)
        case Action.SHARE_PANE:
            return is_open and gated and is_owner and not target.shared
        case Action.WITHDRAW_SHARE:
            return is_open and gated and is_owner and target.shared and not target.opened
        case Action.OPEN_PANE:
            return gated and not is_owner and target.shared and not target.waiting
        case Action.PREVIEW_PANE:
            return gated and is_owner
        case _:
            return False
