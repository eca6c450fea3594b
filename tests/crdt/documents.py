"""A schema with every kind of field, and people who write in documents as an editor does."""

from collections.abc import Callable
from typing import Any

from pycrdt import Array, Doc, Map, XmlElement, XmlFragment, XmlText

from crdt.bounds import UpdateBounds
from crdt.content import Content
from crdt.document import Document
from crdt.schema import VALUES, ChoiceSet, DocumentSchema, Scalar, Table, Text, Value
from server.rules.limits import UPDATE

SCHEMA = DocumentSchema(
    (
        Text("a1"),
        Text("a2", rich=False),
        Value("scale", Scalar.SCALE, minimum=1, maximum=5),
        Value("date", Scalar.DATE),
        Value("choice", Scalar.CHOICE, options=("yes", "no")),
        Value("number", Scalar.NUMBER),
        Value("box", Scalar.CHECKBOX),
        Value("person", Scalar.PERSON),
        ChoiceSet("topics", ("load", "health", "other")),
        Table("plan", (Text("goal"), Value("due", Scalar.DATE), Value("done", Scalar.CHECKBOX))),
    )
)

EMPTY: dict[str, Any] = {
    "a1": [{"type": "paragraph", "runs": []}],
    "a2": [{"type": "paragraph", "runs": []}],
    "topics": [],
    "plan": [],
}

FULL: dict[str, Any] = {
    "a1": [
        {
            "type": "paragraph",
            "runs": [
                {"text": "Blåbär "},
                {"text": "och ", "bold": True},
                {"text": "smör 🫐", "bold": True, "italic": True},
                {"break": True},
                {"break": True},
                {"text": "slut", "italic": True},
            ],
        },
        {
            "type": "bulletList",
            "items": [
                [{"type": "paragraph", "runs": [{"text": "ett"}]}],
                [
                    {"type": "paragraph", "runs": [{"text": "två"}]},
                    {"type": "orderedList", "items": [[{"type": "paragraph", "runs": []}]], "start": 4},
                ],
            ],
        },
        {"type": "orderedList", "items": [[{"type": "paragraph", "runs": [{"text": "tre"}]}]]},
    ],
    "a2": [{"type": "paragraph", "runs": [{"text": "kort"}]}],
    "scale": 3,
    "date": "2026-11-26",
    "choice": "yes",
    "number": 2.5,
    "box": True,
    "person": "per-1",
    "topics": ["load", "other"],
    "plan": [
        {
            "id": "r1",
            "goal": [{"type": "paragraph", "runs": [{"text": "mål"}]}],
            "due": "2027-01-01",
            "done": True,
        },
        {"id": "r2", "goal": [{"type": "paragraph", "runs": []}]},
    ],
}


def made(content: Content | None = None, bounds: UpdateBounds = UPDATE) -> Document:
    return Document.made(SCHEMA, bounds, content)


def reloaded(document: Document) -> Document:
    return Document.loaded(SCHEMA, UPDATE, document.snapshot(), (), {})


def roots_of(doc: Doc[Any]) -> dict[str, Any]:
    """The roots of the schema, by name."""
    roots: dict[str, Any] = {VALUES: doc.get(VALUES, type=Map)}
    for field in SCHEMA.fields:
        match field:
            case Text(name):
                roots[name] = doc.get(name, type=XmlFragment)
            case ChoiceSet(name):
                roots[name] = doc.get(name, type=Map)
            case Table(name):
                roots[name] = doc.get(name, type=Array)
    return roots


class Writer:
    """A browser that has the document and writes in it under its own client id."""

    def __init__(self, document: Document, client: int, person: str = "ann") -> None:
        self.document = document
        self.person = person
        self.doc: Doc[Any] = Doc(client_id=client)
        self.roots = roots_of(self.doc)
        self.doc.apply_update(document.snapshot())

    def change(self, write: Callable[[dict[str, Any]], None]) -> bytes:
        """Write locally. Returns the update that the browser would send."""
        updates: list[bytes] = []
        subscription = self.doc.observe(lambda event: updates.append(event.update))
        with self.doc.transaction():
            write(self.roots)
        self.doc.unobserve(subscription)
        (update,) = updates
        return update

    def write(self, write: Callable[[dict[str, Any]], None]) -> bytes:
        """Write, and have it merged."""
        update = self.change(write)
        self.document.merge(update, self.person)
        return update

    def type(self, text: str, name: str = "a1") -> bytes:
        """Type at the end of a text's first paragraph."""
        return self.write(lambda roots: add_text(roots[name], text))


def add_text(fragment: XmlFragment, text: str) -> None:
    text_of(fragment).insert(len(text_of(fragment)), text)


def text_of(fragment: XmlFragment) -> XmlText:
    """The text of the first paragraph, begun if it is not there."""
    paragraph = fragment.children[0]
    assert isinstance(paragraph, XmlElement)
    children = list(paragraph.children)
    if children:
        first = children[0]
        assert isinstance(first, XmlText)
        return first
    return paragraph.children.append(XmlText())
