"""``samsyn serve``: one line when it serves, one sentence when it cannot, and an end in good order."""

import os
import socket
import sqlite3
from pathlib import Path

import httpx

from tests.running import RunningServer, free_port, samsyn

NOT_STARTED = 2


def refused(*arguments: str, **environment: str) -> list[str]:
    """Start a server that cannot start, and return the sentences that it says."""
    done = samsyn("serve", *arguments, environment={**os.environ, **environment})
    assert (done.code, done.said) == (NOT_STARTED, "")
    return done.errors.splitlines()


def test_wrong_settings_are_listed_and_nothing_is_served() -> None:
    lines = refused(SAMSYN_PORT="high", SAMSYN_PROT="1")
    assert [line.split()[0] for line in lines] == ["SAMSYN_PORT", "SAMSYN_PROT"]


def test_a_port_in_use_is_named_and_the_data_is_not_touched(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        (line,) = refused("--demo", SAMSYN_DATA=str(tmp_path), SAMSYN_PORT=str(port))
    assert line.startswith(f"Port {port} on 127.0.0.1 is in use.")
    assert list(tmp_path.iterdir()) == []


def test_an_address_of_another_machine_is_named() -> None:
    (line,) = refused(SAMSYN_HOST="192.0.2.1")
    assert line == "SAMSYN_HOST is 192.0.2.1, which is not an address of this machine."


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    (line,) = refused(SAMSYN_DATA=str(tmp_path / "file" / "data"))
    assert line.startswith(f"The folder {tmp_path / 'file' / 'data'} cannot be written in (")


def test_a_database_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "samsyn.sqlite3"
    with sqlite3.connect(file) as database:
        database.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        database.execute("INSERT INTO alembic_version VALUES ('from the future')")
    database.close()
    (line,) = refused(SAMSYN_DATA=str(tmp_path), SAMSYN_PORT=str(free_port()))
    assert "newer version" in line


def test_a_file_that_is_no_database_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "samsyn.sqlite3").write_text("This is a letter, not a database. " * 200)
    (line,) = refused(SAMSYN_DATA=str(tmp_path), SAMSYN_PORT=str(free_port()))
    assert line.startswith("The database cannot be opened:")


def test_it_says_one_line_serves_and_ends_in_good_order_with_the_data_kept(tmp_path: Path) -> None:
    server = RunningServer(tmp_path)
    server.start()
    for name in ("127.0.0.1", "localhost"):
        # Two people in one browser: it keeps the cookies of the two names apart.
        origin = f"http://{name}:{server.port}"
        with httpx.Client(base_url=origin, headers={"Origin": origin}) as browser:
            assert browser.post("/sign-in", data={"person": "maja"}).status_code == 303
            assert browser.get("/").status_code == 200
        answer = httpx.get(f"{server.url}/healthz")
        assert (answer.status_code, answer.text) == (200, "ok")
        page = httpx.get(f"{server.url}/sign-in")
        assert "Maja Öberg" in page.text
        assert "server" not in page.headers
        process = server.process
        assert process is not None
        process.terminate()
        assert server.said.read() == ""
        assert server.stop() == 0
        assert server.log.read_text() == ""
        server.start()
    server.stop()
