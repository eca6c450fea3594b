"""Who reads and writes which pane, shares it, and sees what is kept of one after a handover."""

from server.rules.access.actions import Action
from server.rules.access.actors import Actor
from server.rules.access.conversations import takes_part
from server.rules.access.facts import Pane, PaneFacts, PartFacts, State


def on_pane(actor: Actor, action: Action, target: PaneFacts) -> bool:
    """As ``allowed``, of a pane."""
    conversation = target.conversation
    if not target.current or (target.withheld and actor.person != target.owner):
        return False
    if actor.person not in conversation.parties:
        return takes_part(actor, conversation) and _guest_on_pane(actor, action, target)
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


def on_part(actor: Actor, action: Action, target: PartFacts) -> bool:
    """As ``allowed``, of what is kept of a pane."""
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
            reads = person == conversation.responsible or takes_part(actor, conversation)
            return reads and target.received and target.goes_over is True
        case Action.READ_FORMER if target.pane is Pane.JOINT:
            # What has gone over stands in its pane again, for those who have the conversation now.
            return person in (conversation.employee, target.predecessor) and target.goes_over is not True
        case Action.READ_FORMER:
            return person == owner and target.goes_over is False and not target.removed
        case _:
            return False
