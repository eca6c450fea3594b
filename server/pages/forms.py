"""What a page's form sends, as plain strings; and a file that somebody has chosen."""

from starlette.datastructures import UploadFile
from starlette.requests import Request


async def read_form(request: Request) -> dict[str, str]:
    """Return the fields of a form, without NUL, which no database takes.

    Files are left out.
    """
    async with request.form(max_files=0, max_fields=100) as form:
        return {name: value.replace("\0", "") for name, value in form.items() if isinstance(value, str)}


async def read_file(request: Request, name: str) -> bytes | None:
    """Return the bytes of the file that was chosen for the field ``name``; None when none was."""
    async with request.form(max_files=1, max_fields=10) as form:
        chosen = form.get(name)
        return await chosen.read() if isinstance(chosen, UploadFile) and chosen.filename else None
