"""Runs and ranges say of every clock what was said of it, however it was said."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from crdt.intervals import Ranges, Runs, merged

spans = st.lists(
    st.tuples(st.integers(0, 40), st.integers(1, 8)).map(lambda span: (span[0], span[0] + span[1])),
    max_size=12,
)
lengths = st.lists(st.tuples(st.integers(1, 5), st.sampled_from("abc")), max_size=12)


@given(st.integers(0, 9), lengths, lengths, st.integers(0, 40), st.integers(1, 20))
def test_every_clock_keeps_its_mark(
    start: int, first: list[tuple[int, str]], then: list[tuple[int, str]], at: int, length: int
) -> None:
    marks = [mark for count, mark in first + then for _ in range(count)]
    runs: Runs[str] = Runs(start)
    for count, mark in first:
        runs.append(runs.end + count, mark)
    following: Runs[str] = Runs(runs.end)
    for count, mark in then:
        following.append(following.end + count, mark)
    runs.extend(following)
    assert runs.end == start + len(marks)
    assert [runs.at(start + index) for index in range(len(marks))] == marks
    within = [marks[clock - start] for clock in range(at, at + length) if start <= clock < runs.end]
    between = list(runs.between(at, at + length))
    assert [mark for mark in between if mark not in within] == []
    assert set(between) == set(within)


def test_typing_on_is_one_run() -> None:
    runs: Runs[str] = Runs(0)
    for clock in range(1000):
        runs.append(clock + 1, "a paragraph")
    assert list(runs.between(0, 1000)) == ["a paragraph"]


@given(spans, st.tuples(st.integers(0, 40), st.integers(1, 20)))
def test_ranges_hold_what_was_added(added: list[tuple[int, int]], asked: tuple[int, int]) -> None:
    ranges, clocks = Ranges(), set[int]()
    for start, end in added:
        ranges.add(start, end)
        clocks |= set(range(start, end))
    start, end = asked[0], sum(asked)
    missing = [clock for low, high in ranges.missing(start, end) for clock in range(low, high)]
    assert missing == [clock for clock in range(start, end) if clock not in clocks]
    assert ranges.meets(start, end) == any(clock in clocks for clock in range(start, end))


@given(spans, spans)
def test_ranges_take_in_others(first: list[tuple[int, int]], then: list[tuple[int, int]]) -> None:
    ranges, others = Ranges(), Ranges()
    for start, end in first:
        ranges.add(start, end)
    for start, end in then:
        others.add(start, end)
    ranges.update(others)
    assert all(not list(ranges.missing(start, end)) for start, end in first + then)


@given(spans)
def test_merged_ranges_are_the_same_clocks_apart_and_in_order(ranges: list[tuple[int, int]]) -> None:
    together = list(merged(ranges))
    clocks = {clock for start, end in ranges for clock in range(start, end)}
    assert {clock for start, end in together for clock in range(start, end)} == clocks
    assert all(end < start for (_, end), (start, _) in pairwise(together))
