"""Who asks: a person with roles, or whoever runs a command."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a person is in the organisation, apart from any conversation."""

    EMPLOYEE = "employee"
    MANAGER = "manager"
    HR = "hr"
    FORM_ADMINISTRATOR = "form_administrator"
    SYSTEM_ADMINISTRATOR = "system_administrator"
    UNION_REPRESENTATIVE = "union_representative"


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever asks: an active person with a session that holds."""

    person: str
    roles: frozenset[Role] = frozenset()


OPERATOR = Actor("")
"""Whoever runs a command where the database lies. Nobody of the organisation, so party to nothing."""
