"""Copies of conversations that were played: playing one takes a tenth of a second, copying it a thousandth.

Each story is played on a few days by two stand-ins, in a scratch database (``crowd_plays``). A copy of it has
other people, ids, salt, hashes and seals, and is what those people would have made themselves: what was
signed is signed anew, and can be verified.
"""

import json
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, insert, select

from server import audit, closing, conversations, documents, signing
from server.audit import Event
from server.conversations import Conversation
from server.documents import Standing
from server.people import Person
from server.record import format as record_format
from server.record.sealing import OrganisationSeal
from server.rules.access import Pane, State
from server.rules.limits import SALT_BYTES
from server.storage import tables

Row = dict[str, Any]
ID_BYTES = 16

OF_CONVERSATION = (tables.decision, tables.record_document)
"""Tables whose rows are copied with other ids and nothing else. Those with keys of their own get new ones."""

ORDER = (
    tables.record,
    tables.signature,
    *OF_CONVERSATION,
    tables.pane,
    tables.activity,
    tables.activity_comment,
    tables.document_snapshot,
    tables.change_log,
)
"""Whatever others refer to before them. Conversations and documents come before all of these."""

COPIED = frozenset({tables.conversation, tables.document, tables.audit, *ORDER})
"""Everything that a story leaves in a database is in these."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Whose names and ids stand in a played conversation, or are to stand in a copy."""

    employee: Person
    responsible: Person
    unit: Mapping[str, str]
    """Name of the employee's unit, locale -> words."""


@dataclass(frozen=True, slots=True)
class Played:
    """One conversation of the scratch database, whole."""

    parts: Parts
    conversation: Conversation
    standing: Mapping[Pane, Standing]
    rows: Mapping[str, Sequence[Row]]
    """Table -> rows, as they are stored. Documents have ``snapshot`` and ``changes`` (of the change log)."""
    events: Sequence[Row]
    """Of the audit, in order."""


def read(connection: Connection, parts: Parts, id_: str) -> Played:
    """Read a conversation that ``parts`` have played, with its activities."""
    conversation = conversations.see(connection, parts.responsible.actor, id_)
    t = tables
    rows = {
        each.name: _rows(connection, each, each.c.conversation_id == id_)
        for each in (t.pane, t.record, t.signature, *OF_CONVERSATION)
    }
    rows[t.conversation.name] = _rows(connection, t.conversation, t.conversation.c.id == id_)
    rows[t.activity.name] = _rows(connection, t.activity, t.activity.c.from_conversation == id_)
    activities = [row["id"] for row in rows[t.activity.name]]
    said = t.activity_comment
    rows[said.name] = _rows(connection, said, said.c.activity_id.in_(activities))
    kept = [row["document_id"] for table in (t.pane, t.activity) for row in rows[table.name]]
    rows[t.document.name] = _rows(connection, t.document, t.document.c.id.in_(kept))
    for row in rows[t.document.name]:
        row["snapshot"] = connection.scalar(
            select(t.document_snapshot.c.snapshot).where(t.document_snapshot.c.document_id == row["id"])
        )
        row["changes"] = _rows(connection, t.change_log, t.change_log.c.document_id == row["id"])
    # What becomes of an activity later on is about no conversation.
    is_told = (t.audit.c.conversation == id_) | t.audit.c.about["activity"].as_string().in_(activities)
    events = _rows(connection, t.audit, is_told)
    return Played(
        parts,
        conversation,
        documents.standing(connection, conversation, conversation.panes),
        rows,
        sorted(events, key=lambda row: row["sequence"]),
    )


def _rows(connection: Connection, table: Table, of: ColumnElement[bool]) -> list[Row]:
    return [dict(row) for row in connection.execute(select(table).where(of)).mappings()]


