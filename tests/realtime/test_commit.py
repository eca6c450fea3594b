"""DUR-1, DUR-2: nothing is acknowledged, broadcast or shown to who joins before it is stored."""

from crdt.messages import Awareness, SyncStatus, SyncStep1, SyncStep2, SyncUpdate
from server.rules.limits import STORAGE_RETRY_SECONDS_MIN
from tests.realtime.doubles import EMPLOYEE, JOINT, MANAGER, House


async def test_what_one_writes_is_acknowledged_and_reaches_the_other(house: House) -> None:
    kari, ola = house.page("kari"), house.page("ola")
    await kari.join(JOINT)
    await ola.join(JOINT)
    kari.type(JOINT, "hei")
    await ola.until(lambda: ola.text(JOINT) == "hei")
    await kari.until_saved(JOINT, 2)
    assert kari.saved(JOINT) == [True, True]
    assert house.text(1) == "hei"


async def test_nothing_is_acknowledged_or_broadcast_before_the_commit(house: House) -> None:
    kari, ola = house.page("kari"), house.page("ola")
    await kari.join(JOINT)
    await ola.join(JOINT)
    house.log.gate.clear()
    kari.type(JOINT, "hei")
    await house.log.until(lambda: house.log.waiting == 1)
    assert kari.count(JOINT, SyncStatus) == 1
    assert ola.count(JOINT, SyncUpdate) == 0
    house.log.gate.set()
    await kari.until_saved(JOINT, 2)
    await ola.until(lambda: ola.text(JOINT) == "hei")


async def test_who_joins_during_a_commit_is_shown_nothing_until_it_is_over(house: House) -> None:
    kari, ola = house.page("kari"), house.page("ola")
    await kari.join(JOINT)
    house.log.gate.clear()
    kari.type(JOINT, "hei")
    await house.log.until(lambda: house.log.waiting == 1)
    ola.attach(JOINT)
    await ola.join(MANAGER)
    assert ola.count(JOINT, SyncStep2) == 0
    house.log.gate.set()
    await ola.until(lambda: ola.text(JOINT) == "hei")


async def test_whoever_asks_while_a_commit_hangs_is_answered_after_it(house: House) -> None:
    kari, ola = house.page("kari"), house.page("ola")
    await kari.join(JOINT)
    await ola.join(JOINT)
    house.log.gate.clear()
    kari.type(JOINT, "hei")
    await house.log.until(lambda: house.log.waiting == 1)
    before = ola.count(JOINT, SyncStep2)
    ola.say(JOINT, SyncStep1(b"\x00"))
    await ola.join(MANAGER)
    assert ola.count(JOINT, SyncStep2) == before
    house.log.gate.set()
    await ola.until(lambda: ola.count(JOINT, SyncStep2) == before + 1)
    assert ola.text(JOINT) == "hei"


async def test_there_is_one_acknowledgement_for_each_update_in_order(house: House) -> None:
    kari = house.page("kari")
    await kari.join(JOINT)
    for letter in "abcdefghij":
        kari.type(JOINT, letter)
    await kari.until_saved(JOINT, 11)
    assert kari.saved(JOINT) == [True] * 11
    assert house.text(1) == "abcdefghij"


async def test_what_waits_during_a_commit_is_carried_by_the_next_one_together(house: House) -> None:
    kari = house.page("kari")
    await kari.join(JOINT)
    house.log.gate.clear()
    kari.type(JOINT, "a")
    await house.log.until(lambda: house.log.waiting == 1)
    for letter in "bcd":
        kari.type(JOINT, letter)
    house.log.gate.set()
    await kari.until_saved(JOINT, 5)
    assert len(house.log.appends) == 2


async def test_the_sole_writer_is_not_sent_her_own_text(house: House) -> None:
    kari = house.page("kari")
    await kari.join(JOINT)
    kari.type(JOINT, "hei")
    await kari.until_saved(JOINT, 2)
    assert kari.count(JOINT, SyncUpdate) == 0


async def test_both_writers_of_one_commit_converge(house: House) -> None:
    kari, ola = house.page("kari"), house.page("ola")
    await kari.join(JOINT)
    await ola.join(JOINT)
    house.log.gate.clear()
    kari.type(JOINT, "x")
    await house.log.until(lambda: house.log.waiting == 1)
    ola.type(JOINT, "OLA")
    kari.type(JOINT, "kari")
    house.log.gate.set()
    await kari.until(lambda: "OLA" in kari.text(JOINT))
    await ola.until(lambda: "kari" in ola.text(JOINT))
    assert kari.text(JOINT) == ola.text(JOINT) == house.text(1)
    assert [author.person for author in house.log.appends[1].authors] == ["ola", "kari"]


async def test_the_log_is_told_who_touched_which_field_and_whose_client_is_new(house: House) -> None:
    kari = house.page("kari")
    await kari.join(JOINT)
    kari.type(JOINT, "hei", field="a2")
    await kari.until_saved(JOINT, 2)
    append = house.log.appends[0]
    assert [(touch.person, touch.field) for touch in append.touched] == [("kari", "a2")]
    assert append.new_clients == ((kari.docs[JOINT].client_id, "kari"),)
    assert append.authors[0].session == "kari-1"


async def test_a_failing_database_gives_no_acknowledgement_until_it_works_again(house: House) -> None:
    kari, ola = house.page("kari"), house.page("ola")
    await kari.join(JOINT)
    await ola.join(JOINT)
    house.log.failures = 3
    kari.type(JOINT, "hei")
    wait = STORAGE_RETRY_SECONDS_MIN
    for left in (2, 1, 0):
        await house.log.until(lambda left=left: house.log.failures == left)  # type: ignore[misc]
        assert kari.count(JOINT, SyncStatus) == 1
        assert ola.count(JOINT, SyncUpdate) == 0
        await house.clock.until_asleep(2)
        await house.clock.advance(wait)
        wait *= 2
    await kari.until_saved(JOINT, 2)
    await ola.until(lambda: ola.text(JOINT) == "hei")
    assert house.text(1) == "hei"


async def test_a_document_that_waits_for_its_commit_does_not_hold_up_its_neighbour(house: House) -> None:
    kari = house.page("kari")
    await kari.join(JOINT, EMPLOYEE)
    house.log.gate.clear()
    kari.type(JOINT, "hei")
    await house.log.until(lambda: house.log.waiting == 1)
    kari.speak(EMPLOYEE)
    second = house.page("kari")
    await second.join(EMPLOYEE)
    await second.until(lambda: second.count(EMPLOYEE, Awareness) == 1)
    assert kari.count(JOINT, SyncStatus) == 1


async def test_text_that_the_document_already_has_is_acknowledged_without_a_commit(house: House) -> None:
    kari = house.page("kari")
    await kari.join(JOINT)
    update = kari.write(JOINT, "hei")
    kari.say(JOINT, SyncUpdate(update))
    await kari.until_saved(JOINT, 2)
    kari.say(JOINT, SyncUpdate(update))
    await kari.until_saved(JOINT, 3)
    assert len(house.log.appends) == 1


async def test_what_a_page_sent_before_it_went_away_is_stored(house: House) -> None:
    kari = house.page("kari")
    await kari.join(JOINT)
    house.log.gate.clear()
    kari.type(JOINT, "a")
    await house.log.until(lambda: house.log.waiting == 1)
    kari.type(JOINT, "b")
    kari.vanish(house.rooms)
    house.log.gate.set()
    await house.log.until(lambda: len(house.log.appends) == 2)
    assert house.text(1) == "ab"
