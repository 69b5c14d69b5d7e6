"""What a browser's own session reaches besides pages: exports, notices as they come, other grounds."""

from __future__ import annotations

import asyncio
import json
from typing import Any, cast
from urllib.parse import quote, unquote

import httpx
import pytest
from fastapi import FastAPI, Request
from starlette.responses import Response

from pipeline.access.notices import Notice, NoticeKind
from pipeline.access.requester import Requester
from pipeline.api.list_worker import run_round
from pipeline.api.result_files import RESULT_TYPES, ResultForm
from pipeline.api.routes.notices import stream_events
from pipeline.api.services.list_checks import read_list_checks
from pipeline.api.services.notices import find_start_cursor, list_notices
from pipeline.streams.catalogues import topics
from pipeline.web import csrf, files, live, session, sign_in
from pipeline.web.page_admission import PageAdmission
from pipeline.web.site import Site
from support.access.requesters import ANNA, BERT
from support.api.runtime import NOW, Api
from support.records.builder import record

STATED = json.dumps({"purpose": "investigation", "case_reference": "2026/1"})


@pytest.fixture
def browser(api: Api) -> httpx.AsyncClient:
    """A browser without a session."""
    app = FastAPI()
    app.state.runtime = api.runtime
    for part in (files, live, sign_in):
        app.include_router(part.make_router(Site(app)))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://liaison")


def signed_in(browser: httpx.AsyncClient, api: Api, who: Requester = ANNA) -> httpx.AsyncClient:
    token = api.token(who)
    browser.cookies.set(session.TOKEN, token)
    browser.cookies.set(session.GROUNDS, quote(STATED))
    browser.cookies.set(csrf.COOKIE, "secret")
    return browser


def form(browser: httpx.AsyncClient, **fields: str) -> dict[str, str]:
    """Fields of a form of our own page."""
    return {csrf.FIELD: csrf.make_form_token("secret", browser.cookies.get(session.TOKEN) or ""), **fields}


async def told(api: Api, number: int) -> None:
    notice = Notice(f"n{number}", "fr-pj", NoticeKind.EXPIRY, NOW)
    await api.decided.write(topics.NOTICES, notice.id, notice)


async def test_an_export_is_a_file_that_is_recorded(api: Api, browser: httpx.AsyncClient) -> None:
    api.hold(record("fr-pj"), record("be-fp", code="H2"))
    signed_in(browser, api)
    answer = await browser.post("/export", data=form(browser, what="cases", form="ndjson"))
    assert answer.headers["content-disposition"] == 'attachment; filename="cases.ndjson"'
    assert [json.loads(line)["case"] for line in answer.text.splitlines()] == ["fr-pj:1"]
    assert [act.kind for act in api.audit.acts] == ["export"]


@pytest.mark.parametrize("forged", ["signed out", "http://evil.example", "null", "no token"])
async def test_nobody_else_gets_a_file(api: Api, browser: httpx.AsyncClient, forged: str) -> None:
    if forged != "signed out":
        signed_in(browser, api)
    sent = form(browser, what="cases", form="csv")
    if forged == "no token":
        del sent[csrf.FIELD]
    asked: dict[str, Any] = {"data": sent, "headers": {"Origin": forged if forged.startswith(("http", "null")) else ""}}
    assert (await browser.post("/export", **asked)).headers["location"] == "/sign-in"
    assert api.audit.acts == []


async def test_other_grounds_are_taken_up_without_signing_in_again(api: Api, browser: httpx.AsyncClient) -> None:
    signed_in(browser, api)
    data = form(browser, purpose="prosecution", case_reference="2026/9", back="/inbox")
    answer = await browser.post("/grounds", data=data)
    assert answer.headers["location"] == "/inbox"
    assert '"purpose":"prosecution","case_reference":"2026/9"' in unquote(answer.headers["set-cookie"])
    wrong = await browser.post("/grounds", data=data | {"purpose": "curiosity"})
    assert "wrong=purpose" in wrong.headers["location"]


async def test_who_is_not_signed_in_is_not_to_come_back(browser: httpx.AsyncClient) -> None:
    assert (await browser.get("/notices/live")).status_code == httpx.codes.NO_CONTENT


async def holds() -> None:
    """The session goes on."""


async def test_one_who_listens_hears_what_comes_after_and_nothing_twice(api: Api) -> None:
    await told(api, 1)
    begun = await find_start_cursor(api.session(ANNA), "")
    await told(api, 2)
    streamed = stream_events(api.session(ANNA), begun, holds)
    first = await asyncio.wait_for(anext(streamed), 60)
    await streamed.aclose()
    assert b'"id":"n2"' in first
    cursor = first.split(b"id: ")[1].split(b"\n")[0].decode()
    assert await find_start_cursor(api.session(ANNA), cursor) == cursor
    assert (await list_notices(api.session(ANNA), 10, cursor)).notices == ()


