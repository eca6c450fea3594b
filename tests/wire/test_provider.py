"""The real provider (the one that the client is built with) and the rooms understand each other."""

import pytest

from tests.wire.conftest import Run


@pytest.mark.parametrize(
    "script",
    [
        pytest.param("several_documents.mjs", id="several_documents_share_one_socket_and_converge"),
        pytest.param("honest_saved.mjs", id="unsynced_changes_fall_to_zero_only_when_all_is_stored"),
        pytest.param("offline_edits.mjs", id="what_was_written_offline_merges_later"),
        pytest.param("reconnect_storm.mjs", id="a_storm_of_reconnects_loses_and_doubles_nothing"),
        pytest.param("readers.mjs", id="a_reader_is_never_told_that_her_writing_is_saved"),
        pytest.param("denied.mjs", id="a_denied_document_leaves_the_socket_and_its_neighbours"),
        pytest.param("moved.mjs", id="a_moved_generation_is_left_for_the_next_one"),
        pytest.param("scope_change.mjs", id="a_change_of_rights_reaches_the_open_page"),
        pytest.param("one_tick.mjs", id="detaching_and_attaching_in_one_tick_is_one_attachment"),
        pytest.param("presence.mjs", id="presence_is_shown_at_once_and_leaves_no_ghost"),
        pytest.param("ended_session.mjs", id="an_ended_session_closes_its_own_sockets_alone"),
    ],
)
def test_it_holds_that(run: Run, script: str) -> None:
    run(script)
