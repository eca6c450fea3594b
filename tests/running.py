"""A real server process on loopback, which tests may stop, kill and start again on the same port."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import socket
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import StringIO
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import IO

from tests.running_server import Instruments, run

EXIT_SECONDS_MAX = 20

# A server is forked from a process that has imported everything already: half of what a start costs.
FORKS = get_context("forkserver")
FORKS.set_forkserver_preload(["tests.running_server"])


def free_port() -> int:
    """A TCP port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class NotServing(AssertionError):
    """The server has ended before it served."""


@dataclass
class RunningServer:
    """A `samsyn serve` with a data folder of its own."""

    data: Path
    port: int = field(default_factory=free_port)
    environment: dict[str, str] = field(default_factory=dict)
    demo: bool = True
    """With the sample organisation, in which anybody signs in as anybody."""
    recording: Path | None = None
    """Where everything is recorded that SQLite writes, for ``tests/campaign/disk.py`` to play again."""
    syncs_fail: float = 0
    """While it is recorded: the probability that one of its syncs fails."""
    process: BaseProcess | None = None
    said: IO[str] = field(default_factory=StringIO, repr=False)
    """What it says on its standard output, after the line that it serves."""
    _listener: threading.Thread = field(default_factory=threading.Thread, repr=False)
    _questions: Connection | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.data / "server.log"

    def start(self, watch: Callable[[int], None] | None = None) -> None:
        """Start, and return when it serves. Raises NotServing.

        ``watch`` is called with the id of the process before that has opened or written anything.
        """
        environment = {
            **os.environ,
            "SAMSYN_DATA": str(self.data),
            "SAMSYN_PORT": str(self.port),
            **self.environment,
        }
        said, output = FORKS.Pipe(duplex=False)
        # Through a pipe, so that the server can still speak while it may not write files.
        logged, errors = FORKS.Pipe(duplex=False)
        gate, opener = FORKS.Pipe(duplex=False)
        self._questions, questions = FORKS.Pipe()
        instruments = Instruments(gate, self.recording, self.syncs_fail, questions)
        self.process = FORKS.Process(
            target=run,
            args=(
                ["serve", *(["--demo"] if self.demo else [])],
                environment,
                output,
                errors,
                True,
                instruments,
            ),
        )
        self.process.start()
        for end in (output, errors, gate, questions):
            end.close()
        with opener:
            if watch is not None and self.process.pid is not None:
                watch(self.process.pid)
            opener.send_bytes(b"go")
        self._listener = threading.Thread(target=self._keep, args=(_lines(logged),), daemon=True)
        self._listener.start()
        self.said = _lines(said)
        line = self.said.readline()
        if self.url not in line:
            self.kill()
            raise NotServing(f"the server did not start: {line!r} {self.log.read_text()[-2000:]}")

    def alive(self) -> Counter[str]:
        """How many objects the running server keeps, by module and name of their class."""
        assert self._questions is not None
        self._questions.send_bytes(b"?")
        counted: Counter[str] = self._questions.recv()
        return counted

    def _keep(self, lines: IO[str]) -> None:
        with lines, self.log.open("a") as log:
            for line in lines:
                log.write(line)
                log.flush()

    @contextmanager
    def without_storage(self) -> Iterator[None]:
        """The running server cannot write a byte to any file, as on a full disk."""
        pid = self._pid()
        limits = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, limits[1]))
        try:
            yield
        finally:
            if self.process is not None and self.process.pid == pid and self.process.is_alive():
                resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)

    @contextmanager
    def holding_still(self) -> Iterator[None]:
        """The running server answers nothing: neither what is sent nor whoever connects."""
        pid = self._pid()
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def _pid(self) -> int:
        assert self.process is not None
        pid = self.process.pid
        assert pid is not None
        return pid

    def kill(self) -> None:
        """SIGKILL: nothing is flushed, nobody is told."""
        assert self.process is not None
        self.process.kill()
        self.reap()

    def stop(self) -> int:
        """SIGTERM, and the exit code. Nothing happens when it does not run."""
        if self.process is None:
            return 0
        self.process.terminate()
        return self.reap()

    def reap(self) -> int:
        """Take the end of the process, and return its exit code."""
        assert self.process is not None
        self.process.join(EXIT_SECONDS_MAX)
        code = self.process.exitcode
        assert code is not None, "the server does not end"
        self.process.close()
        self.said.close()
        self._listener.join()
        if self._questions is not None:
            self._questions.close()
        self.process = None
        return code


@dataclass(frozen=True, slots=True)
class Done:
    """How a command has ended, and what it said."""

    code: int
    said: str
    """On its standard output."""
    errors: str


def samsyn(*arguments: object, environment: Mapping[str, str] | None = None, network: bool = True) -> Done:
    """Run the command, which ends by itself. In the tests' environment and its own, if not in another."""
    said, output = FORKS.Pipe(duplex=False)
    complained, errors = FORKS.Pipe(duplex=False)
    given = dict(os.environ) if environment is None else dict(environment)
    process = FORKS.Process(target=run, args=([*map(str, arguments)], given, output, errors, network))
    process.start()
    output.close()
    errors.close()
    with ThreadPoolExecutor(1) as aside, _lines(said) as lines, _lines(complained) as complaints:
        complaint = aside.submit(complaints.read)
        told = lines.read()
        done = complaint.result()
    process.join(EXIT_SECONDS_MAX)
    code = process.exitcode
    assert code is not None, "the command does not end"
    process.close()
    return Done(code, told, done)


def _lines(pipe: Connection) -> IO[str]:
    """What comes out of a pipe, as text."""
    with pipe:
        return os.fdopen(os.dup(pipe.fileno()))


@contextmanager
def played_organisation() -> Iterator[Path]:
    """A data folder in which the sample organisation has been played."""
    with tempfile.TemporaryDirectory(prefix="samsyn-") as folder:
        server = RunningServer(Path(folder))
        server.start()
        server.stop()
        yield Path(folder)


@contextmanager
def serving_copy(played: Path, data: Path) -> Iterator[RunningServer]:
    """A server on a copy of a played data folder, which may end with no error in its log."""
    shutil.copytree(played, data)
    (data / "server.log").unlink(missing_ok=True)
    server = RunningServer(data)
    server.start()
    try:
        yield server
    finally:
        server.stop()
    log = server.log.read_text()
    assert "Traceback" not in log, log[-4000:]
