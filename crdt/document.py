"""One document: merged, read and made anew. The only file that knows pycrdt.

Key invariants:

1. Nothing reaches pycrdt that has not been parsed whole and checked against the schema, and every byte
   that leaves is encoded by this document: a client's own bytes are never passed on. (What is typed can be
   encoded in one way only, ``crdt.typed``.)
2. What pycrdt has integrated is what was accepted: the two are compared after every change, because
   pycrdt parks what it cannot place without a word. What is typed it is given later, many key presses at
   once, and before anything is read or anything else is merged.
3. Once anything raised DocumentBroken the document is worthless: merging is not atomic.
4. Equal content gives equal bytes: everything is made in one transaction, in the schema's order, one
   key and one mark at a time (given several at once, pycrdt takes them in an order of its own).
"""

from bisect import bisect_right
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache, lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple, Self, cast

from pycrdt import (
    Array,
    Doc,
    Map,
    Subscription,
    XmlElement,
    XmlFragment,
    XmlText,
    get_state,
    get_update,
    merge_updates,
)

from crdt.bounds import UpdateBounds
from crdt.content import (
    MARKS,
    Block,
    Chunk,
    Content,
    Element,
    FieldContent,
    Node,
    Row,
    Run,
    TextContent,
    TextRun,
    choice_content,
    empty_text,
    is_empty,
    scalar_content,
    table_content,
    text_content,
)
from crdt.errors import BorrowedClient, DocumentBroken, IncompleteUpdate, OverLimit, ProtocolError
from crdt.schema import ROW_ID, SERVER_CLIENT, VALUES, ChoiceSet, DocumentSchema, Field, Table, Text, Value
from crdt.shape import Shape, Skeleton
from crdt.steps import split_cost, steps
from crdt.typed import Caret, Pressed, TypedRun, joined, joined_runs, read_typed
from crdt.update import DeleteRange, ParsedUpdate, encode_state_vector, parse, parse_state_vector

_UNBOUNDED = 2**40
"""What the server itself has stored is not held against the bounds of one update."""


_JOINED_AT_ONCE = 16
_SCHEMAS_AT_ONCE = 64
"""Whose documents share what they are made with."""
_KNOWS_NOTHING = encode_state_vector({})
_NO_DELETIONS = b"\x00"
"""The end of an update that deletes nothing, and of no other."""


class Merged(NamedTuple):
    """What a merge did."""

    touched: frozenset[str]
    """Names of the fields that it changed."""
    new_clients: tuple[int, ...]
    """Yjs client ids that now belong to the person and did not before."""
    changed: bool
    """False if the document had all of it already."""


