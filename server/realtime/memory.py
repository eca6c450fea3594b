"""Memory that documents have let go of, given back to the system.

The C library keeps what is freed between two things that are not, for the next time that somebody asks. After
a morning on which everybody had a document open that would be most of the process.
"""

import sys
from collections.abc import Callable
from functools import cache


def give_back() -> None:
    """Give back every page on which nothing stands any more. Takes milliseconds: for a thread."""
    _trim()(0)


@cache
def _trim() -> Callable[[int], int]:
    """``malloc_trim``, which the C library of GNU has, and of others none."""
    if sys.platform == "linux":
        import ctypes

        found: Callable[[int], int] | None = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if found is not None:
            return found
    return lambda _: 0
