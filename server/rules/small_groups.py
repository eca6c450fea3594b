"""Which figures of units may be shown, so that none tells of a few people (F105). Pure.

A unit's figure counts the people of the unit and of all units below it. Whoever has some of the figures can
subtract: a unit's less those shown below it leaves a *rest*, the people whom no shown unit below covers. The
shown figures lie within each other or apart, so whatever is computed from them is a sum of such rests; and
every rest here is of nobody, or of enough people.
"""

from collections.abc import Iterator, Mapping, Sequence


def shown(
    below: Mapping[str, Sequence[str]], people: Mapping[str, int], root: str, least: int
) -> frozenset[str]:
    """The units whose figures may be shown.

    ``below``: a unit -> those directly below it; ``people``: how many are in the unit itself; ``root`` is
    above all of them; ``least``: of how many people, at least, a figure must be. Where a rest is too small,
    it is hidden together with the smallest figure below it: the more people, the sooner a figure is shown.
    """
    rest: dict[str, int] = {}
    """Of shown units."""
    inner: dict[str, list[str]] = {}
    """Of shown units: the nearest shown ones below."""
    uncovered: dict[str, int] = {}
    nearest: dict[str, list[str]] = {}
    for unit in _from_below(below, root):
        few = people.get(unit, 0) + sum(uncovered[each] for each in below.get(unit, ()))
        tops = [top for each in below.get(unit, ()) for top in nearest[each]]
        while 0 < few < least and tops:
            # One without a rest helps only by what is below it.
            hidden = min(tops, key=lambda top: (rest[top] == 0, rest[top], top))
            tops.remove(hidden)
            tops += inner.pop(hidden)
            few += rest.pop(hidden)
        if 0 < few < least:
            uncovered[unit], nearest[unit] = few, []
        else:
            rest[unit], inner[unit] = few, tops
            uncovered[unit], nearest[unit] = 0, [unit]
    return frozenset(rest)


def _from_below(below: Mapping[str, Sequence[str]], root: str) -> Iterator[str]:
    """Every unit, after all that are below it."""
    order, waiting = [], [root]
    while waiting:
        unit = waiting.pop()
        order.append(unit)
        waiting += below.get(unit, ())
    return reversed(order)
