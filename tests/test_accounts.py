"""Signing in tells a guesser nothing, neither by its answer nor by its time."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select, update

from server import audit, people
from server.accounts import Accounts
from server.rules.access import OPERATOR
from server.rules.errors import (
    NotFound,
    PasswordGuessable,
    PasswordLength,
    SignInRefused,
    TooManyAttempts,
    WrongOldPassword,
    WrongPassword,
)
from server.rules.limits import PASSWORD_CHARACTERS_MAX, SIGN_IN_ATTEMPTS_MAX, SIGN_IN_WINDOW_SECONDS
from server.storage import tables
from server.storage.bells import PersonChanged, SessionEnded
from server.storage.opening import open_database
from tests.conftest import SetClock
from tests.organisation import (
    ASTRID,
    HELENA,
    JONAS,
    MAJA,
    PASSWORD,
    QUICK,
    TOMAS,
    Organisation,
    person,
)

ADDRESS = "192.0.2.7"


class CountingHasher(PasswordHasher):
    """Counts what is verified, so that a test can see that the same work is always done."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.verified = 0

    def verify(self, hash: str | bytes, password: str | bytes) -> Any:
        self.verified += 1
        return super().verify(hash, password)


@pytest.mark.parametrize("email", ["maja@nordljus.example", " MAJA@Nordljus.example "])
async def test_the_right_password_signs_in_however_the_address_is_typed(
    here: Organisation, email: str
) -> None:
    assert (await here.accounts.sign_in(email, PASSWORD, ADDRESS)).id == "maja"


async def test_letters_may_be_composed_in_either_way(here: Organisation) -> None:
    await here.accounts.set_password(OPERATOR, "maja", "pa\u030askmorgon")
    assert (await here.accounts.sign_in(MAJA.email, "p\u00e5skmorgon", ADDRESS)).id == "maja"


@pytest.mark.parametrize(
    ("email", "password"),
    [
        pytest.param(MAJA.email, "wrong", id="wrong password"),
        pytest.param("nobody@nordljus.example", PASSWORD, id="unknown address"),
        pytest.param(ASTRID.email, PASSWORD, id="somebody without a password"),
    ],
)
async def test_every_refusal_is_the_same_and_takes_one_verification(
    here: Organisation, clock: SetClock, email: str, password: str
) -> None:
    hasher = CountingHasher()
    accounts = Accounts(here.database, clock, hasher)
    with pytest.raises(SignInRefused):
        await accounts.sign_in(email, password, ADDRESS)
    assert hasher.verified == 1


async def test_an_inactive_person_is_refused_like_an_unknown_one(here: Organisation, clock: SetClock) -> None:
    await here.database.write(
        lambda connection: connection.execute(
            update(tables.person).where(tables.person.c.id == "maja").values(active=False)
        )
    )
    hasher = CountingHasher()
    with pytest.raises(SignInRefused):
        await Accounts(here.database, clock, hasher).sign_in(MAJA.email, PASSWORD, ADDRESS)
    assert hasher.verified == 1


async def test_too_long_a_password_is_refused_unread(here: Organisation, clock: SetClock) -> None:
    hasher = CountingHasher()
    with pytest.raises(SignInRefused):
        await Accounts(here.database, clock, hasher).sign_in(
            MAJA.email, "x" * (PASSWORD_CHARACTERS_MAX + 1), ADDRESS
        )
    assert hasher.verified == 0