class Document:
    """One document in memory. Used by one thread at a time. ``close`` it, or its memory is never freed."""

    def __init__(
        self, schema: DocumentSchema, bounds: UpdateBounds, clients: Mapping[int, str], is_judged: bool = True
    ) -> None:
        self._schema = schema
        self._bounds = bounds
        self._stored_bounds = _of_what_is_stored(bounds)
        self._clients = dict(clients)
        self._judge: Shape | None = Shape(schema, bounds) if is_judged else None
        """None for what was stored, until somebody writes: it takes ten times as long to make as to read."""
        self._changes: list[bytes] = []
        self._typed: list[Pressed] = []
        """What has been typed and recorded, and is part of no change that was taken."""
        self._items_max = bounds.step_comparisons_max // 2
        """Of a text in which what is typed takes the short way: pycrdt is quick there."""
        self._runs: list[TypedRun] = []
        """What has been typed and recorded, and pycrdt has still to be given."""
        self._runs_taken = 0
        """How many changes were taken of what is in these."""
        self._comparisons = 0
        """How many pairs of items pycrdt may have to compare to place them."""
        self._size = 0
        self._size_is_exact = False
        self._snapshot: bytes | None = None
        """All that pycrdt would have, while it is not needed: a document that is only read costs its bytes
        and no more, and so does one that is only typed in."""
        self._subscribed: tuple[Doc[Any], Subscription] | None = None
        self._was_needed = False
        """pycrdt's part of it, since somebody last asked to set aside what is not."""
        self._stored_clocks: dict[int, int] = {}
        """Each client's clock in what was stored. Nothing changes it before it is judged."""
        self._stored_deletes: bytes | None = None
        """What was deleted of what was stored, once somebody has asked. As above."""

    @classmethod
    def made(cls, schema: DocumentSchema, bounds: UpdateBounds, content: Content | None = None) -> Self:
        """A document of the server's own, with ``content`` or empty. Equal content, equal bytes."""
        scratch: Doc[Any] = Doc(client_id=SERVER_CLIENT)
        with _pycrdt(), scratch.transaction():
            for field in schema.fields:
                _make_field(scratch, field, (content or {}).get(field.name))
        return cls.loaded(schema, bounds, scratch.get_update(), (), {})

    @classmethod
    def loaded(
        cls,
        schema: DocumentSchema,
        bounds: UpdateBounds,
        snapshot: bytes,
        updates: Sequence[bytes],
        clients: Mapping[int, str],
    ) -> Self:
        """A document as it was stored. ``clients``: the person that each Yjs client id belongs to.

        Raises DocumentBroken if what was stored is not whole.
        """
        document = cls(schema, bounds, clients)
        try:
            document.merge_stored(snapshot)
            for joined in _in_order(updates):
                document.merge_stored(joined)
        except IncompleteUpdate as error:
            document.close()
            raise DocumentBroken("what was stored is not whole") from error
        except DocumentBroken:
            document.close()
            raise
        document.take_change()
        return document

    @classmethod
    def stored(
        cls,
        schema: DocumentSchema,
        bounds: UpdateBounds,
        snapshot: bytes,
        updates: Sequence[bytes],
        clients: Mapping[int, str],
        state_vector: bytes | None = None,
    ) -> Self:
        """As ``loaded``, from what was judged before it was stored, and can be read at once.

        ``state_vector``: the snapshot's, if that is known; else it is read through for it.
        ``prepare`` judges it once more, before anything is merged. Raises DocumentBroken if pycrdt fails, or
        does not find what a change builds on.
        """
        document = cls(schema, bounds, clients, is_judged=False)
        document._snapshot = snapshot
        document._size = len(snapshot) + sum(map(len, updates))
        if not updates:
            with _pycrdt():
                document._keep_clocks(get_state(snapshot) if state_vector is None else state_vector)
            return document
        changes = list(_in_order(updates))
        with _pycrdt():
            for change in changes:
                document._doc.apply_update(change)
            document._keep_clocks(document._doc.get_state())
        for change in changes:
            document._require_integrated(change)
        document._changes.clear()
        return document

    def _keep_clocks(self, state_vector: bytes) -> None:
        self._stored_clocks = parse_state_vector(state_vector, self._stored_bounds)

    @property
    def _doc(self) -> Doc[Any]:
        """What pycrdt has of it, which is made when something is changed or its content is asked for."""
        self._was_needed = True
        if self._subscribed is not None:
            return self._subscribed[0]
        doc: Doc[Any] = Doc(client_id=SERVER_CLIENT)
        if self._snapshot is not None:
            with _pycrdt():
                doc.apply_update(self._snapshot)
            self._snapshot = None
        changes = self._changes
        # The update must be read at once: the event is gone when the callback returns.
        self._subscribed = doc, doc.observe(lambda event: changes.append(event.update))
        return doc

    def set_aside(self, bytes_max: int) -> bool:
        """Keep the document as its bytes again, unless there are more than that. Returns whether it was done.

        pycrdt takes nine times as much memory for a document, and 70 KiB for an empty one. It takes half a
        millisecond to make it of 100 KiB, and a tenth of that for one in which little is written.
        """
        if self._subscribed is None or self._size > bytes_max:
            return False
        doc, subscription = self._subscribed
        with _pycrdt():
            self._snapshot = doc.get_update()
            doc.unobserve(subscription)
        self._subscribed = None
        if not self._runs:
            self._size, self._size_is_exact = len(self._snapshot), True
        return True

    def set_aside_unneeded(self, bytes_max: int) -> bool:
        """The same, unless pycrdt has been needed since this was last called."""
        was_needed, self._was_needed = self._was_needed, False
        return not was_needed and self.set_aside(bytes_max)

    def is_ready_for(self, update: bytes) -> bool:
        """Whether the update can be merged without ``prepare``. Raises MalformedUpdate or OverLimit.

        A page that has nothing of its own says so with an update: no reason to judge all that is stored.
        """
        return self._judge is not None or (self.is_quick(update) and self._contains(update))

    def prepare(self) -> Shape:
        """Make what updates are judged by, of a stored document. Raises DocumentBroken if it is not whole."""
        if self._judge is not None:
            return self._judge
        with _pycrdt():
            if self._snapshot is not None and len(self._snapshot) <= self._bounds.quick_update_bytes_max:
                everything, integrated = self._snapshot, get_state(self._snapshot)
            else:
                everything, integrated = self._doc.get_update(), self._doc.get_state()
        try:
            stored = parse(everything, self._stored_bounds)
            skeleton = _skeleton(self._schema, self._bounds)
            shape = Shape(self._schema, self._bounds, skeleton if skeleton.bears(stored) else None)
            shape.admit(stored)
        except (ProtocolError, IncompleteUpdate) as error:
            raise DocumentBroken("what was stored is not what this document can hold") from error
        if shape.clocks != self._stored_clocks:
            raise DocumentBroken("what was stored is not what it was said to be")
        self._judge = shape
        self._require_all(integrated)
        return shape

    @property
    def _shape(self) -> Shape:
        return self._judge or self.prepare()

    def _clocks(self) -> dict[int, int]:
        """Each client's clock."""
        return self._stored_clocks if self._judge is None else self._judge.clocks

    def merge(self, update: bytes, person: str, told: Mapping[int, str] | None = None) -> Merged:
        """Merge what a person wrote. ``told``: whose the client ids are that others have been told of.

        Raises ProtocolError if it breaks a rule, IncompleteUpdate if it builds on something that is not
        here (nothing was changed in both cases), and DocumentBroken.
        """
        if (caret := self.merge_typed(update, person)) is not None:
            return Merged(frozenset((caret.place.field,)), (), changed=True)
        if self._judge is None and self.is_ready_for(update):
            return Merged(frozenset(), (), changed=False)
        self._integrate_typed()
        parsed = parse(update, self._bounds)
        checked = self._shape.check(parsed)
        told = told or {}
        if any(self._clients.get(each, told.get(each, person)) != person for each in checked.writers):
            raise BorrowedClient("a client id that belongs to another person")
        if checked.writers:
            self._make_room(len(update))
        if not self._apply(update, parsed):
            return Merged(frozenset(), (), changed=False)
        new = tuple(sorted(checked.writers - self._clients.keys()))
        self._clients.update(dict.fromkeys(new, person))
        return Merged(checked.touched, new, changed=True)

    def merge_typed(self, update: bytes, person: str, caret: Caret | None = None) -> Caret | None:
        """Merge a key press of somebody who is known here.

        ``caret``: what this returned for her last one. None, and nothing has been done, if the update is any
        other than typing: it is to be merged by ``merge``.
        """
        judge = self._judge
        if judge is None or self._size + len(update) > self._bounds.document_bytes_max:
            return None
        if self._comparisons >= self._bounds.step_comparisons_max:
            # Time for pycrdt to be given what there is.
            return None
        compared = 0
        if caret is not None and caret.judge is judge and caret.person == person and caret.is_before(update):
            items = judge.admit_next(caret, self._items_max)
            if not items:
                return None
            self._typed.append((caret.client, caret.struct, update))
            if caret.run.is_over:
                self._runs.append(caret.begin())
                compared = items
            caret.go_on(update)
        else:
            typed = read_typed(update)
            if typed is None or self._clients.get(typed.client) != person:
                return None
            admitted = judge.admit_typed(typed, self._items_max)
            if admitted is None:
                return None
            place, compared = admitted
            self._typed.append((typed.client, typed.struct, update))
            caret = Caret(judge, update, typed, person, place)
            self._runs.append(caret.run)
        if compared:
            self._comparisons += compared + split_cost(self._size)
        self._size += len(update)
        self._size_is_exact = False
        return caret

    def take_typed(self) -> bytes | None:
        """The change since the last one, if all of it was typed; None if there is none, or more than that.

        Raises DocumentBroken.
        """
        if not self._typed or self._changes:
            return None
        change = joined(self._typed)
        self._typed.clear()
        self._runs_taken += 1
        if self._runs_taken >= self._bounds.typed_changes_max:
            self._integrate_typed()
        return change

    def _integrate_typed(self) -> None:
        """Give pycrdt what has been typed, in one transaction."""
        if not self._runs:
            return
        changes_before = len(self._changes)
        with _pycrdt():
            self._doc.apply_update(joined_runs(self._runs))
            integrated = self._doc.get_state()
        self._require_all(integrated)
        for run in self._runs:
            run.is_over = True
        self._runs.clear()
        self._runs_taken = self._comparisons = 0
        # Of what pycrdt now tells, the greater part was taken before.
        del self._changes[changes_before:]
        if self._typed:
            self._changes.append(joined(self._typed))
            self._typed.clear()

    def is_quick(self, update: bytes) -> bool:
        """Whether merging the update takes a few milliseconds at most, whatever is in it.

        What is not is better merged in another thread, which makes way for others every few milliseconds.
        """
        size = len(update)
        return (
            size <= self._bounds.quick_update_bytes_max
            and size * (self._size + size) <= self._bounds.quick_byte_pairs_max
        )

    def merge_stored(self, update: bytes) -> None:
        """Merge a row of the log that another node wrote. It was checked before it was stored.

        Whose client ids it brings is not in the row: until the document is loaded again, whoever writes
        under one is reported as new, and the log has the last word.
        Raises IncompleteUpdate if an earlier row is missing (nothing was changed), and DocumentBroken.
        """
        try:
            self._integrate_typed()
            self._apply(update, parse(update, self._stored_bounds))
        except ProtocolError as error:
            raise DocumentBroken("what was stored is not what this document can hold") from error

    def take_change(self) -> bytes | None:
        """Everything that was merged since the last call as one update, or None if nothing was.

        Raises DocumentBroken.
        """
        self._integrate_typed()
        changes = self._changes[:]
        self._changes.clear()
        return _joined(changes) if changes else None

    def contains(self, update: bytes) -> bool:
        """Whether merging the update would change nothing. Raises MalformedUpdate or OverLimit."""
        return self._contains(update)

    def _contains(self, update: bytes) -> bool:
        parsed = parse(update, self._bounds)
        clocks = self._clocks()
        for client, structs in parsed.sections.items():
            if structs[-1].end > clocks.get(client, 0):
                return False
        return not parsed.deletes or _all_within(parsed.deletes, self._deleted())

    def state_vector(self) -> bytes:
        """The clock up to which each client is known."""
        return encode_state_vector(self._clocks())

    def is_ahead_of(self, state_vector: bytes) -> bool:
        """Whether somebody with this state vector lacks something that was written.

        A state vector cannot tell who has seen a deletion. Raises MalformedUpdate or OverLimit.
        """
        theirs = parse_state_vector(state_vector, self._bounds)
        return any(clock > theirs.get(client, 0) for client, clock in self._clocks().items())

    def diff(self, state_vector: bytes) -> bytes:
        """What somebody with this state vector lacks. Raises MalformedUpdate or OverLimit."""
        theirs, clocks = parse_state_vector(state_vector, self._bounds), self._clocks()
        shared = {client: min(theirs[client], clock) for client, clock in clocks.items() if client in theirs}
        return self._only_deletes() if shared == clocks else self._encoded(encode_state_vector(shared))

    def snapshot(self) -> bytes:
        """All of it, as one update."""
        everything = self._encoded(None)
        self._size, self._size_is_exact = len(everything), True
        return everything

    def content(self, only: Container[str] | None = None) -> Content:
        """What the document says, without what its schema does not have: in all fields, or ``only`` these."""
        self._integrate_typed()
        fields = [field for field in self._schema.fields if only is None or field.name in only]
        with _pycrdt(), self._doc.transaction():
            read = {field.name: _read_field(self._doc, field) for field in fields}
        return {name: value for name, value in read.items() if value is not None}

    def fill(self, content: Content, client: int) -> bytes:
        """An update that writes ``content`` into the fields that are empty here, as if by ``client``.

        Changes nothing here: merge it.
        """
        present = self.content()
        scratch: Doc[Any] = Doc(client_id=client)
        with _pycrdt():
            scratch.apply_update(self.snapshot())
            with scratch.transaction():
                for field in self._schema.fields:
                    value = content.get(field.name)
                    if is_empty(present.get(field.name), field) and not is_empty(value, field):
                        _write_field(scratch, field, value)
            return scratch.get_update(self.state_vector())

    @property
    def size_bytes(self) -> int:
        """Bytes of the encoded document."""
        return self._size if self._size_is_exact else len(self.snapshot())

    def close(self) -> None:
        """Let go of the memory. The document is of no use afterwards."""
        if self._subscribed is not None:
            doc, subscription = self._subscribed
            doc.unobserve(subscription)

    def _apply(self, update: bytes, parsed: ParsedUpdate) -> bool:
        order = self._shape.admit(parsed)
        changes_before = len(self._changes)
        with _pycrdt():
            for step in steps(update, parsed, order, self._size, self._bounds.step_comparisons_max):
                self._doc.apply_update(step)
            integrated = self._doc.get_state()
        self._require_all(integrated)
        if len(self._changes) == changes_before:
            return False
        self._size += len(update)
        self._size_is_exact = False
        return True

    def _require_integrated(self, stored: bytes) -> None:
        """Raise DocumentBroken unless pycrdt has all that a stored change adds."""
        clocks = self._clocks()
        try:
            sections = parse(stored, self._stored_bounds).sections
        except ProtocolError as error:
            raise DocumentBroken("what was stored cannot be read") from error
        if any(structs[-1].end > clocks.get(client, 0) for client, structs in sections.items()):
            raise DocumentBroken("what was stored is not whole")

    def _require_all(self, integrated: bytes) -> None:
        """Raise DocumentBroken unless pycrdt's state vector is what has been recorded."""
        if parse_state_vector(integrated, self._stored_bounds) != self._shape.clocks:
            raise DocumentBroken("pycrdt holds back a part of what was accepted")

    def _make_room(self, added: int) -> None:
        """The size is only estimated, from above, until that estimate reaches the limit."""
        limit = self._bounds.document_bytes_max
        if self._size + added > limit and self.size_bytes + added > limit:
            raise OverLimit("document_bytes_max")

    def _deleted(self) -> Iterable[DeleteRange]:
        return parse(self._only_deletes(), self._stored_bounds).deletes

    def _only_deletes(self) -> bytes:
        """What somebody lacks who has all that was written, as everybody does who was cut off: deletions."""
        if self._judge is not None:
            return self._encoded(self.state_vector())
        if self._stored_deletes is None:
            self._stored_deletes = self._encoded(self.state_vector())
        return self._stored_deletes

    def _encoded(self, state_vector: bytes | None) -> bytes:
        self._integrate_typed()
        with _pycrdt():
            if self._snapshot is None:
                return self._doc.get_update(state_vector)
            if state_vector is None or state_vector == _KNOWS_NOTHING:
                return self._snapshot
            return get_update(self._snapshot, state_vector)


