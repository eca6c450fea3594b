"""S14, without a browser: everything about somebody with one press, for that one alone, and gone in time."""

import asyncio
import json
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable
from io import BytesIO

import pytest
from sqlalchemy import select

from server.app import Node, opened
from server.own_data import bundles
from server.own_data.making import Maker
from server.pages.context import Features
from server.rules.access import Pane
from server.settings import Settings
from server.site import bundle_writer
from server.storage import tables
from tests.conftest import ORIGIN, SetClock
from tests.keeping import GOING_ON, Life, everything
from tests.organisation import JONAS, MAJA, Organisation, text
from tests.pages.visiting import Place

Made = Callable[[str], Awaitable[str]]


@pytest.fixture
def rounds(monkeypatch: pytest.MonkeyPatch) -> "asyncio.Queue[None]":
    """Gets one item whenever the background has made what waited."""
    ended: asyncio.Queue[None] = asyncio.Queue()
    work = Maker.work

    async def told(maker: Maker) -> None:
        await work(maker)
        ended.put_nowait(None)

    monkeypatch.setattr(Maker, "work", told)
    return ended


@pytest.fixture
async def node(database_url: str, clock: SetClock, rounds: "asyncio.Queue[None]") -> AsyncIterator[Node]:
    async with opened(Settings(database=database_url, origin=ORIGIN), clock) as node:
        yield node


@pytest.fixture
async def here(features: Features, clock: SetClock) -> Organisation:
    made = Organisation(features.database, clock)
    await made.found()
    return made


@pytest.fixture
def made(there: Place, rounds: "asyncio.Queue[None]") -> Made:
    """Have somebody's bundle made by the background, and return its id."""

    async def make(who: str) -> str:
        actor = {"maja": MAJA, "jonas": JONAS}[who].actor
        before = {each.id for each in await there.features.own_data.mine(actor) if not each.is_being_made}
        await there.features.own_data.ask(actor)
        while True:
            (newest,) = (each for each in await there.features.own_data.mine(actor) if each.id not in before)
            if not newest.is_being_made:
                break
            await rounds.get()
        assert newest.is_there
        assert newest.steps_done == newest.steps_total > 10
        return newest.id

    return make


async def unpacked(there: Place, who: str, id_: str) -> dict[str, bytes]:
    async with there.browser(who) as client:
        answer = await client.get(f"/my-data/{id_}.zip")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"].startswith("attachment; ")
    with zipfile.ZipFile(BytesIO(answer.content)) as packed:
        assert packed.testzip() is None
        return {name: packed.read(name) for name in packed.namelist()}


async def test_one_press_gives_everything_that_she_may_see_and_nothing_else(
    there: Place, here: Organisation, made: Made
) -> None:
    life: Life = await everything(here)
    async with there.browser("maja") as client:
        asked = await client.post("/my-data")
        assert (asked.status_code, asked.headers["location"]) == (303, "/my-data")
        page = (await client.get("/my-data")).text
        # What is being made is followed, and a second press begins nothing new.
        assert "data-follow" in page
        assert "<progress" in page
    id_ = await made("maja")
    assert await here.count("own_bundle") == 1
    files = await unpacked(there, "maja", id_)
    whole = b"\n".join(files.values())

    for word in (b"kanarieutkast", b"kanarieegen", b"kanariechef", b"kanariegemensam", b"kanariesignatur"):
        assert word in whole
    for word in (b"kanarieater", b"kanarieavbojd", b"kanarieforslag", b"kanariemal", b"kanariebeskrivning"):
        assert word in whole
    for word in (b"kanariekommentar", b"kanarielapp", b"kanarieonskan", b"kanarierummet"):
        assert word in whole
    # What the other has not shared, what was deleted again, and what others wrote of each other.
    for word in (b"kanariehemlig", b"kanarieraderad", b"kanariesemester", b"$argon2"):
        assert word not in whole, word

    guide = files["guide.html"].decode()
    assert 'lang="sv"' in guide
    for link in (name for name in files if name.endswith("/index.html")):
        assert f'href="{link}"' in guide
    assert "Helena Wik" in guide
    assert "guide.html" in files["about-you/sessions.html"].decode()
    plain = files["guide.txt"].decode()
    assert "helena@nordljus.example" in plain
    assert "<" not in plain

    about = {name: json.loads(files[name]) for name in files if name.endswith("conversation.json")}
    told = {each["content"]["id"]: (name, each["content"]) for name, each in about.items()}
    assert told.keys() == {life.signed, life.going_on, life.declined}
    name, going_on = told[life.going_on]
    assert going_on["not_readable"] == ["manager"]
    assert {each["pane"] for each in going_on["writings"]} == {"employee"}
    folder = told[life.signed][0].rpartition("/")[0]
    for version in (1, 2):
        record = files[f"{folder}/version-{version}/record.json"]
        stored = await there.features.database.read(
            lambda c, v=version: c.scalar(  # type: ignore[misc]
                select(tables.record.c.sealed).where(
                    tables.record.c.conversation_id == life.signed, tables.record.c.version == v
                )
            )
        )
        assert record == stored
        assert files[f"{folder}/version-{version}/record.pdf"].startswith(b"%PDF-")
    events = json.loads(files["about-you/events.json"])["items"]
    assert {each["event"] for each in events} >= {"page:record:signed", "page:own-data:asked"}
    assert name


