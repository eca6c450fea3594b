"""What pydantic finds wrong with a template, as a path and a sentence for whoever wrote it."""

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel

from server.faults import Fault, path_of, sentence_of
from server.template.elements import ELEMENT_TYPES
from server.template.plan import HEADER_TYPES
from server.template.tables import COLUMN_TYPES

Location = tuple[int | str, ...]

KINDS = {
    "elements": ("kind of element", ELEMENT_TYPES),
    "columns": ("kind of column", COLUMN_TYPES),
    "header_fields": ("kind of header field", HEADER_TYPES),
}
"""Lists whose items say by ``type`` what they are."""

LANGUAGES = {"sv": "Swedish", "nb": "Norwegian", "en": "English"}


def fault(model: type[BaseModel], error: Any) -> Fault:
    """One of the errors that pydantic finds in what should be a ``model``."""
    return Fault(_path(error["loc"]), _sentence(model, error))


def _path(location: Location) -> str:
    """``("sections", 0, "elements", 1, "scale", "scale", "max")`` has the element's kind in it: drop that."""
    shown = (part for at, part in enumerate(location) if not _is_kind(location, at))
    return path_of(tuple(shown), "template")


def _is_kind(location: Location, at: int) -> bool:
    """pydantic names the kind behind the number of an item that has one."""
    minimum = 2
    return at >= minimum and isinstance(location[at - 1], int) and location[at - 2] in KINDS


def _sentence(model: type[BaseModel], error: Any) -> str:
    location: Location = error["loc"]
    match error["type"]:
        case "extra_forbidden":
            return _unknown(str(location[-1]), list(_keys(model, location)))
        case "missing" if location[-1] in LANGUAGES:
            return f"The words in {LANGUAGES[str(location[-1])]} are missing."
        case "union_tag_invalid":
            kind, kinds = KINDS[str(location[-2])]
            return f"{error['ctx']['tag']} is no {kind}. The kinds are {', '.join(kinds)}."
        case "union_tag_not_found":
            return f"The type must be given: one of {', '.join(KINDS[str(location[-2])][1])}."
        case _:
            return sentence_of(error)


def _unknown(key: str, keys: list[str]) -> str:
    near = get_close_matches(key, keys, 1)
    if near:
        return f"There is no key {key} here: perhaps it is {near[0]}."
    return f"There is no key {key} here. The keys are {', '.join(keys)}."


def _keys(model: type[BaseModel], location: Location) -> Iterator[str]:
    """The keys that can stand where the last one of ``location`` does."""
    models = {model}
    for at, part in enumerate(location[:-1]):
        if _is_kind(location, at):
            models = {each for each in models if part in get_args(each.model_fields["type"].annotation)}
        elif isinstance(part, str):
            models = {found for each in models for found in _below(each, part)} or models
    return (field.alias or name for name, field in next(iter(models)).model_fields.items())


def _below(model: type[BaseModel], key: str) -> Iterator[type[BaseModel]]:
    for name, field in model.model_fields.items():
        if key in (name, field.alias):
            yield from _models(field.annotation)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """Every model that a field can hold, alone or in a list."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)
