"""What a document has where, so that an update can be judged before pycrdt sees it.

``Shape`` keeps no content. It knows each client's clock, where each clock stands (to follow an item's
origin to its parent, as Yjs does when it integrates), which clocks begin a type, and which are gone.
All of it is derived from the updates alone: ``admit`` every update that the document was given.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

from crdt.bounds import UpdateBounds
from crdt.errors import ForeignContent, IncompleteUpdate, MalformedUpdate, OverLimit
from crdt.grammar import Branch, Element, Grave, Place, Row, Rows, Run, roots
from crdt.intervals import Ranges, Runs, merged
from crdt.schema import ROW_ID, SERVER_CLIENT, DocumentSchema
from crdt.typed import Begun, Caret, Typed
from crdt.update import CLOCK_MAX, Id, Kind, ParsedUpdate, Struct

_Standing = Place | Grave | None
"""Where a clock stands: in a place, as a tombstone in one, or nowhere (it was garbage collected)."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What an update would do to the document. Overwriting a value also deletes the one before it."""

    touched: frozenset[str]
    """The fields in which something appears or goes."""
    new_clients: frozenset[int]
    """Yjs client ids that the document did not have."""
    writers: frozenset[int]
    """Yjs client ids under which the update adds something."""
    adds: bool
    """Whether it brings anything at all that the document does not have, deletions included.

    Of two values written at once Yjs drops one without anybody's deleting it. That deletion counts as new
    here until some update names it.
    """


_Span = tuple[int, int, int]
"""Client, first clock, and the clock after the last."""


@dataclass(slots=True)
class _Additions:
    """What one update adds to a Shape."""

    runs: dict[int, Runs[_Standing]] = field(default_factory=dict)
    types: dict[Id, Branch] = field(default_factory=dict)
    lasting: dict[int, Ranges] = field(default_factory=dict)
    written_once: dict[Place, _Span] = field(default_factory=dict)
    contested: list[_Span] = field(default_factory=list)
    rows: dict[Rows, int] = field(default_factory=dict)
    row_ids: set[tuple[Rows, str]] = field(default_factory=set)
    items: dict[Place, int] = field(default_factory=dict)
    cuts: dict[Place, int] = field(default_factory=dict)
    """Items of a sequence that come of others, where a part of these is deleted."""
    splits: set[Id] = field(default_factory=set)
    touched: set[str] = field(default_factory=set)
    order: list[tuple[Struct, int]] = field(default_factory=list)
    """The structs, each behind what it builds on, with how many items Yjs may have to compare it to."""
    gone: list[tuple[int, int, int]] = field(default_factory=list)
    """(client, start, end)"""
    deletes: bool = False


