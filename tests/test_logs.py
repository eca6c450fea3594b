"""The operator's log says that something happened, never what was written (PRI-1)."""

import io
import json
import logging
from typing import Any

import pytest

from server import logs

CANARY = "Jag funderar på att söka det andra jobbet."


@pytest.fixture
def stream() -> io.StringIO:
    stream = io.StringIO()
    logs.configure("info", stream)
    return stream


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def fail() -> None:
    found: dict[str, int] = {}
    try:
        found[CANARY] += 1
    except KeyError as error:
        raise ValueError(CANARY) from error


def test_a_key_that_is_not_listed_does_not_reach_the_log(stream: io.StringIO) -> None:
    logging.getLogger("server.realtime").info(
        "room_loaded", extra={"document": 7, "text": CANARY, "count": 3}
    )
    (line,) = lines(stream)
    assert (line["event"], line["level"], line["document"], line["count"]) == ("room_loaded", "info", 7, 3)
    assert CANARY not in stream.getvalue()


@pytest.mark.parametrize("logger", ["server.realtime.room", "uvicorn.error"])
def test_an_exception_is_logged_by_its_type_and_places_without_its_words(
    stream: io.StringIO, logger: str
) -> None:
    try:
        fail()
    except ValueError:
        logging.getLogger(logger).exception("append failed")
    (line,) = lines(stream)
    assert line["exception"].startswith("Traceback: ValueError (")
    assert "after KeyError (" in line["exception"]
    assert "test_logs.py" in line["exception"]
    assert CANARY not in stream.getvalue()


def test_the_arguments_of_other_libraries_are_left_out_and_our_own_are_not(stream: io.StringIO) -> None:
    logging.getLogger("asyncio").error("Task exception was never retrieved\nfuture: %s", CANARY)
    logging.getLogger("sqlalchemy").error("parameters %s", CANARY)
    logging.getLogger("server.realtime.rooms").error("the clock failed for document %d", 7)
    assert [line["event"] for line in lines(stream)] == [
        "Task exception was never retrieved",
        "parameters %s",
        "the clock failed for document 7",
    ]
    assert CANARY not in stream.getvalue()


def test_less_than_the_chosen_level_is_not_logged(stream: io.StringIO) -> None:
    logging.getLogger("x").debug("quiet")
    assert stream.getvalue() == ""
