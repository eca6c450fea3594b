"""What stands on paper and in a bundle beside the record itself: what it is, and how to verify it."""

from collections.abc import Iterable

from server.pages.rendering import View
from server.record.digests import for_people
from server.record.paper import PaperWords
from server.record.sheet import Sheet

BRAND = "Samsyn"

BY_HAND = """\
openssl x509 -in certificate.pem -pubkey -noout > key.pem
openssl pkey -pubin -in key.pem -outform DER | sha256sum
sed -E 's/,"seal":"[0-9a-f]+",("sha256":"[0-9a-f]{64}","signatures":)/,\\1/' record.json > sealed.json
sed -E 's/.*,"seal":"([0-9a-f]+)","sha256":"[0-9a-f]{64}".*/\\1/' record.json | xxd -r -p > seal.der
openssl dgst -sha256 -verify key.pem -signature seal.der sealed.json
sed -E 's/.*,"content":(\\{.*\\}),"format":"samsyn-sealed-record.*/\\1/' record.json | sha256sum
"""
"""The same with what every Unix has: the fingerprint, "Verified OK", and the hash of the content."""


def record(
    sheet: Sheet, sha256: str, fingerprints: Iterable[str], key_address: str, view: View
) -> PaperWords:
    """For a closed record. ``fingerprints``: of the key that sealed it, and of the paper's."""
    say = view.catalogue.say
    return _paper(
        sheet,
        view,
        how=(
            say("This file is sealed with the organisation's key. Every later change of it can be shown."),
            say(
                "To verify it without this server: samsyn verify FILE --fingerprint DIGITS. A reader of PDF "
                "that shows signatures shows the seal, too."
            ),
            say(
                "The fingerprint is also in each signer's receipt and at %(address)s. Compare it: it tells "
                "whose key this is.",
                address=key_address,
            ),
        ),
        digests=(
            (say("SHA-256 of the content that was signed"), for_people(sha256)),
            *(
                (say("Fingerprint of the organisation's key"), for_people(each))
                for each in dict.fromkeys(fingerprints)
            ),
        ),
    )


def draft(sheet: Sheet, view: View) -> PaperWords:
    """For a draft, which vouches for nothing."""
    say = view.catalogue.say
    how = (say("A draft has no seal and no signatures. It shows what its reader could read at that moment."),)
    return _paper(sheet, view, how=how, digests=())


def instructions(key_address: str, view: View, file: str = "FILE.zip") -> str:
    """README.txt of a bundle. ``file``: what is verified with it."""
    say = view.catalogue.say
    paragraphs = (
        say("This is a record of a conversation, with everything that is needed to read and to verify it."),
        "\n".join(
            (
                say("record.pdf: the record on paper, sealed with the organisation's certificate."),
                say("record.json: the same for machines, with each signature and the seal over the whole."),
                say("certificate.pem: the organisation's certificate, with its public key."),
            )
        ),
        say("To verify all of it, without network and without the server it came from:"),
        f"    samsyn verify {file} --fingerprint DIGITS",
        say(
            "DIGITS are the fingerprint of the organisation's key. Take them from a signer's receipt or from "
            "%(address)s, not from this bundle: without them it can only be shown that nothing was changed "
            "since it was sealed, not by whom.",
            address=key_address,
        ),
        say(
            "By hand, in the folder with the unpacked files: the second line prints the fingerprint, the "
            "fifth must say Verified OK, and the last prints the hash of the content that each signature "
            "names."
        ),
        "".join(f"    {line}\n" for line in BY_HAND.splitlines()).rstrip("\n"),
    )
    return "\n\n".join(paragraphs) + "\n"


def _paper(
    sheet: Sheet, view: View, *, how: tuple[str, ...], digests: tuple[tuple[str, str], ...]
) -> PaperWords:
    say = view.catalogue.say
    return PaperWords(
        brand=BRAND,
        draft=say("Draft: not finished, not signed"),
        unanswered=say("Not answered"),
        signatures=say("Signatures"),
        verifying=say("Verifying"),
        footer=f"{sheet.title} · {sheet.under}",
        how=how,
        digests=digests,
        written_out=say(
            "Characters that no font here has are written as their number and name in Unicode, in square "
            "brackets."
        ),
    )
