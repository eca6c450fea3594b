"""Who may do what with a conversation as a whole, and with its guests."""

from server.rules.access.actions import Action
from server.rules.access.actors import Actor, Role
from server.rules.access.facts import GOES_ON, ConversationFacts, InvitationFacts, State


def on_conversation(actor: Actor, action: Action, target: ConversationFacts) -> bool:
    """As ``allowed``, of a conversation as a whole."""
    is_party = actor.person in target.parties
    is_guest = takes_part(actor, target)
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


def takes_part(actor: Actor, conversation: ConversationFacts) -> bool:
    """Whether the actor is a guest who sees the conversation now: from acceptance until it is over."""
    guest = conversation.guest(actor.person)
    return guest is not None and guest.takes_part and conversation.state in GOES_ON


def on_invitation(actor: Actor, action: Action, target: InvitationFacts) -> bool:
    """As ``allowed``, of a guest's part."""
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
