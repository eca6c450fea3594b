"""The access table (ACC-1): every person x action x situation of a pane, as one readable list.

A new action without a row fails ``test_every_action_stands_in_the_table``.
"""

from dataclasses import replace
from itertools import product

import pytest

from server.rules.access import (
    OPERATOR,
    Action,
    Actor,
    ConversationFacts,
    OrganisationFacts,
    Pane,
    PaneFacts,
    PersonFacts,
    Role,
    State,
    allowed,
)

MAJA, JONAS, ASTRID, HELENA, TOMAS = "maja", "jonas", "astrid", "helena", "tomas"

EVERYBODY = {
    MAJA: Actor(MAJA, frozenset({Role.EMPLOYEE})),
    JONAS: Actor(JONAS, frozenset({Role.EMPLOYEE, Role.MANAGER})),
    ASTRID: Actor(ASTRID, frozenset({Role.EMPLOYEE, Role.MANAGER})),
    HELENA: Actor(HELENA, frozenset({Role.EMPLOYEE, Role.HR, Role.FORM_ADMINISTRATOR})),
    TOMAS: Actor(TOMAS, frozenset({Role.EMPLOYEE, Role.SYSTEM_ADMINISTRATOR})),
    "operator": OPERATOR,
}
"""Maja's conversation is with Jonas. Astrid is his manager, Helena HR, Tomas system administrator. The
operator is nobody of the organisation."""

Table = dict[Action, set[str]]

# Situation of Maja's own pane -> action -> who may. What is not named may not.
UNSHARED: Table = {
    Action.READ_PANE: {MAJA},
    Action.WRITE_PANE: {MAJA},
    Action.SHARE_PANE: {MAJA},
    Action.PREVIEW_PANE: {MAJA},
}
SHARED: Table = {
    Action.READ_PANE: {MAJA},
    Action.WRITE_PANE: {MAJA},
    Action.WITHDRAW_SHARE: {MAJA},
    Action.OPEN_PANE: {JONAS},
    Action.PREVIEW_PANE: {MAJA},
}
WAITING: Table = {action: who for action, who in SHARED.items() if action is not Action.OPEN_PANE}
OPENED: Table = {
    Action.READ_PANE: {MAJA, JONAS},
    Action.WRITE_PANE: {MAJA},
    Action.OPEN_PANE: {JONAS},
    Action.PREVIEW_PANE: {MAJA},
}
ENDED_UNSHARED: Table = {Action.READ_PANE: {MAJA}, Action.PREVIEW_PANE: {MAJA}}
ENDED_SHARED: Table = {Action.READ_PANE: {MAJA}, Action.OPEN_PANE: {JONAS}, Action.PREVIEW_PANE: {MAJA}}
ENDED_OPENED: Table = {
    Action.READ_PANE: {MAJA, JONAS},
    Action.OPEN_PANE: {JONAS},
    Action.PREVIEW_PANE: {MAJA},
}
JOINT_OPEN: Table = {Action.READ_PANE: {MAJA, JONAS}, Action.WRITE_PANE: {MAJA, JONAS}}
JOINT_ENDED: Table = {Action.READ_PANE: {MAJA, JONAS}}
UNGATED: Table = {Action.READ_PANE: {MAJA, JONAS}, Action.WRITE_PANE: {MAJA}}
UNGATED_ENDED: Table = {Action.READ_PANE: {MAJA, JONAS}}

ENDED = tuple(state for state in State if state is not State.OPEN)
PANE_ACTIONS = tuple(
    action
    for action in Action
    if action
    not in {
        Action.CREATE_CONVERSATION,
        Action.SEE_CONVERSATION,
        Action.ADD_ACTIVITY,
        Action.SEE_ACTIVITIES,
        Action.ADD_PERSON,
        Action.SET_PASSWORD,
        Action.ADD_TEMPLATE,
    }
)


def own(
    state: State, *, shared: bool = False, opened: bool = False, waiting: bool = False, shares: bool = True
) -> PaneFacts:
    conversation = ConversationFacts(MAJA, JONAS, state, shares)
    return PaneFacts(conversation, Pane.EMPLOYEE, MAJA, shared=shared, opened=opened, waiting=waiting)


def joint(state: State, *, shares: bool = True) -> PaneFacts:
    return PaneFacts(ConversationFacts(MAJA, JONAS, state, shares), Pane.JOINT, None)


