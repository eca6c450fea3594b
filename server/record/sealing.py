"""The organisation's key: what makes a record the organisation's own, and shows every later change.

ECDSA on the curve P-256 with SHA-256. Beside the private key goes a certificate that binds it to the
organisation's name; one made here is signed by the key itself and never expires, for a record must be
verifiable for decades. It proves nothing by itself: whoever verifies compares the key's fingerprint with the
one in a signer's receipt or at the organisation's well-known address.

The key is made once, in the database, by whichever node needs it first. An organisation with a key of its
own names two PEM files instead (``SAMSYN_SEAL_KEY``, ``SAMSYN_SEAL_CERTIFICATE``); the database then never
has it.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.x509.oid import NameOID
from sqlalchemy import Connection, select

from server.rules.errors import CannotServe
from server.rules.limits import CERTIFICATE_NAME_CHARACTERS_MAX
from server.storage import tables
from server.storage.inserting import insert
from server.storage.tables import organisation_seal

ONE = 1
"""The row's id: there is one key."""
NEVER = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
"""How RFC 5280 (4.1.2.5) writes that a certificate has no known end."""
NAMELESS = "Samsyn"
PEM = serialization.Encoding.PEM
_ECDSA = ec.ECDSA(hashes.SHA256())
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Order of the curve P-256 (SEC 2, 2.4.2)."""


class SealUnusable(CannotServe):
    """The key or the certificate cannot be used. Its text is a sentence for the operator."""


@dataclass(frozen=True, slots=True)
class OrganisationSeal:
    """The organisation's key with its certificate."""

    private_key: ec.EllipticCurvePrivateKey
    certificates: tuple[x509.Certificate, ...]
    """The key's own, then those that lead to its root, if it has any."""

    def sign(self, data: bytes) -> bytes:
        """The seal over ``data``: ECDSA with SHA-256, in DER, the lower of the two (``lower``)."""
        return lower(self.private_key.sign(data, _ECDSA))

    def made(self, data: bytes, its_seal: bytes) -> bool:
        """Whether ``its_seal`` over ``data`` is this key's."""
        return is_sealed(self.certificates[0], data, its_seal)

    @property
    def certificate(self) -> str:
        """The key's certificate in PEM."""
        return self.certificates[0].public_bytes(PEM).decode("ascii")

    @property
    def fingerprint(self) -> str:
        """What people compare: see ``fingerprint``."""
        return fingerprint(self.certificates[0])


Seals = Callable[[Connection, datetime], OrganisationSeal]
"""Gives the organisation's key within a transaction that writes: ``seal``, or ``given`` files."""


def seal(connection: Connection, now: datetime) -> OrganisationSeal:
    """The key that the database holds; made now if there is none. For a transaction that writes.

    Safe for several nodes at once: whoever comes second waits for the first, and gets the same key.
    """
    stored = select(organisation_seal.c.private_key, organisation_seal.c.certificate).where(
        organisation_seal.c.id == ONE
    )
    row = connection.execute(stored).one_or_none()
    if row is None:
        made = make(_organisation(connection), now)
        connection.execute(
            insert(connection, organisation_seal)
            .values(
                id=ONE,
                made_at=now,
                private_key=made.private_key.private_bytes(
                    PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
                ).decode("ascii"),
                certificate=made.certificate,
            )
            .on_conflict_do_nothing()
        )
        row = connection.execute(stored).one()
    return from_pem(row.private_key.encode("ascii"), row.certificate.encode("ascii"))


def given(key: Path, certificate: Path) -> Seals:
    """The key of two PEM files. Raises SealUnusable, at once and not when somebody signs."""
    try:
        loaded = from_pem(key.read_bytes(), certificate.read_bytes())
    except OSError as error:
        raise SealUnusable(f"{error.filename} cannot be read: {error.strerror}.") from error
    return lambda _connection, _now: loaded


def from_pem(key: bytes, certificate: bytes) -> OrganisationSeal:
    """Read a private key and its certificate. Raises SealUnusable."""
    try:
        private_key = serialization.load_pem_private_key(key, None)
    except TypeError:
        raise SealUnusable("The sealing key is encrypted: store it without a password.") from None
    except ValueError as error:
        raise SealUnusable("The sealing key is no private key in PEM (PKCS #8).") from error
    if not isinstance(private_key, ec.EllipticCurvePrivateKey) or not isinstance(
        private_key.curve, ec.SECP256R1
    ):
        raise SealUnusable("The sealing key must be an elliptic-curve key on P-256 (prime256v1).")
    try:
        certificates = tuple(x509.load_pem_x509_certificates(certificate))
    except ValueError as error:
        raise SealUnusable("The sealing certificate is no X.509 certificate in PEM.") from error
    if certificates[0].public_key() != private_key.public_key():
        raise SealUnusable("The first sealing certificate belongs to another key than the sealing key.")
    return OrganisationSeal(private_key, certificates)


def make(organisation: str, now: datetime) -> OrganisationSeal:
    """A new key, with a certificate that it signs itself."""
    private_key = ec.generate_private_key(ec.SECP256R1())
    names = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation[:CERTIFICATE_NAME_CHARACTERS_MAX]),
            x509.NameAttribute(
                NameOID.COMMON_NAME, f"{organisation}: records"[:CERTIFICATE_NAME_CHARACTERS_MAX]
            ),
        ]
    )
    usage = dict.fromkeys(
        (
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "key_cert_sign",
            "crl_sign",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    public_key = private_key.public_key()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(names)
        .issuer_name(names)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        # A clock that was set back must not make a seal older than its key.
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(NEVER)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(digital_signature=True, content_commitment=True, **usage), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .sign(private_key, hashes.SHA256())
    )
    return OrganisationSeal(private_key, (certificate,))


def is_sealed(certificate: x509.Certificate, data: bytes, its_seal: bytes) -> bool:
    """Whether the key of ``certificate`` made ``its_seal`` over ``data``."""
    public_key = certificate.public_key()
    if not isinstance(public_key, ec.EllipticCurvePublicKey):
        return False
    try:
        public_key.verify(its_seal, data, _ECDSA)
    except InvalidSignature:
        return False
    return True


def lower(its_seal: bytes) -> bytes:
    """Of a seal and its twin, the one with the lower number: what fits as (r, s) fits as (r, n - s) too.

    Anybody can make the one of the other; where only the lower is taken, that too is an alteration.
    Raises ValueError for what is no seal.
    """
    r, s = decode_dss_signature(its_seal)
    return encode_dss_signature(r, min(s, _ORDER - s))


def fingerprint_in(certificate: str) -> str:
    """The fingerprint of the key in a certificate in PEM."""
    return fingerprint(x509.load_pem_x509_certificate(certificate.encode()))


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of the public key (SubjectPublicKeyInfo, DER), in hexadecimal, lower case.

    Of the key and not of the certificate: a new certificate for the same key changes nothing.
    """
    public = certificate.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return hashlib.sha256(public).hexdigest()


def _organisation(connection: Connection) -> str:
    """The name of the one unit that belongs to no other; a neutral one where there is none or several."""
    unit = tables.unit
    names = connection.scalars(select(unit.c.name).where(unit.c.parent.is_(None)).limit(2)).all()
    return str(next(iter(names[0].values()), NAMELESS)) if len(names) == 1 else NAMELESS
