"""Declining a conversation (the employee, F97) and cancelling it (the responsible): from open only.

Nothing is written in it afterwards. What its two parties had written stays theirs as it was: a pane that
was not shared never is. Whoever was told of the meeting by e-mail, guests included, is told that it is called
off. That it was declined HR and whoever is responsible are told in any case (F98); no letter says why.
"""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection

from server import audit, conversations, decisions, letter_format, letters, people
from server.audit import Event
from server.decisions import Decision, Declined, Kind
from server.rules.access import Action, Actor, Role, State
from server.storage.database import Database


def decline(
    connection: Connection, actor: Actor, id_: str, reason: str, alternative: str, now: datetime
) -> None:
    """Decline one's conversation, with a reason and perhaps with what one proposes instead.

    Raises NotFound, NoLongerPossible, MustBeHeld, ReasonMissing or TextTooLong.
    """
    conversation = conversations.locked_for(connection, actor, id_, Action.DECLINE)
    decisions.decide(connection, conversation, Kind.DECLINED, actor, reason, now, alternative)
    told = letters.queue(connection, id_, letter_format.Kind.CALLED_OFF, now)
    concerned = {each.id for each in people.with_role(connection, Role.HR)} | {conversation.responsible.id}
    letters.queue_declined(connection, id_, concerned - told - {actor.person}, now)
    conversations.move(connection, conversation, State.DECLINED, actor, now)
    audit.record(connection, Event.CONVERSATION_DECLINED, actor.person, now, conversation=id_)


def cancel(connection: Connection, actor: Actor, id_: str, reason: str, now: datetime) -> None:
    """Cancel a conversation for which one is responsible. Raises as ``decline``."""
    conversation = conversations.locked_for(connection, actor, id_, Action.CANCEL)
    decisions.decide(connection, conversation, Kind.CANCELLED, actor, reason, now)
    letters.queue(connection, id_, letter_format.Kind.CALLED_OFF, now)
    conversations.move(connection, conversation, State.CANCELLED, actor, now)
    audit.record(connection, Event.CONVERSATION_CANCELLED, actor.person, now, conversation=id_)


class Declining:
    """The way in for pages: declining, cancelling, and what was decided about a conversation."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def decline(self, actor: Actor, id_: str, reason: str, alternative: str = "") -> None:
        """As ``decline``."""
        await self._database.write(lambda c: decline(c, actor, id_, reason, alternative, self._clock()))

    async def cancel(self, actor: Actor, id_: str, reason: str) -> None:
        """As ``cancel``."""
        await self._database.write(lambda c: cancel(c, actor, id_, reason, self._clock()))

    async def decisions(self, actor: Actor, id_: str) -> list[Decision]:
        """As ``decisions.of``: those of one conversation, for its parties."""
        return await self._database.read(lambda c: decisions.of(c, actor, id_))

    async def declined(
        self, actor: Actor, between: tuple[datetime, datetime] | None = None
    ) -> list[Declined]:
        """As ``decisions.declined``: for HR."""
        return await self._database.read(lambda c: decisions.declined(c, actor, between))
