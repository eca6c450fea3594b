"""What the operator's log may hold: that something happened and where in the code, never what was written.

A key that is not listed in KEYS does not reach the log. Neither do the words of an exception, which may
quote a row or a frame: its type and the places it passed are enough to find it. Records of other
libraries lose their arguments for the same reason.
"""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog
from structlog.typing import Processor

KEYS = frozenset(
    {
        # What happened, when, how bad, and which part says so.
        "event", "timestamp", "level", "logger", "exception",
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
    ending: list[Processor] = [
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _exception_without_words,
        _known_keys,
        structlog.processors.JSONRenderer(ensure_ascii=False),
    ]
    number = logging.getLevelNamesMapping()[level.upper()]
    to = stream or sys.stderr
    structlog.configure(
        processors=[structlog.processors.add_log_level, *ending],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(to),
        cache_logger_on_first_use=False,
    )
    others = logging.StreamHandler(to)
    others.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                _arguments_of_our_own,
            ],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *ending],
            pass_foreign_args=True,
            use_get_message=False,
        )
    )
    logging.basicConfig(level=number, handlers=[others], force=True)


def _known_keys(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: value for key, value in event.items() if key in KEYS}


def _arguments_of_our_own(
    _logger: Any, _name: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Fill the placeholders of our own messages; of another library keep the first line, unfilled."""
    arguments = event.pop("positional_args", ())
    if str(event["logger"]).partition(".")[0] in OURS and arguments:
        event["event"] = str(event["event"]) % arguments
    event["event"] = str(event["event"]).partition("\n")[0][:EVENT_CHARACTERS]
    return event


def _exception_without_words(
    _logger: Any, _name: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    info = event.pop("exc_info", None)
    error = info if isinstance(info, BaseException) else sys.exc_info()[1] if info is True else None
    if isinstance(info, tuple):
        error = info[1]
    if error is not None:
        event["exception"] = f"Traceback: {_places(error)}"
    return event


def _places(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    way = " > ".join(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames)
    inner = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    here = f"{type(error).__name__} ({way})"
    return f"{here} after {_places(inner)}" if inner is not None else here
