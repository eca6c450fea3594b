"""What the operator's log may hold: that something happened and where in the code, never what was written.

What is said beside a message (``extra``) reaches the log under a name of KEYS only. The words of an
exception do not, since they may quote a row or a frame: its type and the places it passed are enough to find
it. Records of other libraries lose their arguments for the same reason.
"""

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import TextIO

KEYS = frozenset(
    {
        # Which: ids only, and never of a person together with a private pane.
        "document", "conversation", "node", "migration",
        # How much: figures, classes of error and names of limits.
        "bytes", "code", "count", "error", "limit", "reason", "seconds", "sequence", "status", "version",
    }
)  # fmt: skip
OURS = ("server", "crdt")
EVENT_CHARACTERS = 200


def configure(level: str, stream: TextIO | None = None) -> None:
    """Send the log to ``stream`` (standard error), one JSON object a line. ``level`` as in the settings."""
    lines = logging.StreamHandler(stream or sys.stderr)
    lines.setFormatter(_Line())
    logging.basicConfig(level=logging.getLevelNamesMapping()[level.upper()], handlers=[lines], force=True)


class _Line(logging.Formatter):
    """What happened, when, how bad, which part says so, and what of ``extra`` may be said."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "event": _event(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat().replace("+00:00", "Z"),
            **{key: value for key, value in record.__dict__.items() if key in KEYS},
        }
        if record.exc_info and record.exc_info[1] is not None:
            line["exception"] = f"Traceback: {_places(record.exc_info[1])}"
        return json.dumps(line, ensure_ascii=False, default=repr)


def _event(record: logging.LogRecord) -> str:
    """Our own message with its arguments; of another library the first line, its placeholders unfilled."""
    is_ours = record.name.partition(".")[0] in OURS
    message = record.getMessage() if is_ours else str(record.msg)
    return message.partition("\n")[0][:EVENT_CHARACTERS]


def _places(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    way = " > ".join(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames)
    inner = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    here = f"{type(error).__name__} ({way})"
    return f"{here} after {_places(inner)}" if inner is not None else here