class Shape:
    __slots__ = (
        "_bounds", "_contested", "_gone", "_items", "_judged", "_lasting", "_roots", "_row_ids", "_rows",
        "_runs", "_skeleton", "_splits", "_types", "_written_once",
    )  # fmt: skip

    def __init__(
        self, schema: DocumentSchema, bounds: UpdateBounds, skeleton: "Skeleton | None" = None
    ) -> None:
        """``skeleton``: what the document was made with; without it all of that is admitted."""
        self._bounds = bounds
        self._skeleton = skeleton
        self._roots = roots(schema) if skeleton is None else skeleton.roots
        self._runs: dict[int, Runs[_Standing]] = {} if skeleton is None else {SERVER_CLIENT: skeleton.runs}
        self._types: dict[Id, Branch] = {}
        """Those that the skeleton does not have."""
        self._items: dict[Place, int] = {}
        """How many items each place has at most, where that is another number than in the skeleton."""
        self._rows: dict[Rows, int] = {}
        """How many rows each table has, removed ones included."""
        self._row_ids: dict[Rows, set[str]] = {}
        self._lasting: dict[int, Ranges] = {}
        """Clocks that nobody may delete: rows, their ids, their texts."""
        self._written_once: dict[Place, _Span] = {}
        self._contested: dict[int, Ranges] = {}
        """Clocks of what two nodes both wrote where it is written once: Yjs drops one of them."""
        self._splits: set[Id] = set()
        """Second halves of characters outside the BMP: yrs loses count when it is made to split one."""
        self._gone: dict[int, Ranges] = {}
        self._judged: tuple[ParsedUpdate, _Additions] | None = None
        """The update checked last, so that admitting it does not judge it again."""

    @property
    def _server_clock(self) -> int:
        runs = self._runs.get(SERVER_CLIENT)
        return runs.end if runs is not None else 0

    def items_at(self, place: Place) -> int:
        """How many items there are at most: structs that were written, and their parts."""
        items = self._items.get(place)
        if items is None:
            items = self._skeleton.items.get(place, 0) if self._skeleton is not None else 0
        return items

    def type_at(self, id_: Id) -> Branch | None:
        """The type that begins at a clock, if one does."""
        found = self._types.get(id_)
        return self._skeleton.types.get(id_) if found is None and self._skeleton is not None else found

    @property
    def clocks(self) -> dict[int, int]:
        """Each client's clock, as a state vector has them."""
        return {client: runs.end for client, runs in self._runs.items()}

    def check(self, parsed: ParsedUpdate) -> Checked:
        """What a client's update would do. Changes nothing that can be seen from outside.

        Raises IncompleteUpdate when something before it is missing; ForeignContent, OverLimit or
        MalformedUpdate when it can never be merged.
        """
        servers = parsed.sections.get(SERVER_CLIENT)
        if servers is not None and servers[-1].end > self._server_clock:
            raise ForeignContent("written under the server's client id")
        additions = _Judgement(self, parsed).additions
        comparisons = sum(
            new * (self.items_at(place) + new) for place, new in additions.items.items() if new > 1
        )
        if comparisons > self._bounds.update_comparisons_max:
            raise OverLimit("update_comparisons_max")
        self._judged = parsed, additions
        writers = frozenset(additions.runs)
        return Checked(
            touched=frozenset(additions.touched),
            new_clients=frozenset(client for client in writers if client not in self._runs),
            writers=writers,
            adds=bool(writers) or additions.deletes,
        )

    def admit_typed(self, typed: Typed | Begun, items_max: int) -> tuple[Place, int] | None:
        """Check and record what has been typed. Returns the place where it stands, and to how many items it
        may be compared at most.

        None, and nothing is recorded, where it is not plain at first sight that ``check`` would let it in, or
        where the place has ``items_max`` items and more.
        """
        runs = self._runs.get(typed.client)
        if runs is None or runs.end != typed.clock:
            return None
        if isinstance(typed, Begun):
            return self._admit_begun(typed, runs, items_max)
        place = self._typed_place(typed)
        if place is None or (items := self.items_at(place)) >= items_max:
            return None
        runs.append(typed.clock + typed.length, place)
        self._items[place] = items + 1
        return place, items + 1

    def _admit_begun(self, begun: Begun, runs: Runs[_Standing], items_max: int) -> tuple[Place, int] | None:
        paragraph = self.type_at(begun.paragraph)
        if not isinstance(paragraph, Element) or (text := paragraph.begin_text()) is None:
            return None
        beside, within = paragraph.place(None), text.place(None)
        items = self.items_at(beside)
        if items >= items_max:
            return None
        self._types[Id(begun.client, begun.clock)] = text
        runs.append(begun.clock + 1, beside)
        runs.append(begun.clock + begun.length, within)
        self._items[beside], self._items[within] = items + 1, 1
        return within, items + 2

    def admit_next(self, caret: Caret, items_max: int) -> int:
        """The same of one character more of somebody who types on: a place that was right remains right.

        Returns how many items are there now, and 0 where nothing is recorded.
        """
        runs, place = self._runs[caret.client], caret.place
        items = self._items[place]
        if runs.end != caret.clock or caret.clock >= CLOCK_MAX or items >= items_max:
            return 0
        runs.append(caret.clock + 1, place)
        self._items[place] = items + 1
        return items + 1

    def _typed_place(self, typed: Typed) -> Place | None:
        """The text that is on both sides of what has been typed, if both are there."""
        (client, clock), right = typed.origin, typed.right_origin
        runs = self._runs.get(client)
        if runs is None or not runs.start <= clock < runs.end or (client, clock + 1) in self._splits:
            return None
        place = runs.at(clock)
        if not isinstance(place, Place) or type(place.branch) is not Run:
            return None
        if right is not None:
            runs = self._runs.get(right.client)
            if runs is None or not runs.start <= right.clock < runs.end or right in self._splits:
                return None
            if runs.at(right.clock) is not place:
                return None
        return place

    def admit(self, parsed: ParsedUpdate) -> list[tuple[Struct, int]]:
        """Record an update that the document was given: a client's after ``check``, or a stored one.

        A stored one may be more than ``check`` would let in: what two nodes took before they heard of each
        other is stored, and must load. It still has its place, so raises what ``check`` raises of those, and
        then records nothing.

        Returns its structs, each behind what it builds on, with how many items it may be compared to.
        """
        if self._judged is not None and self._judged[0] is parsed:
            additions = self._judged[1]
        else:
            additions = _Judgement(self, parsed, is_stored=True).additions
        self._judged = None
        for client, runs in additions.runs.items():
            known = self._runs.get(client)
            if known is None:
                self._runs[client] = runs
            elif self._skeleton is not None and known is self._skeleton.runs:
                self._runs[client] = known.followed_by(runs)
            else:
                known.extend(runs)
        self._types |= additions.types
        self._splits.update(additions.splits)
        self._written_once |= additions.written_once
        for client, start, end in additions.contested:
            self._contested.setdefault(client, Ranges()).add(start, end)
        for client, lasting in additions.lasting.items():
            self._lasting.setdefault(client, Ranges()).update(lasting)
        for rows, count in additions.rows.items():
            self._rows[rows] = self._rows.get(rows, 0) + count
        for rows, row_id in additions.row_ids:
            self._row_ids.setdefault(rows, set()).add(row_id)
        for place, new in chain(additions.items.items(), additions.cuts.items()):
            self._items[place] = self.items_at(place) + new
        for client, start, end in additions.gone:
            self._gone.setdefault(client, Ranges()).add(start, end)
        return additions.order


