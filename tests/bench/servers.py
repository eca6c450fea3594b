"""The servers that are measured, each as it is shipped: how it starts, and where its documents come from."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.documents import Documents, Seat, names
from tests.running import free_port

HERE = Path(__file__).parent
PEERS = HERE / "peers"
EXIT_SECONDS_MAX = 30
SETTLING_SECONDS_MAX = 15
IDLE_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class Kind:
    """One of the servers."""

    name: str
    protocol: str
    """``hocuspocus`` or ``y-websocket``, as ``load`` speaks them."""
    path: str
    """Of the address that sockets are opened at."""
    command: Callable[[Installed, Path, int], list[str]]
    """From the peers' folders, a data folder and a port."""
    fill: Callable[[Documents, Path, Sequence[Seat]], None]
    """Puts documents into an empty data folder: those named by the seats."""
    stores: bool = True
    """Whether anything is there after a restart."""


@dataclass(frozen=True, slots=True)
class Installed:
    """Where `make bench` has put the peers."""

    modules: Path
    """A folder with `node_modules`."""
    python: Path
    """The interpreter that has the peer in Python."""
    node: Path


@dataclass
class Server:
    """One process of a kind, on a data folder and a port of its own."""

    kind: Kind
    installed: Installed
    data: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def start(self) -> None:
        """Start, and return when it says that it is ready."""
        with (self.data / "server.log").open("ab") as errors:
            self.process = subprocess.Popen(
                self.kind.command(self.installed, self.data, self.port),
                stdout=subprocess.PIPE,
                stderr=errors,
                env=os.environ
                | {"SAMSYN_DATA": str(self.data), "SAMSYN_PORT": str(self.port), "NODE_ENV": "production"},
            )
        assert self.process.stdout is not None
        if not self.process.stdout.readline():
            raise RuntimeError(f"{self.kind.name} did not start: {(self.data / 'server.log').read_text()}")

    def settle(self) -> None:
        """Wait until it is idle: some make ready for later once they serve."""
        until = time.monotonic() + SETTLING_SECONDS_MAX
        used, before = self._processor_ticks(), -1
        while used != before and time.monotonic() < until:
            time.sleep(IDLE_SECONDS)
            used, before = self._processor_ticks(), used

    def _processor_ticks(self) -> int:
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        # utime and stime, the 14th and 15th of the line.
        return int(fields[11]) + int(fields[12])

    def stop(self) -> None:
        """Ask it to end, and end it if it does not."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(EXIT_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._forget()

    def reap(self) -> None:
        """It has been killed: let go of it."""
        assert self.process is not None
        self.process.wait()
        self._forget()

    def _forget(self) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process = None


def seats_of(kind: Kind, documents: Documents, contents: str, count: int) -> list[Seat]:
    """The documents of one kind of contents as this server knows them."""
    return documents.seats[contents][:count] if kind.name == SAMSYN else names(contents, count)


# Samsyn.


def _samsyn(_installed: Installed, _data: Path, _port: int) -> list[str]:
    return [str(Path(sys.executable).with_name("samsyn")), "serve"]


def _copy(documents: Documents, data: Path, _seats: Sequence[Seat]) -> None:
    shutil.copytree(documents.data, data, dirs_exist_ok=True)


# Hocuspocus.


def _hocuspocus(installed: Installed, data: Path, port: int) -> list[str]:
    return [str(installed.node), str(installed.modules / "hocuspocus.mjs"), str(port), str(data)]


def _fill_hocuspocus(documents: Documents, data: Path, seats: Sequence[Seat]) -> None:
    with closing(sqlite3.connect(data / "hocuspocus.sqlite")) as rows, rows:
        # As the extension makes it.
        rows.execute(
            'CREATE TABLE "documents" ("name" varchar(255) NOT NULL, "data" blob NOT NULL, UNIQUE(name))'
        )
        rows.executemany(
            'INSERT INTO "documents" ("name", "data") VALUES (?, ?)', _contents(documents, seats)
        )


# The server of y-websocket.


def _y_websocket(installed: Installed, data: Path, port: int) -> list[str]:
    return [str(installed.node), str(installed.modules / "y_websocket.mjs"), str(port), str(data)]


def _fill_y_websocket(documents: Documents, data: Path, seats: Sequence[Seat]) -> None:
    for contents, snapshot in documents.snapshots.items():
        (data / f"{contents}.bin").write_bytes(snapshot)
    (data / "documents").write_text("\n".join(seat.name for seat in seats))


# pycrdt-websocket.


def _pycrdt(installed: Installed, data: Path, port: int) -> list[str]:
    return [str(installed.python), str(PEERS / "pycrdt_websocket.py"), str(port), str(data)]


def _fill_pycrdt(documents: Documents, data: Path, seats: Sequence[Seat]) -> None:
    with closing(sqlite3.connect(data / "pycrdt.sqlite")) as rows, rows:
        # As version 2 of its store makes them.
        rows.execute(
            "CREATE TABLE yupdates (path TEXT NOT NULL, yupdate BLOB, metadata BLOB, timestamp REAL NOT NULL)"
        )
        rows.execute("CREATE INDEX idx_yupdates_path_timestamp ON yupdates (path, timestamp)")
        rows.execute(
            "CREATE TABLE ycheckpoints (path TEXT NOT NULL, checkpoint BLOB NOT NULL,"
            " timestamp REAL NOT NULL, PRIMARY KEY (path))"
        )
        rows.execute("PRAGMA user_version = 2")
        began = time.time()
        rows.executemany(
            "INSERT INTO yupdates VALUES (?, ?, NULL, ?)",
            [(name, snapshot, began) for name, snapshot in _contents(documents, seats)],
        )


def _contents(documents: Documents, seats: Sequence[Seat]) -> list[tuple[str, bytes]]:
    return [(seat.name, documents.snapshots[seat.name.partition("-")[0]]) for seat in seats]


SAMSYN = "Samsyn"
REFERENCE = "Hocuspocus + SQLite"
KINDS = (
    Kind(SAMSYN, "hocuspocus", "/live", _samsyn, _copy),
    Kind(REFERENCE, "hocuspocus", "/", _hocuspocus, _fill_hocuspocus),
    Kind("y-websocket, memory", "y-websocket", "/", _y_websocket, _fill_y_websocket, stores=False),
    Kind("pycrdt-websocket + SQLite", "y-websocket", "/", _pycrdt, _fill_pycrdt),
)
