"""Whether a record is as it was sealed: offline, of the file alone, naming the part that was altered (SIG-2).

Pure: bytes in, a verdict out; no network, no database, no clock. Any bytes may come in.

A file vouches for two things, and the verdict keeps them apart. That nothing was changed since it was sealed
follows from the file itself. That the organisation sealed it follows only when the fingerprint of the key is
known from elsewhere: a signer's receipt, or the organisation's well-known address.
"""

import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from server.record import verifying_pdf, verifying_zip
from server.record.canonical_json import RecordUnreadable, canonical, parsed
from server.record.content import RecordContent
from server.record.format import EARLIER_FORMAT, Sealed, read_sealed, sha256
from server.record.sealing import fingerprint, is_sealed, lower
from server.record.verifying_pdf import PdfUnreadable
from server.rules.limits import BUNDLE_FILES_MAX, PDF_BYTES_MAX, RECORD_BYTES_MAX

RECORD, PDF, CERTIFICATE = "record.json", "record.pdf", "certificate.pem"
"""The files of a bundle that are verified."""
INSTRUCTIONS = "README.txt"
"""What stands beside them, and is not sealed."""
ZIP_BEGINS, PDF_BEGINS = b"PK\x03\x04", b"%PDF-"

KEYS = ("certificate", "closed_at", "content", "format", "seal", "sha256", "signatures")
"""Of record.json, in the order in which they stand there."""


class Part(StrEnum):
    """What can be altered."""

    FILE = "file"
    """It cannot be read as what it claims to be."""
    CONTENT = "content"
    SIGNATURE = "signature"
    SEAL = "seal"
    """The seal over the whole, or something that only this seal covers."""
    KEY = "key"
    PDF = "pdf"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is not as it was sealed, in a sentence."""

    part: Part
    sentence: str
    name: str = ""
    """Whose signature it is."""

    def __str__(self) -> str:
        return self.sentence


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found. ``sealed`` is None where there was no record.json, or none that can be read."""

    faults: tuple[Fault, ...]
    fingerprints: tuple[str, ...]
    """Of the keys that sealed it."""
    is_known_key: bool
    """Whether all of them are among the fingerprints that were given."""
    sealed: Sealed | None = None
    record_sha256: str = ""
    """Of the content; as the PDF names it where there is nothing else."""
    kinds: tuple[str, ...] = ()
    """Which files were looked at: record.json, record.pdf."""

    @property
    def is_unchanged(self) -> bool:
        return not self.faults

    @property
    def is_authentic(self) -> bool:
        """Unchanged, and sealed by a key whose fingerprint was given."""
        return self.is_unchanged and self.is_known_key

    @property
    def content(self) -> RecordContent | None:
        return self.sealed.content if self.sealed else None


@dataclass(slots=True)
class _Found:
    """What has been found so far."""

    faults: list[Fault]
    fingerprints: list[str]
    kinds: list[str]
    sealed: Sealed | None = None
    record_sha256: str = ""
    certificate: bytes = b""

    def add(self, part: Part, sentence: str, name: str = "") -> None:
        self.faults.append(Fault(part, sentence, name))


def verify(data: bytes, known: Sequence[str] = ()) -> Verdict:
    """Verify a bundle, a record.json or a PDF. ``known``: fingerprints, 64 hexadecimal digits each."""
    found = _Found([], [], [])
    try:
        if data.startswith(ZIP_BEGINS):
            _bundle(data, found)
        elif data.startswith(PDF_BEGINS):
            _pdf(data, found)
        else:
            _record(data, found)
    except MemoryError:
        found.add(Part.FILE, "It needs more memory to be read than any record does.")
    is_known_key = bool(found.fingerprints) and set(found.fingerprints) <= set(known)
    if known and found.fingerprints and not is_known_key:
        found.add(Part.KEY, "It was sealed by another key than the one whose fingerprint you gave.")
    elif len(set(found.fingerprints)) > 1 and not known:
        found.add(Part.KEY, f"{PDF} and {RECORD} were sealed by different keys.")
    return Verdict(
        tuple(found.faults),
        tuple(dict.fromkeys(found.fingerprints)),
        is_known_key,
        found.sealed,
        found.record_sha256,
        tuple(found.kinds),
    )


