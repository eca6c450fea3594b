"""Who may do what: one pure function over plain facts.

Pages and frames ask it on every request and on every batch of updates. It reads nothing and knows no
clock, so a table of role x action x state is its whole test. Whoever may not see a thing is told the
same as if it did not exist; that is the caller's duty (``errors.NotFound``).
"""

from collections.abc import Collection
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
    FREEZE = "freeze"
    """To press Sign on an open conversation: nothing enters it any more, and the review is shown."""
    COMPLETE = "complete"
    """To close a conversation that nobody signs."""
    SIGN = "sign"
    REOPEN = "reopen"
    DECLINE = "decline"
    CANCEL = "cancel"
    MOVE_MEETING = "move_meeting"
    """To change when and where the two meet (F52)."""
    PREPARE = "prepare"
    """To see what to prepare a conversation with, and to keep one's own list of what is done."""
    CONFIRM_READ = "confirm_read"
    """To say that one has read what one is asked to read before the meeting (F119)."""
    SEE_DECISION = "see_decision"
    """To read why a conversation was declined, cancelled or reopened."""
    READ_RECORD = "read_record"
    """To read what was frozen, and the record that was made of it."""
    DOWNLOAD_RECORD = "download_record"
    DOWNLOAD_DRAFT = "download_draft"
    INVITE_GUEST = "invite_guest"
    SEE_INVITATION = "see_invitation"
    """To know of an invitation: who invites whom to what, and nothing that is written there."""
    AGREE_TO_GUEST = "agree_to_guest"
    ACCEPT_INVITATION = "accept_invitation"
    END_GUEST = "end_guest"
    """To end a guest's part, or to refuse it before it has begun."""
    LET_GUEST_WRITE = "let_guest_write"
    """To give the guest the joint pane, or to take it back."""
    SEE_RESPONSIBLE = "see_responsible"
    """To see who meets whom, when, and who is responsible, on the way to naming somebody else."""
    REASSIGN = "reassign"
    """To give a conversation to another responsible, when the manager changes."""
    ANSWER_HANDOVER = "answer_handover"
    """To say whether a shared part goes over to the new responsible."""
    READ_FORMER = "read_former"
    """To read what is kept of the time before a conversation was handed over."""
    REMOVE_FORMER = "remove_former"
    """To have one's own part of that erased."""
    ADD_ACTIVITY = "add_activity"
    SEE_ACTIVITIES = "see_activities"
    WRITE_ACTIVITY = "write_activity"
    END_ACTIVITY = "end_activity"
    """To complete or cancel an activity, to take it up again, or to say something about it."""
    KEEP_NOTE = "keep_note"
    """To read, write and throw away a note that somebody keeps for themselves."""
    SEE_EMPLOYEE = "see_employee"
    """To open an employee's page, on which everybody finds what is theirs to know."""
    SEE_STAFF = "see_staff"
    """To see in the overview that somebody has conversations and activities: when, how many, no content."""
    ASK_FOR_CONVERSATION = "ask_for_conversation"
    SEE_COUNTS = "see_counts"
    """To see how many of a manager's staff have had a conversation."""
    NAME_STAND_IN = "name_stand_in"
    SET_POLICY = "set_policy"
    """To change how the organisation has it: rules, reminders, retention."""
    SEE_COVERAGE = "see_coverage"
    """To see who should have had a conversation and has: dates and states, never content."""
    IMPORT_ARCHIVE = "import_archive"
    """To bring in the activities of an older system."""
    EXPORT_OWN = "export_own"
    """To get everything that is kept about oneself."""
    ERASE = "erase"
    """To erase what is older than it may be kept."""
    ADD_PERSON = "add_person"
    """To add and change people and units."""
    SET_PASSWORD = "set_password"  # noqa: S105 (the name of an action)
    """To give somebody a new password without knowing the old one."""
    ADD_TEMPLATE = "add_template"
    SEE_DECLINED = "see_declined"
    """To see which conversations were declined, why, and what was proposed instead."""
    VERIFY_AUDIT = "verify_audit"


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever asks: an active person with a session that holds."""

    person: str
    roles: frozenset[Role] = frozenset()


OPERATOR = Actor("")
"""Whoever runs a command where the database lies. Nobody of the organisation, so party to nothing."""


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

GOES_ON = (State.OPEN, State.FROZEN)
"""The states in which a conversation is not over: a guest takes part as long."""


def allowed(actor: Actor, action: Action, target: Target) -> bool:
    """Say whether ``actor`` may do ``action`` to ``target``. False wherever no rule says otherwise."""
    match target:
        case PaneFacts():
            return _on_pane(actor, action, target)
        case PartFacts():
            return _on_part(actor, action, target)
        case ConversationFacts():
            return _on_conversation(actor, action, target)
        case InvitationFacts():
            return _on_invitation(actor, action, target)
        case PersonFacts():
            return _on_person(actor, action, target)
        case ActivityFacts():
            return _on_activity(actor, action, target)
        case NoteFacts():
            return action is Action.KEEP_NOTE and actor.person == target.owner
        case OrganisationFacts():
            return _on_organisation(actor, action)


def _on_conversation(actor: Actor, action: Action, target: ConversationFacts) -> bool:
    is_party = actor.person in target.parties
    is_guest = _takes_part(actor, target)
    match action:
        case Action.SEE_CONVERSATION | Action.READ_RECORD:
            # An earlier version's record is read in any state; whether there is one, the record says.
            return is_party or is_guest
        case Action.SEE_DECISION:
            # Nobody else, guests included: a reason may be the most private thing that is said here.
            return is_party or (target.state is State.DECLINED and Role.HR in actor.roles)
        case Action.DOWNLOAD_RECORD:
            return is_party
        case Action.PREPARE:
            return is_party and target.state in GOES_ON
        case Action.CONFIRM_READ:
            return actor.person == target.employee and target.state in GOES_ON
        case Action.DOWNLOAD_DRAFT:
            return (is_party or is_guest) and target.state in GOES_ON
        case Action.INVITE_GUEST:
            return is_party and target.state in GOES_ON
        case Action.SEE_RESPONSIBLE:
            return _hands_over(actor, target) and target.state in GOES_ON
        case Action.REASSIGN:
            # Not while it is signed: signatures are by name.
            return _hands_over(actor, target) and target.state is State.OPEN
        case _:
            return _turns(actor.person, action, target)


def _hands_over(actor: Actor, target: ConversationFacts) -> bool:
    """Whether the actor may give the conversation to somebody else: whoever is responsible, and HR.

    A new line manager takes nothing: that gives no right in what somebody else is responsible for.
    """
    return actor.person != target.employee and (actor.person == target.responsible or Role.HR in actor.roles)


def may_be_responsible(actor: Actor, target: ConversationFacts, person: str, manager: str | None) -> bool:
    """Whether ``actor``, who hands the conversation over, may choose this active person.

    ``manager`` is the employee's line manager. Nobody of HR chooses herself, unless she is that manager.
    """
    if person in target.parties:
        return False
    return person != actor.person or person == manager


def may_plan_for(actor: Actor, target: PersonFacts, person: str) -> bool:
    """Whether ``actor``, who plans a conversation with the employee, may choose who is to be responsible.

    Whoever stands in plans and reads nothing: with a conversation of her own she would read the activities.
    """
    return person != actor.person or person == target.manager


def may_decide_on(actor: Actor, about: Collection[str]) -> bool:
    """Whether ``actor``, who keeps the records, may erase or hold back what is about these people.

    Nobody of HR takes away, or keeps, a conversation that she is or was a party to.
    """
    return actor.person not in about


def _turns(person: str, action: Action, target: ConversationFacts) -> bool:
    """The turns of a conversation's life (design, section 2)."""
    state = target.state
    match action:
        case Action.FREEZE:
            return state is State.OPEN and person in target.signers
        case Action.COMPLETE:
            return state is State.OPEN and not target.signers and person == target.completer
        case Action.SIGN:
            return state is State.FROZEN and person in target.signers
        case Action.REOPEN:
            may = person in target.signers or person == target.responsible
            return may and state in (State.FROZEN, State.CLOSED)
        case Action.DECLINE:
            return state is State.OPEN and person == target.employee and target.may_be_declined
        case Action.CANCEL:
            return state is State.OPEN and person == target.responsible
        case Action.MOVE_MEETING:
            # Frozen too: what is to be signed may be looked through together, on another day than planned.
            stands_in = person in target.stand_ins and person not in target.parties
            return state in GOES_ON and (person == target.responsible or stands_in)
        case _:
            return False


