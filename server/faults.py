"""What is wrong with a file that somebody wrote: where, and a sentence, for each fault of it."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: where, as ``people[3].employment.form``, and a sentence that says what."""

    path: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.path}: {self.sentence}"


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
        case _:
            message = str(error["msg"]).removeprefix("Value error, ")
            return message[0].upper() + message[1:].removesuffix(".") + "."


def mappings(value: object) -> list[dict[str, Any]]:
    """The items of a list that nobody has checked yet; one that is no mapping counts as an empty one."""
    items = value if isinstance(value, list | tuple) else []
    return [item if isinstance(item, dict) else {} for item in items]
