"""Who may do what about people: plan with them, see their activities, and run the organisation."""

from collections.abc import Collection

from server.rules.access.actions import Action
from server.rules.access.actors import OPERATOR, Actor, Role
from server.rules.access.facts import ActivityFacts, PersonFacts


def on_organisation(actor: Actor, action: Action) -> bool:
    """As ``allowed``, of the organisation."""
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


def on_person(actor: Actor, action: Action, target: PersonFacts) -> bool:
    """As ``allowed``, of an employee."""
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


def on_activity(actor: Actor, action: Action, target: ActivityFacts) -> bool:
    """As ``allowed``, of a follow-up activity."""
    may_read = on_person(actor, Action.SEE_ACTIVITIES, target.employee)
    match action:
        case Action.WRITE_ACTIVITY:
            return may_read and target.active and not target.archived
        case Action.END_ACTIVITY:
            return may_read and not target.archived
        case _:
            return False


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