def _bundle(data: bytes, found: _Found) -> None:
    try:
        files = dict(_unpacked(data))
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError, KeyError) as error:
        # RuntimeError: encrypted, or packed in a way that this Python does not know.
        reason = str(error) or "it breaks off"
        found.add(Part.FILE, f"It is no bundle that can be unpacked: {reason.rstrip('.')}.")
        return
    for name in (RECORD, PDF, CERTIFICATE):
        if name not in files:
            found.add(Part.FILE, f"{name} is missing from the bundle.")
    if RECORD in files:
        _record(files[RECORD], found)
    if PDF in files:
        named = found.record_sha256
        _pdf(files[PDF], found)
        if named and found.record_sha256 != named:
            found.add(Part.PDF, f"{PDF} belongs to another record than {RECORD}.")
            found.record_sha256 = named
    if CERTIFICATE in files and found.certificate and files[CERTIFICATE] != found.certificate:
        found.add(Part.KEY, f"{CERTIFICATE} is not the certificate with which {RECORD} was sealed.")


def _unpacked(data: bytes) -> Iterator[tuple[str, bytes]]:
    limits = {RECORD: RECORD_BYTES_MAX, PDF: PDF_BYTES_MAX}
    with zipfile.ZipFile(BytesIO(data)) as packed:
        entries = packed.infolist()
        if len(entries) > BUNDLE_FILES_MAX:
            raise ValueError(f"it has more than {BUNDLE_FILES_MAX} files")
        if len({entry.filename for entry in entries}) < len(entries):
            raise ValueError("it has a file twice")
        # Unpacked, "./record.pdf" would take the place of the one that is verified here.
        known = (RECORD, PDF, CERTIFICATE, INSTRUCTIONS)
        if any(entry.filename not in known for entry in entries):
            raise ValueError("it has a file that no bundle has")
        verifying_zip.check_layout(data, entries)
        for entry in entries:
            if entry.filename == INSTRUCTIONS:
                continue
            most = limits.get(entry.filename, RECORD_BYTES_MAX)
            # The size that it claims may be a lie: no more than this is unpacked.
            with packed.open(entry) as file:
                content = file.read(most + 1)
            if len(content) > most:
                raise ValueError(f"{entry.filename} is larger than {most} bytes")
            yield entry.filename, content


def _pdf(data: bytes, found: _Found) -> None:
    found.kinds.append(PDF)
    try:
        seen = verifying_pdf.examine(data)
    except PdfUnreadable as error:
        found.add(Part.PDF, str(error))
        return
    for sentence in seen.faults:
        found.add(Part.PDF, sentence)
    found.fingerprints.append(seen.fingerprint)
    found.record_sha256 = seen.record_sha256


def _record(data: bytes, found: _Found) -> None:
    found.kinds.append(RECORD)
    try:
        value = parsed(data)
        again = canonical(value)
    except RecordUnreadable as error:
        where = "" if error.at is None else f" It breaks off at byte {error.at}, in {_place(data, error.at)}."
        found.add(_part_at(data, error.at), f"It cannot be read as a sealed record. {error}{where}")
        return
    if not isinstance(value, dict) or set(value) != set(KEYS):
        found.add(Part.FILE, "It is no sealed record: it does not have the parts that one has.")
        return
    if again != data:
        at = _first_difference(data, again)
        sentence = f"It is not byte for byte as it was sealed: see byte {at}, in {_place(data, at)}."
        found.add(_part_at(data, at), sentence)
    _check(value, found)
    try:
        found.sealed = read_sealed(data)
    except RecordUnreadable as error:
        if not found.faults:
            found.add(Part.FILE, str(error))


