"""ROB-1 over HTTP: whatever is sent to whatever address, there is an answer and no fault of ours."""

import shutil
from pathlib import Path

import pytest
from starlette.applications import Starlette

from server.app import Node
from tests.campaign.knocking import knock
from tests.fuzz.requests import Call, Door

SEED = 20261120
REQUESTS = 240
"""More than two to every address."""


def no_progress() -> None:
    """Tests have no progress bar."""


def test_no_request_to_any_address_brings_forth_a_fault(played: Path, tmp_path: Path) -> None:
    data = Path(shutil.copytree(played, tmp_path / "data"))
    outcome = knock(data, REQUESTS, SEED, no_progress, addresses_of_one_route_max=1)
    assert outcome.faults == []
    assert outcome.requests >= REQUESTS
    # What an honest form may do was done too: it is not all turned away at the door.
    assert outcome.statuses[200] > 20
    assert outcome.statuses[303] > 20


@pytest.mark.parametrize("charset", ["punycode", "unicode_escape", "utf-7", "undefined"])
async def test_a_form_in_a_codec_that_is_no_encoding_is_refused(
    app: Starlette, node: Node, charset: str
) -> None:
    """Seed 1 of the campaign: Python's codec failed in a way of its own, or gave what no database takes."""
    form = b'--b\r\ncontent-disposition: form-data; name="locale"\r\n\r\n\xff\\ud800+2AA-\r\n--b--\r\n'
    call = Call(
        "",
        "POST",
        "/language",
        content_type=f"multipart/form-data; boundary=b; charset={charset}",
        body=(form,),
    )
    assert (await Door(app, (), node.sessions).ask(call)).status == 415
