"""A few seconds of each campaign: the same code as `make campaign`, on a real server process."""

from tests.campaign.canaries import play_canaries
from tests.campaign.kill import kill_while_typing
from tests.campaign.starve import starve
from tests.running import RunningServer

SEED = 20261120


def no_progress() -> None:
    """Tests have no progress bar."""


async def test_dur_1_a_killed_server_has_every_keystroke_that_it_acknowledged(server: RunningServer) -> None:
    outcome = await kill_while_typing(server, ("priya", "ingrid"), 5, SEED, no_progress)
    assert outcome.kills == 5
    assert outcome.acknowledged > 50
    assert (outcome.lost, outcome.doubled) == (0, 0)


async def test_dur_2_a_full_disk_is_never_called_saved_and_mends_without_a_restart(
    server: RunningServer,
) -> None:
    outcome = await starve(server, ("priya", "ingrid"), 2, no_progress)
    assert outcome.false_acknowledgements == 0
    assert outcome.recovered == 2
    assert outcome.lost == 0


async def test_pri_1_what_was_drafted_and_deleted_in_private_reaches_nobody_and_no_file(
    server: RunningServer,
) -> None:
    outcome = await play_canaries(server, SEED, no_progress)
    assert outcome.holds
    assert outcome.hits == []
    assert outcome.canaries > 5
