"""Advice on preparing a conversation (F76–F92, F146–F155), to each of the two: data, in every language."""

from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict

from server.template.words import Identifier, Party, Words

SOURCE = Path(__file__).with_name("advice.yaml")


class Piece(Words):
    """One piece of advice."""

    id: Identifier


class Advice(BaseModel):
    """All of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    employee: tuple[Piece, ...]
    manager: tuple[Piece, ...]

    def to(self, party: Party) -> tuple[Piece, ...]:
        """What one of the two is advised, in order."""
        return self.employee if party == "employee" else self.manager


@cache
def read() -> Advice:
    """Read the file, once."""
    return Advice.model_validate(yaml.safe_load(SOURCE.read_text("utf-8")))
