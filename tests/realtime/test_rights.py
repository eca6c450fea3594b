"""ACC-2: a change of rights reaches open sockets when its bell is heard; the append has the last word."""

import json

from crdt.messages import SyncStep2
from server.realtime.closings import UNAUTHORIZED
from server.rules import limits
from server.storage.bells import ConversationChanged, PersonChanged, SessionEnded
from server.storage.update_log import Append, AppendRefused
from tests.realtime.doubles import EMPLOYEE, JOINT, MANAGER, House, Page


async def _both(house: House) -> tuple[Page, Page]:
    kari, ola = house.page("kari"), house.page("ola")
    await kari.join(JOINT, EMPLOYEE)
    await ola.join(JOINT, MANAGER)
    return kari, ola


async def test_a_changed_conversation_is_told_to_everybody_in_its_joint_document(house: House) -> None:
    kari, ola = await _both(house)
    house.rooms.hear(ConversationChanged("talk"))
    for page in (kari, ola):
        await page.until(lambda page=page: len(page.told(JOINT)) == 1)  # type: ignore[misc]
        assert json.loads(page.told(JOINT)[0]) == {"event": "changed"}
    assert kari.told(EMPLOYEE) == []


async def test_a_changed_scope_is_told(house: House) -> None:
    kari, ola = await _both(house)
    house.rescope("kari", JOINT, "readonly")
    house.rooms.hear(ConversationChanged("talk"))
    await kari.until(lambda: kari.scopes(JOINT) == ["read-write", "readonly"])
    kari.type(JOINT, "sent")
    await kari.until(lambda: kari.saved(JOINT) == [True, False])
    assert ola.scopes(JOINT) == ["read-write"]


async def test_a_replaced_generation_is_closed_as_moved(house: House) -> None:
    kari, _ = await _both(house)
    house.desk.openings["kari", EMPLOYEE] = "moved"
    house.rooms.hear(ConversationChanged("talk"))
    await kari.until(lambda: kari.ended(EMPLOYEE) == "moved")
    assert kari.ended(JOINT) is None


async def test_who_may_no_longer_read_is_closed_and_hears_nothing_more(house: House) -> None:
    kari, ola = await _both(house)
    del house.desk.openings["ola", JOINT]
    house.rooms.hear(ConversationChanged("talk"))
    await ola.until(lambda: ola.ended(JOINT) == "denied")
    heard = len(ola.received)
    kari.type(JOINT, "hei")
    await kari.until_saved(JOINT, 2)
    assert len(ola.received) == heard


async def test_when_rights_cannot_be_read_nobody_keeps_them(house: House) -> None:
    kari, _ = await _both(house)
    house.desk.is_down = True
    house.rooms.hear(ConversationChanged("talk"))
    await kari.until(lambda: kari.ended(JOINT) == "unavailable")


async def test_a_person_whose_rights_changed_is_asked_about_everywhere(house: House) -> None:
    kari, ola = await _both(house)
    del house.desk.openings["kari", JOINT]
    del house.desk.openings["kari", EMPLOYEE]
    house.rooms.hear(PersonChanged("kari"))
    await kari.until(lambda: kari.ended(JOINT) == kari.ended(EMPLOYEE) == "denied")
    assert ola.ended(JOINT) is None
    assert ola.told(JOINT) == []


async def test_an_ended_session_closes_its_sockets_and_no_others(house: House) -> None:
    kari, ola = await _both(house)
    other = house.page("kari")
    await other.join(JOINT)
    house.rooms.hear(SessionEnded("kari-1"))
    await kari.until(lambda: kari.closed == (UNAUTHORIZED.code, UNAUTHORIZED.reason))
    assert other.closed is None
    assert ola.closed is None


async def test_a_session_that_ended_without_a_bell_is_found_by_the_clock(house: House) -> None:
    kari, ola = await _both(house)
    house.desk.ended.add("kari-1")
    await house.clock.advance(limits.SESSION_CHECK_SECONDS + 1)
    await kari.until(lambda: kari.closed == (UNAUTHORIZED.code, UNAUTHORIZED.reason))
    assert ola.closed is None


async def test_sessions_that_cannot_be_checked_stay_until_they_can(house: House) -> None:
    kari, _ = await _both(house)
    house.desk.is_down = True
    await house.clock.advance(limits.SESSION_CHECK_SECONDS + 1)
    assert kari.closed is None
    house.desk.is_down = False
    house.desk.ended.add("kari-1")
    await house.clock.advance(limits.STORAGE_RETRY_SECONDS_MAX)
    await kari.until(lambda: kari.closed is not None)