def _check(value: Mapping[str, Any], found: _Found) -> None:
    """Look at every hash and every seal, whatever else may be wrong."""
    actual = sha256(canonical(value["content"]))
    found.record_sha256 = actual
    signatures = value["signatures"] if isinstance(value["signatures"], list) else []
    statements = [each.get("statement") if isinstance(each, dict) else None for each in signatures]
    signed = {each.get("record") for each in statements if isinstance(each, dict)}
    if actual != value["sha256"]:
        if actual in signed:
            found.add(Part.CONTENT, "The hash of the content was altered; the content is what was signed.")
        else:
            found.add(Part.CONTENT, "The content was altered: it is not what the hash names.")
    certificate = _certificate(value["certificate"], found)
    if certificate is None:
        return
    for number, (each, statement) in enumerate(zip(signatures, statements, strict=True), start=1):
        name = _name(statement, number)
        if not _is_sealed(certificate, statement, each.get("seal") if isinstance(each, dict) else None):
            found.add(Part.SIGNATURE, f"The signature of {name} was altered.", name)
        elif isinstance(statement, dict) and statement.get("record") != actual:
            found.add(Part.SIGNATURE, f"The signature of {name} is of another content than this.", name)
    before_seal = {key: each for key, each in value.items() if key != "seal"}
    if not _is_sealed(certificate, before_seal, value["seal"]) or not (
        value["format"] == EARLIER_FORMAT or lower(bytes.fromhex(value["seal"])).hex() == value["seal"]
    ):
        found.add(
            Part.SEAL,
            "The seal does not fit the whole: something was altered since it was closed."
            if found.faults
            else "The seal does not fit the whole: the seal itself or the time of closing was altered, or a "
            "signature was added or taken away.",
        )


def _certificate(written: Any, found: _Found) -> x509.Certificate | None:
    try:
        data = written.encode("ascii")
        certificate = x509.load_pem_x509_certificate(data)
        is_as_written = certificate.public_bytes(Encoding.PEM) == data
        digest = fingerprint(certificate)
    except (AttributeError, ValueError, TypeError) as error:
        found.add(Part.KEY, f"The certificate was altered: it cannot be read ({type(error).__name__}).")
        return None
    except Exception:  # noqa: BLE001 (what a broken key makes the library raise is not documented)
        found.add(Part.KEY, "The certificate was altered: its key cannot be read.")
        return None
    if not is_as_written:
        found.add(Part.KEY, "The certificate was altered.")
    found.certificate = data
    found.fingerprints.append(digest)
    return certificate


def _is_sealed(certificate: x509.Certificate, value: Any, seal: Any) -> bool:
    try:
        data, its_seal = canonical(value), bytes.fromhex(seal)
    except (RecordUnreadable, ValueError, TypeError):
        return False
    return its_seal.hex() == seal and is_sealed(certificate, data, its_seal)


def _name(statement: Any, number: int) -> str:
    """Whose signature it is: as it says itself, for want of anything better when it was altered."""
    name = statement.get("name") if isinstance(statement, dict) else None
    return name if isinstance(name, str) and name else f"number {number}"


def _first_difference(one: bytes, other: bytes) -> int:
    return next(
        (at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )


_PLACES = {
    "certificate": (Part.KEY, "the certificate"),
    "closed_at": (Part.SEAL, "the time of closing"),
    "content": (Part.CONTENT, "the content"),
    "format": (Part.FILE, "the name of the format"),
    "seal": (Part.SEAL, "the seal"),
    "sha256": (Part.CONTENT, "the hash of the content"),
    "signatures": (Part.SIGNATURE, "the signatures"),
}


def _key_at(data: bytes, at: int | None) -> str | None:
    """In which of the parts of record.json a byte lies: they stand there in their order."""
    here: str | None = None
    position = 0
    for key in KEYS:
        position = _key_position(data, key, position)
        if position < 0 or (at is not None and position > at):
            break
        here = key
    return here


def _key_position(data: bytes, key: str, after: int) -> int:
    if key == "format":
        # The content has a key of that name, which stands in it before this one.
        return data.find(b'"format":"samsyn-sealed-record/', after)
    if key == "seal":
        return data.find(b',"seal":"', after)
    return data.find(f'"{key}":'.encode(), after)


def _part_at(data: bytes, at: int | None) -> Part:
    key = None if at is None else _key_at(data, at)
    return _PLACES[key][0] if key else Part.FILE


def _place(data: bytes, at: int) -> str:
    key = _key_at(data, at)
    return _PLACES[key][1] if key else "the beginning of the file"