def _takes_part(actor: Actor, conversation: ConversationFacts) -> bool:
    """Whether the actor is a guest who sees the conversation now: from acceptance until it is over."""
    guest = conversation.guest(actor.person)
    return guest is not None and guest.takes_part and conversation.state in GOES_ON


def _on_invitation(actor: Actor, action: Action, target: InvitationFacts) -> bool:
    conversation, guest = target.conversation, target.guest
    is_party = actor.person in conversation.parties
    is_guest = actor.person == guest.person
    if conversation.state not in GOES_ON:
        return action is Action.SEE_INVITATION and is_party
    match action:
        case Action.SEE_INVITATION:
            # Before the employee has agreed, the guest is told nothing.
            return is_party or (is_guest and guest.agreed)
        case Action.AGREE_TO_GUEST:
            return actor.person == conversation.employee and not guest.agreed
        case Action.ACCEPT_INVITATION:
            return is_guest and guest.agreed and not guest.accepted
        case Action.END_GUEST:
            return is_party or (is_guest and guest.agreed)
        case Action.LET_GUEST_WRITE:
            return is_party and guest.takes_part and conversation.state is State.OPEN
        case _:
            return False


def _on_organisation(actor: Actor, action: Action) -> bool:
    is_operator = actor == OPERATOR
    match action:
        case Action.ADD_PERSON:
            return is_operator or Role.SYSTEM_ADMINISTRATOR in actor.roles
        case Action.ADD_TEMPLATE:
            return is_operator or Role.FORM_ADMINISTRATOR in actor.roles
        case Action.SEE_DECLINED | Action.SEE_COVERAGE | Action.ERASE | Action.IMPORT_ARCHIVE:
            return Role.HR in actor.roles or (is_operator and action is not Action.SEE_DECLINED)
        case Action.SET_POLICY:
            return is_operator or Role.HR in actor.roles or Role.SYSTEM_ADMINISTRATOR in actor.roles
        case Action.EXPORT_OWN:
            # Everybody of the organisation, each about themselves alone.
            return not is_operator
        case Action.VERIFY_AUDIT:
            return is_operator
        case Action.SET_PASSWORD:
            # Whoever sets a password can sign in as that person and read: nobody of the organisation may.
            return is_operator
        case _:
            return False


