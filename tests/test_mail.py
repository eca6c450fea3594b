"""Letters on their way: over real SMTP, to a mail server that is there, away, refusing or slow to trust."""

import asyncio
import datetime as dt
import io
import ipaddress
import sqlite3
import ssl
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pdfplumber
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from server import mail
from server.conversations import Meeting
from server.letter_format import Kind, Letter, Notice, Party
from server.mail import Postman, Write
from server.mail_server import MailServer, Protection, sender
from server.outbox import Outbox
from server.pages.catalogues import LOCALES, read_catalogues
from server.pages.letters_view import writer, written
from server.people import Person
from server.reminders import Reminding
from server.rules.access import Pane
from server.rules.errors import StorageUnavailable
from server.rules.limits import LETTER_LEASE_SECONDS, LETTER_PAUSE_SECONDS_MIN
from server.site import WEB
from server.storage import tables
from server.storage.bells import ConversationChanged
from server.storage.database import Database
from server.storage.opening import open_database
from tests.conftest import SetClock
from tests.letters import FRIDAY, THURSDAY, invited
from tests.mailbox import Calendar, Mailbox, calendar_part, event_of, open_mailbox
from tests.organisation import ANNUAL, ASTRID, JONAS, MAJA, Organisation, annual_template, text
from tests.running import RunningServer
from tests.test_calendar import INVITED, changed

ADDRESS = "https://samtal.example.org"
CATALOGUES = read_catalogues(WEB / "locales")
SAMSYN = sender("Samsyn <samsyn@nordljus.example>")
CANARY = "Kanariefågel."


@pytest.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    async with open_mailbox() as opened:
        yield opened


def postman(here: Organisation, server: MailServer) -> Postman:
    return Postman(Outbox(here.database, here.clock), server, SAMSYN, write_of(here))


def write_of(here: Organisation) -> Write:
    return writer(CATALOGUES, ADDRESS, here.templates.get, here.records.unsealed_paper)


def today() -> datetime:
    """As the clock of a running server."""
    return datetime.now(UTC)


async def unsent(here: Organisation) -> int:
    wanted = select(tables.letter.c.id).where(tables.letter.c.sent_at.is_(None))
    return await here.database.read(lambda connection: len(connection.execute(wanted).all()))


async def test_both_get_a_letter_with_text_page_and_event(here: Organisation, mailbox: Mailbox) -> None:
    id_ = await invited(here)
    await postman(here, mailbox.server()).deliver()
    assert await unsent(here) == 0
    [letter] = mailbox.received(MAJA.email)
    assert mailbox.envelopes[0].mail_from == "samsyn@nordljus.example"
    assert (letter["From"], letter["To"]) == (
        "Samsyn <samsyn@nordljus.example>",
        "Maja Öberg <maja@nordljus.example>",
    )
    assert letter["Auto-Submitted"] == "auto-generated"
    assert [part.get_content_type() for part in letter.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
        "text/calendar",
    ]
    for kind in ("plain", "html"):
        body = letter.get_body((kind,))
        assert body is not None
        for words in ("Maja Öberg", "Jonas Bergman", "torsdag 26 november", "09:30", "Rum Storsjön"):
            assert words in body.get_content()
        assert f"{ADDRESS}/conversations/{id_}" in body.get_content()
    part = calendar_part(letter)
    assert part is not None
    assert part["Content-Type"].params == {"method": "REQUEST", "charset": "utf-8"}
    assert event_of(letter).vevent.url.value == f"{ADDRESS}/conversations/{id_}"
    assert len(mailbox.received(JONAS.email)) == 1


async def test_without_a_calendar_invitation_there_is_no_event(here: Organisation, mailbox: Mailbox) -> None:
    id_ = await invited(here, invite=False)
    await here.meetings.move(JONAS.actor, id_, FRIDAY)
    await postman(here, mailbox.server()).deliver()
    assert [calendar_part(letter) for letter in mailbox.arrived] == [None, None]


async def test_each_reads_it_in_her_own_language(here: Organisation, mailbox: Mailbox) -> None:
    await here.accounts.set_locale("jonas", "en")
    await invited(here)
    await postman(here, mailbox.server()).deliver()
    [to_maja], [to_jonas] = mailbox.received(MAJA.email), mailbox.received(JONAS.email)
    assert (to_maja["Content-Language"], to_jonas["Content-Language"]) == ("sv", "en")
    assert "torsdag 26 november" in to_maja["Subject"]
    assert to_jonas["Subject"].startswith("Invitation: ")
    assert "Thursday 26 November" in to_jonas["Subject"]


