"""Built files: kept for ever under their hashed names, and asked for by the names in the manifest."""

import json
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from server.pages.assets import AssetsMissing, read_assets
from server.pages.static_files import FOR_EVER, HashedFiles, ServiceWorker


@pytest.fixture
def static(tmp_path: Path) -> Path:
    (tmp_path / "samsyn-ABCD1234.js").write_text("one()")
    (tmp_path / "service-worker.js").write_text("two()")
    (tmp_path / "manifest.json").write_text(json.dumps({"samsyn.js": "samsyn-ABCD1234.js"}))
    return tmp_path


async def test_a_file_with_a_hash_in_its_name_is_kept_for_ever(static: Path) -> None:
    transport = httpx.ASGITransport(Starlette(routes=[Mount("/static", HashedFiles(directory=static))]))
    async with httpx.AsyncClient(transport=transport, base_url="http://samsyn.example") as client:
        hashed = await client.get("/static/samsyn-ABCD1234.js")
        worker = await client.get("/static/service-worker.js")
        missing = await client.get("/static/samsyn-00000000.js")
        outside = await client.get("/static/..%2fsecret")
    assert hashed.headers["cache-control"] == FOR_EVER
    assert "immutable" not in worker.headers.get("cache-control", "")
    assert (missing.status_code, outside.status_code) == (404, 404)


async def test_the_service_worker_is_always_asked_for_anew(static: Path) -> None:
    answer = await ServiceWorker(static)(cast("Any", None))
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["content-type"].startswith("text/javascript")


def test_assets_are_found_by_the_name_before_the_hash(static: Path) -> None:
    assert read_assets(static).address("samsyn.js") == "/static/samsyn-ABCD1234.js"


def test_a_client_that_is_not_built_is_said_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(AssetsMissing, match="are not built"):
        read_assets(tmp_path)
