"""Signing in at an identity provider that is a process of its own, step by step as a browser goes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi import FastAPI

from pipeline.access.token_keys import DISCOVERY
from pipeline.engines.ports import LOOPBACK, accepts
from pipeline.web import csrf, session, sign_in
from pipeline.web.provider import CHOICE
from pipeline.web.site import Site
from support.api.runtime import Api
from support.api.runtime import stages as stages
from support.identity.provider import CLIENT
from support.index.documents import PureStages
from support.ports import own_port
from support.processes.starting import started
from support.waiting import PATIENCE_S, WaitFor

PROVIDER_PROCESS = "support.identity.provider"
FORM = {
    "person": CHOICE,
    "purpose": "investigation",
    "case_reference": "2026/4711",
    "after": "/inbox",
}


@pytest.fixture
def provider(tmp_path: Path, wait_for: WaitFor) -> Iterator[str]:
    """The provider's URL."""
    port = own_port()
    with started(PROVIDER_PROCESS, {}, tmp_path) as start:
        start(str(port))
        wait_for(lambda: accepts(LOOPBACK, port))
        yield f"http://{LOOPBACK}:{port}"


@pytest.fixture
def api(stages: PureStages, tmp_path: Path, provider: str) -> Api:
    """An API that believes the provider."""
    found = Api(
        stages, tmp_path, token_keys=f"{provider}{DISCOVERY}", token_issuer=provider, token_audience=CLIENT,
        oidc_client_id=CLIENT,
    )  # fmt: skip
    found.now = datetime.now(UTC)
    return found


def browser(api: Api) -> httpx.AsyncClient:
    app = FastAPI()
    app.state.runtime = api.runtime
    app.include_router(sign_in.make_router(Site(app)))
    cookies = {csrf.COOKIE: "secret"}
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://liaison", cookies=cookies)


def form(ours: httpx.AsyncClient) -> dict[str, str]:
    """The form as the browser's page holds it now."""
    return FORM | {csrf.FIELD: csrf.make_form_token("secret", ours.cookies.get(session.TOKEN) or "")}


async def answered(ours: httpx.AsyncClient, name: str = "claire") -> httpx.URL:
    """Leave for the provider, enter there; where that sends the browser back to."""
    left = await ours.post("/sign-in", data=form(ours))
    async with httpx.AsyncClient(timeout=PATIENCE_S) as theirs:
        asked = httpx.URL(left.headers["location"])
        page = await theirs.get(asked)
        assert "<h1>Provider</h1>" in page.text
        entered = await theirs.get(asked.copy_with(path="/enter").copy_add_param("name", name))
    return httpx.URL(entered.headers["location"])


async def test_who_enters_at_the_provider_is_signed_in_for_what_was_stated(api: Api) -> None:
    async with browser(api) as ours:
        back = await answered(ours)
        assert (back.host, back.path) == ("liaison", "/sign-in/back")
        arrived = await ours.get(back)
        assert arrived.headers["location"] == "/inbox"
        who = await api.runtime.requester(ours.cookies[session.TOKEN])
        assert (who.subject, who.agency, who.country) == ("claire@fr-pj", "fr-pj", "FR")
        assert "2026/4711" in ours.cookies[session.GROUNDS]


async def test_a_code_is_good_once_in_the_browser_that_left_and_for_its_journey(api: Api) -> None:
    async with browser(api) as ours, browser(api) as another:
        back = await answered(ours)
        for wrong in (
            another.get(back),
            ours.get(back.copy_set_param("state", "x")),
            ours.get(back.copy_set_param("code", "x")),
        ):
            assert "wrong=token" in (await wrong).headers["location"]
        assert session.TOKEN not in ours.cookies
        await answered(another)
        assert "wrong=token" in (await another.get(back)).headers["location"]
        assert (await ours.get(back)).headers["location"] == "/inbox"
        await answered(ours)
        assert "wrong=token" in (await ours.get(back)).headers["location"]


@pytest.mark.parametrize("name", ["another-journey", "another-client", "another-access-token", "another-audience"])
async def test_an_id_token_that_is_not_for_this_client_and_journey_signs_nobody_in(api: Api, name: str) -> None:
    async with browser(api) as ours:
        assert "wrong=token" in (await ours.get(await answered(ours, name))).headers["location"]
        assert session.TOKEN not in ours.cookies


async def test_an_answer_of_another_provider_is_refused(api: Api) -> None:
    """RFC 9207: the code would go to the wrong one's token endpoint."""
    async with browser(api) as ours:
        back = await answered(ours)
        mixed = await ours.get(back.copy_set_param("iss", "https://evil.example"))
        assert "wrong=token" in mixed.headers["location"]
        named = await ours.get(back.copy_set_param("iss", api.settings.token_issuer))
        assert named.headers["location"] == "/inbox"


async def test_a_discovery_document_of_another_issuer_leads_nowhere(api: Api, provider: str) -> None:
    httpx.post(f"{provider}/foreign", timeout=PATIENCE_S)
    async with browser(api) as ours:
        assert (await ours.post("/sign-in", data=form(ours))).headers["location"].endswith("wrong=provider")


async def test_nothing_of_the_way_can_be_read_in_an_address(api: Api) -> None:
    """The challenge is there, its verifier is not; nor is what was stated."""
    async with browser(api) as ours:
        left = await ours.post("/sign-in", data=form(ours))
        told = parse_qs(urlsplit(left.headers["location"]).query)
        assert told["code_challenge_method"] == ["S256"]
        assert told.keys() == {
            "response_type", "client_id", "redirect_uri", "scope", "state", "nonce", "code_challenge",
            "code_challenge_method",
        }  # fmt: skip


async def test_a_provider_that_does_not_answer_is_said_on_the_form(
    api: Api, stages: PureStages, tmp_path: Path
) -> None:
    away = f"http://{LOOPBACK}:{own_port()}"
    lost = Api(stages, tmp_path, token_keys=f"{away}{DISCOVERY}", token_issuer=away, oidc_client_id=CLIENT)
    async with browser(lost) as ours:
        left = await ours.post("/sign-in", data=form(ours))
        assert left.headers["location"].endswith("wrong=provider")
