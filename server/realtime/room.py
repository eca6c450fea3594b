"""The live documents that belong together, of a conversation for instance, and the rights in them."""

import asyncio
import json
from collections.abc import Callable
from typing import Final

from server.realtime.closings import DocumentClosing
from server.realtime.live_document import LiveDocument
from server.realtime.ports import Desk, Opening, OpeningDenied
from server.realtime.seat import Line, Seat, Stage
from server.rules.access import Pane
from server.rules.errors import StorageUnavailable

CHANGED: Final = json.dumps({"event": "changed"}, separators=(",", ":"))
"""What pages are told when something about what they show has changed: fetch it anew."""


class Room:
    """Disposable: the log, and the facts at the desk, are everything that it is made of."""

    __slots__ = ("_answered", "_asking", "_desk", "_make", "_wanted", "documents", "key")

    def __init__(self, key: str, desk: Desk, make: Callable[["Room", Opening], LiveDocument]) -> None:
        self.key = key
        self.documents: dict[str, LiveDocument] = {}
        self._desk = desk
        self._make = make
        self._asking = asyncio.Lock()
        self._wanted = 0
        self._answered = 0

    def document(self, opening: Opening) -> LiveDocument:
        """The live document, made if nobody has it open: however many come at once, it is loaded once."""
        document = self.documents.get(opening.name)
        if document is None:
            document = self.documents[opening.name] = self._make(self, opening)
        return document

    def forget(self, document: LiveDocument) -> None:
        """The document has ended. Whoever opens it next gets a new one."""
        if self.documents.get(document.name) is document:
            del self.documents[document.name]

    async def ask_again(self) -> None:
        """Read the rights of everybody here, as they are after this was called, and carry them out.

        Any number of calls at the same time share what they ask.
        """
        self._wanted += 1
        mine = self._wanted
        async with self._asking:
            if self._answered >= mine:
                return
            self._answered = self._wanted
            for document in tuple(self.documents.values()):
                for seat in tuple(document.seats):
                    await self._ask_about(document, seat)

    async def changed(self) -> None:
        """Something about the whole has changed: ask again, then tell the pages.

        Those of a conversation are told in its joint pane, which everybody who takes part has open, or in
        another one while that is withheld from them: each once.
        """
        await self.ask_again()
        told: set[Line] = set()
        for document in sorted(self.documents.values(), key=lambda each: each.pane is not Pane.JOINT):
            for seat in document.seats:
                if seat.is_present and (document.pane is None or seat.line not in told):
                    told.add(seat.line)
                    seat.tell(CHANGED)

    async def _ask_about(self, document: LiveDocument, seat: Seat) -> None:
        if seat.stage not in (Stage.WAITING, Stage.SEATED):
            return
        try:
            opening = await self._desk.open(seat.author.session, seat.opening.name)
        except OpeningDenied as denied:
            document.expel(seat, denied.reason)
        except StorageUnavailable:
            # Nobody knows whether the rights still hold: whoever has them gets in again in a while.
            document.expel(seat, DocumentClosing.UNAVAILABLE)
        else:
            seat.reopen(opening)
