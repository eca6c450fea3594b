"""What must hold before a conversation is frozen: the guards of signing and completing (design, section 2).

Pure. ``missing`` finds everything at once, in reading order, each with the place in the page that it is
about, so that the page can say it in a sentence and lead there.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from crdt.content import Content, plain_text
from crdt.schema import Text
from server.rules.access import Pane
from server.template_elements import Element
from server.template_format import Template

OWN_PANES = (Pane.EMPLOYEE, Pane.MANAGER)
"""The panes that somebody owns, and shares."""


class Lack(StrEnum):
    """Which guard says no."""

    ELEMENT = "element"
    """A required element is not filled in that pane."""
    NOT_SHARED = "not_shared"
    """The owner of the pane has not shared it."""
    TOO_LONG = "too_long"
    """A part of an element has more characters than ``Part.max_length``."""
    PLAN_GOAL = "plan_goal"
    """The plan has no goal."""
    DEVELOPMENT = "development"
    """The plan has no development, and nobody has marked that none is needed."""


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that is missing, and where."""

    kind: Lack
    pane: Pane
    element: str | None = None
    """The element's id; None for what concerns the whole pane."""
    part: str | None = None
    """The document field that wants attention; None for the whole element."""


