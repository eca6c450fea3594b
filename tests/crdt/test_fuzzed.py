"""ROB-1: bytes that nobody honest would send end in a documented refusal; `make fuzz` plays millions."""

from collections import Counter
from random import Random

from tests.fuzz.target import ACCEPTED, Target

SEED = 20261120
INPUTS = 1_500


def test_what_was_really_sent_is_accepted_or_asked_again() -> None:
    target = Target()
    outcomes = Counter(target.play(data) for data in target.recorded())
    assert outcomes[ACCEPTED] > 100
    # An update that comes too early; and one that was written in a document of another kind.
    assert set(outcomes) <= {ACCEPTED, "IncompleteUpdate", "ForeignContent"}


def test_rob_1_what_is_forged_ends_in_nothing_but_a_refusal() -> None:
    target, random = Target(), Random(SEED)
    known = [*target.recorded()]
    outcomes = Counter(target.play(target.varied(random.choice(known), random)) for _ in range(INPUTS))
    # Not all of it is turned away at the door.
    assert {ACCEPTED, "MalformedUpdate", "MalformedFrame", "ForeignContent", "IncompleteUpdate"} <= set(
        outcomes
    )


def test_an_input_does_the_same_whenever_it_is_played() -> None:
    target, random = Target(), Random(SEED + 1)
    known = [*target.recorded()]
    inputs = [target.varied(random.choice(known), random) for _ in range(200)]
    first = [target.play(data) for data in inputs]
    assert [target.play(data) for data in reversed(inputs)] == first[::-1]
