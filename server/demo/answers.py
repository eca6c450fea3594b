"""Answers of the sample conversations, as a document holds them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from crdt.content import Content
from crdt.schema import ROW_ID, ChoiceSet, DocumentSchema, Scalar, Table, Text, Value
from server.demo.texts import blocks


def content(answers: Mapping[str, Any], schema: DocumentSchema, today: datetime, number: int) -> Content:
    """What the document of ``schema`` says: a text as blocks, a date as the day so many days from ``today``.

    ``number`` begins the ids of rows, so that rows of two writers never have the same.
    """

    def cell(field: Text | Value, answer: Any) -> Any:
        if isinstance(field, Text):
            return blocks(answer)
        if field.scalar is Scalar.DATE:
            return (today + timedelta(days=answer)).date().isoformat()
        return answer

    found: Content = {}
    for field in schema.fields:
        if field.name not in answers:
            continue
        answer = answers[field.name]
        match field:
            case Table(_, columns):
                found[field.name] = [
                    {ROW_ID: f"{number}-{place}"}
                    | {each.name: cell(each, row[each.name]) for each in columns if each.name in row}
                    for place, row in enumerate(answer, 1)
                ]
            case Text() | Value():
                found[field.name] = cell(field, answer)
            case ChoiceSet():
                found[field.name] = list(answer)
    return found
