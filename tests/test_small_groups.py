"""F105: whatever is computed from the figures that are shown is of nobody, or of enough people."""

from fractions import Fraction
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from server.rules.small_groups import shown

Tree = dict[str, list[str]]


@st.composite
def trees(draw: st.DrawFn) -> tuple[Tree, dict[str, int]]:
    """Up to seven units below each other, unit 0 above all, each with a few people of its own."""
    size = draw(st.integers(1, 7))
    below: Tree = {}
    for unit in range(1, size):
        below.setdefault(str(draw(st.integers(0, unit - 1))), []).append(str(unit))
    return below, {str(unit): draw(st.integers(0, 7)) for unit in range(size)}


def everybody_below(below: Tree, unit: str) -> set[str]:
    """The unit and all units below it."""
    return {unit}.union(*(everybody_below(below, each) for each in below.get(unit, [])))


def is_computable(rows: list[list[int]], wanted: list[int]) -> bool:
    """Whether a sum of the rows, each any number of times, gives what is wanted."""
    left = [[Fraction(number) for number in row] for row in rows]
    target = [Fraction(number) for number in wanted]
    for column in range(len(wanted)):
        pivot = next((row for row in left if row[column]), None)
        if pivot is None:
            continue
        left.remove(pivot)
        left = [_less(row, pivot, column) for row in left]
        target = _less(target, pivot, column)
    return not any(target)


def _less(row: list[Fraction], pivot: list[Fraction], column: int) -> list[Fraction]:
    times = row[column] / pivot[column]
    return [ours - times * theirs for ours, theirs in zip(row, pivot, strict=True)]


@given(trees(), st.integers(2, 6))
def test_no_group_that_can_be_computed_is_small(tree: tuple[Tree, dict[str, int]], least: int) -> None:
    below, people = tree
    units = sorted(people)
    rows = [
        [int(unit in everybody_below(below, top)) for unit in units]
        for top in shown(below, people, "0", least)
    ]
    for wanted in product((0, 1), repeat=len(units)):
        size = sum(people[unit] for unit, is_in in zip(units, wanted, strict=True) if is_in)
        if 0 < size < least:
            assert not is_computable(rows, list(wanted)), (rows, wanted)


@given(trees(), st.integers(2, 6))
def test_the_whole_is_shown_unless_it_is_small_itself(tree: tuple[Tree, dict[str, int]], least: int) -> None:
    below, people = tree
    is_small = 0 < sum(people.values()) < least
    assert ("0" in shown(below, people, "0", least)) is not is_small


@given(trees(), st.integers(2, 6))
def test_where_no_group_is_small_everything_is_shown(tree: tuple[Tree, dict[str, int]], least: int) -> None:
    below, people = tree
    enough = {unit: number and number + least for unit, number in people.items()}
    assert shown(below, enough, "0", least) == set(people)


def test_two_small_units_hide_each_other() -> None:
    assert shown({"": ["a", "b", "c"]}, {"a": 20, "b": 3, "c": 4}, "", 5) == {"", "a"}


def test_a_single_small_unit_takes_the_smallest_of_the_others_with_it() -> None:
    below = {"": ["a", "b", "c"]}
    assert shown(below, {"a": 20, "b": 12, "c": 2}, "", 5) == {"", "a"}


def test_the_head_of_a_department_cannot_be_computed_from_its_teams() -> None:
    below = {"": ["department"], "department": ["a", "b", "c"]}
    people = {"department": 1, "a": 8, "b": 9, "c": 10}
    assert shown(below, people, "", 5) == {"", "department", "b", "c"}
