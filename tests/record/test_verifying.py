"""SIG-2: every altered byte is found, offline, and the part that was altered is named."""

import io
import json
import subprocess
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from asn1crypto import cms
from asn1crypto.x509 import Certificate
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader

from server.pages import record_view, record_words
from server.record import digests, sealing, verifying, verifying_pdf
from server.record import paper as record_paper
from server.record.bundle import bundle
from server.record.canonical_json import canonical
from server.record.content import RecordContent, read
from server.record.format import EARLIER_FORMAT, SEALED_FORMAT, sha256
from server.record.verifying import Part, Verdict, verify
from tests.campaign.alterations import P_256_ORDER, alter, put_a_twin_on_paper, put_the_twin_of_a_seal
from tests.pages.reading import SWEDISH
from tests.record.made import NOW, SEAL, SealedRecord, paper, small
from tests.running import Done, samsyn

RECORD = SealedRecord(small())
JSON = RECORD.json
ANOTHER = sealing.make("Somebody else", NOW)


PDF = paper(RECORD)
BUNDLE = bundle(JSON, PDF, SEAL.certificate, "Läs mig")


def parts(verdict: Verdict) -> set[Part]:
    return {fault.part for fault in verdict.faults}


def altered(change: Any) -> bytes:
    """The record with something changed, written canonically again: only hashes and seals can tell."""
    value = json.loads(JSON)
    change(value)
    return canonical(value)


@pytest.mark.parametrize("data", [JSON, PDF, BUNDLE], ids=["json", "pdf", "bundle"])
def test_an_untouched_file_is_unchanged_and_with_the_fingerprint_authentic(data: bytes) -> None:
    verdict = verify(data)
    assert (verdict.faults, verdict.is_unchanged, verdict.is_authentic) == ((), True, False)
    assert verdict.fingerprints == (SEAL.fingerprint,)
    assert verdict.record_sha256 == RECORD.sha256
    assert verify(data, [SEAL.fingerprint]).is_authentic


@pytest.mark.parametrize("data", [JSON, PDF, BUNDLE], ids=["json", "pdf", "bundle"])
def test_another_key_is_not_the_one_whose_fingerprint_was_given(data: bytes) -> None:
    verdict = verify(data, [ANOTHER.fingerprint])
    assert not verdict.is_unchanged
    assert parts(verdict) == {Part.KEY}


def test_every_single_byte_of_a_record_is_vouched_for() -> None:
    assert len(JSON) < 5_000
    unseen = [
        at
        for at in range(len(JSON))
        if verify(JSON[:at] + bytes([JSON[at] ^ (1 << at % 8)]) + JSON[at + 1 :]).is_unchanged
    ]
    assert unseen == []


@given(
    at=st.integers(0, len(JSON)),
    put=st.sampled_from([b" ", b"\n", b"\t", b"a", b"0", b'"', b",", b"\\", b"\0", b"\xff", b"{}"]),
)
def test_nothing_can_be_put_in_not_even_a_space(at: int, put: bytes) -> None:
    assert not verify(JSON[:at] + put + JSON[at:]).is_unchanged


@given(at=st.integers(0, len(JSON) - 1), length=st.integers(1, 40))
def test_nothing_can_be_taken_out(at: int, length: int) -> None:
    assert not verify(JSON[:at] + JSON[at + length :]).is_unchanged


@given(data=st.binary(max_size=200))
def test_whatever_is_no_record_gets_a_sentence(data: bytes) -> None:
    for begins in (b"", b"{", b"PK\x03\x04", b"%PDF-1.7\n"):
        verdict = verify(begins + data)
        assert not verdict.is_unchanged
        assert all(fault.sentence.endswith(".") for fault in verdict.faults)


def test_sig_2_no_alteration_goes_unseen_whoever_makes_it() -> None:
    outcome = alter(JSON, PDF, 240, 40, 20261120, lambda: None)
    assert outcome.alterations == 280
    assert outcome.unseen == []


