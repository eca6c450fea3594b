"""What stands in the server's SQL, read past the server."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pycrdt


def stored_text(data: Path, pane: str, field: str, employee: str) -> str:
    """The text of one field as snapshot and log hold it, of an employee's newest conversation."""
    with sqlite3.connect(f"file:{data / 'samsyn.sqlite3'}?mode=ro", uri=True) as connection:
        row = connection.execute(
            """SELECT snapshot.document_id, snapshot.snapshot FROM document_snapshot AS snapshot
               JOIN pane ON pane.document_id = snapshot.document_id
               JOIN conversation ON conversation.id = pane.conversation_id
               WHERE pane.pane = ? AND conversation.employee_id = ?
               ORDER BY conversation.created_at DESC""",
            (pane, employee),
        ).fetchone()
        updates = connection.execute(
            "SELECT change FROM document_update WHERE document_id = ? ORDER BY sequence", (row[0],)
        ).fetchall()
    connection.close()
    doc: pycrdt.Doc[pycrdt.XmlFragment] = pycrdt.Doc()
    for change in [row[1], *(update[0] for update in updates)]:
        doc.apply_update(change)
    return "".join(_plain(node) for node in doc.get(field, type=pycrdt.XmlFragment).children)


def _plain(node: pycrdt.XmlElement | pycrdt.XmlText | pycrdt.XmlFragment) -> str:
    if isinstance(node, pycrdt.XmlText):
        return "".join(text for text, _ in node.diff() if isinstance(text, str))
    return "".join(_plain(child) for child in node.children)