SITUATIONS: list[tuple[str, PaneFacts, Table]] = [
    ("her pane, not shared", own(State.OPEN), UNSHARED),
    ("her pane, shared", own(State.OPEN, shared=True), SHARED),
    ("her pane, shared and waiting for his", own(State.OPEN, shared=True, waiting=True), WAITING),
    ("her pane, shared and opened", own(State.OPEN, shared=True, opened=True), OPENED),
    ("the joint pane", joint(State.OPEN), JOINT_OPEN),
    ("her pane where nothing is gated", own(State.OPEN, shares=False), UNGATED),
    ("the joint pane where nothing is gated", joint(State.OPEN, shares=False), JOINT_OPEN),
]
for ended in ENDED:
    SITUATIONS += [
        (f"{ended}: her pane, not shared", own(ended), ENDED_UNSHARED),
        (f"{ended}: her pane, shared", own(ended, shared=True), ENDED_SHARED),
        (f"{ended}: her pane, opened", own(ended, shared=True, opened=True), ENDED_OPENED),
        (f"{ended}: the joint pane", joint(ended), JOINT_ENDED),
        (f"{ended}: her pane where nothing is gated", own(ended, shares=False), UNGATED_ENDED),
    ]


@pytest.mark.parametrize(
    ("facts", "table", "action", "person"),
    [
        pytest.param(facts, table, action, person, id=f"{name}: {person} {action}")
        for (name, facts, table), action, person in product(SITUATIONS, PANE_ACTIONS, EVERYBODY)
    ],
)
def test_a_pane_is_open_to_exactly_whom_the_table_names(
    facts: PaneFacts, table: Table, action: Action, person: str
) -> None:
    assert allowed(EVERYBODY[person], action, facts) is (person in table.get(action, set()))


def test_the_managers_pane_is_the_mirror_of_the_employees() -> None:
    for _, facts, table in SITUATIONS:
        if facts.pane is Pane.JOINT:
            continue
        theirs = replace(facts, pane=Pane.MANAGER, owner=JONAS)
        swap = {MAJA: JONAS, JONAS: MAJA}
        for action, person in product(PANE_ACTIONS, EVERYBODY):
            expected = swap.get(person, person) in table.get(action, set())
            assert allowed(EVERYBODY[person], action, theirs) is expected, (facts, action, person)


@pytest.mark.parametrize("person", EVERYBODY)
@pytest.mark.parametrize("action", PANE_ACTIONS)
def test_nothing_can_be_done_to_a_replaced_generation(person: str, action: Action) -> None:
    replaced = PaneFacts(
        ConversationFacts(MAJA, JONAS, State.OPEN, shares=True),
        Pane.EMPLOYEE,
        MAJA,
        shared=True,
        opened=True,
        current=False,
    )
    assert not allowed(EVERYBODY[person], action, replaced)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("person", EVERYBODY)
def test_a_conversation_is_seen_by_its_two_parties_only(person: str, state: State) -> None:
    facts = ConversationFacts(MAJA, JONAS, state, shares=True)
    assert allowed(EVERYBODY[person], Action.SEE_CONVERSATION, facts) is (person in {MAJA, JONAS})


@pytest.mark.parametrize("person", EVERYBODY)
def test_a_conversation_is_made_by_the_employees_own_manager_only(person: str) -> None:
    assert allowed(EVERYBODY[person], Action.CREATE_CONVERSATION, PersonFacts(MAJA, JONAS)) is (
        person == JONAS
    )


@pytest.mark.parametrize("action", [Action.ADD_ACTIVITY, Action.SEE_ACTIVITIES])
@pytest.mark.parametrize("person", EVERYBODY)
def test_activities_are_the_employees_and_the_managers(person: str, action: Action) -> None:
    assert allowed(EVERYBODY[person], action, PersonFacts(MAJA, JONAS)) is (person in {MAJA, JONAS})


@pytest.mark.parametrize("person", EVERYBODY)
def test_people_and_templates_are_added_by_administrators_and_passwords_set_by_the_operator(
    person: str,
) -> None:
    organisation = OrganisationFacts()
    assert allowed(EVERYBODY[person], Action.ADD_PERSON, organisation) is (person in {TOMAS, "operator"})
    assert allowed(EVERYBODY[person], Action.ADD_TEMPLATE, organisation) is (person in {HELENA, "operator"})
    assert allowed(EVERYBODY[person], Action.SET_PASSWORD, organisation) is (person == "operator")


def test_every_action_stands_in_the_table() -> None:
    in_situations = {action for _, _, table in SITUATIONS for action in table}
    others = {
        Action.CREATE_CONVERSATION,
        Action.SEE_CONVERSATION,
        Action.ADD_ACTIVITY,
        Action.SEE_ACTIVITIES,
        Action.ADD_PERSON,
        Action.SET_PASSWORD,
        Action.ADD_TEMPLATE,
    }
    assert in_situations | others == set(Action)


def test_no_action_is_allowed_on_a_target_that_it_does_not_fit() -> None:
    person, organisation = PersonFacts(MAJA, JONAS), OrganisationFacts()
    conversation = ConversationFacts(MAJA, JONAS, State.OPEN, shares=True)
    for who, action in product(EVERYBODY.values(), PANE_ACTIONS):
        for target in (person, organisation, conversation):
            assert not allowed(who, action, target)
