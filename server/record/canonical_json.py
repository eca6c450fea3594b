"""Canonical JSON (RFC 8785), written and read: the one way to write a record, whatever bytes come in.

A number is an IEEE 754 double, as the standard has it: a whole number of 2**53 or more is written and read as
the double that it is nearest to.
"""

import json
import math
from typing import Any

import rfc8785

from server.rules.limits import RECORD_BYTES_MAX

SAFE_INTEGER = 2**53


class RecordUnreadable(Exception):
    """The bytes are no record of this format. Its text is a sentence; ``at`` the byte where it broke off."""

    def __init__(self, sentence: str, at: int | None = None) -> None:
        super().__init__(sentence)
        self.at = at


def canonical(value: Any) -> bytes:
    """The one way to write ``value`` (RFC 8785). Raises RecordUnreadable for what JSON cannot hold."""
    try:
        return rfc8785.dumps(_in_doubles(value))
    except (rfc8785.CanonicalizationError, UnicodeEncodeError, RecursionError) as error:
        raise RecordUnreadable(f"This cannot be written as canonical JSON: {error}.") from error


def parsed(data: bytes) -> Any:
    """Read JSON as ``canonical`` writes it. Raises RecordUnreadable, for whatever bytes."""
    if len(data) > RECORD_BYTES_MAX:
        raise RecordUnreadable(f"It is larger than {RECORD_BYTES_MAX} bytes, which no record is.")
    try:
        return json.loads(
            data.decode("utf-8"), parse_int=_integer, parse_constant=_no_constant, object_pairs_hook=_object
        )
    except UnicodeDecodeError as error:
        raise RecordUnreadable("It is not text in UTF-8.", error.start) from error
    except json.JSONDecodeError as error:
        at = len(error.doc[: error.pos].encode("utf-8", "replace"))
        raise RecordUnreadable(f"It is not JSON: {error.msg}.", at) from error
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise RecordUnreadable(f"It is not JSON as a record has it: {reason}.") from error


def _in_doubles(value: Any) -> Any:
    """As JSON numbers are: a whole number that a double cannot tell from its neighbours becomes one."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) >= SAFE_INTEGER:
        return _as_double(str(value))
    if isinstance(value, dict):
        return {key: _in_doubles(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_in_doubles(each) for each in value]
    return value


def _integer(digits: str) -> int | float:
    double = _as_double(digits)
    return int(digits) if abs(double) < SAFE_INTEGER else double


def _as_double(digits: str) -> float:
    double = float(digits)
    if not math.isfinite(double):
        raise ValueError("a number is too large")
    return double


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is no number")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key is there twice")
    return made
