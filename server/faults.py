"""What is wrong with a file that somebody wrote: where, and a sentence, for each fault of it."""

from dataclasses import dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: where, as ``people[3].employment.form``, and a sentence that says what."""

    path: str
    sentence: str
    line: int | None = None
    """In the file, counted from 1, for whoever has a file."""

    def __str__(self) -> str:
        where = f"line {self.line}, {self.path}" if self.line is not None else self.path
        return f"{where}: {self.sentence}"


def path_of(location: tuple[int | str, ...], whole: str) -> str:
    """Write pydantic's location as a path; ``whole`` names the file's content as a whole."""
    parts: list[str] = []
    for part in location:
        if isinstance(part, int):
            parts.append(f"[{part}]")
        else:
            parts.append(f".{part}" if parts else part)
    return "".join(parts) or whole


def sentence_of(error: Any) -> str:
    """Write one of pydantic's errors as a sentence."""
    match error["type"]:
        case "missing":
            return "This must be given."
        case "extra_forbidden":
            return "There is no such key here."
        case "invalid_key":
            return "This key is no word: put it in quotes."
        case "string_type" if isinstance(error["input"], bool | int | float | date):
            # YAML takes an unquoted yes, 12 or 2026-01-01 for something else than a word.
            return f"This is read as {error['input']}, which is no text: put it in quotes."
        case _:
            message = (
                str(error["msg"]).removeprefix("Value error, ").replace("Input should be", "This must be")
            )
            return message[0].upper() + message[1:].removesuffix(".") + "."


def mappings(value: object) -> list[dict[str, Any]]:
    """The items of a list that nobody has checked yet; one that is no mapping counts as an empty one."""
    items = value if isinstance(value, list | tuple) else []
    return [item if isinstance(item, dict) else {} for item in items]
