"""A file as an answer, to be saved under a name."""

import re
from urllib.parse import quote

from starlette.responses import Response


def download(content: bytes, kind: str, name: str) -> Response:
    """An answer to be saved under ``name``, whatever characters are in it. ``kind`` is its media type."""
    headers = {"Content-Type": kind, "Content-Disposition": disposition(name)}
    return Response(content, headers=headers)


def disposition(name: str) -> str:
    """The header that has an answer saved under ``name``."""
    plain, encoded = re.sub(r"[^A-Za-z0-9. -]", "_", name), quote(name, safe="")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}"