async def test_the_calendars_of_both_follow_a_move_and_the_end(here: Organisation, mailbox: Mailbox) -> None:
    """What scene S07 asks for: one event in each, with the new time and a higher sequence."""
    post = postman(here, mailbox.server())
    id_ = await invited(here)
    await post.deliver()
    await here.meetings.move(JONAS.actor, id_, FRIDAY)
    await post.deliver()
    for who in (MAJA, JONAS):
        calendar = Calendar()
        # Whichever way round they arrive.
        for letter in reversed(mailbox.received(who.email)):
            calendar.take(letter)
        [event] = calendar.events.values()
        assert event.dtstart.value == FRIDAY.at
        assert (event.sequence.value, event.location.value) == ("1", "Teams")
    await here.declining.cancel(JONAS.actor, id_, "Flyttas till våren.")
    await post.deliver()
    calendar = Calendar()
    for letter in mailbox.received(MAJA.email):
        calendar.take(letter)
    assert calendar.events == {}
    assert "Flyttas" not in str(mailbox.arrived[-1])


async def test_what_waited_while_the_mail_server_was_away_leaves_when_it_is_back(
    here: Organisation, mailbox: Mailbox, clock: SetClock
) -> None:
    post = postman(here, mailbox.server())
    await mailbox.go()
    await invited(here)
    await post.deliver()
    await post.deliver()
    assert await unsent(here) == 2
    await mailbox.come()
    clock.pass_time(seconds=LETTER_PAUSE_SECONDS_MIN)
    await post.deliver()
    assert await unsent(here) == 0
    assert len(mailbox.arrived) == 2


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
async def test_a_server_that_has_no_time_now_is_asked_again(
    here: Organisation, mailbox: Mailbox, clock: SetClock, command: str
) -> None:
    post = postman(here, mailbox.server())
    mailbox.answers[command].append("451 try again later")
    await invited(here)
    await post.deliver()
    assert await unsent(here) > 0
    clock.pass_time(seconds=LETTER_PAUSE_SECONDS_MIN)
    await post.deliver()
    assert await unsent(here) == 0
    assert [len(mailbox.received(who.email)) for who in (MAJA, JONAS)] == [1, 1]


@pytest.mark.parametrize("command", ["RCPT", "DATA"])
async def test_a_letter_that_the_server_refuses_keeps_no_other_from_leaving(
    here: Organisation, mailbox: Mailbox, clock: SetClock, command: str
) -> None:
    post = postman(here, mailbox.server())
    mailbox.answers[command].append("550 nobody here of that name")
    await invited(here)
    await post.deliver()
    assert len(mailbox.arrived) == 1
    clock.pass_time(hours=1)
    await post.deliver()
    assert len(mailbox.arrived) == 1
    assert await unsent(here) == 1


async def test_a_sender_whom_the_server_refuses_costs_no_letter(
    here: Organisation, mailbox: Mailbox, clock: SetClock
) -> None:
    """The operator mends the settings; what waited leaves then."""
    post = postman(here, mailbox.server())
    mailbox.answers["MAIL"].append("550 who are you")
    await invited(here)
    await post.deliver()
    clock.pass_time(seconds=LETTER_PAUSE_SECONDS_MIN)
    await post.deliver()
    assert await unsent(here) == 0


async def test_a_server_that_breaks_off_gets_the_letter_again(
    here: Organisation, mailbox: Mailbox, clock: SetClock
) -> None:
    post = postman(here, mailbox.server())
    take = mailbox.handle_DATA

    async def break_off(*arguments: object) -> str:
        mailbox.handle_DATA = take  # type: ignore[method-assign]
        await mailbox.go()
        return "250 never heard"

    mailbox.handle_DATA = break_off  # type: ignore[method-assign,assignment]
    await invited(here)
    await post.deliver()
    assert await unsent(here) == 2
    await mailbox.come()
    clock.pass_time(seconds=LETTER_PAUSE_SECONDS_MIN)
    await post.deliver()
    assert [len(mailbox.received(who.email)) for who in (MAJA, JONAS)] == [1, 1]