@dataclass(frozen=True, slots=True)
class Skeleton:
    """What every document of a schema is made with: most of what is to be known of a document that little has
    been written in. Its shape is shared by all of them, so nothing in it changes."""

    roots: Mapping[str, Branch]
    runs: Runs[_Standing]
    """Of the server."""
    types: Mapping[Id, Branch]
    items: Mapping[Place, int]
    structs: Mapping[int, Struct]
    """By their clocks."""

    @classmethod
    def of(cls, schema: DocumentSchema, bounds: UpdateBounds, made: ParsedUpdate) -> "Skeleton":
        """From the schema's empty document, in which the server alone has written."""
        shape = Shape(schema, bounds)
        shape.admit(made)
        structs = {struct.clock: struct for struct in made.sections.get(SERVER_CLIENT, ())}
        runs = shape._runs.get(SERVER_CLIENT, Runs(0))
        return cls(shape._roots, runs, shape._types, shape._items, structs)

    def bears(self, stored: ParsedUpdate) -> bool:
        """Whether a stored document was made with it. Some of it may have been deleted since."""
        section = stored.sections.get(SERVER_CLIENT, ())
        within = [struct for struct in section if struct.clock < self.runs.end]
        return (
            bool(within)
            and within[-1].end == self.runs.end
            and all(struct.kind in _DELETED or self.structs.get(struct.clock) == struct for struct in within)
        )


_CUTS_OF_DELETION: Final = 2
"""Before what is deleted and behind it."""
_DELETED: Final = frozenset({Kind.GC, Kind.DELETED})
_NO_RANGES: Final = Ranges()


