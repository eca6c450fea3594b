"""CON-1: everybody converges, whatever happens on the way; `make campaign` plays a thousand seeds."""

import pytest

from tests.campaign.simulation import simulate


@pytest.mark.parametrize("seed", range(40))
def test_everybody_has_what_the_replayed_log_has(seed: int) -> None:
    simulate(seed)
