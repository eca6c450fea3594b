"""What a page's form sends, as plain strings; and a file that somebody has chosen."""

from python_multipart.multipart import parse_options_header
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request


async def read_form(request: Request) -> dict[str, str]:
    """Return the fields of a form, without NUL, which no database takes.

    Files are left out.
    """
    _require_utf_8(request)
    async with request.form(max_files=0, max_fields=100) as form:
        return {name: value.replace("\0", "") for name, value in form.items() if isinstance(value, str)}


async def read_file(request: Request, name: str) -> bytes | None:
    """Return the bytes of the file that was chosen for the field ``name``; None when none was."""
    _require_utf_8(request)
    async with request.form(max_files=1, max_fields=10) as form:
        chosen = form.get(name)
        return await chosen.read() if isinstance(chosen, UploadFile) and chosen.filename else None


def _require_utf_8(request: Request) -> None:
    """Our pages send UTF-8. Any other codec of Python's could be named, and some give what no text is."""
    _, options = parse_options_header(request.headers.get("content-type"))
    if options.get(b"charset", b"utf-8").lower() != b"utf-8":
        raise HTTPException(415, "A form comes in UTF-8.")
