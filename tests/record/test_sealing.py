"""The organisation's key: made once, the same for every node, or the organisation's own."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID
from sqlalchemy import Connection, select

from server.app import opened
from server.record import digests, sealing
from server.record.sealing import OrganisationSeal, SealUnusable
from server.settings import Settings
from server.storage import tables
from server.storage.database import Database
from tests.conftest import SetClock

NOW = datetime(2026, 11, 26, 10, 0, tzinfo=UTC)
MADE = sealing.make("Nordljus Vatten", NOW)


def pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, password: bytes | None = None) -> bytes:
    encryption: KeySerializationEncryption = NoEncryption()
    if password is not None:
        encryption = BestAvailableEncryption(password)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)


def test_a_seal_fits_what_was_sealed_and_nothing_else() -> None:
    sealed = MADE.sign(b"text")
    (certificate,) = MADE.certificates
    assert sealing.is_sealed(certificate, b"text", sealed)
    assert not sealing.is_sealed(certificate, b"texT", sealed)
    assert not sealing.is_sealed(certificate, b"text", sealed[:-1] + bytes([sealed[-1] ^ 1]))
    assert not sealing.is_sealed(sealing.make("Other", NOW).certificates[0], b"text", sealed)


def test_a_certificate_made_here_names_the_organisation_and_never_expires() -> None:
    (certificate,) = MADE.certificates
    (name,) = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    assert name.value == "Nordljus Vatten"
    assert certificate.not_valid_before_utc < NOW
    assert certificate.not_valid_after_utc.year == 9999
    certificate.verify_directly_issued_by(certificate)


def test_a_long_name_fits_into_the_certificate() -> None:
    assert sealing.make("N" * 500, NOW).fingerprint


def test_a_fingerprint_is_of_the_key_in_groups_that_can_be_read_aloud() -> None:
    assert digests.for_people(MADE.fingerprint).replace(" ", "") == MADE.fingerprint
    assert len(digests.for_people(MADE.fingerprint).split(" ")) == 16


async def test_everybody_gets_the_same_key_even_in_the_same_moment(
    database: Database, clock: SetClock
) -> None:
    def get(connection: Connection) -> OrganisationSeal:
        return sealing.seal(connection, clock.now)

    found = await asyncio.gather(*(database.write(get) for _ in range(8)))
    assert len({each.fingerprint for each in found}) == 1
    again = await database.write(get)
    assert again.fingerprint == found[0].fingerprint
    assert sealing.is_sealed(again.certificates[0], b"text", found[0].sign(b"text"))


async def test_the_certificate_names_the_one_unit_that_belongs_to_no_other(
    database: Database, clock: SetClock
) -> None:
    def found(connection: Connection) -> str:
        for id_, name, parent in (("top", "Nordljus", None), ("low", "Drift", "top")):
            unit: dict[str, Any] = {"id": id_, "name": {"sv": name}, "parent": parent, "goals": []}
            connection.execute(tables.unit.insert().values(unit))
        seal = sealing.seal(connection, clock.now)
        subject = seal.certificates[0].subject
        return str(subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value)

    assert await database.write(found) == "Nordljus"


async def test_a_key_of_the_organisations_own_never_enters_the_database(
    tmp_path: Path, clock: SetClock
) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    key.write_bytes(pem(MADE.private_key))
    certificate.write_text(MADE.certificate)
    chosen = Settings(data=tmp_path, seal_key=key, seal_certificate=certificate)
    async with opened(chosen, clock) as node:
        features = (await node.site()).features
        assert (await features.records.seal()).fingerprint == MADE.fingerprint
        stored = select(tables.organisation_seal)
        assert await features.database.read(lambda c: c.execute(stored).all()) == []


@pytest.mark.parametrize(
    ("key", "certificate", "sentence"),
    [
        (b"no key", MADE.certificate.encode(), "no private key in PEM"),
        (pem(MADE.private_key, b"secret"), MADE.certificate.encode(), "encrypted"),
        (
            pem(rsa.generate_private_key(65537, 2048)),
            MADE.certificate.encode(),
            "an elliptic-curve key",
        ),
        (pem(ec.generate_private_key(ec.SECP384R1())), MADE.certificate.encode(), "P-256"),
        (pem(MADE.private_key), b"no certificate", "no X.509 certificate"),
        (pem(ec.generate_private_key(ec.SECP256R1())), MADE.certificate.encode(), "belongs to another key"),
    ],
)
async def test_a_key_that_cannot_be_used_is_refused_at_the_start_in_a_sentence(
    tmp_path: Path, clock: SetClock, key: bytes, certificate: bytes, sentence: str
) -> None:
    files = tmp_path / "key.pem", tmp_path / "certificate.pem"
    files[0].write_bytes(key)
    files[1].write_bytes(certificate)
    chosen = Settings(data=tmp_path, seal_key=files[0], seal_certificate=files[1])
    with pytest.raises(SealUnusable, match=sentence):
        async with opened(chosen, clock):
            pass


async def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SealUnusable, match=r"key\.pem cannot be read: No such file"):
        sealing.given(tmp_path / "key.pem", tmp_path / "certificate.pem")
