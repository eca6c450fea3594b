"""Texts of the sample conversations: a line is a paragraph, ``-`` and ``1.`` lists, **bold**, *italic*."""

import re
from typing import cast

from crdt.content import Block, ListBlock, Run, TextContent, TextRun

ITEM = re.compile(r"(?P<mark>-|\d+\.) +(?P<text>.+)")
MARKED = re.compile(r"\*\*(?P<bold>[^*]+)\*\*|\*(?P<italic>[^*]+)\*|(?P<plain>[^*]+)")


def blocks(text: str) -> TextContent:
    """Read a text as the blocks that a document holds."""
    found: list[Block] = []
    for line in text.strip().splitlines():
        item = ITEM.fullmatch(line.strip())
        if item is None:
            found.append({"type": "paragraph", "runs": _runs(line.strip())})
            continue
        kind = "bulletList" if item["mark"] == "-" else "orderedList"
        if not found or found[-1]["type"] != kind:
            found.append(cast(ListBlock, {"type": kind, "items": []}))
        cast(ListBlock, found[-1])["items"].append([{"type": "paragraph", "runs": _runs(item["text"])}])
    return found


def _runs(line: str) -> list[Run]:
    runs: list[Run] = []
    for part in MARKED.finditer(line):
        run: TextRun = {"text": part["bold"] or part["italic"] or part["plain"]}
        if part["bold"]:
            run["bold"] = True
        if part["italic"]:
            run["italic"] = True
        runs.append(run)
    return runs
