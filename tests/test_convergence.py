"""CON-1: everybody converges, whatever happens on the way; `make campaign` plays thousands of seeds."""

import pytest

from tests.campaign.lives_of_rooms import live
from tests.campaign.simulation import simulate


@pytest.mark.parametrize("seed", range(40))
def test_everybody_has_what_the_replayed_log_has(seed: int) -> None:
    simulate(seed)


async def test_whatever_was_acknowledged_on_one_of_two_nodes_is_there_once_at_the_end() -> None:
    acknowledged = [await live(seed) for seed in range(12)]
    assert sum(acknowledged) > 100