async def test_whoever_loses_her_rights_while_they_are_read_is_told_nothing(house: House) -> None:
    kari, ola = house.page("kari"), house.page("ola")
    await ola.join(JOINT)
    house.desk.asked.clear()
    house.desk.gate.clear()
    kari.attach(JOINT)
    await house.desk.until_asked()
    house.desk.openings["kari", JOINT] = "denied"
    house.rooms.hear(ConversationChanged("talk"))
    house.desk.gate.set()
    await kari.until(lambda: kari.denied(JOINT) == "denied")
    assert [session for session, _ in house.desk.asked].count("kari-1") == 2
    assert kari.scopes(JOINT) == kari.all(JOINT, SyncStep2) == []


async def test_a_refused_append_closes_the_refused_and_keeps_the_others_text(house: House) -> None:
    kari, ola = await _both(house)

    def refuse(append: Append) -> None:
        if any(author.person == "kari" for author in append.authors):
            raise AppendRefused("denied", frozenset({"kari"}))

    house.log.gate.clear()
    ola.type(JOINT, "1")
    await house.log.until(lambda: house.log.waiting == 1)
    kari.type(JOINT, "nei")
    ola.type(JOINT, "2")
    house.log.refuse = refuse
    house.log.gate.set()
    await kari.until(lambda: kari.ended(JOINT) == "denied")
    await ola.until_saved(JOINT, 3)
    assert house.text(1) == "12"
    assert kari.saved(JOINT) == [True]
    kari.type(EMPLOYEE, "mitt")
    await ola.join(JOINT)


async def test_of_a_refused_persons_sessions_only_the_ended_one_is_closed(house: House) -> None:
    kari, _ = await _both(house)
    phone = house.page("kari")
    await phone.join(JOINT)

    def refuse(append: Append) -> None:
        if any(author.session in house.desk.ended for author in append.authors):
            raise AppendRefused("denied", frozenset({author.person for author in append.authors}))

    house.log.refuse = refuse
    house.desk.ended.add("kari-1")
    house.log.gate.clear()
    phone.type(JOINT, "1")
    await house.log.until(lambda: house.log.waiting == 1)
    kari.type(JOINT, "nei")
    phone.type(JOINT, "2")
    house.log.gate.set()
    await kari.until(lambda: kari.ended(JOINT) == "denied")
    await phone.until_saved(JOINT, 3)
    assert house.text(1) == "12"
    assert phone.ended(JOINT) is None


async def test_the_text_of_a_refused_person_who_has_gone_does_not_hold_up_the_others(house: House) -> None:
    kari, ola = await _both(house)

    def refuse(append: Append) -> None:
        if any(author.person == "kari" for author in append.authors):
            raise AppendRefused("denied", frozenset({"kari"}))

    house.log.gate.clear()
    ola.type(JOINT, "1")
    await house.log.until(lambda: house.log.waiting == 1)
    kari.type(JOINT, "nei")
    kari.vanish(house.rooms)
    ola.type(JOINT, "2")
    house.log.refuse = refuse
    house.log.gate.set()
    await ola.until_saved(JOINT, 3)
    assert house.text(1) == "12"


async def test_a_refusal_that_names_none_of_the_writers_still_comes_to_an_end(house: House) -> None:
    kari, ola = await _both(house)

    def refuse(append: Append) -> None:
        raise AppendRefused("denied", frozenset({"somebody else"}))

    house.log.refuse = refuse
    kari.type(JOINT, "nei")
    await kari.until(lambda: kari.ended(JOINT) == "denied")
    assert ola.ended(JOINT) is None


async def test_a_frozen_document_closes_its_writers_and_keeps_its_readers(house: House) -> None:
    kari, ola = await _both(house)

    def refuse(append: Append) -> None:
        raise AppendRefused("frozen", frozenset(author.person for author in append.authors))

    house.log.refuse = refuse
    kari.type(JOINT, "sent")
    await kari.until(lambda: kari.ended(JOINT) == "frozen")
    assert ola.ended(JOINT) is None
    assert kari.saved(JOINT) == [True]


async def test_an_append_to_a_replaced_generation_closes_the_document_as_moved(house: House) -> None:
    kari, ola = await _both(house)
    tablet = house.page("kari")
    await tablet.join(EMPLOYEE)

    def refuse(append: Append) -> None:
        raise AppendRefused("moved", frozenset({"kari"}))

    house.log.refuse = refuse
    kari.type(EMPLOYEE, "sent")
    await kari.until(lambda: kari.ended(EMPLOYEE) == "moved")
    await tablet.until(lambda: tablet.ended(EMPLOYEE) == "moved")
    assert kari.ended(JOINT) is None
    assert ola.closed is None
