"""Who may do what: one pure function over plain facts.

Pages and frames ask it on every request and on every batch of updates. It reads nothing and knows no
clock, so a table of role x action x state is its whole test. Whoever may not see a thing is told the
same as if it did not exist; that is the caller's duty (``errors.NotFound``).
"""

from server.rules.access.actions import Action
from server.rules.access.actors import OPERATOR, Actor, Role
from server.rules.access.conversations import may_be_responsible, on_conversation, on_invitation
from server.rules.access.facts import (
    GOES_ON,
    ActivityFacts,
    ConversationFacts,
    GuestFacts,
    InvitationFacts,
    NoteFacts,
    OrganisationFacts,
    Pane,
    PaneFacts,
    PartFacts,
    PersonFacts,
    State,
    Target,
)
from server.rules.access.panes import on_pane, on_part
from server.rules.access.people import may_decide_on, may_plan_for, on_activity, on_organisation, on_person

__all__ = [
    "GOES_ON",
    "OPERATOR",
    "Action",
    "ActivityFacts",
    "Actor",
    "ConversationFacts",
    "GuestFacts",
    "InvitationFacts",
    "NoteFacts",
    "OrganisationFacts",
    "Pane",
    "PaneFacts",
    "PartFacts",
    "PersonFacts",
    "Role",
    "State",
    "Target",
    "allowed",
    "may_be_responsible",
    "may_decide_on",
    "may_plan_for",
]


def allowed(actor: Actor, action: Action, target: Target) -> bool:
    """Say whether ``actor`` may do ``action`` to ``target``. False wherever no rule says otherwise."""
    match target:
        case PaneFacts():
            return on_pane(actor, action, target)
        case PartFacts():
            return on_part(actor, action, target)
        case ConversationFacts():
            return on_conversation(actor, action, target)
        case InvitationFacts():
            return on_invitation(actor, action, target)
        case PersonFacts():
            return on_person(actor, action, target)
        case ActivityFacts():
            return on_activity(actor, action, target)
        case NoteFacts():
            return action is Action.KEEP_NOTE and actor.person == target.owner
        case OrganisationFacts():
            return on_organisation(actor, action)
