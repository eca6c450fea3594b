"""A table as a file that a spreadsheet opens by a double click, whatever stands in its cells.

Semicolons part the cells, in every language: Excel takes the separator of the computer's region, not that of
the file, and with a decimal comma, as in Sweden and Norway, that is the semicolon. Whoever reads English here
has such a computer too. (A first line ``sep=;`` would serve any region, but then Excel no longer sees that
the file is UTF-8, and other programs take it for a row.) The byte order mark says that it is UTF-8.

A cell that a spreadsheet would take for a formula is written with an apostrophe before it, which makes it
text: names are typed by people, and a name may be ``=HYPERLINK(…)``.
"""

from collections.abc import Iterable, Iterator
from datetime import date

from starlette.responses import StreamingResponse

from server.rules.limits import SPREADSHEET_CHUNK_ROWS

Cell = str | int | date | None
MARK = "\ufeff"
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a formula may begin with: the wide forms too, which some spreadsheets take for the others."""


def answer(name: str, rows: Iterable[Iterable[Cell]]) -> StreamingResponse:
    """The file, sent while it is written. ``name`` is plain ASCII."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(_chunks(rows), media_type="text/csv; charset=utf-8", headers=headers)


def line(cells: Iterable[Cell]) -> str:
    """One row with its line end."""
    return ";".join(map(_written, cells)) + "\r\n"


def _chunks(rows: Iterable[Iterable[Cell]]) -> Iterator[bytes]:
    waiting = [MARK]
    for row in rows:
        waiting.append(line(row))
        if len(waiting) >= SPREADSHEET_CHUNK_ROWS:
            yield "".join(waiting).encode()
            waiting = []
    yield "".join(waiting).encode()


def _written(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case date():
            return cell.isoformat()
        case int():
            return str(cell)
    text = cell.replace("\0", "")
    if text.startswith(FORMULA) or text.lstrip().startswith(FORMULA):
        text = f"'{text}"
    if any(character in text for character in ';"\r\n\t') or text != text.strip():
        return '"' + text.replace('"', '""') + '"'
    return text