def test_the_twin_of_a_seal_is_found_which_fits_as_well_and_needs_no_key() -> None:
    """Seed 1 of the campaign, alteration 23."""
    assert decode_dss_signature(bytes.fromhex(json.loads(JSON)["seal"]))[1] <= P_256_ORDER // 2
    altered = [parts(verify(put_the_twin_of_a_seal(Random(seed), JSON))) for seed in range(6)]
    assert all(Part.SEAL in found for found in altered)
    on_paper = {
        fault.sentence for seed in range(4) for fault in verify(put_a_twin_on_paper(Random(seed), PDF)).faults
    }
    assert verifying_pdf.SEAL_ALTERED in on_paper


def test_an_earlier_record_may_have_either_of_its_two_seals() -> None:
    def sealed_earlier(seal: Callable[[bytes], bytes]) -> bytes:
        value = json.loads(JSON) | {"format": EARLIER_FORMAT}
        del value["seal"]
        return canonical(value | {"seal": seal(canonical(value)).hex()})

    low = sealed_earlier(SEAL.sign)
    for earlier in (low, put_the_twin_of_a_seal(Random(1), low)):
        assert verify(earlier, [SEAL.fingerprint]).is_authentic
    assert not verify(low.replace(EARLIER_FORMAT.encode(), SEALED_FORMAT.encode())).is_unchanged


def test_an_altered_answer_is_found_in_the_content() -> None:
    verdict = verify(JSON.replace(b'"text":"Ja."', b'"text":"Ne."'))
    assert Part.CONTENT in parts(verdict)
    assert verdict.faults[0].sentence == "The content was altered: it is not what the hash names."


def test_an_answer_altered_with_its_hash_is_found_by_the_signatures() -> None:
    def change(value: Any) -> None:
        value["content"]["sections"][0]["elements"][0]["parts"][0]["answers"]["joint"][0]["runs"][0][
            "text"
        ] = "N"
        value["sha256"] = sha256(canonical(value["content"]))

    verdict = verify(altered(change))
    assert [fault.name for fault in verdict.faults if fault.part is Part.SIGNATURE] == [
        "Maja Öberg",
        "Jonas Bergman",
    ]


@pytest.mark.parametrize("key", ["comment", "words", "name", "signer", "at", "language", "meaning", "record"])
def test_an_altered_signature_is_named(key: str) -> None:
    def change(value: Any) -> None:
        statement = value["signatures"][1]["statement"]
        statement[key] = {"at": "2026-11-26T10:00:01Z", "meaning": "agreed", "record": "0" * 64}.get(key, "x")

    named = "x" if key == "name" else "Jonas Bergman"
    faults = [fault for fault in verify(altered(change)).faults if fault.part is Part.SIGNATURE]
    assert [fault.sentence for fault in faults] == [f"The signature of {named} was altered."]


def test_a_signature_that_was_taken_away_or_given_twice_breaks_the_seal() -> None:
    for change in (
        lambda value: value["signatures"].pop(),
        lambda value: value["signatures"].append(value["signatures"][0]),
        lambda value: value["signatures"].reverse(),
    ):
        assert parts(verify(altered(change))) == {Part.SEAL}


def test_the_time_of_closing_is_under_the_seal() -> None:
    def change(value: Any) -> None:
        value["closed_at"] = "2026-11-26T10:00:01Z"

    assert parts(verify(altered(change))) == {Part.SEAL}


def test_another_certificate_fits_none_of_the_seals() -> None:
    def change(value: Any) -> None:
        value["certificate"] = ANOTHER.certificate

    verdict = verify(altered(change), [SEAL.fingerprint])
    assert Part.KEY in parts(verdict)
    assert Part.SEAL in parts(verdict)