async def test_a_letter_whose_leaving_was_not_noted_is_the_same_one_again(
    here: Organisation, mailbox: Mailbox, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full_disk(_letter: Letter) -> None:
        raise StorageUnavailable

    await invited(here)
    outbox = Outbox(here.database, here.clock)
    post = Postman(outbox, mailbox.server(), SAMSYN, write_of(here))
    with monkeypatch.context() as patched:
        patched.setattr(outbox, "sent", full_disk)
        with pytest.raises(StorageUnavailable):
            await post.deliver()
    clock.pass_time(seconds=LETTER_LEASE_SECONDS + 1)
    await post.deliver()
    first, again = mailbox.received(mailbox.envelopes[0].rcpt_tos[0])
    assert first["Message-ID"] == again["Message-ID"]
    assert event_of(first).serialize() == event_of(again).serialize()


async def test_two_nodes_send_each_letter_once(here: Organisation, mailbox: Mailbox) -> None:
    for _ in range(5):
        await invited(here)
    await asyncio.gather(*(postman(here, mailbox.server()).deliver() for _ in range(3)))
    ids = [letter["Message-ID"] for letter in mailbox.arrived]
    assert len(ids) == len(set(ids)) == 10


async def test_somebody_without_a_usable_address_keeps_no_other_from_being_told(
    here: Organisation, mailbox: Mailbox
) -> None:
    broken = update(tables.person).where(tables.person.c.id == "maja").values(email="maja at nordljus")
    await here.database.write(lambda connection: connection.execute(broken))
    await invited(here)
    await postman(here, mailbox.server()).deliver()
    assert [envelope.rcpt_tos for envelope in mailbox.envelopes] == [[JONAS.email]]


async def test_a_letter_that_cannot_be_written_keeps_no_other_from_leaving(
    here: Organisation, mailbox: Mailbox
) -> None:
    write = write_of(here)

    async def stumble(letter: Letter) -> mail.Written:
        if letter.to.id == "maja":
            raise KeyError("a defect")
        return await write(letter)

    await invited(here)
    outbox = Outbox(here.database, here.clock)
    await Postman(outbox, mailbox.server(), SAMSYN, stumble).deliver()
    assert [envelope.rcpt_tos for envelope in mailbox.envelopes] == [[JONAS.email]]


async def test_a_running_postman_sends_what_it_hears_of_and_stops(
    here: Organisation, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail, "LETTER_POLL_SECONDS", 60)
    post = postman(here, mailbox.server())
    here.database.listen(post.hear)
    post.start()
    id_ = await invited(here)
    post.hear(ConversationChanged(id_))
    async with asyncio.timeout(20):
        await mailbox.has(2)
        await here.meetings.move(JONAS.actor, id_, FRIDAY)
        await mailbox.has(4)
        await post.stop()
    await here.meetings.move(JONAS.actor, id_, THURSDAY)
    assert await unsent(here) == 2


async def test_a_defect_does_not_end_the_postman(
    here: Organisation, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail, "LETTER_POLL_SECONDS", 0.01)
    outbox = Outbox(here.database, here.clock)
    claim = outbox.claim
    stumbled: list[bool] = []

    async def stumble() -> Letter | None:
        if not stumbled:
            stumbled.append(True)
            raise KeyError("a defect")
        return await claim()

    monkeypatch.setattr(outbox, "claim", stumble)
    await invited(here)
    post = Postman(outbox, mailbox.server(), SAMSYN, write_of(here))
    post.start()
    async with asyncio.timeout(20):
        await mailbox.has(2)
    await post.stop()
    assert stumbled


async def test_a_server_killed_in_the_middle_of_a_letter_sends_it_once_it_is_back(tmp_path: Path) -> None:
    """SIGKILL between what is stored and what is sent."""
    here = Organisation(await open_database(f"sqlite:///{tmp_path / 'samsyn.sqlite3'}", today), today)
    await here.found()
    meeting = Meeting(today() + timedelta(days=20), "Europe/Stockholm", "Rum Storsjön")
    await here.conversations.create(JONAS.actor, "maja", ANNUAL, meeting, notify=True, invite=True)
    await here.database.close()
    async with open_mailbox() as mailbox:
        server = RunningServer(tmp_path, demo=False)
        server.environment |= {
            "SAMSYN_SMTP_URL": f"smtp://localhost:{mailbox.port}",
            "SAMSYN_MAIL_FROM": str(SAMSYN),
        }
        take, came = mailbox.handle_DATA, asyncio.Event()

        async def never_answer(*_arguments: object) -> str:
            came.set()
            await asyncio.Event().wait()
            raise AssertionError

        mailbox.handle_DATA = never_answer  # type: ignore[method-assign,assignment]
        async with asyncio.timeout(60):
            await asyncio.to_thread(server.start)
            await came.wait()
            await asyncio.to_thread(server.kill)
            mailbox.handle_DATA = take  # type: ignore[method-assign]
            with closing(sqlite3.connect(tmp_path / "samsyn.sqlite3")) as stored:
                # What it held is lost; its lease is over.
                stored.execute("UPDATE letter SET next_at = made_at WHERE next_at IS NOT NULL")
                stored.commit()
            await asyncio.to_thread(server.start)
            await mailbox.has(2)
            await asyncio.to_thread(server.stop)
    assert [len(mailbox.received(who.email)) for who in (MAJA, JONAS)] == [1, 1]


# What goes along.


async def test_the_questions_go_with_the_invitation_where_the_template_says_so(
    database: Database, clock: SetClock, mailbox: Mailbox
) -> None:
    here = Organisation(database, clock)
    await here.found(annual_template(prepare={"send_routine_with_invitation": True}))
    id_ = await invited(here)
    post = postman(here, mailbox.server())
    await post.deliver()
    for who in (MAJA, JONAS):
        [letter] = mailbox.received(who.email)
        assert [part.get_content_type() for part in letter.walk()] == [
            "multipart/mixed",
            "multipart/alternative",
            "text/plain",
            "text/html",
            "text/calendar",
            "application/pdf",
        ]
        [file] = letter.iter_attachments()
        name = file.get_filename()
        assert name is not None
        assert name.endswith(", Årligt medarbetarsamtal.pdf")
        assert file.get_content().startswith(b"%PDF")
    # Once is enough.
    await here.meetings.move(JONAS.actor, id_, FRIDAY)
    await post.deliver()
    assert [list(letter.iter_attachments()) for letter in mailbox.arrived[2:]] == [[], []]


async def test_no_letter_holds_a_word_of_what_anybody_has_written(
    database: Database, clock: SetClock, mailbox: Mailbox
) -> None:
    """All that is told of two conversations, from the invitations to the last reminder."""
    here = Organisation(database, clock)
    await here.found(annual_template(prepare={"send_routine_with_invitation": True}))
    post = postman(here, mailbox.server())
    talks = [await invited(here), await invited(here)]
    for id_ in talks:
        await here.write("maja", id_, Pane.EMPLOYEE, {"a1": text(CANARY)})
        await here.write("jonas", id_, Pane.MANAGER, {"a1": text(CANARY)})
        await here.write("maja", id_, Pane.JOINT, {"a6": text(CANARY), "a8": text(CANARY)})
        await here.invitations.invite(MAJA.actor, id_, "astrid")
        await here.invitations.accept(ASTRID.actor, id_)
    for _ in range(7):
        await Reminding(database, clock).remind()
        await post.deliver()
        clock.pass_time(days=1)
    await here.meetings.move(JONAS.actor, talks[0], Meeting(clock() + timedelta(days=9), "UTC", "Teams"))
    await here.declining.decline(MAJA.actor, talks[1], CANARY, CANARY)
    await here.share(MAJA.actor, talks[0], Pane.EMPLOYEE)
    await here.share(JONAS.actor, talks[0], Pane.MANAGER)
    await here.freezing.freeze(MAJA.actor, talks[0])
    await here.invitations.end(JONAS.actor, talks[0], "astrid")
    for _ in range(4):
        clock.pass_time(days=1)
        await Reminding(database, clock).remind()
        await post.deliver()
    kinds = {row.kind for row in await letters_of(here)}
    assert kinds == {
        *("invited", "guest_asked", "left", "moved", "called_off", "declined", "share", "meet", "sign"),
    }
    for letter in mailbox.arrived:
        for part in letter.walk():
            if not part.is_multipart():
                content = part.get_content()
                read = content if isinstance(content, str) else on_paper(content)
                assert "Kanarie" not in read
                assert len(read) > 50


async def letters_of(here: Organisation) -> list[Any]:
    return await here.database.read(lambda c: list(c.execute(select(tables.letter)).all()))


def on_paper(file: bytes) -> str:
    """What a PDF says."""
    with pdfplumber.open(io.BytesIO(file)) as pdf:
        return "".join(page.extract_text() for page in pdf.pages)


async def test_a_guest_who_joins_gets_the_event_and_gives_it_up_when_she_leaves(
    here: Organisation, mailbox: Mailbox
) -> None:
    post = postman(here, mailbox.server())
    id_ = await invited(here)
    await here.invitations.invite(MAJA.actor, id_, "astrid")
    await post.deliver()
    [asked] = mailbox.received(ASTRID.email)
    assert calendar_part(asked) is None
    body = asked.get_body(("plain",))
    assert body is not None
    assert f"{ADDRESS}/conversations/{id_}/invitation" in body.get_content()
    await here.invitations.accept(ASTRID.actor, id_)
    await post.deliver()
    hers, both = Calendar(), Calendar()
    for letter in mailbox.received(ASTRID.email):
        hers.take(letter)
    assert len(hers.events) == 1
    await here.invitations.end(ASTRID.actor, id_, "astrid")
    await post.deliver()
    for letter in mailbox.received(ASTRID.email):
        hers.take(letter)
    assert hers.events == {}
    for letter in mailbox.received(MAJA.email):
        both.take(letter)
    assert len(both.events) == 1


async def test_a_reminder_says_where_it_is_turned_off_and_an_invitation_does_not(
    here: Organisation, mailbox: Mailbox, clock: SetClock
) -> None:
    await invited(here)
    post = postman(here, mailbox.server())
    await post.deliver()
    clock.now = THURSDAY.at - timedelta(days=1)
    await Reminding(here.database, clock).remind()
    await post.deliver()
    invitation, reminder = mailbox.received(MAJA.email)
    for kind in ("plain", "html"):
        told = [letter.get_body((kind,)) for letter in (invitation, reminder)]
        assert [f"{ADDRESS}/reminders" in body.get_content() for body in told if body] == [False, True]


# Protection and signing in.


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[ssl.SSLContext, Path]:
    """A mail server's certificate for localhost, and the file in which it is."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName(
                [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
            ),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "certificate.pem"
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret = tmp_path / "key.pem"
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file, secret)
    return context, file


@pytest.mark.parametrize("protection", [Protection.TLS, Protection.STARTTLS])
async def test_a_trusted_server_gets_password_and_letters_over_tls(
    here: Organisation,
    certificate: tuple[ssl.SSLContext, Path],
    monkeypatch: pytest.MonkeyPatch,
    protection: Protection,
) -> None:
    context, file = certificate
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    async with open_signing_in(context, protection) as mailbox:
        await invited(here)
        await postman(here, mailbox.server(protection, signs_in=True)).deliver()
        assert len(mailbox.arrived) == 2


@pytest.mark.parametrize("protection", [Protection.TLS, Protection.STARTTLS])
async def test_a_server_that_cannot_show_who_it_is_gets_nothing(
    here: Organisation, certificate: tuple[ssl.SSLContext, Path], protection: Protection
) -> None:
    async with open_signing_in(certificate[0], protection) as mailbox:
        await invited(here)
        await postman(here, mailbox.server(protection, signs_in=True)).deliver()
        assert mailbox.arrived == []
        assert await unsent(here) == 2


async def test_where_starttls_is_wanted_nothing_is_sent_without_it(
    here: Organisation, mailbox: Mailbox
) -> None:
    await invited(here)
    await postman(here, mailbox.server(Protection.STARTTLS)).deliver()
    assert mailbox.arrived == []
    assert await unsent(here) == 2


async def test_a_wrong_password_costs_no_letter(here: Organisation, clock: SetClock) -> None:
    signing_in = {"authenticator": Mailbox().authenticate, "auth_required": True, "auth_require_tls": False}
    async with open_mailbox(None, **signing_in) as mailbox:
        await invited(here)
        right = mailbox.server(signs_in=True)
        await postman(here, replace(right, password="wrong")).deliver()
        assert await unsent(here) == 2
        clock.pass_time(seconds=LETTER_PAUSE_SECONDS_MIN)
        await postman(here, right).deliver()
        assert await unsent(here) == 0


def open_signing_in(context: ssl.SSLContext, protection: Protection):  # type: ignore[no-untyped-def]
    """A mailbox that wants a password, over TLS only."""
    mailbox_options = {"auth_required": True, "authenticator": Mailbox().authenticate}
    if protection is Protection.TLS:
        return open_mailbox(context, **mailbox_options, auth_require_tls=False)
    return open_mailbox(None, **mailbox_options, tls_context=context, require_starttls=True)


# What a letter says.


NOTICES = (Kind.FOLLOW_UP, Kind.ASKED_FOR, Kind.ANSWERED, Kind.STAND_IN, Kind.ERASED)


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("kind", [kind for kind in Kind if kind not in NOTICES])
def test_every_letter_is_written_in_every_language(locale: str, kind: Kind) -> None:
    letter = replace(changed(INVITED, before_at=FRIDAY.at), kind=kind, locale=locale)
    said = written(letter, CATALOGUES[locale], ADDRESS)
    assert {"sv": "Årssamtal", "nb": "Årssamtale", "en": "Annual conversation"}[locale] in said.subject
    assert f'<html lang="{locale}">' in said.html
    for words in ("Maja Öberg", "Jonas Bergman", "Rum Storsjön", said.url):
        assert words in said.text
        assert words in said.html
    assert "%(" not in said.subject + said.text + said.html + said.description


def test_hr_reads_what_was_declined_on_her_own_page_and_the_responsible_in_the_conversation() -> None:
    declined = replace(INVITED, kind=Kind.DECLINED)
    helena = replace(declined, to=Party("helena", "Helena Wik", "helena@nordljus.example"))
    assert written(helena, CATALOGUES["sv"], ADDRESS).url == f"{ADDRESS}/"
    assert written(declined, CATALOGUES["sv"], ADDRESS).url.startswith(f"{ADDRESS}/conversations/")


@pytest.mark.parametrize("number", [1, 3])
@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("kind", NOTICES)
@pytest.mark.parametrize("to", [MAJA, JONAS])
def test_every_notice_is_written_in_every_language(locale: str, kind: Kind, number: int, to: Person) -> None:
    maja = INVITED.to
    notice = Notice(maja, "/people/maja", dt.date(2026, 11, 26), dt.date(2026, 12, 1), number)
    party = Party(to.id, to.name, to.email)
    said = written(replace(INVITED, kind=kind, about=notice, to=party), CATALOGUES[locale], ADDRESS)
    assert f"{ADDRESS}/people/maja" in said.text
    assert "Maja Öberg" in said.subject
    assert (f"{ADDRESS}/reminders" in said.html) is (kind is Kind.FOLLOW_UP)
    assert (" 26" in said.text) is (kind not in (Kind.ASKED_FOR, Kind.ANSWERED))
    assert "%(" not in said.subject + said.text + said.html


def test_words_are_written_into_the_page_as_words() -> None:
    letter = changed(INVITED, place="<script>alert(1)</script> & co")
    said = written(letter, CATALOGUES["sv"], ADDRESS)
    assert "<script>" not in said.html
    assert "&lt;script&gt;" in said.html


HEADERS = (
    *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted"),
    *("Content-Language", "Content-Type", "MIME-Version"),
)


@given(words=st.text(max_size=100) | st.text(alphabet='\r\n:,;<>@"\\ Bcc', max_size=60))
def test_no_name_and_no_place_can_add_to_the_head(words: str) -> None:
    to = replace(INVITED.to, name=words)
    letter = changed(
        replace(INVITED, to=to), employee=to, place=words, template=dict.fromkeys(LOCALES, words)
    )
    made = mail.message(letter, written(letter, CATALOGUES["sv"], ADDRESS), SAMSYN)
    head = made.as_bytes().split(b"\r\n\r\n")[0].decode()
    names = [line.split(":")[0] for line in head.split("\r\n") if line[0] not in " \t"]
    assert sorted(names) == sorted(HEADERS)
    assert [each.addr_spec for each in made["To"].addresses] == [MAJA.email]