async def test_a_cursor_of_another_person_begins_behind_the_latest(api: Api) -> None:
    assert await find_start_cursor(api.session(ANNA), "not-ours") is None
    await told(api, 1)
    begun = await find_start_cursor(api.session(ANNA), "not-ours")
    assert (await list_notices(api.session(ANNA), 10, begun)).notices == ()


async def test_a_list_is_sent_as_a_file_or_as_lines_and_once(api: Api, browser: httpx.AsyncClient) -> None:
    api.hold(record("fr-pj"), record("be-fp", code="H2"))
    signed_in(browser, api)
    file = {"file": ("suspects.csv", b"id,name,born\nA-1,Ivan Petrov,1980-05-01\n", "text/csv")}
    mapped = await browser.post("/checks", data=form(browser, key="k1"), files=file)
    again = await browser.post("/checks", data=form(browser, key="k1"), files=file)
    assert mapped.headers["location"] == again.headers["location"]
    start = mapped.headers["location"].replace("/columns", "/start")
    targets = {f"target-{at}": target for at, target in enumerate(("id", "name", "born"))}
    first = await browser.post(start, data=form(browser, **targets))
    again = await browser.post(start, data=form(browser, **targets))
    assert first.headers["location"] == again.headers["location"]
    written = form(browser, key="k2", lines='Ivan "Vanya" Petrov\n\n')
    lines = await browser.post("/checks", data=written, files={"file": ("", b"")})
    assert await run_round(api.runtime) is False
    kept = await browser.post(f"{first.headers['location']}/file", data=form(browser, form="csv"))
    assert kept.headers["content-disposition"] == 'attachment; filename="found.csv"'
    assert "A-1" in kept.text
    assert "fr-pj:1" in kept.text
    assert "be-fp:1" not in kept.text
    asked = (await read_list_checks(api.session(ANNA))).lists
    assert [check.rows for check in asked] == [1, 1]
    assert lines.headers["location"] in {f"/checks/{check.id}" for check in asked}


async def test_a_template_is_kept(browser: httpx.AsyncClient) -> None:
    for ending in ("xlsx", "csv"):
        answer = await browser.get(f"/checks/template/{ending}")
        assert answer.headers["content-disposition"] == f'attachment; filename="liaison-list.{ending}"'


async def test_a_request_that_was_admitted_is_not_looked_into_again(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    app, asked = FastAPI(), []
    app.state.runtime, requester = api.runtime, api.runtime.requester

    async def counted(token: str) -> Requester:
        asked.append(token)
        return await requester(token)

    @app.get("/somewhere")
    async def somewhere(request: Request) -> str:
        return (await session.get_visit(request, Site(app))).who

    monkeypatch.setattr(api.runtime, "requester", counted)
    app.add_middleware(PageAdmission, site=Site(app))
    browser = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://liaison")
    for who in (ANNA, BERT):
        answer = await signed_in(browser, api, who).get("/somewhere")
        assert answer.json() == who.subject
    assert len(asked) == 2


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
async def test_results_are_a_file_whose_form_is_recorded_with_the_search(
    api: Api, browser: httpx.AsyncClient, kind: str
) -> None:
    api.hold(record("fr-pj"), record("fr-pj", "2"), record("be-fp", code="H3"))
    signed_in(browser, api)
    place = json.dumps({"filters": {"agencies": ["fr-pj", "be-fp"]}})
    only = json.dumps(["record fr-pj:2", "record be-fp:1", "nonsense"])
    for ticked, rows in (("", 2), (only, 1)):
        sent = form(browser, what="search", form=kind, place=place, only=ticked)
        answer = await browser.post("/results/file", data=sent)
        assert answer.headers["content-disposition"] == f'attachment; filename="search.{kind}"'
        assert answer.headers["content-type"] == RESULT_TYPES[cast("ResultForm", kind)]
        if kind == "csv":
            assert len(answer.content.decode().splitlines()) == rows + 1
            assert "be-fp" not in answer.text
    assert [(act.kind, act.object) for act in api.audit.acts] == [("search", kind)] * 2


@pytest.mark.parametrize("fields", [{"place": "{"}, {"place": "{}", "only": "{"}, {"what": "links", "place": "{}"}])
async def test_a_form_that_no_page_sends_is_refused_in_words(
    api: Api, browser: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, fields: dict[str, str]
) -> None:
    refused: list[object] = []

    async def render(_: object, __: object, problem: object, ___: str) -> httpx.Response | Response:
        refused.append(problem)
        return Response(status_code=422)

    monkeypatch.setattr("pipeline.web.error_pages.render_problem", render)
    signed_in(browser, api)
    await browser.post("/results/file", data=form(browser, **{"what": "search", "form": "csv"} | fields))
    assert len(refused) == 1
