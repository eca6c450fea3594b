"""``samsyn demo``: a large organisation, to see and to measure how everything is with many people."""

import asyncio
import os
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress

from server import people, settings
from server.accounts import Accounts
from server.commands.ground import Ground, Misuse, now, require_folder, run, said
from server.demo import data, loading
from server.demo.crowd import Crowd
from server.demo.crowd_plays import Plays
from server.demo.loading import NotTheSample
from server.people import Person
from server.rules.access import OPERATOR
from server.rules.limits import DEMO_PEOPLE_MAX, DEMO_PEOPLE_MIN


def demo(
    size: Annotated[
        int,
        typer.Option(
            help="How many people there are beside the sample organisation's; three conversations for each.",
            min=DEMO_PEOPLE_MIN,
            max=DEMO_PEOPLE_MAX,
        ),
    ] = 10_000,
) -> None:
    """Add a large organisation below the sample one, in a database that holds the sample or nothing.

    Afterwards `samsyn serve --demo` serves both. Three of those who lead many can be signed in as, too.
    """
    with said(NotTheSample):
        chosen = settings.read(os.environ)
        require_folder(chosen)
        asyncio.run(loading.once(chosen.database_url, now(), chosen.demo_password))
    run(lambda ground: _fill(ground, size))


async def _fill(ground: Ground, size: int) -> None:
    moment = now()
    crowd = Crowd(size, moment)
    plays = Plays(crowd, moment)
    present = await ground.database.read(people.everybody)
    if any(data.crowd_address(person.id) == person.email for person in present):
        raise Misuse(
            f"A large organisation is in {ground.place} already. Choose another folder by SAMSYN_DATA."
        )
    await ground.database.write(crowd.enter)
    accounts = Accounts(ground.database, now)
    for person in _leaders(crowd):
        await accounts.set_password(OPERATOR, person.id, ground.settings.demo_password)
    # On the standard error, so that what the command says stands alone on the standard output.
    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        stories = progress.add_task("Stories", total=plays.stories)
        task = progress.add_task("Conversations", total=plays.count)
        await plays.play(
            ground.database,
            when_rehearsed=lambda done: progress.advance(stories, done),
            when_done=lambda done: progress.advance(task, done),
        )
    print(f"Added {len(crowd.people)} people and {plays.count} conversations, in {ground.place}.")
    for person in _leaders(crowd):
        staff = sum(each.manager_id == person.id for each in crowd.people)
        print(f"{person.name} ({person.email}) leads {staff}.")


def _leaders(crowd: Crowd) -> list[Person]:
    """Whoever leads all, whoever leads the first department, and whoever leads the first team."""
    leading = {person.manager_id for person in crowd.people}
    return [person for person in crowd.people if person.id in leading][:3]
