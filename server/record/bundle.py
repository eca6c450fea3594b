"""A record to take away: one file with everything that somebody needs to read and to verify it, for decades.

README.txt        how to verify it, in the language of whoever downloaded it
record.json       the record, its signatures and the seal (``server/record/format.py``)
record.pdf        the same on paper
certificate.pem   the organisation's certificate, with the public key
"""

import zipfile
from io import BytesIO

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest that a zip file can say: when it was packed is nobody's business."""
READABLE = 0o100644 << 16


def bundle(record: bytes, pdf: bytes, certificate: str, instructions: str) -> bytes:
    """Pack the files, always in the same order. The same files make the same bundle."""
    files = {
        "README.txt": instructions.encode("utf-8"),
        "record.json": record,
        "record.pdf": pdf,
        "certificate.pem": certificate.encode("ascii"),
    }
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, on any system, so that the rights are read as such
            entry.external_attr = READABLE
            packed.writestr(entry, content)
    return made.getvalue()
