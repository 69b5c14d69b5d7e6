from __future__ import annotations

import re

import cramjam
import httpx
import pytest
from fastapi import FastAPI

from pipeline.web.assets import FILES, asset_path, make_router, pack_asset


async def ask(path: str, accepted: str = "br") -> httpx.Response:
    app = FastAPI()
    app.include_router(make_router())
    headers = {"Accept-Encoding": accepted}
    async with (
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://liaison") as browser,
        browser.stream("GET", path, headers=headers) as answer,
    ):
        answer.extensions["raw"] = b"".join([part async for part in answer.aiter_raw()])
        return answer


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [("gzip, deflate, br, zstd", "br"), ("gzip", "gzip"), ("br;q=0, gzip;q=0.5", "gzip"), ("identity", ""), ("", "")],
)
async def test_a_browser_gets_the_smallest_that_it_takes(accepted: str, encoding: str) -> None:
    answer = await ask(asset_path("keys.js"), accepted)
    assert answer.headers.get("content-encoding", "") == encoding
    assert answer.headers["vary"] == "Accept-Encoding"
    bodies = pack_asset("keys.js").bodies
    assert answer.extensions["raw"] == bodies[encoding]
    assert len(bodies["br"]) < len(bodies["gzip"]) < len(bodies[""])


def test_what_is_packed_is_the_file() -> None:
    for name, path in FILES.items():
        bodies = pack_asset(name).bodies
        assert bodies[""] == path.read_bytes() or name.endswith(".css")
        if "br" in bodies:
            assert bytes(cramjam.brotli.decompress(bodies["br"])) == bodies[""]


async def test_a_file_is_kept_for_good_under_its_own_hash_alone() -> None:
    assert "immutable" in (await ask(asset_path("keys.js"))).headers["cache-control"]
    assert (await ask("/assets/keys.js?older")).headers["cache-control"] == "no-cache"
    assert (await ask("/assets/passwd")).status_code == 404


def test_the_style_sheet_names_each_font_by_its_hash() -> None:
    style = pack_asset("liaison.css").bodies[""].decode()
    fonts = re.findall(r'url\("([^"]+)"\)', style)
    assert sorted(fonts) == sorted(asset_path(name) for name in FILES if name.endswith(".woff2"))
