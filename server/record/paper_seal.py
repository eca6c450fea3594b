"""The seal of a PDF: a PAdES signature by the organisation over every byte of the file."""

from io import BytesIO

from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import PdfSignatureMetadata, PdfSigner, SimpleSigner
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter
from pyhanko_certvalidator.registry import SimpleCertificateStore

from server.record.sealing import OrganisationSeal, lower

FIELD = "Samsyn"
"""The name of the signature's field."""


class _Signer(SimpleSigner):
    """Makes the lower of the two seals that fit."""

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        return lower(await super().async_sign_raw(data, digest_algorithm, dry_run))


def sealed(made: bytes, seal: OrganisationSeal) -> bytes:
    """Return the PDF ``made`` with its seal."""
    own, *others = (asn1_x509.Certificate.load(each.public_bytes(Encoding.DER)) for each in seal.certificates)
    key = seal.private_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    registry = SimpleCertificateStore()  # type: ignore[no-untyped-call]
    registry.register_multiple(others)
    signer = _Signer(signing_cert=own, signing_key=asn1_keys.PrivateKeyInfo.load(key), cert_registry=registry)
    about = PdfSignatureMetadata(
        field_name=FIELD,
        md_algorithm="sha256",
        subfilter=SigSeedSubFilter.PADES,
        name=str(own.subject.native.get("organization_name", "")),
        embed_validation_info=False,
    )
    out = BytesIO()
    PdfSigner(about, signer, new_field_spec=SigFieldSpec(FIELD)).sign_pdf(
        IncrementalPdfFileWriter(BytesIO(made)), output=out
    )
    return out.getvalue()
