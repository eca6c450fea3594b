"""Signing: each signer, once, exactly what was shown; the last one closes."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import select

from server.audit import Event
from server.record.format import Statement, read_statement
from server.rules.access import OPERATOR, Pane, State
from server.rules.errors import (
    AlreadySigned,
    CommentNotTaken,
    NoLongerPossible,
    NotFound,
    RecordChanged,
    TextTooLong,
    WrongPassword,
)
from server.rules.limits import SIGNATURE_COMMENT_CHARACTERS_MAX
from server.signing import WORDS
from server.storage import tables
from server.storage.database import Database
from server.template import format as template_format
from tests.conftest import SetClock
from tests.organisation import HELENA, JONAS, MAJA, PASSWORD, Organisation, annual_template
from tests.test_freezing import events


async def statements(here: Organisation, id_: str) -> list[Statement]:
    """What has been signed, in the order in which it was."""
    table = tables.signature
    wanted = select(table.c.statement).where(table.c.conversation_id == id_).order_by(table.c.at)
    signed = await here.database.read(lambda connection: list(connection.scalars(wanted)))
    return [read_statement(each) for each in signed]


async def state(here: Organisation, id_: str) -> State:
    return (await here.conversations.see(MAJA.actor, id_)).state


async def test_a_signature_says_who_has_seen_what_in_which_language_and_when(
    here: Organisation, clock: SetClock
) -> None:
    id_, sha256 = await here.frozen()
    comment = "Jag har läst det.\r\nJag är inte överens om budgeten. "
    assert not await here.signing.sign(MAJA.actor, id_, sha256, "nb", comment, PASSWORD)
    (said,) = await statements(here, id_)
    assert (said.signer, said.name, said.party) == ("maja", "Maja Öberg", "employee")
    assert (said.record, said.meaning, said.method) == (sha256, "seen_and_done", "password")
    assert (said.language, said.words) == ("nb", WORDS["seen_and_done"]["nb"])
    assert said.comment == "Jag har läst det.\nJag är inte överens om budgeten."
    assert said.at == clock.now.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert await state(here, id_) is State.FROZEN
    assert (await events(here, id_))[-1] == Event.RECORD_SIGNED


async def test_the_last_signature_closes_whoever_gives_it(here: Organisation) -> None:
    for first, last in ((MAJA, JONAS), (JONAS, MAJA)):
        id_, sha256 = await here.frozen()
        assert not await here.sign(first.actor, id_, sha256)
        assert await here.sign(last.actor, id_, sha256)
        assert await state(here, id_) is State.CLOSED
        assert (await events(here, id_))[-2:] == [Event.RECORD_SIGNED, Event.CONVERSATION_CLOSED]


async def test_two_who_sign_in_the_same_moment_close_it_once(here: Organisation) -> None:
    id_, sha256 = await here.frozen()
    closed = await asyncio.gather(*(here.sign(one.actor, id_, sha256) for one in (MAJA, JONAS)))
    assert sorted(closed) == [False, True]
    assert (await events(here, id_)).count(Event.CONVERSATION_CLOSED) == 1


async def test_nothing_is_signed_but_what_was_shown(here: Organisation) -> None:
    id_, sha256 = await here.frozen()
    await here.reopening.reopen(JONAS.actor, id_, "Ett ord till.")
    again = await here.freezing.freeze(JONAS.actor, id_)
    assert again != sha256
    for shown in (sha256, sha256.upper(), "", "0" * 64):
        with pytest.raises(RecordChanged):
            await here.sign(MAJA.actor, id_, shown)
    assert await here.count("signature") == 0
    await here.sign(MAJA.actor, id_, again)


async def test_nobody_signs_twice_nor_for_anybody_else(here: Organisation) -> None:
    await here.accounts.set_password(OPERATOR, "helena", PASSWORD)
    id_, sha256 = await here.frozen()
    await here.sign(MAJA.actor, id_, sha256)
    with pytest.raises(AlreadySigned):
        await here.sign(MAJA.actor, id_, sha256)
    with pytest.raises(NotFound):
        await here.sign(HELENA.actor, id_, sha256)
    assert [each.signer for each in await statements(here, id_)] == ["maja"]


async def test_a_wrong_password_signs_nothing(here: Organisation) -> None:
    id_, sha256 = await here.frozen()
    with pytest.raises(WrongPassword):
        await here.signing.sign(MAJA.actor, id_, sha256, "sv", "", "wrong")
    assert await here.count("signature") == 0


async def test_a_comment_has_an_end_and_a_language_must_be_one_of_the_records(here: Organisation) -> None:
    id_, sha256 = await here.frozen()
    with pytest.raises(TextTooLong):
        await here.sign(MAJA.actor, id_, sha256, "x" * (SIGNATURE_COMMENT_CHARACTERS_MAX + 1))
    with pytest.raises(NoLongerPossible):
        await here.signing.sign(MAJA.actor, id_, sha256, "tlh", "", PASSWORD)
    await here.sign(MAJA.actor, id_, sha256, "\0\ud800" + "x" * 100)
    assert [each.comment for each in await statements(here, id_)] == ["?" + "x" * 100]


def signing(**changes: Any) -> dict[str, Any]:
    return annual_template(sign={"enabled": True, **changes})


async def test_where_the_template_takes_no_comment_none_is_kept(database: Database, clock: SetClock) -> None:
    here = Organisation(database, clock)
    await here.found(signing(allow_comment_with_signature=False))
    id_, sha256 = await here.frozen()
    with pytest.raises(CommentNotTaken):
        await here.sign(MAJA.actor, id_, sha256, "Inte överens.")
    await here.sign(MAJA.actor, id_, sha256, "  ")


async def test_one_signer_is_enough_where_the_template_names_one(database: Database, clock: SetClock) -> None:
    here = Organisation(database, clock)
    await here.found(signing(signers=["employee"]) | {"completes": "employee"})
    id_ = await here.conversation()
    await here.ready(id_)
    with pytest.raises(NotFound):
        await here.freezing.freeze(JONAS.actor, id_)
    sha256 = await here.freezing.freeze(MAJA.actor, id_)
    with pytest.raises(NotFound):
        await here.sign(JONAS.actor, id_, sha256)
    assert await here.sign(MAJA.actor, id_, sha256)
    assert await state(here, id_) is State.CLOSED


def test_every_meaning_has_its_words_in_every_language() -> None:
    meanings = template_format.Sign.model_fields["meaning"].annotation.__args__  # type: ignore[union-attr]
    assert set(WORDS) == set(meanings)
    assert all(set(words) == {"sv", "nb", "en"} for words in WORDS.values())


async def test_the_organisations_seal_is_over_each_statement(here: Organisation) -> None:
    from cryptography import x509

    from server.record.sealing import is_sealed

    id_, sha256 = await here.frozen()
    await here.sign(MAJA.actor, id_, sha256)
    row, certificate = await here.database.read(
        lambda connection: (
            connection.execute(select(tables.signature)).one(),
            connection.scalars(select(tables.organisation_seal.c.certificate)).one(),
        )
    )
    key = x509.load_pem_x509_certificate(certificate.encode())
    assert is_sealed(key, row.statement, row.seal)
    assert not is_sealed(key, row.statement + b" ", row.seal)


async def test_signing_leaves_the_panes_as_they_are(here: Organisation) -> None:
    id_, sha256 = await here.frozen()
    before = await here.documents.read(MAJA.actor, id_)
    await here.sign(MAJA.actor, id_, sha256)
    await here.sign(JONAS.actor, id_, sha256)
    after = await here.documents.read(MAJA.actor, id_)
    assert after.contents == before.contents
    assert {pane: each.name for pane, each in after.conversation.panes.items()} == {
        pane: before.conversation.panes[pane].name for pane in Pane
    }
