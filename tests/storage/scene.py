"""Maja and Jonas with one open conversation, put straight into the tables."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.util import await_only

from server.rules.access import Pane, State
from server.storage import tables
from server.storage.database import Database, add_document, drop_document, lock_conversation
from server.storage.log_rows import last_change
from server.storage.update_log import Append, Author, Touch
from tests.conftest import SetClock


def wait_within() -> Callable[[Coroutine[Any, Any, Any]], Any]:
    """A function that waits for something from within work that reads, wherever a database has that done."""
    loop = asyncio.get_running_loop()

    def wait(coroutine: Coroutine[Any, Any, Any]) -> Any:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            # In a thread of its own.
            return asyncio.run_coroutine_threadsafe(coroutine, loop).result()
        return await_only(coroutine)

    return wait


MAJA = Author("maja", "session-maja")
JONAS = Author("jonas", "session-jonas")
SNAPSHOT = b"\x00\x00 the document as it was made"


@dataclass
class Scene:
    """Where a test's documents are, and what it does to them past the features."""

    database: Database
    clock: SetClock
    documents: dict[tuple[str, Pane], int] = field(default_factory=dict)

    @property
    def joint(self) -> int:
        return self.documents["conversation", Pane.JOINT]

    @property
    def private(self) -> int:
        return self.documents["conversation", Pane.EMPLOYEE]

    async def set_up(self) -> None:
        await self.database.write(self._people)
        await self.add_conversation("conversation")

    async def add_conversation(self, name: str) -> None:
        self.documents |= await self.database.write(lambda rows: self._conversation(rows, name))

    async def freeze(self, name: str = "conversation") -> int:
        """Freeze as a feature does, and return where the joint document's log ended then."""
        joint = self.documents[name, Pane.JOINT]

        def work(rows: Connection) -> int:
            lock_conversation(rows, name)
            rows.execute(
                update(tables.conversation).where(tables.conversation.c.id == name).values(state=State.FROZEN)
            )
            return last_change(rows, joint) or 0

        return await self.database.write(work)

    async def replace_private(self, drop: bool) -> int:
        """Begin a new generation of Maja's pane; ``drop`` the old one as a share does."""

        def work(rows: Connection) -> int:
            lock_conversation(rows, "conversation")
            new = add_document(rows, "conversation/employee/second", "conversation", Pane.EMPLOYEE, SNAPSHOT)
            rows.execute(
                update(tables.pane)
                .where(tables.pane.c.document_id == self.private)
                .values(document_id=new, shared_at=self.clock())
            )
            if drop:
                drop_document(rows, self.private)
            return new

        return await self.database.write(work)

    async def rows(self, table: Any) -> list[Any]:
        """All rows of a table, in the order of its key."""
        return await self.database.read(
            lambda rows: list(rows.execute(select(table).order_by(*table.primary_key)).all())
        )

    async def change(self, statement: Any) -> None:
        await self.database.write(lambda rows: rows.execute(statement) and None)

    def _people(self, rows: Connection) -> None:
        for author in (MAJA, JONAS):
            rows.execute(
                insert(tables.person).values(
                    id=author.person,
                    name=author.person.title(),
                    email=f"{author.person}@nordljus.example",
                    title={"sv": "Drifttekniker"},
                    locale="sv",
                    roles=["employee"],
                    employment={},
                    active=True,
                )
            )
            rows.execute(
                insert(tables.session).values(
                    id_hash=author.session,
                    person_id=author.person,
                    began_at=self.clock(),
                    seen_at=self.clock(),
                    device="Firefox",
                )
            )
        rows.execute(insert(tables.template).values(id="template", version=1, body={}))

    def _conversation(self, rows: Connection, name: str) -> dict[tuple[str, Pane], int]:
        rows.execute(
            insert(tables.conversation).values(
                id=name,
                template_id="template",
                template_version=1,
                employee_id="maja",
                responsible_id="jonas",
                state=State.OPEN,
                shares=True,
                created_at=self.clock(),
            )
        )
        made = {}
        for pane, owner in ((Pane.EMPLOYEE, "maja"), (Pane.MANAGER, "jonas"), (Pane.JOINT, None)):
            document = add_document(rows, f"{name}/{pane}/first", name, pane, SNAPSHOT)
            rows.execute(
                insert(tables.pane).values(
                    conversation_id=name, pane=pane, owner_id=owner, document_id=document
                )
            )
            made[name, pane] = document
        return made


def typed(document: int, change: bytes = b"change", author: Author = MAJA, field: str = "a1") -> Append:
    """An append of one author's change in one field."""
    return Append(document, change, (author,), (Touch(author.person, field),))
