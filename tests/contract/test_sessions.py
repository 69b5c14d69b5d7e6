"""Sessions that have ended, against a real server: what a token opens after sign-out, expiry, its agency's leaving."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from urllib.parse import quote

import httpx
import pytest

from pipeline.access.requester import Role
from pipeline.web.csrf import COOKIE, make_form_token
from support.access.requesters import ANNA, make_requester
from support.api.runtime import GROUNDS
from support.api.server import ApiServer, StartServer, api_server, client, start_server
from support.waiting import PATIENCE_S

__all__ = ["api_server", "client", "start_server"]

pytestmark = pytest.mark.xdist_group("sessions")  # one server

STATED = quote('{"purpose":"investigation","case_reference":"2026/1"}')
CASE = "/v1/cases/fr-pj:1"


@pytest.fixture(autouse=True)
def at_rest(api_server: ApiServer) -> Iterator[None]:
    """Each test begins, and leaves the server, with the machine's clock and all agencies."""
    yield
    api_server.move_clock(0)
    api_server.remove()


def bearing(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", **GROUNDS}


def status(client: httpx.Client, token: str) -> int:
    return client.get(CASE, headers=bearing(token)).status_code


@contextmanager
def signed_in(api_server: ApiServer, token: str) -> Iterator[httpx.Client]:
    """A browser that holds a session of this token."""
    cookies = {"liaison_token": token, "liaison_grounds": STATED, COOKIE: "secret"}
    with httpx.Client(base_url=api_server.url, cookies=cookies, timeout=PATIENCE_S) as browser:
        yield browser


def signed_out(browser: httpx.Client, token: str) -> None:
    answer = browser.post("/sign-out", data={"csrf": make_form_token("secret", token)})
    assert answer.headers["location"] == "/sign-in?after=/"


def rewritten(token: str) -> str:
    """The same token whose last character, of which some bits mean nothing, is another."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return token[:-1] + letters[letters.index(token[-1]) ^ 1]


def test_a_token_that_was_signed_out_opens_nothing(api_server: ApiServer, client: httpx.Client) -> None:
    token, other = api_server.token(), api_server.token(make_requester("fr-pj", subject="carl"))
    with signed_in(api_server, token) as browser:
        assert browser.get("/statistics").status_code == 200
        signed_out(browser, token)
    assert status(client, token) == 401
    assert status(client, rewritten(token)) == 401
    with signed_in(api_server, token) as thief:
        assert thief.get("/statistics").headers["location"].startswith("/sign-in")
        assert thief.get("/notices/live").status_code == 204
    assert status(client, other) == 200


@pytest.mark.parametrize("ended", ["sign-out", "expiry", "agency"])
@pytest.mark.parametrize("way", ["api", "page"])
def test_a_live_stream_ends_with_its_session(api_server: ApiServer, ended: str, way: str) -> None:
    token = api_server.token(make_requester("fr-pj", subject=f"{ended}-{way}"))
    path = "/v1/notices/stream" if way == "api" else "/notices/live"
    with signed_in(api_server, token) as browser, browser.stream("GET", path, headers=bearing(token)) as listening:
        parts = listening.iter_raw()
        assert next(parts)
        if ended == "sign-out":
            with signed_in(api_server, token) as another_tab:
                signed_out(another_tab, token)
        elif ended == "expiry":
            api_server.move_clock(timedelta(hours=2).total_seconds())
        else:
            api_server.remove("fr-pj")
        assert len(list(parts)) <= 2, "the stream ends; else reading times out"


def test_claims_are_held_against_the_registry(api_server: ApiServer, client: httpx.Client) -> None:
    api_server.remove("be-fp")
    for who, expected in (
        (ANNA, 200),
        (make_requester("fr-pj", country="DE"), 401),
        (make_requester("be-fp"), 401),
        (make_requester("liaison-unknown", country="FR"), 401),
        (make_requester("liaison-ops", Role.OPS, subject="noor", country="NL"), 403),
    ):
        assert status(client, api_server.token(who)) == expected, who


def test_no_token_holds_for_longer_than_the_installation_allows(
    start_server: StartServer, api_server: ApiServer
) -> None:
    strict = start_server(token_max_life_s=600)
    with httpx.Client(base_url=strict.url, timeout=PATIENCE_S) as opened:
        for life_s, expected in ((600, 200), (601, 401)):
            assert status(opened, strict.token(life=timedelta(seconds=life_s))) == expected
