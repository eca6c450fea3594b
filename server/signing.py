"""Signing what was frozen: each signer, once, exactly what the page has shown (F24–F27).

Nobody signs for anybody else, and no administrator can skip one. The last signature closes.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection, insert, select

from server import audit, closing, conversations, documents
from server.accounts import Accounts
from server.audit import Event
from server.record import format as record_format
from server.record.content import Meaning
from server.rules.access import Action, Actor, State
from server.rules.errors import AlreadySigned, CommentNotTaken, NoLongerPossible, RecordChanged
from server.rules.limits import SIGNATURE_COMMENT_CHARACTERS_MAX
from server.rules.saying import said
from server.storage import tables
from server.storage.database import Database

if TYPE_CHECKING:
    from server.record.sealing import Seals

WORDS: Mapping[Meaning, Mapping[str, str]] = {
    "seen": {
        "sv": "Jag har läst det här.",
        "nb": "Jeg har lest dette.",
        "en": "I have read this.",
    },
    "agreed": {
        "sv": "Jag har läst det här och är överens.",
        "nb": "Jeg har lest dette og er enig.",
        "en": "I have read this and agree.",
    },
    "seen_and_done": {
        "sv": "Jag har läst det här. Samtalet är klart.",
        "nb": "Jeg har lest dette. Samtalen er ferdig.",
        "en": "I have read this. The conversation is done.",
    },
}
"""What a signature says, by the template's ``meaning`` and the language in which the record was shown. It is
part of what is signed, so a page shows these very words, and no catalogue changes them."""


def sign(
    connection: Connection,
    actor: Actor,
    id_: str,
    sha256: str,
    language: str,
    comment: str,
    seals: "Seals",
    now: datetime,
) -> bool:
    """Sign a frozen conversation. Returns whether that has closed it.

    ``sha256`` names what the page has shown, in ``language``. The caller has made sure by a password that
    it is the actor who asks. Raises NotFound, NoLongerPossible, RecordChanged, AlreadySigned,
    CommentNotTaken or TextTooLong.
    """
    conversation = conversations.locked_for(connection, actor, id_, Action.SIGN)
    rules = conversation.template.sign
    record, signature = tables.record, tables.signature
    frozen = connection.scalars(
        select(record.c.sha256).where(
            record.c.conversation_id == id_, record.c.version == conversation.version
        )
    ).one()
    if sha256 != frozen:
        raise RecordChanged
    signed = set(
        connection.scalars(
            select(signature.c.person_id).where(
                signature.c.conversation_id == id_, signature.c.version == conversation.version
            )
        )
    )
    if actor.person in signed:
        raise AlreadySigned
    words = WORDS[rules.meaning].get(language)
    if words is None:
        raise NoLongerPossible
    comment = said(comment, SIGNATURE_COMMENT_CHARACTERS_MAX)
    if comment and not rules.allow_comment_with_signature:
        raise CommentNotTaken
    is_employee = actor.person == conversation.employee.id
    statement = record_format.statement(
        record=frozen,
        person=conversation.employee if is_employee else conversation.responsible,
        party="employee" if is_employee else "responsible",
        meaning=rules.meaning,
        words=words,
        language=language,
        comment=comment,
        at=now,
    )
    connection.execute(
        insert(signature).values(
            conversation_id=id_,
            version=conversation.version,
            person_id=actor.person,
            at=now,
            statement=statement,
            seal=seals(connection, now).sign(statement),
        )
    )
    audit.record(
        connection,
        Event.RECORD_SIGNED,
        actor.person,
        now,
        conversation=id_,
        version=str(conversation.version),
        sha256=frozen,
    )
    is_last = signed | {actor.person} >= conversation.facts.signers
    if is_last:
        stored = documents.standing(connection, conversation, conversation.panes)
        closing.close(connection, actor, conversation, stored, seals, now)
    else:
        conversations.move(connection, conversation, State.FROZEN, actor, now)
    return is_last


class Signing:
    """The way in for pages."""

    def __init__(
        self, database: Database, clock: Callable[[], datetime], accounts: Accounts, seals: "Seals"
    ) -> None:
        self._database = database
        self._clock = clock
        self._accounts = accounts
        self._seals = seals

    async def sign(
        self, actor: Actor, id_: str, sha256: str, language: str, comment: str, password: str
    ) -> bool:
        """As ``sign``, confirmed with the actor's own password. Raises WrongPassword or TooManyAttempts."""
        await self._accounts.confirm(actor, password)
        return await self._database.write(
            lambda c: sign(c, actor, id_, sha256, language, comment, self._seals, self._clock())
        )
