"""What a page's form sends, as plain strings."""

from starlette.requests import Request


async def read_form(request: Request) -> dict[str, str]:
    """Return the fields of a form, without NUL, which no database takes.

    Files are left out: no form of ours has any.
    """
    async with request.form(max_files=0, max_fields=100) as form:
        return {name: value.replace("\0", "") for name, value in form.items() if isinstance(value, str)}
