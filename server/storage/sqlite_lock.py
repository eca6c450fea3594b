"""One server a file: two would not hear each other's bells, and two writers can spoil SQLite's log."""

import fcntl
import os
from pathlib import Path

from server.rules.errors import StorageUnavailable


class DatabaseInUse(StorageUnavailable):
    """Another server or command has the file."""


class FileLock:
    """Held from when it is made until ``release``, or until the process dies, however it dies."""

    def __init__(self, path: Path) -> None:
        # A file of its own: closing any descriptor of the database's file would end SQLite's own locks.
        try:
            self._descriptor = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StorageUnavailable(f"unable to open {path}: {error.strerror}") from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._descriptor)
            raise DatabaseInUse(f"another server or command of Samsyn is using {path}") from error

    def release(self) -> None:
        """Let another server have the file."""
        os.close(self._descriptor)
