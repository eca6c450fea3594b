"""The record's pages and downloads, over the real application."""

import io
import re
import zipfile
from itertools import pairwise

import pytest

from server.pages import record_view, records
from server.record.content import read
from server.record.digests import for_people
from server.record.verifying import verify
from tests.conftest import ORIGIN
from tests.organisation import HELENA, JONAS, MAJA
from tests.pages.reading import SWEDISH, view
from tests.pages.visiting import Place
from tests.record.made import SealedRecord, frozen, plain


async def test_the_record_is_a_page_with_every_answer_and_signature(there: Place) -> None:
    id_, sha256 = await there.here.closed()
    led = await there.get("maja", f"/conversations/{id_}/record")
    assert (led.status_code, led.headers["location"]) == (303, f"/conversations/{id_}/records/1")
    page = await there.get("maja", led.headers["location"])
    assert page.status_code == 200
    for words in ("Larmrutinen sitter.", "Du har lyft hela laget.", "Mot driftledning.", for_people(sha256)):
        assert words in page.text
    levels = [int(level) for level in re.findall(r"<h([1-6])", page.text)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert f"/conversations/{id_}/records/1.pdf" in page.text


async def test_downloads_are_files_that_verify(there: Place) -> None:
    id_, _ = await there.here.closed()
    fingerprint = (await there.features.records.seal()).fingerprint
    for ending, kind in ((".pdf", "application/pdf"), (".zip", "application/zip")):
        answer = await there.get("jonas", f"/conversations/{id_}/records/1{ending}")
        assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
        assert answer.headers["content-disposition"].startswith("attachment; filename=")
        assert "Maja%20%C3%96berg" in answer.headers["content-disposition"]
        assert verify(answer.content, [fingerprint]).is_authentic
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        assert packed.namelist() == ["README.txt", "record.json", "record.pdf", "certificate.pem"]
        assert f"{ORIGIN}/.well-known/samsyn-key" in packed.read("README.txt").decode()


async def test_a_draft_is_a_pdf_without_a_seal(there: Place) -> None:
    id_ = await there.here.conversation()
    answer = await there.get("maja", f"/conversations/{id_}/draft.pdf")
    assert answer.headers["content-type"] == "application/pdf"
    assert "draft" in str(verify(answer.content).faults[0])


async def test_a_signer_has_a_receipt_and_nobody_else_has(there: Place) -> None:
    id_, sha256 = await there.here.frozen()
    await there.here.sign(MAJA.actor, id_, sha256, "Utom budgeten.")
    page = await there.get("maja", f"/conversations/{id_}/records/1/receipt")
    fingerprint = (await there.features.records.seal()).fingerprint
    for words in (for_people(sha256), for_people(fingerprint), "Utom budgeten."):
        assert words in page.text
    for who in ("jonas", "helena"):
        assert (await there.get(who, f"/conversations/{id_}/records/1/receipt")).status_code == 404
    await there.here.sign(JONAS.actor, id_, sha256)
    assert (
        for_people(fingerprint) in (await there.get("jonas", f"/conversations/{id_}/records/1/receipt")).text
    )


async def test_the_key_is_there_for_anybody(there: Place) -> None:
    answer = await there.get(None, records.KEY_ADDRESS)
    seal = await there.features.records.seal()
    assert answer.status_code == 200
    assert for_people(seal.fingerprint) in answer.text
    assert seal.certificate in answer.text


@pytest.mark.parametrize(
    "path", ["record", *(f"records/1{rest}" for rest in ("", ".pdf", ".zip", "/receipt"))]
)
async def test_whoever_may_not_is_told_what_a_conversation_that_never_was_would_say(
    there: Place, path: str
) -> None:
    id_, _ = await there.here.closed()
    nobodys = await there.get("helena", f"/conversations/{'0' * 32}/{path}")
    assert HELENA.id == "helena"
    answer = await there.get("helena", f"/conversations/{id_}/{path}")
    assert (answer.status_code, nobodys.status_code) == (404, 404)
    assert answer.text.replace(id_, "") == nobodys.text.replace("0" * 32, "")


@pytest.mark.parametrize("version", ["0", "01", "2", "x", "-1", "1e1", "9" * 30])
async def test_a_version_that_there_is_not_is_not_found(there: Place, version: str) -> None:
    id_, _ = await there.here.closed()
    assert (await there.get("maja", f"/conversations/{id_}/records/{version}")).status_code == 404


def test_what_people_write_stays_text_on_the_page() -> None:
    hostile = "<script>alert(1)</script> {{ 7*7 }} &amp; \"x\" 'y' שלום 👩\u200d💻 e\u0301"
    content = read(SealedRecord(frozen(text=plain(hostile))).content)
    for locale in ("sv", "nb", "en"):
        reader = view(locale)
        page = reader.environment.from_string(
            '{% from "record/content.html" import content with context %}{{ content(sections) }}'
        ).render(sections=record_view.sections(content, reader))
        assert "<script>" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt; {{ 7*7 }} &amp;amp;" in page
        assert "שלום 👩\u200d💻 e\u0301" in page
    assert SWEDISH.locale == "sv"