class _Judgement:
    """Walks an update in an order in which everything that a struct builds on comes before it."""

    def __init__(self, shape: Shape, parsed: ParsedUpdate, is_stored: bool = False) -> None:
        self._is_stored = is_stored
        self._shape = shape
        self._parsed = parsed
        self._next = dict.fromkeys(parsed.sections, 0)
        self.additions = _Additions()
        for client in parsed.sections:
            self._walk(client)
        if parsed.deletes:
            self._take_deletes()
        new_clients = sum(client not in shape._runs for client in self.additions.runs)
        if not is_stored and len(shape._runs) + new_clients > shape._bounds.document_clients_max:
            raise OverLimit("document_clients_max")

    def _walk(self, client: int) -> None:
        """Take the structs of ``client``, and before each the structs of others that it waits for."""
        waiting: dict[int, int] = {client: CLOCK_MAX + 1}
        while waiting:
            client, goal = next(reversed(waiting.items()))
            missing = self._take_until(client, goal)
            if missing is None:
                del waiting[client]
                continue
            if missing.client in waiting:
                raise MalformedUpdate("structs that wait for each other")
            if self._next.get(missing.client, 0) == len(self._parsed.sections.get(missing.client, ())):
                raise IncompleteUpdate("an item that builds on something unknown")
            waiting[missing.client] = missing.clock + 1

    def _take_until(self, client: int, goal: int) -> Id | None:
        """Take structs until the client's clock is at ``goal``; gives what stands in the way, if it does."""
        structs = self._parsed.sections[client]
        at = self._next[client]
        missing = None
        while at < len(structs) and self._clock(client) < goal:
            missing = self._missing(structs[at])
            if missing is not None:
                break
            self._take(structs[at])
            at += 1
        self._next[client] = at
        return missing

    def _clock(self, client: int) -> int:
        runs = self.additions.runs.get(client) or self._shape._runs.get(client)
        return runs.end if runs is not None else 0

    def _standing(self, place: Id) -> _Standing:
        added = self.additions.runs.get(place.client)
        if added is not None and place.clock >= added.start:
            return added.at(place.clock)
        return self._shape._runs[place.client].at(place.clock)

    def _missing(self, struct: Struct) -> Id | None:
        known = self._clock(struct.client)
        if struct.clock > known or (struct.kind is Kind.SKIP and struct.end > known):
            raise IncompleteUpdate("a gap in what one client wrote")
        for needed in (struct.origin, struct.right_origin, struct.parent):
            if needed is not None and needed.clock >= self._clock(needed.client):
                return needed
        return None

    def _take(self, struct: Struct) -> None:
        known = self._clock(struct.client)
        if struct.end <= known:
            self.additions.order.append((struct, 1))
            return
        place = self._place(struct)
        others = 0 if place is None else self._shape.items_at(place) + self.additions.items.get(place, 0)
        self.additions.order.append((struct, 1 + others))
        # The rest of what its writer wrote and deleted alone goes nowhere, wherever the first part stands.
        if struct.clock < known and struct.kind is not Kind.GC:
            self._check_overlap(struct, place, known)
        if place is not None:
            # A stored tombstone may be of what cannot be deleted: of two that two nodes took, one is dropped.
            is_dropped = self._is_stored and struct.kind is Kind.DELETED
            begun = None if is_dropped else place.branch.enter(struct, place.key, self._shape._bounds)
            self._note(struct, place, begun)
        runs = self.additions.runs.get(struct.client)
        if runs is None:
            runs = self.additions.runs[struct.client] = Runs(known)
        if place is None or struct.kind is Kind.DELETED:
            self.additions.gone.append((struct.client, known, struct.end))
            runs.append(struct.end, place and place.grave)
        else:
            self.additions.touched.add(place.field)
            runs.append(struct.end, place)

    def _note(self, struct: Struct, place: Place, begun: Branch | None) -> None:
        """Remember what is to be known of an item that has just been found right."""
        added, shape = self.additions, self._shape
        added.items[place] = added.items.get(place, 0) + 1
        if place.once:
            mine = struct.client, struct.clock, struct.end
            first = shape._written_once.get(place) or added.written_once.get(place)
            if first is None:
                added.written_once[place] = mine
            elif self._is_stored:
                added.contested += (first, mine)
            else:
                raise ForeignContent("a second write of what is written once")
            added.lasting.setdefault(struct.client, Ranges()).add(struct.clock, struct.end)
        if isinstance(place.branch, Row) and place.key == ROW_ID and struct.kind is Kind.ANY:
            rows, row_id = place.branch.rows, str(struct.values[0])
            if not self._is_stored and (
                row_id in shape._row_ids.get(rows, ()) or (rows, row_id) in added.row_ids
            ):
                # What is done to one would be done to the other, and only one would become an activity.
                raise ForeignContent("a row with the id of another")
            added.row_ids.add((rows, row_id))
        if isinstance(begun, Row) and isinstance(place.branch, Rows):
            count = added.rows[place.branch] = added.rows.get(place.branch, 0) + 1
            count += shape._rows.get(place.branch, 0)
            if not self._is_stored and count > shape._bounds.table_rows_max:
                raise OverLimit("table_rows_max")
            added.lasting.setdefault(struct.client, Ranges()).add(struct.clock, struct.end)
        if begun is not None:
            added.types[Id(struct.client, struct.clock)] = begun
        added.splits.update(Id(struct.client, split) for split in struct.splits)

    def _place(self, struct: Struct) -> Place | None:
        """Where an item goes, as Yjs finds it when it integrates. None: what it builds on is gone."""
        if struct.root is not None:
            root = self._shape._roots.get(struct.root)
            if root is None:
                raise ForeignContent("a root that the schema does not have")
            return root.place(struct.parent_sub)
        if struct.parent is not None:
            return self._child_place(struct.parent, struct.parent_sub)
        neighbours: list[Place | None] = []
        if struct.origin is not None:
            self._check_split(struct.origin.client, struct.origin.clock + 1)
            neighbours.append(_alive(self._standing(struct.origin)))
        if struct.right_origin is not None:
            self._check_split(struct.right_origin.client, struct.right_origin.clock)
            neighbours.append(_alive(self._standing(struct.right_origin)))
        places = [place for place in neighbours if place is not None]
        if any(place is not places[0] for place in places):
            raise ForeignContent("an item between two types")
        if places and len(places) < len(neighbours) and not self._is_stored:
            # What is gone went with all that was beside it. Yjs drops the item, yrs shows it to the server.
            raise ForeignContent("an item between what is gone and what is there")
        if not places:
            return None
        if places[0].key is not None and struct.right_origin is not None and not self._is_stored:
            # Whoever overwrites a value knows none that comes after hers. Loaded again, yrs may take it for
            # the last, and the value is gone.
            raise ForeignContent("a value before another")
        return places[0]

    def _child_place(self, parent: Id, key: str | None) -> Place | None:
        branch = self.additions.types.get(parent) or self._shape.type_at(parent)
        if branch is not None:
            return branch.place(key)
        if isinstance(self._standing(parent), Place):
            raise ForeignContent("a parent that is not a type")
        return None

    def _check_overlap(self, struct: Struct, place: Place | None, known: int) -> None:
        """A struct whose first part the document has: the rest must go where the first part is.

        Yjs makes the first part the origin of the rest, whatever the struct says.
        """
        if _alive(self._standing(Id(struct.client, known - 1))) is not place:
            raise ForeignContent("an item in two places")
        if known in struct.splits:
            raise MalformedUpdate("half a character")

    def _check_split(self, client: int, clock: int) -> None:
        """Yjs and yrs would split here, and count differently from then on.

        Not where it has been deleted, which whoever let in what is stored may have known no more of.
        """
        if (client, clock) not in self._shape._splits and (client, clock) not in self.additions.splits:
            return
        if self._is_stored and self._shape._gone.get(client, _NO_RANGES).meets(clock, clock + 1):
            return
        raise MalformedUpdate("half a character")

    def _take_deletes(self) -> None:
        ranges: dict[int, list[tuple[int, int]]] = {}
        for deleted in self._parsed.deletes:
            if deleted.end > self._clock(deleted.client):
                raise IncompleteUpdate("a deletion of something unknown")
            self._check_split(deleted.client, deleted.start)
            self._check_split(deleted.client, deleted.end)
            ranges.setdefault(deleted.client, []).append((deleted.start, deleted.end))
        for client, of_client in ranges.items():
            for start, end in merged(of_client):
                self._take_deleted(client, start, end)

    def _take_deleted(self, client: int, start: int, end: int) -> None:
        added, shape = self.additions, self._shape
        held = [ranges for ranges in (shape._lasting.get(client), added.lasting.get(client)) if ranges]
        for part in shape._contested.get(client, _NO_RANGES).missing(start, end):
            if not self._is_stored and any(ranges.meets(*part) for ranges in held):
                raise ForeignContent("a deletion of a row, or of what stays in it")
        for fresh_start, fresh_end in shape._gone.get(client, _NO_RANGES).missing(start, end):
            added.deletes = True
            added.gone.append((client, fresh_start, fresh_end))
            for standing in self._between(client, fresh_start, fresh_end):
                if isinstance(standing, Place):
                    added.touched.add(standing.field)
                    if standing.key is None:
                        added.cuts[standing] = added.cuts.get(standing, 0) + _CUTS_OF_DELETION

    def _between(self, client: int, start: int, end: int) -> Iterator[_Standing]:
        for runs in (self._shape._runs.get(client), self.additions.runs.get(client)):
            if runs is not None:
                yield from runs.between(start, end)


def _alive(standing: _Standing) -> Place | None:
    return standing.place if isinstance(standing, Grave) else standing
