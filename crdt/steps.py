"""A costly update as several that together say the same: none of them keeps pycrdt busy for long.

While pycrdt integrates, nothing else runs in the process, whichever thread it is in. Between two steps
others get their turn.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Final

from crdt.encoding import uint
from crdt.update import DeleteRange, ParsedUpdate, Struct

_NO_SECTIONS: Final = b"\x00"
_NO_DELETES: Final = b"\x00"

_BYTES_A_COMPARISON: Final = 1_000
"""To split an item, yrs copies the text behind it: as many bytes take as long as one comparison."""


def split_cost(size: int) -> int:
    """Comparisons that take as long as splitting an item of a document of so many bytes."""
    return 1 + size // _BYTES_A_COMPARISON


def steps(
    update: bytes, parsed: ParsedUpdate, order: Sequence[tuple[Struct, int]], size: int, cost_max: int
) -> Iterator[bytes]:
    """Updates to be merged in this order.

    ``order``: the structs, each behind what it builds on, with the comparisons that it may cost.
    ``size``: bytes of the document. ``cost_max``: comparisons of one step.
    """
    split = split_cost(size + len(update))
    cost = sum(each for _, each in order) + split * (len(order) + 2 * len(parsed.deletes))
    if cost <= cost_max:
        yield update
        return
    for structs in _portions(order, split, cost_max):
        yield _sections(update, structs) + _NO_DELETES
    ranges = max(1, cost_max // (2 * split))
    for start in range(0, len(parsed.deletes), ranges):
        yield _NO_SECTIONS + _delete_set(parsed.deletes[start : start + ranges])


def _portions(order: Sequence[tuple[Struct, int]], split: int, cost_max: int) -> Iterator[list[Struct]]:
    portion: list[Struct] = []
    cost = 0
    for struct, comparisons in order:
        each = comparisons + split
        if portion and cost + each > cost_max:
            yield portion
            portion, cost = [], 0
        portion.append(struct)
        cost += each
    if portion:
        yield portion


def _sections(update: bytes, structs: Sequence[Struct]) -> bytes:
    """Those structs as they stand in the update. Of each client they follow each other there."""
    of_clients: dict[int, list[Struct]] = {}
    for struct in structs:
        of_clients.setdefault(struct.client, []).append(struct)
    sections = (
        uint(len(found)) + uint(client) + uint(found[0].clock) + update[found[0].begins : found[-1].ends]
        for client, found in of_clients.items()
    )
    return uint(len(of_clients)) + b"".join(sections)


def _delete_set(deletes: Sequence[DeleteRange]) -> bytes:
    of_clients = [(client, list(found)) for client, found in groupby(deletes, key=attrgetter("client"))]
    return uint(len(of_clients)) + b"".join(
        uint(client)
        + uint(len(found))
        + b"".join(uint(each.start) + uint(each.end - each.start) for each in found)
        for client, found in of_clients
    )
