"""A few seconds of each campaign: the same code as `make campaign`, on a real server process."""

from pathlib import Path

from tests.campaign.canaries import play_canaries
from tests.campaign.endure import come_and_go
from tests.campaign.kill import kill_while_typing
from tests.campaign.kill_closing import kill_while_closing
from tests.campaign.kill_freezing import kill_while_freezing
from tests.campaign.power import lose_power
from tests.campaign.races import run as run_races
from tests.campaign.starve import starve
from tests.campaign.twins import play_twins
from tests.running import RunningServer

SEED = 20261120


def no_progress() -> None:
    """Tests have no progress bar."""


async def test_dur_1_a_killed_server_has_every_keystroke_that_it_acknowledged(server: RunningServer) -> None:
    outcome = await kill_while_typing(server, 3, SEED, no_progress)
    assert outcome.kills == 3
    assert outcome.typed - outcome.in_the_air > 50
    assert (outcome.lost, outcome.doubled) == (0, 0)


async def test_dur_1_a_disk_that_loses_power_has_every_keystroke_that_was_acknowledged(
    server: RunningServer,
) -> None:
    outcome = await lose_power(server, 20, SEED, no_progress, seconds=0.5)
    assert outcome.images == 20
    assert outcome.acknowledged > 50
    assert (outcome.lost, outcome.corrupt) == (0, 0)


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


async def test_pri_3_of_two_conversations_the_one_with_drafts_is_no_other_to_the_other_party(
    tmp_path: Path,
) -> None:
    outcome = await play_twins(tmp_path, 3, str(SEED), no_progress)
    assert outcome.hits == []
    assert outcome.sequences == 3
    assert outcome.frames > 20


async def test_sig_1_a_freeze_is_one_moment_for_everybody_who_types(database_url: str) -> None:
    node_count = 1 if database_url.startswith("sqlite") else 2
    outcome = await run_races(database_url, node_count, 40, SEED, no_progress)
    assert outcome.races == 40
    assert outcome.acknowledged > 50
    assert outcome.late > 0
    wrong = outcome.after, outcome.missing, outcome.untold, outcome.differing, outcome.late_unrefused
    assert wrong == (0, 0, 0, 0, 0)


async def test_sig_1_a_server_that_is_killed_while_it_freezes_is_open_or_frozen_and_goes_on(
    tmp_path: Path,
) -> None:
    outcome = await kill_while_freezing(tmp_path, 3, SEED)
    assert outcome.kills == 4
    assert outcome.torn == 0
    assert outcome.closed


async def test_what_was_agreed_becomes_activities_once_whenever_the_server_is_killed(tmp_path: Path) -> None:
    outcome = await kill_while_closing(tmp_path, 3, SEED, no_progress)
    assert outcome.kills == 3
    assert outcome.torn == 0


async def test_rob_4_whoever_comes_and_goes_leaves_nothing_behind(tmp_path: Path) -> None:
    outcome = await come_and_go(tmp_path, 40, SEED, no_progress, conversations=2, unloading=False)
    assert outcome.visits == 40
    assert outcome.left == {}
