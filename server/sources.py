"""What a question shows to be talked about, and nobody writes in it: found out, never stored in a document.

A page shows it as it stands; a record keeps it as it stood at the freeze (design, section 4).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from server import activities
from server.activities import Activity, ActivityState
from server.conversations import Conversation
from server.rules.access import GOES_ON
from server.storage import tables
from server.template.parts import Source

Shown = str | Mapping[str, str]
"""A text, or words in every language."""

STANDING: Mapping[ActivityState, Mapping[str, tuple[str, str]]] = {
    ActivityState.ACTIVE: {"sv": ("pågår", "senast"), "nb": ("pågår", "senest"), "en": ("going on", "by")},
    ActivityState.COMPLETED: {"sv": ("klart", "den"), "nb": ("fullført", "den"), "en": ("done", "on")},
    ActivityState.CANCELLED: {
        "sv": ("avbrutet", "senast"),
        "nb": ("avbrutt", "senest"),
        "en": ("cancelled", "by"),
    },
}
"""What a record says of an activity, and the word before its date, in every language of a record."""


def resolved(connection: Connection, conversation: Conversation) -> dict[Source, Sequence[Shown]]:
    """What each source of the conversation's template says now. The caller has asked for the right."""
    wanted = {element.source for element in conversation.template.elements if element.source is not None}
    return {source: _say(connection, conversation, source) for source in Source if source in wanted}


def _say(connection: Connection, conversation: Conversation, source: Source) -> Sequence[Shown]:
    match source:
        case Source.EMPLOYEE:
            return [conversation.employee.name]
        case Source.RESPONSIBLE:
            return [conversation.responsible.name]
        case Source.UNIT:
            return [unit.name for unit in _unit(connection, conversation)]
        case Source.UNIT_GOALS:
            return [goal for unit in _unit(connection, conversation) for goal in unit.goals]
        case Source.ACTIVITIES if conversation.state not in GOES_ON:
            # Those of today are nothing to whoever took part in what is over.
            return []
        case Source.ACTIVITIES:
            return [_activity(each) for each in activities.of(connection, conversation.employee.id)]


def _activity(activity: Activity) -> Mapping[str, str]:
    """An activity with where it stands: in a record it must say so without the database."""
    day = activity.completed_on if activity.state is ActivityState.COMPLETED else activity.due_on
    return {
        locale: f"{activity.title} ({words[0]}{f', {words[1]} {day.isoformat()}' if day else ''})"
        for locale, words in STANDING[activity.state].items()
    }


def _unit(connection: Connection, conversation: Conversation) -> Iterable[Row[Any]]:
    """The employee's unit; nothing for somebody who has none."""
    unit = tables.unit
    return connection.execute(
        select(unit.c.name, unit.c.goals).where(unit.c.id == conversation.employee.unit)
    )
