"""Whether a sealed PDF is as it was sealed: every byte of it is covered, and nothing was added behind.

pyhanko reads the file. What must hold here is narrower than what a PDF reader accepts: one signature, over
all bytes but itself, itself as it was made.
"""

import re
from dataclasses import dataclass
from io import BytesIO

from asn1crypto import cms
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import EmbeddedPdfSignature
from pyhanko.sign.validation.generic_cms import validate_sig_integrity
from pyhanko.sign.validation.status import SignatureCoverageLevel

from server.record.paper import KEYWORD, LOWER
from server.record.sealing import fingerprint, lower
from server.rules.limits import PDF_BYTES_MAX

RECORD = re.compile(re.escape(KEYWORD) + r"([0-9a-f]{64})")
SEAL = re.compile(rb"<([0-9A-F]+)>")

ALTERED = "The PDF was altered: its pages are not what was sealed."
ADDED = "The PDF was altered: something was added to it after it was sealed."
SEAL_ALTERED = "The PDF was altered: its seal is not as it was made."


class PdfUnreadable(Exception):
    """It cannot be read as a sealed PDF. Its text is a sentence."""


@dataclass(frozen=True, slots=True)
class PdfSeen:
    """What the file says."""

    faults: tuple[str, ...]
    fingerprint: str
    """Of the key that sealed it, by the certificate in it."""
    record_sha256: str
    """Of the record that it is of; empty where it does not say."""


def examine(data: bytes) -> PdfSeen:
    """Look at a sealed PDF. Raises PdfUnreadable, for whatever bytes."""
    if len(data) > PDF_BYTES_MAX:
        raise PdfUnreadable(f"The PDF is larger than {PDF_BYTES_MAX} bytes, which no record is.")
    try:
        return _examined(data)
    except (PdfUnreadable, MemoryError):
        raise
    except Exception as error:
        raise PdfUnreadable("The PDF was altered, or is none: it cannot be read.") from error


def _examined(data: bytes) -> PdfSeen:
    reader = PdfFileReader(BytesIO(data))
    signatures = reader.embedded_signatures
    if not signatures:
        raise PdfUnreadable("The PDF has no seal: it is a draft, or the seal was taken away.")
    first = signatures[0]
    faults = [] if len(signatures) == 1 else [ADDED]
    certificate = x509.load_der_x509_certificate(first.signer_cert.dump())
    others = [x509.load_der_x509_certificate(each.dump()) for each in first.other_embedded_certs]
    if first.evaluate_signature_coverage() is not SignatureCoverageLevel.ENTIRE_FILE:
        faults.append(ADDED)
    intact, valid = validate_sig_integrity(
        first.signer_info,
        first.signer_cert,
        expected_content_type="data",
        actual_digest=first.compute_digest(),
    )
    if not intact:
        faults.append(ALTERED)
    keywords = str(reader.trailer["/Info"].get("/Keywords", ""))
    its_seal = first.signer_info["signature"].native
    if intact and not (
        valid
        and (LOWER not in keywords or lower(its_seal) == its_seal)
        and _is_as_made(first, data)
        and _are_whole(certificate, others)
    ):
        faults.append(SEAL_ALTERED)
    named = RECORD.search(keywords)
    return PdfSeen(tuple(dict.fromkeys(faults)), fingerprint(certificate), named[1] if named else "")


def _is_as_made(signature: EmbeddedPdfSignature, data: bytes) -> bool:
    """Whether the seal's own bytes, which no hash covers, are as pyhanko writes them: and then only zeros."""
    start, before, after, rest = (int(number) for number in signature.byte_range)
    found = SEAL.fullmatch(data[before:after])
    if start != 0 or after + rest != len(data) or found is None or len(found[1]) % 2:
        return False
    written = bytes.fromhex(found[1].decode("ascii"))
    made = _made_again(signature)
    return written.startswith(made) and not any(written[len(made) :])


def _made_again(signature: EmbeddedPdfSignature) -> bytes:
    """The seal in DER: what is signed and the certificates as they are, all else as it has to be."""
    signer, key = signature.signer_info, signature.signer_cert
    named = cms.IssuerAndSerialNumber({"issuer": key.issuer, "serial_number": key.serial_number})
    made = cms.SignedData(
        {
            "version": "v1",
            "digest_algorithms": [{"algorithm": "sha256"}],
            "encap_content_info": {"content_type": "data"},
            "certificates": signature.signed_data["certificates"],
            "signer_infos": [
                {
                    "version": "v1",
                    "sid": cms.SignerIdentifier({"issuer_and_serial_number": named}),
                    "digest_algorithm": {"algorithm": "sha256"},
                    "signed_attrs": signer["signed_attrs"],
                    "signature_algorithm": {"algorithm": "sha256_ecdsa"},
                    "signature": signer["signature"],
                }
            ],
        }
    )
    return bytes(cms.ContentInfo({"content_type": "signed_data", "content": made}).dump())


def _are_whole(certificate: x509.Certificate, others: list[x509.Certificate]) -> bool:
    """Whether each certificate is as it was made: its own key signed it, or that of the next one.

    Of the last, whose issuer is not here, nothing can be said. One that leads nowhere was put in.
    """
    while True:
        is_last = certificate.issuer == certificate.subject
        issuer = (
            certificate if is_last else next((o for o in others if o.subject == certificate.issuer), None)
        )
        if issuer is None:
            return not others
        try:
            certificate.verify_directly_issued_by(issuer)
        except (InvalidSignature, ValueError, TypeError):
            return False
        if is_last:
            return not others
        others.remove(issuer)
        certificate = issuer
