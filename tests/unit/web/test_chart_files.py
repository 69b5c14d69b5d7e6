from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, unquote
from xml.etree import ElementTree

import httpx
import msgspec
import pytest
from fastapi import FastAPI

from pipeline.web import chart_files, csrf
from pipeline.web.chart_files import MOST_CAVEATS
from pipeline.web.session import GROUNDS, TOKEN
from pipeline.web.site import Site
from support.access.requesters import ANNA
from support.api.runtime import Api
from support.records.builder import handling, person, record

MANY = MOST_CAVEATS + 3


async def save(api: Api, keys: list[str], **fields: str) -> httpx.Response:
    """A chart of some records, as a file of the site."""
    app = FastAPI()
    app.state.runtime = api.runtime
    app.include_router(chart_files.make_router(Site(app)))
    token = api.token(ANNA)
    stated = quote(msgspec.json.encode({"purpose": "investigation", "case_reference": "2026/1"}).decode())
    cookies = {TOKEN: token, csrf.COOKIE: "secret", GROUNDS: stated}
    kept = {"nodes": [{"ref": f"record {key}", "x": 80 * at} for at, key in enumerate(keys)]}
    sent = {csrf.FIELD: csrf.make_form_token("secret", token), "content": msgspec.json.encode(kept).decode(),
            "form": "svg", **fields}  # fmt: skip
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://x", cookies=cookies) as site:
        return await site.post("/chart/file", data=sent)


def said(answer: httpx.Response) -> list[str]:
    assert answer.status_code == httpx.codes.OK, answer.text
    return [each.text or "" for each in ElementTree.fromstring(answer.content).iter() if each.tag.endswith("}text")]


def hold(api: Api, count: int, caveat: str = "Ask before use", **more: str) -> list[str]:
    """Records of Anna's that have a caveat."""
    asked = handling("H1") | {"caveat": caveat}
    for at in range(count):
        api.hold(record("fr-pj", str(at), entities=[person("Ivan Petrov", id="p1")], handling=asked, **more))
    return [f"fr-pj:{at}" for at in range(count)]


async def test_of_many_caveats_a_picture_tells_some_and_how_many_more_there_are(api: Api) -> None:
    lines = said(await save(api, hold(api, MANY)))
    assert lines.count("Ask before use") == MOST_CAVEATS
    assert "3 more records have caveats, which had no room here; read them in the records." in lines
    assert "FR 0 · fr-pj" in lines


async def test_of_long_caveats_the_first_is_whole(api: Api) -> None:
    lines = said(await save(api, hold(api, 5, caveat="Beware " * 570)))
    assert sum(line.split().count("Beware") for line in lines) == 3 * 570
    assert "2 more records have caveats, which had no room here; read them in the records." in lines


async def test_what_is_closed_or_not_there_has_no_caveat_and_no_handling(api: Api) -> None:
    silent = handling("H3", ()) | {"caveat": "Nobody may know"}
    api.hold(record("nl-np", "1", entities=[person("Karim Haddad", id="p1")], handling=silent))
    lines = said(await save(api, ["nl-np:1"]))
    assert lines == said(await save(api, ["nl-np:2"]))
    assert "No records in this file" in lines
    assert "Caveats" not in lines


@pytest.mark.parametrize(
    ("title", "named"),
    [
        ("Ring of Calais", "Ring-of-Calais"),
        ('../../etc/"passwd"\r\nSet-Cookie: a=b', "etc-passwd-Set-Cookie-a-b"),
        ("Кольцо «Кале» / №4", "Кольцо-Кале-4"),
        ("شبكة\u202egnp.exe", "شبكة-gnp-exe"),
        ("x" * 500, "x" * 60),
        (" / ", ""),
        ("", "Chart"),
    ],
)
@pytest.mark.parametrize("form", ["svg", "png"])
async def test_a_file_is_named_by_its_chart_and_its_day(api: Api, title: str, named: str, form: str) -> None:
    answer = await save(api, hold(api, 1), title=title, form=form)
    whole = f"{named}-{api.now:%Y-%m-%d}".strip("-")
    assert named_by(answer.headers) == f"{whole}.{form}"
    assert answer.headers["Content-Type"].startswith("image/svg+xml")


def named_by(headers: Mapping[str, str]) -> str:
    """The name under which a browser saves an answer."""
    told = headers["Content-Disposition"]
    whole = told.partition("filename*=UTF-8''")[2]
    return unquote(whole) or told.partition('filename="')[2].removesuffix('"')
