"""A document's text as HTML: the blocks of ``crdt.content`` become escaped markup and nothing else.

Six elements (p, ul, ol, li, strong, em) and br, without attributes. Every character of the text goes
through the escape, so that no text can become an element, an attribute or a script.
"""

from typing import Any

from markupsafe import Markup, escape

Blocks = list[dict[str, Any]]
"""As ``crdt.content`` gives them: paragraphs with runs, lists with items, items with blocks."""

LIST_TAGS = {"bulletList": "ul", "orderedList": "ol"}


def markup(blocks: Blocks) -> Markup:
    """Return the blocks as markup. An empty paragraph keeps its line."""
    return Markup("").join(_block(block) for block in blocks)


def _block(block: dict[str, Any]) -> Markup:
    tag = LIST_TAGS.get(block["type"])
    if tag is None:
        inner = Markup("").join(_run(run) for run in block["runs"])
        return Markup("<p>") + (inner or Markup("<br>")) + Markup("</p>")
    items = Markup("").join(Markup("<li>") + markup(item) + Markup("</li>") for item in block["items"])
    return Markup("<" + tag + ">") + items + Markup("</" + tag + ">")  # noqa: S704 (a tag of ours)


def _run(run: dict[str, Any]) -> Markup:
    if run.get("break"):
        return Markup("<br>")
    text = escape(run["text"])
    if run.get("italic"):
        text = Markup("<em>") + text + Markup("</em>")
    if run.get("bold"):
        text = Markup("<strong>") + text + Markup("</strong>")
    return text
