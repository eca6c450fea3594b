"""Presence: what the others are told of who is here."""

import json
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from crdt.messages import GONE, AwarenessEntry
from crdt.presence import Presence

ANN = {"id": "ann", "name": "Ann", "colour": "emp"}
BO = {"id": "bo", "name": "Bo", "colour": "man"}


def entry(client: int, state: dict[str, Any] | None, clock: int = 1) -> AwarenessEntry:
    return AwarenessEntry(client, clock, GONE if state is None else json.dumps(state))


def states(entries: tuple[AwarenessEntry, ...]) -> dict[int, Any]:
    return {said.client: json.loads(said.state) for said in entries}


@pytest.fixture
def presence() -> Presence:
    return Presence(lambda: 0, 3)


def test_others_are_told_what_a_connection_says_with_its_real_user(presence: Presence) -> None:
    said = presence.speak("a", [entry(7, {"cursor": {"at": 1}, "user": {"name": "Boss"}})], ANN)
    assert states(said) == {7: {"cursor": {"at": 1}, "user": ANN}}


def test_one_connection_is_told_of_by_itself_while_it_is_here(presence: Presence) -> None:
    presence.speak("a", [entry(7, {})], ANN)
    presence.speak("b", [entry(8, {})], BO)
    assert states(presence.of("a")) == {7: {"user": ANN}}
    presence.speak("a", [entry(7, None)], ANN)
    assert presence.of("a") == presence.of("nobody") == ()


def test_clocks_are_above_those_of_other_nodes(presence: Presence) -> None:
    presence.count_from(41)
    presence.count_from(7)
    assert presence.speak("a", [entry(7, {})], ANN)[0].clock == 42


def test_who_comes_is_told_of_everybody(presence: Presence) -> None:
    presence.speak("a", [entry(7, {})], ANN)
    presence.speak("b", [entry(8, {"x": "å"})], BO)
    assert states(presence.everybody()) == {7: {"user": ANN}, 8: {"x": "å", "user": BO}}


def test_the_same_state_is_told_again_so_that_browsers_do_not_forget(presence: Presence) -> None:
    presence.speak("a", [entry(7, {})], ANN)
    assert states(presence.speak("a", [entry(7, {})], ANN)) == {7: {"user": ANN}}


def test_who_leaves_is_gone_for_everybody(presence: Presence) -> None:
    presence.speak("a", [entry(7, {})], ANN)
    assert states(presence.leave("a")) == {7: None}
    assert presence.everybody() == ()
    assert presence.leave("a") == ()


def test_who_says_that_it_is_gone_is_gone_once_and_can_come_back(presence: Presence) -> None:
    presence.speak("a", [entry(7, {})], ANN)
    assert states(presence.speak("a", [entry(7, None)], ANN)) == {7: None}
    assert presence.speak("a", [entry(7, None)], ANN) == ()
    assert presence.everybody() == ()
    assert states(presence.speak("a", [entry(7, {})], ANN)) == {7: {"user": ANN}}
    presence.speak("a", [entry(7, None)], ANN)
    assert presence.leave("a") == ()


def test_the_last_of_two_states_in_one_frame_counts(presence: Presence) -> None:
    said = presence.speak("a", [entry(7, {"at": 1}), entry(7, {"at": 2})], ANN)
    assert states(said) == {7: {"at": 2, "user": ANN}}


def test_nobody_speaks_for_somebody_else(presence: Presence) -> None:
    presence.speak("a", [entry(7, {"at": 1})], ANN)
    presence.speak("b", [entry(8, {})], BO)
    assert presence.speak("b", [entry(7, None)], BO) == ()
    assert presence.speak("b", [entry(7, {"at": 9})], BO) == ()
    assert presence.speak("c", [entry(7, {"at": 9})], BO) == ()
    assert states(presence.everybody())[7] == {"at": 1, "user": ANN}


def test_a_connection_has_one_client_id(presence: Presence) -> None:
    presence.speak("a", [entry(7, {}), entry(9, {})], ANN)
    assert presence.speak("a", [entry(9, {})], ANN) == ()
    assert list(states(presence.everybody())) == [7]


def test_a_client_that_only_reports_others_as_gone_is_not_here(presence: Presence) -> None:
    assert presence.speak("a", [entry(9, None)], ANN) == ()
    assert presence.everybody() == ()


def test_a_frame_of_nobody_says_nothing(presence: Presence) -> None:
    assert presence.speak("a", [], ANN) == ()


def test_the_own_id_is_found_behind_anothers(presence: Presence) -> None:
    presence.speak("a", [entry(7, {})], ANN)
    assert states(presence.speak("b", [entry(7, {}), entry(8, {})], BO)) == {8: {"user": BO}}


def test_a_person_who_reconnects_shows_at_once_and_the_old_connections_end_leaves_no_ghost(
    presence: Presence,
) -> None:
    presence.speak("old", [entry(7, {}, clock=40)], ANN)
    assert states(presence.speak("new", [entry(7, {}, clock=0)], ANN)) == {7: {"user": ANN}}
    assert presence.leave("old") == ()
    assert list(states(presence.everybody())) == [7]
    assert states(presence.leave("new")) == {7: None}
    assert presence.everybody() == ()


def clocks_of(*told: tuple[AwarenessEntry, ...]) -> Iterator[int]:
    for entries in told:
        for said in entries:
            yield said.clock


def test_outgoing_clocks_rise_whatever_clients_say(presence: Presence) -> None:
    clocks = list(
        clocks_of(
            presence.speak("a", [entry(7, {}, clock=0)], ANN),
            presence.speak("a", [entry(7, {}, clock=99)], ANN),
            presence.everybody(),
            presence.leave("a"),
            presence.speak("a2", [entry(7, {}, clock=1)], ANN),
        )
    )
    assert clocks == sorted(set(clocks))
    assert len(clocks) == 5


def test_clocks_rise_across_restarts_and_nodes() -> None:
    now = count(1_000_000, 10)
    before = Presence(lambda: next(now), 3)
    (last,) = before.speak("a", [entry(7, {})], ANN)
    after = Presence(lambda: next(now), 3)
    (first,) = after.speak("a", [entry(7, {})], ANN)
    assert first.clock > last.clock


def test_a_client_id_that_others_know_stays_its_persons_while_she_is_away(presence: Presence) -> None:
    presence.speak("a", [entry(7, {})], ANN)
    presence.leave("a")
    assert presence.speak("b", [entry(7, {})], BO) == ()
    assert presence.persons == {7: "ann"}
    assert states(presence.speak("a2", [entry(7, {})], ANN)) == {7: {"user": ANN}}


def test_nobody_has_client_ids_forgotten_but_their_own(presence: Presence) -> None:
    presence.speak("a", [entry(7, {})], ANN)
    for client in range(100, 110):
        presence.speak(f"b{client}", [entry(client, {})], BO)
    assert presence.persons == {7: "ann", 107: "bo", 108: "bo", 109: "bo"}
