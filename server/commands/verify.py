"""``samsyn verify``: whether a record is as it was sealed. It needs no server, no network and no database."""

import logging
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from server.commands.ground import Misuse, said
from server.record.content import RecordContent
from server.record.digests import for_people
from server.rules.limits import BUNDLE_BYTES_MAX, VERIFYING_MEMORY_BYTES_MAX

if TYPE_CHECKING:
    from server.record.verifying import Verdict

ALTERED = 1
FINGERPRINT = re.compile(r"[0-9a-f]{64}")


def verify(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A bundle (zip), a record.json or a record.pdf.")
    ],
    fingerprint: Annotated[
        list[str] | None,
        typer.Option(
            "--fingerprint",
            metavar="DIGITS",
            help="Of the organisation's key, from a signer's receipt or the organisation itself. Once a key.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Say whether a record is as it was sealed, and which part was altered if it is not.

    The file alone shows that nothing was changed since it was sealed. Who sealed it, only the fingerprint of
    the organisation's key shows: take it from somewhere else than from the file.

    It ends with 0 when nothing was altered, with 1 when something was, or when it is no record.
    """
    with said():
        known = [_fingerprint(each) for each in fingerprint or []]
        data = _read(file)
    # The reader of PDFs takes half a second to import, which no other command is to wait for.
    from server.record.verifying import verify as examine

    _bound_memory()
    # The reader of PDFs logs what it comes across; what matters of it is in the verdict.
    logging.disable(logging.CRITICAL)
    verdict = examine(data, known)
    for line in _lines(verdict, bool(known)):
        print(_printable(line), file=sys.stdout if verdict.is_unchanged else sys.stderr)
    raise typer.Exit(0 if verdict.is_unchanged else ALTERED)


def _printable(line: str) -> str:
    """A line without what could speak to the terminal: names come from the file."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in line)


def _fingerprint(written: str) -> str:
    digits = re.sub(r"[\s:]", "", written).lower()
    if not FINGERPRINT.fullmatch(digits):
        raise Misuse(
            "--fingerprint must have 64 hexadecimal digits; spaces and colons between them do not matter."
        )
    return digits


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            data = opened.read(BUNDLE_BYTES_MAX + 1)
    except OSError as error:
        raise Misuse(f"{file} cannot be read: {error.strerror}.") from error
    if len(data) > BUNDLE_BYTES_MAX:
        raise Misuse(f"{file} is larger than {BUNDLE_BYTES_MAX} bytes, which no record is.")
    return data


def _bound_memory() -> None:
    """A file made to fill the memory fails, and not the machine. Where the system cannot, it cannot."""
    try:
        import resource
    except ImportError:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = VERIFYING_MEMORY_BYTES_MAX
    resource.setrlimit(resource.RLIMIT_AS, (most if hard < 0 else min(most, hard), hard))


def _lines(verdict: "Verdict", was_given: bool) -> list[str]:
    about = [] if verdict.content is None else _about(verdict, verdict.content)
    keys = [f"Fingerprint of the key: {for_people(each)}" for each in verdict.fingerprints]
    if not verdict.is_unchanged:
        return ["ALTERED, or not what it claims to be:", *(f"  {fault}" for fault in verdict.faults), *keys]
    if verdict.is_authentic:
        return ["AUTHENTIC: unchanged, and sealed by the key whose fingerprint you gave.", *about, *keys]
    assert not was_given  # noqa: S101 (a fingerprint that does not fit is a fault)
    return [
        f"UNCHANGED since it was sealed by the key {for_people(verdict.fingerprints[0])}.",
        "Whose key that is, this file cannot tell. Compare it with the fingerprint in a signer's receipt, or",
        "with the one at the organisation's address /.well-known/samsyn-key, and give it by --fingerprint.",
        *about,
    ]


def _about(verdict: "Verdict", content: RecordContent) -> list[str]:
    sealed = verdict.sealed
    assert sealed is not None  # noqa: S101 (the content comes from it)
    lines = [
        f"  Record of {content.employee.name} and {content.responsible.name}, version {content.version}, "
        f"closed {sealed.closed_at}",
        f"  SHA-256 of the content: {for_people(verdict.record_sha256)}",
    ]
    signed = [each.statement for each in sealed.signatures]
    lines += [f'  Signed by {each.name}, {each.at}: "{each.words}"' for each in signed]
    return lines if signed else [*lines, "  Completed without signatures."]