@cache
def _of_what_is_stored(bounds: UpdateBounds) -> UpdateBounds:
    return replace(
        bounds,
        update_bytes_max=_UNBOUNDED,
        update_structs_max=_UNBOUNDED,
        update_clients_max=_UNBOUNDED,
    )


@lru_cache(maxsize=_SCHEMAS_AT_ONCE)
def _skeleton(schema: DocumentSchema, bounds: UpdateBounds) -> Skeleton:
    return Skeleton.of(
        schema, bounds, parse(Document.made(schema, bounds).snapshot(), _of_what_is_stored(bounds))
    )


@contextmanager
def _pycrdt() -> Iterator[None]:
    """A failure of pycrdt, whose panics are no Exceptions, as DocumentBroken."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        raise DocumentBroken("pycrdt failed") from error


def _joined(changes: Sequence[bytes]) -> bytes:
    """Several updates, at least one, as one."""
    with _pycrdt():
        while len(changes) > 1:
            # A few at a time: all at once takes twenty times as long when there are a thousand.
            changes = [
                merge_updates(*changes[start : start + _JOINED_AT_ONCE])
                for start in range(0, len(changes), _JOINED_AT_ONCE)
            ]
    return changes[0]


def _in_order(changes: Iterable[bytes]) -> Iterator[bytes]:
    """What was stored, in few updates: merging a key press costs nearly as much as merging a page of them.

    Never across a deletion, which pycrdt would take last: what comes behind one was let in beside what was no
    longer there, and may stand where nothing that is there can be parted.
    """
    waiting: list[bytes] = []
    for change in changes:
        waiting.append(change)
        if not change.endswith(_NO_DELETIONS):
            yield _joined(waiting)
            waiting = []
    if waiting:
        yield _joined(waiting)


def _all_within(inner: Iterable[DeleteRange], outer: Iterable[DeleteRange]) -> bool:
    """Whether every range lies in one of the others, which are whole: no two of them touch."""
    ranges: dict[int, list[tuple[int, int]]] = {}
    for there in outer:
        ranges.setdefault(there.client, []).append((there.start, there.end))
    for sortable in ranges.values():
        sortable.sort()
    for asked in inner:
        candidates = ranges.get(asked.client, [])
        at = bisect_right(candidates, asked.start, key=itemgetter(0)) - 1
        if at < 0 or candidates[at][1] < asked.end:
            return False
    return True


# Reading.


def _read_field(doc: Doc[Any], field: Field) -> FieldContent | None:
    match field:
        case Text(name):
            return text_content(_nodes(doc.get(name, type=XmlFragment)), field)
        case Value(name):
            return scalar_content(doc.get(VALUES, type=Map).get(name), field)
        case ChoiceSet(name):
            return choice_content(dict(doc.get(name, type=Map).items()), field)
        case _:
            rows = (row for row in doc.get(field.name, type=Array) if isinstance(row, Map))
            return table_content([_cells(row) for row in rows], field)


def _cells(row: Map[Any]) -> dict[str, object]:
    return {key: _nodes(cell) if isinstance(cell, XmlFragment) else cell for key, cell in row.items()}


def _nodes(parent: XmlFragment | XmlElement) -> tuple[Node, ...]:
    nodes: list[Node] = []
    for child in parent.children:
        if isinstance(child, XmlElement):
            nodes.append(Element(child.tag or "", _attributes(child), _nodes(child)))
        elif isinstance(child, XmlText):
            nodes.extend(
                Chunk(text, frozenset(mark for mark, value in (marks or {}).items() if value is not None))
                for text, marks in child.diff()
                if isinstance(text, str)
            )
    return tuple(nodes)


def _attributes(element: XmlElement) -> dict[str, object]:
    return dict(cast(Iterable[tuple[str, object]], element.attributes))


# Writing.


def _make_field(doc: Doc[Any], field: Field, value: FieldContent | None) -> None:
    """A field of a document that is being made."""
    if isinstance(field, Text):
        _append_blocks(doc.get(field.name, type=XmlFragment), cast(TextContent, value) or empty_text())
    elif value is not None:
        _write_field(doc, field, value)


def _write_field(doc: Doc[Any], field: Field, value: FieldContent | None) -> None:
    match field:
        case Text(name):
            _fill_text(doc.get(name, type=XmlFragment), cast(TextContent, value))
        case Value(name):
            doc.get(VALUES, type=Map)[name] = value
        case ChoiceSet(name):
            options = doc.get(name, type=Map)
            for option in cast(list[str], value):
                options[option] = True
        case _:
            table = doc.get(field.name, type=Array)
            for row in cast(list[Row], value):
                _append_row(table, field, row)


def _append_row(table: Array[Any], field: Table, row: Row) -> None:
    made: Map[Any] = Map()
    table.append(made)
    made[ROW_ID] = row[ROW_ID]
    for column in field.columns:
        if isinstance(column, Text):
            made[column.name] = fragment = XmlFragment()
            _append_blocks(fragment, cast(TextContent, row.get(column.name)) or empty_text())
        elif column.name in row:
            made[column.name] = row[column.name]


def _fill_text(fragment: XmlFragment, blocks: TextContent) -> None:
    """Write into a text that is empty: into its paragraph, where somebody's caret may be, if it can be."""
    present = list(fragment.children)
    first, rest = blocks[0], blocks[1:]
    if first["type"] == "paragraph" and len(present) == 1 and isinstance(present[0], XmlElement):
        _append_runs(present[0], first["runs"])
        _append_blocks(fragment, rest)
    else:
        del fragment.children[0 : len(present)]
        _append_blocks(fragment, blocks)


