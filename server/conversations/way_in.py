"""Conversations for pages: each question in a transaction of its own."""

from collections.abc import Callable
from datetime import datetime

from server.audit import Event
from server.conversations.conversation import Conversation, Meeting
from server.conversations.making import create
from server.conversations.seeing import see, see_planned
from server.rules.access import Actor
from server.rules.day import day_of
from server.storage.database import Database


class Conversations:
    """The way in for pages."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def create(
        self,
        actor: Actor,
        employee: str,
        template: tuple[str, int],
        meeting: Meeting | None = None,
        *,
        notify: bool = False,
        invite: bool = False,
        event: Event = Event.CONVERSATION_CREATED,
    ) -> str:
        """As ``create``, with everything else as it is by default."""
        return await self._database.write(
            lambda c: create(
                c,
                actor,
                employee,
                template,
                meeting,
                self._clock(),
                notify=notify,
                invite=invite,
                event=event,
            )
        )

    async def see(self, actor: Actor, id_: str) -> Conversation:
        """As ``see``."""
        return await self._database.read(lambda c: see(c, actor, id_))

    async def see_planned(self, actor: Actor, id_: str) -> Conversation:
        """As ``see_planned``, today."""
        return await self._database.read(lambda c: see_planned(c, actor, id_, day_of(self._clock())))
