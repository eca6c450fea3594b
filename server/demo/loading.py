"""Loads the sample organisation into a database, once: what people write in it afterwards is kept."""

from datetime import datetime

from server import people
from server.accounts import Accounts
from server.demo import data
from server.demo.clock import Played
from server.demo.play import Play
from server.people import Person
from server.rules.access import OPERATOR
from server.rules.errors import CannotServe, Refusal
from server.storage.opening import open_database


class NotTheSample(CannotServe):
    """The database holds something else than the sample organisation, whole. Its text says what to do."""


async def once(url: str, now: datetime, password: str) -> None:
    """Play the sample organisation into the database at ``url``, unless it is there.

    Everybody gets ``password``, also when it has been played before. Raises NotTheSample when the database
    holds other people, to whom nobody may get a password from here.
    """
    clock = Played(now)
    database = await open_database(url, clock)
    try:
        present = await database.read(people.everybody)
        if present:
            _require_sample(present)
            await _renew_passwords(Accounts(database, clock), password)
        else:
            await Play(database, clock).play(password)
    finally:
        await database.close()


def _require_sample(present: list[Person]) -> None:
    sample = {person.id: person.email for person in data.organisation().people}
    if any(person.email not in (sample.get(person.id), data.crowd_address(person.id)) for person in present):
        raise NotTheSample(
            "The database holds another organisation than the sample, and in a demo anybody signs in as "
            "anybody. Start without --demo, or choose another folder by SAMSYN_DATA."
        )
    # Whoever came last is given a manager last of all (see ``Play.play``).
    newest = data.organisation().newest
    if not any(person.id == newest.id and person.manager_id == newest.manager for person in present):
        raise NotTheSample(
            "Loading the sample organisation was interrupted. Remove the database and start again, or choose "
            "another folder by SAMSYN_DATA."
        )


async def _renew_passwords(accounts: Accounts, password: str) -> None:
    """Give ``password`` to everybody who has one, unless it is theirs already."""
    with_password = await accounts.with_password()
    try:
        await accounts.sign_in(data.organisation().people[0].email, password, address="")
    except Refusal:
        for person in with_password:
            await accounts.set_password(OPERATOR, person.id, password)
