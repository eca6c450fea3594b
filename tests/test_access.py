"""ACC-1: the rules say what the table says, in every cell, and the table has no hole."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import product
from pathlib import Path
from typing import get_args

import pytest
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute

from crdt import messages
from server.app import opened
from server.rules.access import Action, InvitationFacts, Pane, State, allowed
from server.settings import Settings
from tests import access_table
from tests.access_table import (
    GUESTS,
    PARTS,
    SHARINGS,
    SIGNED_OUT,
    SIGNINGS,
    WITHHELD_ACTIONS,
    Row,
    Section,
    Situation,
)
from tests.conftest import SetClock
from tests.whole import all_routes

PEOPLE, SECTIONS = access_table.read()
RULES = [one for one in SECTIONS if one.action is not None]
ROWS = [
    pytest.param(one, row, id=f"{one.title} {one.pane or ''} {number}")
    for one in RULES
    for number, row in enumerate(one.rows)
]


@pytest.mark.parametrize(("section", "row"), ROWS)
def test_the_rules_say_what_stands_in_the_table(section: Section, row: Row) -> None:
    assert section.action is not None
    for situation, person in product(row.situations, PEOPLE):
        if person == SIGNED_OUT:
            assert person not in row.people
            continue
        said = allowed(access_table.actor(person), section.action, section.target(situation))
        assert said is (person in row.people), (person, situation)


def test_every_action_stands_in_the_table() -> None:
    named = {(one.action, one.pane) for one in RULES}
    assert {action for action, _ in named} == set(Action)
    on_panes = {action for action, pane in named if pane}
    assert {(action, pane) for action, pane in named if pane} == set(product(on_panes, Pane))
    assert len(RULES) == len(named)


@pytest.mark.parametrize("section", RULES, ids=lambda one: f"{one.title} {one.pane or ''}")
def test_every_situation_stands_in_the_table_once(section: Section) -> None:
    is_gated = section.is_gated
    is_turn = section.action in (Action.FREEZE, Action.COMPLETE, Action.SIGN, Action.REOPEN)
    is_of_guest = isinstance(section.target(section.rows[0].situations[0]), InvitationFacts)
    wanted = Counter(
        Situation(*each)
        for each in product(
            State,
            SHARINGS if is_gated else ("not shared",),
            SIGNINGS if is_turn else ("both sign",),
            GUESTS if is_of_guest else ("",),
            (False, True) if is_gated else (False,),
            (False, True) if section.action is Action.DECLINE else (False,),
            PARTS if section.is_of_part else PARTS[:1],
            (False, True) if section.action in WITHHELD_ACTIONS else (False,),
        )
        # What has been replaced is nobody's, whatever else is to be said of it.
        if not (each[4] and each[7])
    )
    assert Counter(each for row in section.rows for each in row.situations) == wanted


# No way in without a cell.


async def test_every_address_stands_in_the_table(tmp_path: Path, clock: SetClock) -> None:
    async with opened(Settings(data=tmp_path), clock) as node:
        addresses = set(_addresses(await all_routes(node)))
    assert {way for way in access_table.ways() if "/" in way} == addresses


def test_every_message_of_the_wire_stands_in_the_table() -> None:
    known = {f"socket {one.__name__}" for one in get_args(messages.Message)}
    # Of these two no message is made: the frames are refused as they come.
    known |= {"socket SyncReply", "socket BroadcastStateless"}
    assert {way for way in access_table.ways() if way.startswith("socket ")} == known


def test_every_type_of_frame_is_one_of_those_messages() -> None:
    assert {one.name for one in messages._Type} == {
        *(
            "SYNC",
            "AWARENESS",
            "AUTH",
            "QUERY_AWARENESS",
            "STATELESS",
            "CLOSE",
            "SYNC_STATUS",
            "PING",
            "PONG",
        ),
        *("SYNC_REPLY", "BROADCAST_STATELESS"),
    }


def _addresses(routes: Iterable[BaseRoute]) -> Iterator[str]:
    for route in routes:
        match route:
            case Route(path=path, methods=methods):
                yield from (f"{method} {path}" for method in methods or () if method != "HEAD")
            case Mount(path=path) | WebSocketRoute(path=path):
                yield f"GET {path}"
            case _:
                raise AssertionError(f"a kind of route that this test does not know: {route}")


def test_no_action_is_allowed_on_a_target_that_it_does_not_fit() -> None:
    situation = Situation(State.OPEN, guest="guest")
    for one, other, person in product(RULES, RULES, PEOPLE):
        target = other.target(situation)
        if (
            one.action is not None
            and type(target) is not type(one.target(situation))
            and person != SIGNED_OUT
        ):
            assert not allowed(access_table.actor(person), one.action, target)