async def test_after_too_many_attempts_the_right_password_must_wait_too(
    here: Organisation, clock: SetClock
) -> None:
    for _ in range(SIGN_IN_ATTEMPTS_MAX):
        with pytest.raises(SignInRefused):
            await here.accounts.sign_in(MAJA.email, "wrong", ADDRESS)
    with pytest.raises(TooManyAttempts) as refused:
        await here.accounts.sign_in(MAJA.email, PASSWORD, ADDRESS)
    assert refused.value.fields == {"minutes": SIGN_IN_WINDOW_SECONDS // 60}
    clock.pass_time(seconds=SIGN_IN_WINDOW_SECONDS)
    assert (await here.accounts.sign_in(MAJA.email, PASSWORD, ADDRESS)).id == "maja"


async def test_one_network_address_is_stopped_over_many_people(here: Organisation) -> None:
    for number in range(SIGN_IN_ATTEMPTS_MAX * 10):
        with pytest.raises(SignInRefused):
            await here.accounts.sign_in(f"guess{number}@nordljus.example", "wrong", ADDRESS)
    with pytest.raises(TooManyAttempts):
        await here.accounts.sign_in(MAJA.email, PASSWORD, ADDRESS)
    assert (await here.accounts.sign_in(MAJA.email, PASSWORD, "192.0.2.8")).id == "maja"


async def test_nobody_keeps_another_from_signing_in_by_guessing_from_elsewhere(here: Organisation) -> None:
    for _ in range(SIGN_IN_ATTEMPTS_MAX * 4):
        with pytest.raises((SignInRefused, TooManyAttempts)):
            await here.accounts.sign_in(MAJA.email, "wrong", ADDRESS)
    assert (await here.accounts.sign_in(MAJA.email, PASSWORD, "192.0.2.8")).id == "maja"
    # And that gives the guesser no more guesses.
    with pytest.raises(TooManyAttempts):
        await here.accounts.sign_in(MAJA.email, "wrong", ADDRESS)


async def test_guessers_in_many_networks_are_stopped_together(here: Organisation) -> None:
    for number in range(SIGN_IN_ATTEMPTS_MAX * 3):
        with pytest.raises(SignInRefused):
            await here.accounts.sign_in(MAJA.email, "wrong", f"198.51.100.{number}")
    with pytest.raises(TooManyAttempts):
        await here.accounts.sign_in(MAJA.email, PASSWORD, ADDRESS)
    await here.accounts.set_password(OPERATOR, "maja", PASSWORD)
    assert (await here.accounts.sign_in(MAJA.email, PASSWORD, ADDRESS)).id == "maja"


async def test_signing_in_forgets_ones_own_failures(here: Organisation) -> None:
    for _ in range(2):
        for _ in range(SIGN_IN_ATTEMPTS_MAX - 1):
            with pytest.raises(SignInRefused):
                await here.accounts.sign_in(MAJA.email, "wrong", ADDRESS)
        assert (await here.accounts.sign_in(MAJA.email, PASSWORD, ADDRESS)).id == "maja"


async def test_a_guesser_with_a_subnet_of_addresses_is_one_guesser(here: Organisation) -> None:
    for number in range(SIGN_IN_ATTEMPTS_MAX * 10):
        with pytest.raises(SignInRefused):
            await here.accounts.sign_in(f"guess{number}@nordljus.example", "wrong", f"2001:db8::{number:x}")
    with pytest.raises(TooManyAttempts):
        await here.accounts.sign_in(MAJA.email, PASSWORD, "2001:db8::dead:beef%eth0")
    for other in ("2001:db8:0:1::1", "::ffff:192.0.2.8", "not an address"):
        assert (await here.accounts.sign_in(MAJA.email, PASSWORD, other)).id == "maja"


async def test_a_whole_organisation_signs_in_from_one_network_address(here: Organisation) -> None:
    for _ in range(SIGN_IN_ATTEMPTS_MAX * 10 + 1):
        assert (await here.accounts.sign_in(MAJA.email, PASSWORD, ADDRESS)).id == "maja"


async def test_signing_in_oneself_buys_no_guesses_at_others(here: Organisation) -> None:
    for number in range(SIGN_IN_ATTEMPTS_MAX * 10):
        with pytest.raises(SignInRefused):
            await here.accounts.sign_in(f"guess{number}@nordljus.example", "wrong", ADDRESS)
        if number % 10 == 0:
            await here.accounts.sign_in(MAJA.email, PASSWORD, ADDRESS)
    with pytest.raises(TooManyAttempts):
        await here.accounts.sign_in("another@nordljus.example", "wrong", ADDRESS)


async def test_what_was_typed_as_an_address_is_not_stored(here: Organisation) -> None:
    with pytest.raises(SignInRefused):
        await here.accounts.sign_in("my-secret-typed-in-the-wrong-field", "", ADDRESS)
    keys = await here.database.read(
        lambda connection: connection.scalars(select(tables.sign_in_attempt.c.key)).all()
    )
    assert "secret" not in "".join(keys)


async def test_a_hash_of_weaker_settings_is_renewed_at_sign_in(here: Organisation, clock: SetClock) -> None:
    stronger = PasswordHasher(time_cost=2, memory_cost=8, parallelism=1)
    await Accounts(here.database, clock, stronger).sign_in(MAJA.email, PASSWORD, ADDRESS)
    stored = await here.database.read(
        lambda connection: connection.scalar(
            select(tables.person.c.password_hash).where(tables.person.c.id == "maja")
        )
    )
    assert stored is not None
    assert not stronger.check_needs_rehash(stored)


async def test_one_press_signs_in_in_a_demo_only(here: Organisation, clock: SetClock) -> None:
    with pytest.raises(NotFound):
        await here.accounts.sign_in_as("maja")
    assert await here.accounts.everybody() == []
    demo = Accounts(here.database, clock, QUICK, demo=True)
    assert (await demo.sign_in_as("maja")).name == "Maja Öberg"
    # Whoever has no password has no button either: there may be thousands.
    assert [one.id for one in await demo.everybody()] == ["jonas", "maja", "tomas"]
    with pytest.raises(NotFound):
        await demo.sign_in_as("nobody")


async def test_only_a_system_administrator_adds_people(here: Organisation) -> None:
    newcomer = person("leo", "Leo Ström", "jonas")
    for actor in (HELENA.actor, JONAS.actor, MAJA.actor):
        with pytest.raises(NotFound):
            await here.accounts.add(actor, newcomer, None)
    await here.accounts.add(TOMAS.actor, newcomer, None)
    assert (await here.database.read(lambda connection: people.get(connection, "leo"))) == newcomer


async def test_nobody_of_the_organisation_sets_anothers_password(here: Organisation) -> None:
    for one in (TOMAS, HELENA, JONAS, MAJA):
        with pytest.raises(NotFound):
            await here.accounts.set_password(one.actor, "jonas", "a new long password")
    with pytest.raises(NotFound):
        await here.accounts.set_password(OPERATOR, "nobody", "a new long password")


async def test_a_new_password_ends_the_sessions_and_forgets_the_failures(here: Organisation) -> None:
    session = await here.visit("maja")
    jonas = await here.visit("jonas")
    for _ in range(SIGN_IN_ATTEMPTS_MAX):
        with pytest.raises(SignInRefused):
            await here.accounts.sign_in(MAJA.email, "wrong", ADDRESS)
    await here.accounts.set_password(OPERATOR, "maja", "a new long password")
    assert not await here.sessions.holds(session.id)
    assert SessionEnded(session.id) in here.bells
    assert await here.sessions.holds(jonas.id)
    with pytest.raises(SignInRefused):
        await here.accounts.sign_in(MAJA.email, PASSWORD, ADDRESS)
    assert (await here.accounts.sign_in(MAJA.email, "a new long password", ADDRESS)).id == "maja"


async def test_a_person_made_inactive_is_signed_out_and_rung_for(here: Organisation) -> None:
    session = await here.visit("maja")
    gone = replace(MAJA, active=False, name="Maja Öberg Ek")
    with pytest.raises(NotFound):
        await here.database.write(
            lambda connection: people.change(connection, JONAS.actor, gone, here.clock())
        )
    await here.database.write(lambda connection: people.change(connection, TOMAS.actor, gone, here.clock()))
    assert await here.database.read(lambda connection: people.get(connection, "maja")) == gone
    assert not await here.sessions.holds(session.id)
    assert PersonChanged("maja") in here.bells
    with pytest.raises(SignInRefused):
        await here.accounts.sign_in(MAJA.email, PASSWORD, ADDRESS)


async def test_a_person_who_moves_to_another_manager_is_rung_for(here: Organisation) -> None:
    await here.database.write(
        lambda connection: people.place(connection, TOMAS.actor, "maja", None, "astrid", here.clock())
    )
    moved = await here.database.read(lambda connection: people.get(connection, "maja"))
    assert moved.manager_id == "astrid"
    assert PersonChanged("maja") in here.bells


def test_initials_are_of_the_first_and_the_last_name() -> None:
    assert [person("x", name, None).initials for name in ("Maja Öberg", "Åsa von Holst", "Bo")] == [
        "MÖ",
        "ÅH",
        "B",
    ]


async def test_only_ones_own_password_confirms(here: Organisation) -> None:
    await here.accounts.confirm(MAJA.actor, PASSWORD)
    await here.accounts.set_password(OPERATOR, "jonas", "Jonas has another one")
    for actor, password in (
        (MAJA.actor, "Jonas has another one"),
        (JONAS.actor, PASSWORD),
        (ASTRID.actor, PASSWORD),
        (MAJA.actor, ""),
        (MAJA.actor, "x" * 100_000),
    ):
        with pytest.raises(WrongPassword):
            await here.accounts.confirm(actor, password)


async def test_guessing_at_a_confirmation_has_an_end_of_its_own(here: Organisation, clock: SetClock) -> None:
    for _ in range(SIGN_IN_ATTEMPTS_MAX):
        with pytest.raises(WrongPassword):
            await here.accounts.confirm(MAJA.actor, "guess")
    with pytest.raises(TooManyAttempts):
        await here.accounts.confirm(MAJA.actor, PASSWORD)
    # Neither the others nor signing in are held up, nor is confirming by somebody who guesses at the door.
    await here.accounts.confirm(JONAS.actor, PASSWORD)
    await here.accounts.sign_in(MAJA.email, PASSWORD, ADDRESS)
    clock.pass_time(seconds=SIGN_IN_WINDOW_SECONDS)
    await here.accounts.confirm(MAJA.actor, PASSWORD)


async def test_many_guesses_at_once_are_as_many_guesses(
    here: Organisation, database_url: str, clock: SetClock
) -> None:
    async def guess(accounts: Accounts) -> str:
        with pytest.raises((SignInRefused, TooManyAttempts)) as refused:
            await accounts.sign_in("maja@nordljus.example", "guess", ADDRESS)
        return type(refused.value).__name__

    other = await open_database(database_url, clock) if database_url.startswith("postgresql") else None
    nodes = [here.accounts, Accounts(other, clock, QUICK) if other else here.accounts]
    said = await asyncio.gather(*(guess(nodes[each % 2]) for each in range(SIGN_IN_ATTEMPTS_MAX * 4)))
    assert said.count("SignInRefused") == SIGN_IN_ATTEMPTS_MAX
    if other:
        await other.close()


async def test_a_right_password_forgets_the_wrong_ones(here: Organisation) -> None:
    for _ in range(3):
        for _ in range(SIGN_IN_ATTEMPTS_MAX - 1):
            with pytest.raises(WrongPassword):
                await here.accounts.confirm(MAJA.actor, "guess")
        await here.accounts.confirm(MAJA.actor, PASSWORD)


NEW = "lila tåg över bron"


async def test_somebody_changes_her_password_and_is_signed_out_everywhere_else(here: Organisation) -> None:
    mine, other, jonas = [await here.visit(who) for who in ("maja", "maja", "jonas")]
    for _ in range(SIGN_IN_ATTEMPTS_MAX):
        with pytest.raises(SignInRefused):
            await here.accounts.sign_in(MAJA.email, "guess", ADDRESS)
    await here.accounts.change_password(mine, PASSWORD, NEW)
    # Guesses at the old one count no more.
    assert (await here.accounts.sign_in(MAJA.email, NEW, ADDRESS)).id == "maja"
    with pytest.raises(SignInRefused):
        await here.accounts.sign_in(MAJA.email, PASSWORD, ADDRESS)
    for session in (mine, jonas):
        assert await here.sessions.holds(session.id)
    assert not await here.sessions.holds(other.id)
    assert SessionEnded(other.id) in here.bells
    events = await here.database.read(lambda c: audit.batch(c, OPERATOR))
    assert [each.event for each in events if "password" in each.event] == ["page:password:changed"]


async def test_only_who_knows_the_old_password_changes_it(here: Organisation, clock: SetClock) -> None:
    mine = await here.visit("maja")
    for _ in range(SIGN_IN_ATTEMPTS_MAX):
        with pytest.raises(WrongOldPassword):
            await here.accounts.change_password(mine, "guess", NEW)
    with pytest.raises(TooManyAttempts):
        await here.accounts.change_password(mine, PASSWORD, NEW)
    clock.pass_time(seconds=SIGN_IN_WINDOW_SECONDS)
    await here.accounts.sign_in(MAJA.email, PASSWORD, ADDRESS)


async def test_of_two_changes_at_once_one_has_proved_nothing_any_more(here: Organisation) -> None:
    sessions = [await here.visit("maja") for _ in range(2)]
    words = NEW, "gröna båtar under isen"
    said = await asyncio.gather(
        *(
            here.accounts.change_password(each, PASSWORD, new)
            for each, new in zip(sessions, words, strict=True)
        ),
        return_exceptions=True,
    )
    assert sorted(type(each).__name__ for each in said) == ["NoneType", "WrongOldPassword"]


@pytest.mark.parametrize(
    ("new", "refusal"),
    [("kort", PasswordLength), ("x" * 257, PasswordLength), ("Öberg2026nordljus", PasswordGuessable)],
)
async def test_a_new_password_is_neither_short_nor_guessed(
    here: Organisation, new: str, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        await here.accounts.change_password(await here.visit("maja"), PASSWORD, new)
    await here.accounts.sign_in(MAJA.email, PASSWORD, ADDRESS)
