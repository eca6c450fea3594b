"""What was accepted must be whole: the document loads again and says the same."""

from crdt.document import Document
from crdt.grammar import MARKS
from server.rules.limits import UPDATE
from tests.crdt.recordings import SCHEMA


def loads_in_another_order(document: Document) -> bool:
    """Load the document again. Raises AssertionError when it is not what it was.

    Only the order may differ: Yjs converges when every item names neighbours that stood in that order, and a
    forger can name any two.
    """
    again = Document.loaded(SCHEMA, UPDATE, document.snapshot(), (), {})
    said, says = document.content(), again.content()
    if _letters(said) != _letters(says) or again.state_vector() != document.state_vector():
        raise AssertionError("a document that does not load again as it was")
    again.close()
    return said != says


def _letters(content: object) -> list[str]:
    """Every character and every value that a document says, in no order and without its marks."""
    match content:
        case dict():
            return sorted(
                letter for key, inner in content.items() if key not in MARKS for letter in _letters(inner)
            )
        case list():
            return sorted(letter for inner in content for letter in _letters(inner))
        case _:
            return sorted(str(content))
