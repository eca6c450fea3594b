"""What browsers and the server really sent, and the schema of the documents that they wrote in."""

import json
from functools import cache
from pathlib import Path

from crdt.schema import ChoiceSet, DocumentSchema, Scalar, Table, Text, Value

SCHEMA = DocumentSchema(
    (
        Text("rich"),
        Text("short", rich=False),
        Value("scale", Scalar.SCALE, minimum=1, maximum=5),
        Value("date", Scalar.DATE),
        Value("check", Scalar.CHECKBOX),
        Value("choice", Scalar.CHOICE, options=("a", "b")),
        Value("number", Scalar.NUMBER),
        Value("person", Scalar.PERSON),
        ChoiceSet("chosen", options=("x", "y")),
        Table("table", (Text("goal"), Text("title", rich=False), Value("when", Scalar.DATE))),
    )
)

_HERE = Path(__file__).parent


@cache
def frames() -> tuple[bytes, ...]:
    """Both directions of a provider's conversation with a server, in order."""
    recorded = json.loads((_HERE / "recorded_frames.json").read_text())
    return tuple(bytes.fromhex(frame) for way, frame, _ in recorded if way != "--")


@cache
def scenes() -> dict[str, tuple[bytes, ...]]:
    """Updates made by the editor's binding to Yjs, per scene in the order in which a server takes them.

    Made by ``record_updates.mjs``. The first update of each is the server's seed.
    """
    recorded = json.loads((_HERE / "recorded_updates.json").read_text())
    return {name: tuple(map(bytes.fromhex, scene["updates"])) for name, scene in recorded.items()}