class Copier:
    """Copies into one transaction. ``store`` at its end."""

    def __init__(self, connection: Connection, seal: OrganisationSeal) -> None:
        self._connection = connection
        self._seal = seal
        self._new: dict[Table, list[Row]] = {}
        self._documents: list[tuple[Row, Callable[[int], None]]] = []

    def copy(self, played: Played, parts: Parts) -> str:
        """Have ``parts`` do what was played. Returns the id of their conversation."""
        recast = _Recast(played, parts)
        (conversation,) = played.rows["conversation"]
        self._add(tables.conversation, recast(conversation))
        for row in played.rows["pane"]:
            self._add_with_document(tables.pane, row, played, recast)
        for table in OF_CONVERSATION:
            for row in played.rows[table.name]:
                self._add(
                    table, {key: value for key, value in recast(row).items() if not _is_counter(table, key)}
                )
        for row in played.rows["record"]:
            self._add_record(row, played, recast)
        for row in played.rows["activity"]:
            self._add_with_document(tables.activity, row, played, recast)
        for row in played.rows["activity_comment"]:
            self._add(tables.activity_comment, recast(row) | {"id": secrets.token_hex(ID_BYTES)})
        for row in played.events:
            told = recast(row)
            audit.record(
                self._connection,
                Event(told["event"]),
                told["person"],
                told["at"],
                told["conversation"],
                **{key: recast.sha256.get(value, value) for key, value in told["about"].items()},
            )
        return recast.id

    def store(self) -> None:
        """Write everything that has been copied."""
        self._store(tables.conversation)
        self._store_documents()
        for table in ORDER:
            self._store(table)

    def _add(self, table: Table, row: Row) -> Row:
        self._new.setdefault(table, []).append(row)
        return row

    def _add_with_document(self, table: Table, row: Row, played: Played, recast: "_Recast") -> None:
        new = self._add(table, recast(row))
        (document,) = (each for each in played.rows["document"] if each["id"] == row["document_id"])

        def keep(id_: int) -> None:
            new["document_id"] = id_

        named = recast(document) | {"name": recast.name(document["name"])}
        self._documents.append((named, keep))

    def _add_record(self, row: Row, played: Played, recast: "_Recast") -> None:
        content = recast.content(row["content"])
        sha256 = recast.sha256[row["sha256"]] = record_format.sha256(content)
        new = recast(row) | {"content": content, "sha256": sha256}
        signed = [each for each in played.rows["signature"] if each["version"] == row["version"]]
        said = []
        for each in sorted(signed, key=lambda one: (one["at"], one["person_id"])):
            statement = recast.statement(each["statement"], sha256, each["at"])
            seal = self._seal.sign(statement)
            said.append((statement, seal))
            self._add(tables.signature, recast(each) | {"statement": statement, "seal": seal})
        if row["closed_at"] is not None:
            new["sealed"] = record_format.sealed(
                content, said, row["closed_at"], self._seal.certificate, self._seal.sign
            )
        self._add(tables.record, new)

    def _store_documents(self) -> None:
        table = tables.document
        columns = ("name", "conversation_id", "pane", "last")
        self._documents, found = [], self._documents
        if not found:
            return
        stored = self._connection.execute(
            insert(table).returning(table.c.id, table.c.name),
            [{key: row[key] for key in columns} for row, _ in found],
        )
        ids = {row.name: row.id for row in stored}
        for row, keep in found:
            id_ = ids[row["name"]]
            keep(id_)
            self._add(
                tables.document_snapshot,
                {"document_id": id_, "sequence": row["last"], "snapshot": row["snapshot"]},
            )
            for change in row["changes"]:
                self._add(tables.change_log, change | {"document_id": id_})

    def _store(self, table: Table) -> None:
        if rows := self._new.pop(table, []):
            self._connection.execute(insert(table), rows)


class _Recast:
    """Puts other people, ids and names into what was played."""

    def __init__(self, played: Played, parts: Parts) -> None:
        self.id = secrets.token_hex(ID_BYTES)
        self.sha256: dict[str, str] = {}
        """SHA-256 of a record as it was played -> of its copy."""
        old, was = played.conversation, played.parts
        self._signers = {was.employee.id: parts.employee, was.responsible.id: parts.responsible}
        self._ids = {
            old.id: self.id,
            was.employee.id: parts.employee.id,
            was.responsible.id: parts.responsible.id,
            **_activity_ids(old, played.standing, replace(old, id=self.id)),
        }
        self._bytes = [(before.encode(), after.encode()) for before, after in self._ids.items()]
        # A record names people and units in words.
        self._names = [
            (_quoted(before), _quoted(after))
            for before, after in (
                (was.employee.name, parts.employee.name),
                (was.responsible.name, parts.responsible.name),
                *_each(was.employee.title, parts.employee.title),
                *_each(was.responsible.title, parts.responsible.title),
                *_each(was.unit, parts.unit),
            )
        ]

    def __call__(self, row: Mapping[str, Any]) -> Row:
        return {key: self._value(value) for key, value in row.items()}

    def name(self, name: str) -> str:
        """Of a document on the wire: of a pane, with a generation of its own."""
        first, second, last = name.split("/")
        if first in self._ids:
            return "/".join((self._ids[first], second, secrets.token_hex(ID_BYTES)))
        return "/".join((first, self._ids[second], self._ids[last]))

    def content(self, content: bytes) -> bytes:
        """Of a record: canonical JSON, with the other people's names and ids and a salt of its own."""
        for before, after in (*self._bytes, *self._names):
            content = content.replace(before, after)
        salt: str = json.loads(content)["salt"]
        return content.replace(salt.encode(), secrets.token_hex(SALT_BYTES).encode())

    def statement(self, statement: bytes, sha256: str, at: datetime) -> bytes:
        """What was signed, by somebody else, of another record, and in her own language."""
        said = record_format.read_statement(statement)
        signer = self._signers[said.signer]
        return record_format.statement(
            record=sha256,
            person=signer,
            party=said.party,
            meaning=said.meaning,
            words=signing.WORDS[said.meaning][signer.locale],
            language=signer.locale,
            comment=said.comment,
            at=at,
        )

    def _value(self, value: Any) -> Any:
        match value:
            case str():
                return self._ids.get(value, value)
            case bytes():
                # The ids of both are equally long, so lengths that stand before them stay true.
                for before, after in self._bytes:
                    value = value.replace(before, after)
                return value
            case dict():
                return {key: self._value(each) for key, each in value.items()}
            case list():
                return [self._value(each) for each in value]
            case _:
                return value


def _activity_ids(
    old: Conversation, standing: Mapping[Pane, Standing], new: Conversation
) -> Mapping[str, str]:
    """Ids of the activities of both, as closing them makes them."""
    if old.state is not State.CLOSED:
        return {}
    before, after = closing.agreed(old, standing), closing.agreed(new, standing)
    return {one.id: other.id for one, other in zip(before, after, strict=True)}


def _each(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The same words before and after, in every language."""
    return ((before[locale], after[locale]) for locale in before)


def _quoted(text: str) -> bytes:
    """As it stands in canonical JSON."""
    return json.dumps(text, ensure_ascii=False).encode()


def _is_counter(table: Table, column: str) -> bool:
    """Whether the database gives its rows a number of their own."""
    return table.c[column].autoincrement is True
