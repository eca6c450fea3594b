"""A document's text as HTML: the blocks of ``crdt.content`` become escaped markup and nothing else.

Six elements (p, ul, ol, li, strong, em) and br; the only attribute is the first number of a list. Every
character of the text goes through the escape, so that no text can become an element, an attribute or a
script.
"""

from markupsafe import Markup, escape

from crdt.content import Block, ListBlock, Run, TextContent

CARRIAGE_RETURN = Markup("&#13;")
"""Written out: a browser that reads a page turns a bare one into a line feed."""


def markup(blocks: TextContent) -> Markup:
    """Return the blocks as markup. An empty paragraph keeps its line."""
    return Markup("").join(_block(block) for block in blocks)


def _block(block: Block) -> Markup:
    if block["type"] == "paragraph":
        inner = Markup("").join(_run(run) for run in block["runs"])
        return Markup("<p>{}</p>").format(inner or Markup("<br>"))
    return _list(block)


def _list(block: ListBlock) -> Markup:
    items = Markup("").join(Markup("<li>{}</li>").format(markup(item)) for item in block["items"])
    if block["type"] == "bulletList":
        return Markup("<ul>{}</ul>").format(items)
    start = Markup(' start="{}"').format(int(block["start"])) if "start" in block else Markup("")
    return Markup("<ol{}>{}</ol>").format(start, items)


def _run(run: Run) -> Markup:
    if "break" in run:
        return Markup("<br>")
    text = escape(run["text"]).replace("\r", CARRIAGE_RETURN)
    if run.get("italic"):
        text = Markup("<em>{}</em>").format(text)
    if run.get("bold"):
        text = Markup("<strong>{}</strong>").format(text)
    return text