async def test_every_json_file_is_documented(there: Place, here: Organisation, made: Made) -> None:
    await everything(here)
    files = await unpacked(there, "maja", await made("maja"))
    documented = files["formats.txt"].decode()
    for name, content in files.items():
        if not name.endswith(".json") or name.endswith("record.json"):
            continue
        whole = json.loads(content)
        assert whole["format"] == "samsyn-own-data/1"
        if name.startswith("about-you/"):
            section = documented.partition(f"{name}\n")[2].partition("\n\n")[0]
            for item in whole["items"]:
                assert all(f"  {key} (" in section for key in item), name
        elif whole["kind"] == "conversation":
            section = documented.partition("conversation.json\n")[2].partition("\n\n")[0]
            assert all(f"  {key}: " in section for key in whole["content"])


async def test_a_bundle_is_its_persons_alone_and_is_gone_after_its_days(
    there: Place, here: Organisation, made: Made, clock: SetClock
) -> None:
    await everything(here)
    id_ = await made("maja")
    async with there.browser("jonas") as other:
        assert (await other.get(f"/my-data/{id_}.zip")).status_code == 404
        assert (await other.post(f"/my-data/{id_}/delete")).status_code == 404
        assert (await other.get(f"/my-data/{'0' * 32}.zip")).status_code == 404
    assert await here.count("own_bundle_file") > 10
    events = await there.features.database.read(lambda c: c.scalars(select(tables.audit.c.event)).all())
    assert "page:own-data:downloaded" not in events
    await unpacked(there, "maja", id_)
    events = await there.features.database.read(lambda c: c.scalars(select(tables.audit.c.event)).all())
    assert events.count("page:own-data:downloaded") == 1
    clock.pass_time(days=7)
    await there.features.database.write(lambda c: bundles.erase_old(c, clock()))
    assert await here.count("own_bundle") == 0
    assert await here.count("own_bundle_file") == 0


async def test_she_may_erase_it_at_once_and_asks_three_times_a_day_at_most(
    there: Place, here: Organisation, made: Made
) -> None:
    for _ in range(3):
        id_ = await made("maja")
    async with there.browser("maja") as client:
        refused = await client.post("/my-data")
        assert refused.status_code == 429
        assert f"/my-data/{id_}.zip" in refused.text
        assert (await client.post(f"/my-data/{id_}/delete")).status_code == 303
        assert (await client.get(f"/my-data/{id_}.zip")).status_code == 404
        # It counts all the same.
        assert (await client.post("/my-data")).status_code == 429
    async with there.browser("jonas") as client:
        assert (await client.post("/my-data")).status_code == 303


async def test_a_bundle_whose_node_died_is_made_anew_by_another(
    there: Place, here: Organisation, clock: SetClock
) -> None:
    await everything(here)
    await there.features.database.write(lambda c: bundles.ask(c, JONAS.actor, clock()))
    dead = await there.features.database.write(lambda c: bundles.claim(c, clock()))
    assert dead is not None
    await there.features.database.write(
        lambda c: bundles.step(c, dead, 1, 9, [bundles.File("half.html", b"half")], clock())
    )
    # While it is that node's, nobody else takes it.
    assert await there.features.database.write(lambda c: bundles.claim(c, clock())) is None
    clock.pass_time(seconds=121)
    maker = _maker(there, clock)
    await maker.work()
    (bundle,) = await there.features.own_data.mine(JONAS.actor)
    assert bundle.is_there
    files = await unpacked(there, "jonas", bundle.id)
    assert "half.html" not in files
    assert b"kanariehemlig" in b"".join(files.values())
    with pytest.raises(bundles.Lost):
        await there.features.database.write(lambda c: bundles.step(c, dead, 2, 9, [], clock()))


async def test_what_cannot_be_made_is_given_up_and_says_so(
    there: Place, here: Organisation, clock: SetClock
) -> None:
    await there.features.database.write(lambda c: bundles.ask(c, MAJA.actor, clock()))
    maker = _maker(there, clock)
    maker._writer = None  # type: ignore[assignment]
    for _ in range(5):
        await maker.work()
        clock.pass_time(seconds=121)
    (bundle,) = await there.features.own_data.mine(MAJA.actor)
    assert bundle.failed_at is not None
    async with there.browser("maja") as client:
        page = (await client.get("/my-data")).text
        assert "data-follow" not in page.replace("data-followed", "")
        # What failed does not count.
        assert (await client.post("/my-data")).status_code == 303


async def test_a_draft_that_is_shared_is_in_the_others_bundle_only_once_it_was_opened(
    there: Place, here: Organisation, made: Made
) -> None:
    id_ = await here.conversation()
    await here.write("jonas", id_, Pane.MANAGER, {"a1": text(GOING_ON[2].decode())})
    await here.share(JONAS.actor, id_, Pane.MANAGER)
    before = await unpacked(there, "maja", await made("maja"))
    assert GOING_ON[2] not in b"".join(before.values())
    await here.sharing.open_pane(MAJA.actor, id_, Pane.MANAGER)
    after = await unpacked(there, "maja", await made("maja"))
    assert GOING_ON[2] in b"".join(after.values())


def _maker(there: Place, clock: SetClock) -> Maker:
    return Maker(
        there.features.database, clock, there.features.records.seal, bundle_writer(there.features.settings)
    )