def _on_person(actor: Actor, action: Action, target: PersonFacts) -> bool:
    is_self = actor.person == target.person
    is_manager = actor.person == target.manager and not is_self
    match action:
        case Action.SEE_EMPLOYEE:
            return is_self or is_manager or actor.person in target.stand_ins
        case Action.CREATE_CONVERSATION | Action.SEE_STAFF:
            return is_manager or (actor.person in target.stand_ins and not is_self)
        case Action.ASK_FOR_CONVERSATION:
            return is_self and target.manager is not None
        case Action.ADD_ACTIVITY | Action.SEE_ACTIVITIES:
            return is_self or is_manager or actor.person in target.responsibles
        case Action.NAME_STAND_IN:
            return target.leads and (is_self or Role.HR in actor.roles)
        case Action.SEE_COUNTS:
            return actor.person == target.manager
        case _:
            return False


def _on_activity(actor: Actor, action: Action, target: ActivityFacts) -> bool:
    may_read = _on_person(actor, Action.SEE_ACTIVITIES, target.employee)
    match action:
        case Action.WRITE_ACTIVITY:
            return may_read and target.active and not target.archived
        case Action.END_ACTIVITY:
            return may_read and not target.archived
        case _:
            return False


def _on_pane(actor: Actor, action: Action, target: PaneFacts) -> bool:
    conversation = target.conversation
    if not target.current or (target.withheld and actor.person != target.owner):
        return False
    if actor.person not in conversation.parties:
        return _takes_part(actor, conversation) and _guest_on_pane(actor, action, target)
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


def _guest_on_pane(actor: Actor, action: Action, target: PaneFacts) -> bool:
    """A guest reads what both parties can read, and writes nothing unless given the joint pane."""
    conversation = target.conversation
    is_joint = target.pane is Pane.JOINT
    match action:
        case Action.READ_PANE:
            return is_joint or not conversation.shares or (target.shared and target.opened)
        case Action.WRITE_PANE:
            guest = conversation.guest(actor.person)
            return conversation.state is State.OPEN and is_joint and guest is not None and guest.writes
        case _:
            return False


def _on_part(actor: Actor, action: Action, target: PartFacts) -> bool:
    conversation, person = target.conversation, actor.person
    is_employee = person == conversation.employee
    owner = {Pane.EMPLOYEE: conversation.employee, Pane.MANAGER: target.predecessor}.get(target.pane)
    match action:
        case Action.ANSWER_HANDOVER:
            is_asked = target.received and target.goes_over is None
            return is_employee and is_asked and conversation.state is State.OPEN
        case Action.REMOVE_FORMER:
            return person == owner and not target.removed
        case Action.READ_FORMER if target.pane is Pane.MANAGER:
            if person == target.predecessor and not target.removed:
                return True
            if is_employee:
                return target.received
            reads = person == conversation.responsible or _takes_part(actor, conversation)
            return reads and target.received and target.goes_over is True
        case Action.READ_FORMER if target.pane is Pane.JOINT:
            # What has gone over stands in its pane again, for those who have the conversation now.
            return person in (conversation.employee, target.predecessor) and target.goes_over is not True
        case Action.READ_FORMER:
            return person == owner and target.goes_over is False and not target.removed
        case _:
            return False
