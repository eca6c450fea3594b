"""The JSON files of a person's own bundle, and what their keys mean."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from server.own_data.conversation import OwnConversation
from server.own_data.source import Item
from server.own_data.sources import SOURCES
from server.people import Person

CONVERSATION_KEYS: Mapping[str, str] = {
    "id": "its id, by which everything else names it",
    "template": "the form: id, version and its name in every language",
    "employee": "whose conversation it is: id and name",
    "responsible": "the manager who is responsible for it, or to whom you handed it over: id and name",
    "state": "open, frozen, closed, declined or cancelled; null for one that you handed over",
    "version": "counts from 1; one that was opened again after it was closed has another; null as for state",
    "created_at": "when it was made",
    "meeting": "when and where you meet: at, time_zone and place; null where nothing is agreed on",
    "guests": "others who were invited: id and name",
    "not_readable": "parts that are somebody else's and not shared with you: employee, manager or joint",
    "writings": "who wrote in which element of which part, first and last; only of parts that you may read",
    "turns": "what happened: kind, at, by (id), pane, reason, alternative",
}


def told(own: OwnConversation) -> dict[str, Any]:
    """A conversation for machines, but for its texts, which are in the draft and the records."""
    conversation, template = own.conversation, own.conversation.template
    meeting = conversation.meeting
    return {
        "id": conversation.id,
        "template": {"id": template.id, "version": template.version, "name": template.name.model_dump()},
        "employee": _named(conversation.employee),
        "responsible": _named(conversation.responsible),
        "state": None if own.is_past else conversation.state.value,
        "version": None if own.is_past else conversation.version,
        "created_at": conversation.created_at.isoformat(),
        "meeting": meeting
        and {"at": meeting.at.isoformat(), "time_zone": meeting.time_zone, "place": meeting.place},
        "guests": [_named(each) for each in own.guests],
        "not_readable": [pane.value for pane in own.unread],
        "writings": [
            {
                "pane": each.pane.value,
                "element": each.element.id,
                "by": each.by.id,
                "first_at": each.first_at.isoformat(),
                "last_at": each.last_at.isoformat(),
            }
            for each in (own.log.writings if own.log else ())
        ],
        "turns": [
            {
                "kind": each.kind.value,
                "at": each.at.isoformat(),
                "by": each.by.id if each.by else None,
                "pane": each.pane.value if each.pane else None,
                "reason": each.reason,
                "alternative": each.alternative,
            }
            for each in (own.log.turns if own.log else ())
        ],
    }


def _named(person: Person) -> dict[str, str]:
    return {"id": person.id, "name": person.name}


def plain(item: Item) -> dict[str, Any]:
    """An item as JSON has it."""
    return {
        key: value.isoformat() if isinstance(value, (date, datetime)) else value
        for key, value in item.items()
    }


def written(kind: str, content: Any) -> bytes:
    """A file: a list of items, or one content."""
    key = "items" if isinstance(content, list) else "content"
    whole = {"format": "samsyn-own-data/1", "kind": kind, key: content}
    return (json.dumps(whole, ensure_ascii=False, indent=2) + "\n").encode()


def formats() -> str:
    """What the keys of the JSON files mean."""
    parts = [
        "Every .json file is UTF-8 and has the keys format (samsyn-own-data/1), kind, and items (a list)\n"
        "or content (an object). Instants are ISO 8601 with an offset, days are ISO 8601, and people are\n"
        "objects with id and name. record.json is a sealed record as samsyn verify reads it. The content\n"
        "of draft.json has the form of a record's content (samsyn-record/1), without seal or salt.",
        "conversations/NN/conversation.json\n"
        + "\n".join(f"  {key}: {says}" for key, says in CONVERSATION_KEYS.items()),
        *(
            f"about-you/{source.name}.json\n"
            + "\n".join(f"  {field.name} ({field.kind}): {field.says}" for field in source.fields)
            for source in SOURCES
        ),
    ]
    return "\n\n".join(parts) + "\n"
