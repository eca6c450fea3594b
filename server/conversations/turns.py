"""The turns of a conversation's life: who may take one now, and how its state moves on."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, update

from server.conversations.conversation import Conversation
from server.conversations.seeing import locked
from server.rules.access import GOES_ON, Action, Actor, State, allowed
from server.rules.errors import MustBeHeld, NoLongerPossible, NotFound
from server.storage import tables
from server.storage.bells import ConversationChanged, activities_of
from server.storage.database import ring


def locked_for(connection: Connection, actor: Actor, id_: str, action: Action) -> Conversation:
    """As ``locked``, for a turn in its life, which the actor may take.

    Raises NotFound for whoever may never take it, and NoLongerPossible when its state has moved on.
    """
    return required(locked(connection, actor, id_), actor, action)


def required(conversation: Conversation, actor: Actor, action: Action) -> Conversation:
    """The same conversation, in which the actor may take this turn now.

    Raises as ``locked_for``, and MustBeHeld for declining what is not to be declined.
    """
    if not conversation.may(actor, action):
        facts = replace(conversation.facts, may_be_declined=True)
        if allowed(actor, action, facts):
            raise MustBeHeld(name=conversation.responsible.first_name)
        ever = any(allowed(actor, action, replace(facts, state=state)) for state in State)
        raise NoLongerPossible if ever else NotFound
    return conversation


def move(
    connection: Connection,
    conversation: Conversation,
    state: State,
    actor: Actor,
    now: datetime,
    version: int | None = None,
) -> None:
    """Bring a locked conversation into another state, and have its rooms and pages told.

    Where it is over, its guests' part has ended.
    """
    values: dict[str, object] = {"state": state, "version": version or conversation.version}
    if state not in GOES_ON:
        values["joint_writers"] = None
        guest = tables.guest
        connection.execute(
            update(guest)
            .where(guest.c.conversation_id == conversation.id, guest.c.ended_at.is_(None))
            .values(ended_at=now, ended_by=actor.person, writes=False)
        )
    table = tables.conversation
    connection.execute(update(table).where(table.c.id == conversation.id).values(**values))
    ring(connection, ConversationChanged(conversation.id))
    # Whoever is responsible sees the employee's activities as long as it goes on.
    ring(connection, activities_of(conversation.employee.id))