def test_a_record_that_somebody_else_sealed_anew_is_unchanged_but_never_authentic() -> None:
    forged = RECORD.of(seal=ANOTHER).json
    assert verify(forged).is_unchanged
    assert verify(forged).fingerprints == (ANOTHER.fingerprint,)
    assert not verify(forged, [SEAL.fingerprint]).is_unchanged


def test_a_completed_record_needs_no_signatures() -> None:
    completed = RECORD.of(is_signed=False)
    assert verify(completed.json, [SEAL.fingerprint]).is_authentic
    broken = verify(completed.json.replace(b'"text":"Ja."', b'"text":"Ne."'))
    assert {Part.CONTENT, Part.SEAL} <= parts(broken)


def page_bytes(data: bytes) -> list[int]:
    """Where the content of the pages lies in the file."""
    reader = PdfFileReader(io.BytesIO(data))
    places: list[int] = []
    for number in range(reader.root["/Pages"]["/Count"]):
        page = reader.root["/Pages"]["/Kids"][number]
        content = page["/Contents"]
        stored = content.encoded_data
        start = data.index(stored)
        places += range(start, start + len(stored))
    return places


def test_every_byte_of_the_pages_is_vouched_for() -> None:
    places = page_bytes(PDF)
    assert len(places) > 1_000
    for at in places[:: len(places) // 150]:
        verdict = verify(PDF[:at] + bytes([PDF[at] ^ (1 << at % 8)]) + PDF[at + 1 :])
        assert parts(verdict) == {Part.PDF}, at
        assert verdict.faults[0].sentence == "The PDF was altered: its pages are not what was sealed."


def test_no_byte_of_the_pdf_can_be_changed_unseen() -> None:
    seal = PDF.index(b"/ByteRange")
    for at in [*range(0, len(PDF), 251), *range(seal - 200, seal + 400), *range(len(PDF) - 600, len(PDF))]:
        assert not verify(PDF[:at] + bytes([PDF[at] ^ (1 << at % 8)]) + PDF[at + 1 :]).is_unchanged, at


def test_what_was_added_behind_the_seal_is_found() -> None:
    writer = IncrementalPdfFileWriter(io.BytesIO(PDF))
    writer.root["/Samsyn"] = writer.root["/Pages"].get_object()["/Count"]
    writer.update_root()  # type: ignore[no-untyped-call]
    out = io.BytesIO()
    writer.write(out)  # type: ignore[no-untyped-call]
    verdict = verify(out.getvalue())
    assert "something was added to it after it was sealed" in verdict.faults[0].sentence
    assert not verify(PDF + b"\n").is_unchanged


def test_a_pdf_without_a_seal_is_said_to_be_a_draft() -> None:
    sheet = record_view.sheet(read(RECORD.content), (), SWEDISH, is_draft=True)
    made = record_paper.pdf(sheet, record_words.draft(sheet, SWEDISH), "", None, NOW)
    assert verify(made).faults[0].sentence.startswith("The PDF has no seal: it is a draft")


def test_a_certificate_that_was_put_into_a_pdf_is_found() -> None:
    sealed = PdfFileReader(io.BytesIO(PDF)).embedded_signatures[0]
    others = [sealed.signer_cert, Certificate.load(ANOTHER.certificates[0].public_bytes(Encoding.DER))]
    made = cms.ContentInfo.load(bytes(sealed.pkcs7_content))
    made["content"]["certificates"] = [cms.CertificateChoices("certificate", each) for each in others]
    _, before, after, _ = (int(number) for number in sealed.byte_range)
    put = made.dump().hex().upper().encode().ljust(after - before - 2, b"0")
    verdict = verify(PDF[:before] + b"<" + put + b">" + PDF[after:], [SEAL.fingerprint])
    assert [fault.sentence for fault in verdict.faults] == [verifying_pdf.SEAL_ALTERED]


def issued(name: str, key: Any, issuer: str, issuing: Any) -> x509.Certificate:
    named = [x509.Name([x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, each)]) for each in (name, issuer)]
    made = x509.CertificateBuilder().subject_name(named[0]).issuer_name(named[1])
    made = made.public_key(key.public_key()).serial_number(x509.random_serial_number())
    return made.not_valid_before(NOW).not_valid_after(NOW + timedelta(days=1)).sign(issuing, hashes.SHA256())