def _append_blocks(parent: XmlFragment | XmlElement, blocks: Sequence[Block]) -> None:
    for block in blocks:
        element = parent.children.append(XmlElement(block["type"]))
        if block["type"] == "paragraph":
            _append_runs(element, block["runs"])
            continue
        if "start" in block:
            element.attributes["start"] = block["start"]
        for item in block["items"]:
            _append_blocks(element.children.append(XmlElement("listItem")), item)


def _append_runs(paragraph: XmlElement, runs: Sequence[Run]) -> None:
    """Write what an empty paragraph holds. One without runs gets an empty text.

    Two people who start in it then write in one text. If each had to make a text first, the editors would
    join the two afterwards, each in its own way, and the first letter could come out twice.
    """
    present = list(paragraph.children)
    if present and not (runs and "text" in runs[0]):
        del paragraph.children[0 : len(present)]
        present = []
    if not runs:
        paragraph.children.append(XmlText())
    for is_text, group in groupby(runs, key=lambda run: "text" in run):
        if is_text:
            text = present.pop(0) if present else paragraph.children.append(XmlText())
            _append_text(cast(XmlText, text), cast(list[TextRun], list(group)))
        else:
            for _ in group:
                paragraph.children.append(XmlElement("hardBreak"))


def _append_text(text: XmlText, runs: Sequence[TextRun]) -> None:
    """Text first, then each mark over each of its stretches. Positions are UTF-8 bytes."""
    text.insert(0, "".join(run["text"] for run in runs))
    for mark in MARKS:
        at = 0
        for is_marked, group in groupby(runs, key=lambda run: mark in run):
            end = at + sum(len(run["text"].encode()) for run in group)
            if is_marked:
                text.format(at, end, {mark: {}})
            at = end