@pytest.mark.parametrize("length", [1, 2, 3])
def test_a_key_whose_certificates_lead_to_a_root_seals_as_any_other(length: int) -> None:
    root, between, own = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
    chain = (
        issued("own", own, "between", between),
        issued("between", between, "root", root),
        issued("root", root, "root", root),
    )
    record = RECORD.of(seal=sealing.OrganisationSeal(own, chain[:length]))
    packed = bundle(record.json, paper(record), record.seal.certificate, "Läs mig")
    assert verify(packed, [record.seal.fingerprint]).is_authentic


def repacked(**changes: bytes | None) -> bytes:
    """The bundle with some files changed, or left out."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(BUNDLE)) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            content = changes.get(name.replace(".", "_"), old.read(name))
            if content is not None:
                new.writestr(name, content)
    return made.getvalue()


def test_a_bundle_is_the_same_whenever_it_is_packed() -> None:
    assert bundle(JSON, PDF, SEAL.certificate, "Läs mig") == BUNDLE


def test_a_bundle_whose_files_do_not_belong_together_is_altered() -> None:
    other = SealedRecord()
    assert "belongs to another record" in verify(repacked(record_pdf=paper(other))).faults[0].sentence
    assert parts(verify(repacked(certificate_pem=ANOTHER.certificate.encode()))) == {Part.KEY}
    forged = verify(repacked(record_pdf=paper(RECORD.of(seal=ANOTHER))))
    assert [str(fault) for fault in forged.faults] == [
        "record.pdf and record.json were sealed by different keys."
    ]


@pytest.mark.parametrize("name", ["record.json", "record.pdf", "certificate.pem"])
def test_a_file_that_is_missing_from_a_bundle_is_named(name: str) -> None:
    verdict = verify(repacked(**{name.replace(".", "_"): None}))
    assert f"{name} is missing from the bundle." in map(str, verdict.faults)


def test_a_bundle_may_not_unpack_to_more_than_a_record_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifying, "RECORD_BYTES_MAX", 1_000)
    assert "larger than 1000 bytes" in verify(BUNDLE).faults[0].sentence


def test_a_file_that_is_there_twice_is_refused() -> None:
    made = io.BytesIO(BUNDLE)
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(made, "a") as packed:
        packed.writestr("record.json", JSON)
    assert "a file twice" in verify(made.getvalue()).faults[0].sentence


@pytest.mark.parametrize("name", ["./record.pdf", "RECORD.PDF", "x/../record.pdf", "record.pdf/", "note.pdf"])
def test_a_file_that_could_take_the_place_of_another_is_refused(name: str) -> None:
    made = io.BytesIO(BUNDLE)
    with zipfile.ZipFile(made, "a") as packed:
        packed.writestr(name, b"%PDF-1.7 something else")
    verdict = verify(made.getvalue(), [SEAL.fingerprint])
    assert [fault.sentence for fault in verdict.faults] == [
        "It is no bundle that can be unpacked: it has a file that no bundle has."
    ]


def test_a_bundle_says_the_same_to_every_reader_of_zip_files() -> None:
    hidden = io.BytesIO()
    with zipfile.ZipFile(hidden, "w") as packed:
        packed.writestr("record.pdf", b"%PDF-1.7 something else")
    before = hidden.getvalue()[: hidden.getvalue().index(b"PK\x01\x02")]
    other_size = BUNDLE[:22] + bytes(4) + BUNDLE[26:]
    behind = BUNDLE[:-2] + b"\x05\x00hello"
    for data in (before + BUNDLE, other_size, behind, BUNDLE + b"\n", BUNDLE + BUNDLE):
        assert not verify(data, [SEAL.fingerprint]).is_unchanged


@pytest.mark.parametrize(
    "hostile",
    [
        b"[" * 200_000,
        b'{"a":' * 100_000,
        b'{"content":1e999}',
        b'{"content":' + b"9" * 10_000 + b"}",
        b"NaN",
        b'{"a":1,"a":2}',
        canonical(dict.fromkeys(verifying.KEYS, 1)),
        canonical({key: [] for key in verifying.KEYS}),
        canonical(dict.fromkeys(verifying.KEYS)),
        canonical(json.loads(JSON) | {"signatures": [1, "x", None, {}, {"statement": 3, "seal": 4}]}),
        canonical(
            json.loads(JSON) | {"certificate": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"}
        ),
    ],
    ids=lambda hostile: hostile[:12].decode(),
)
def test_a_file_that_is_made_to_break_the_verifier_gets_a_sentence(hostile: bytes) -> None:
    verdict = verify(hostile)
    assert verdict.faults
    assert all(fault.sentence.endswith(".") for fault in verdict.faults)


# The command.


def verified(*arguments: object) -> Done:
    """Run ``samsyn verify`` as somebody who has nothing but the file."""
    return samsyn("verify", *arguments, environment={"PATH": "/usr/bin:/bin"}, network=False)


def test_the_command_says_what_it_can_vouch_for_and_what_not(tmp_path: Path) -> None:
    file = tmp_path / "record.zip"
    file.write_bytes(BUNDLE)
    alone = verified(file)
    assert alone.code == 0
    assert alone.said.startswith("UNCHANGED since it was sealed by the key ")
    assert "authentic" not in alone.said.lower()
    known = verified(file, "--fingerprint", digests.for_people(SEAL.fingerprint).upper())
    assert (known.code, known.said.split(":")[0]) == (0, "AUTHENTIC")
    assert 'Signed by Jonas Bergman, 2026-11-26T10:00:00Z: "I have read this."' in known.said


def test_the_command_names_what_was_altered_and_ends_with_1(tmp_path: Path) -> None:
    file = tmp_path / "record.json"
    file.write_bytes(JSON.replace(b'"text":"Ja."', b'"text":"Ne."'))
    said = verified(file)
    assert (said.code, said.said) == (1, "")
    assert "The content was altered" in said.errors


def test_the_command_ends_with_2_for_what_it_cannot_do(tmp_path: Path) -> None:
    missing = verified(tmp_path / "none.zip")
    assert (missing.code, missing.errors) == (
        2,
        f"{tmp_path}/none.zip cannot be read: No such file or directory.\n",
    )
    (tmp_path / "record.json").write_bytes(JSON)
    wrong = verified(tmp_path / "record.json", "--fingerprint", "abc")
    assert (wrong.code, wrong.errors[:36]) == (2, "--fingerprint must have 64 hexadecim")


def test_a_name_in_a_file_cannot_speak_to_the_terminal(tmp_path: Path) -> None:
    file = tmp_path / "record.json"
    file.write_bytes(altered(lambda value: value["signatures"][0]["statement"].update(name="\x1b[2J\r")))
    assert "\x1b" not in verified(file).errors


def test_the_instructions_in_a_bundle_verify_it_by_hand(tmp_path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(BUNDLE)) as packed:
        packed.extractall(tmp_path)
    said = subprocess.run(
        ["bash", "-ec", record_words.BY_HAND], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout
    fingerprint, verified, sha256 = said.splitlines()
    assert fingerprint.split()[0] == SEAL.fingerprint
    assert verified == "Verified OK"
    assert sha256.split()[0] == RECORD.sha256


def test_a_record_is_read_again_as_it_was() -> None:
    assert isinstance(verify(JSON).content, RecordContent)
    assert canonical(read(RECORD.content).model_dump()) == RECORD.content
