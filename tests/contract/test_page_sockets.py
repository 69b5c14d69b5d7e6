"""Pages' sockets against a real server: whoever knows a page's ids, and not its session, has nothing of it."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from pipeline.access.requester import Requester, Role
from pipeline.web.csrf import COOKIE, make_form_token
from pipeline.web.page_sockets import FIRST_BYTES, MESSAGE_BYTES, MOST_OF_A_PERSON, MOST_OF_AN_ADDRESS
from support.access.requesters import ANNA, make_requester
from support.api.server import ApiServer, StartServer, api_server, start_server
from support.waiting import PATIENCE_S

__all__ = ["api_server", "start_server"]

pytestmark = [pytest.mark.xdist_group("page sockets"), pytest.mark.rare]  # one server

STATED = quote('{"purpose":"investigation","case_reference":"2026/1"}')
POLLING = "/_nicegui_ws/socket.io/?EIO=4&transport=polling"
UPGRADE = {
    "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}  # fmt: skip
CARL = make_requester("fr-pj", Role.INVESTIGATOR, subject="carl")


class Desk:
    """A browser with its cookies, which polls by hand."""

    def __init__(self, browser: httpx.Client) -> None:
        self.browser = browser

    def draw(self, path: str) -> dict[str, Any]:
        """Load a page; what its script would tell of it."""
        told = ast.literal_eval(re.findall(r"query: (\{.*\}),", self.browser.get(path).text)[0])
        return {**told, "tab_id": "tab", "document_id": "document", "old_tab_id": None}

    def open(self) -> httpx.Response:
        return self.browser.get(POLLING)

    def begin(self) -> str:
        """The id of a new connection."""
        answer = self.open()
        assert answer.status_code == 200, answer.status_code
        sid: str = json.loads(answer.text[1:])["sid"]
        return sid

    def say(self, sid: str, packet: str) -> int:
        return self.browser.post(f"{POLLING}&sid={sid}", content=packet).status_code

    def hear(self, sid: str) -> str:
        return self.browser.get(f"{POLLING}&sid={sid}").text

    def join(self, sid: str, ids: dict[str, Any]) -> str:
        """What the server answers to a connection that tells of a page."""
        assert self.say(sid, f"40{json.dumps(ids)}") == 200
        return self.hear(sid)


@contextmanager
def at_desk(server: ApiServer, who: Requester | None = ANNA, secret: str = "", token: str = "") -> Iterator[Desk]:
    """A browser with the cookies of a session, its own or a copied one's, and of the browser."""
    token = token or (server.token(who) if who is not None else "")
    cookies = {"liaison_token": token, "liaison_grounds": STATED} if token else {}
    cookies |= {COOKIE: secret} if secret else {}
    with httpx.Client(base_url=server.url, cookies=cookies, timeout=PATIENCE_S) as browser:
        yield Desk(browser)


def is_joined(told: str) -> bool:
    """Whether a page's connection was taken; else its browser is told to load the page anew."""
    assert told.startswith(("40", "44")), told
    return told.startswith("40")


def test_a_pages_own_browser_joins_it_and_its_address_holds_no_id(api_server: ApiServer) -> None:
    with at_desk(api_server, secret="secret") as anna:
        ids = anna.draw("/statistics")
        assert is_joined(anna.join(anna.begin(), ids))
        script = anna.browser.get("/statistics").text
        assert "auth: (tell) => tell(query)" in script


@pytest.mark.parametrize("path", ["/statistics", "/sign-in"])
def test_a_socket_without_the_pages_cookie_is_refused_whatever_ids_it_knows(api_server: ApiServer, path: str) -> None:
    whose = ANNA if path == "/statistics" else None
    with (
        at_desk(api_server, whose, secret="of-her-browser") as anna,
        at_desk(api_server, CARL, secret="of-his") as carl,
        at_desk(api_server, None, secret="made-up") as stranger,
        at_desk(api_server, None) as bare,
    ):
        ids = anna.draw(path)
        assert bare.open().status_code == 403
        assert bare.browser.get(POLLING.replace("polling", "websocket"), headers=UPGRADE).status_code == 403
        for thief in (carl, stranger):
            assert not is_joined(thief.join(thief.begin(), ids))
        assert is_joined(anna.join(anna.begin(), ids))


def test_a_connection_goes_on_with_the_cookies_that_it_began_with(api_server: ApiServer) -> None:
    with (
        at_desk(api_server, secret="of-her-browser") as anna,
        at_desk(api_server, CARL, secret="of-his") as carl,
        at_desk(api_server, None) as bare,
    ):
        ids = anna.draw("/statistics")
        sid = anna.begin()
        assert is_joined(anna.join(sid, ids))
        for thief in (carl, bare):
            assert thief.browser.get(f"{POLLING}&sid={sid}").status_code == 403
            assert thief.say(sid, "2") == 403
            upgrade = thief.browser.get(f"{POLLING.replace('polling', 'websocket')}&sid={sid}", headers=UPGRADE)
            assert upgrade.status_code == 403
        assert anna.say(sid, "3") == 200


def test_a_joined_connection_joins_no_other_page(api_server: ApiServer) -> None:
    with (
        at_desk(api_server, secret="of-her-browser") as anna,
        at_desk(api_server, CARL, secret="of-his") as carl,
    ):
        hers, his, sid = anna.draw("/statistics"), carl.draw("/statistics"), carl.begin()
        assert is_joined(carl.join(sid, his))
        assert not is_joined_later(carl, sid, hers)


def is_joined_later(desk: Desk, sid: str, ids: dict[str, Any]) -> bool:
    """Whether a connection joins another page besides its own by NiceGUI's event for that."""
    assert desk.say(sid, f'427["handshake",{json.dumps(ids)}]') == 200
    told = desk.hear(sid)
    return "437[true]" in told


@pytest.mark.parametrize("ended", ["sign-out", "expiry", "another sign-in"])
def test_a_socket_that_reconnects_with_an_old_cookie_is_refused(api_server: ApiServer, ended: str) -> None:
    who = make_requester("fr-pj", Role.INVESTIGATOR, subject=f"again-{ended}")
    with at_desk(api_server, who, secret="secret") as anna:
        token = anna.browser.cookies["liaison_token"]
        ids = anna.draw("/statistics")
        sid = anna.begin()
        assert is_joined(anna.join(sid, ids))
        try:
            if ended == "sign-out":
                with at_desk(api_server, None, "secret", token) as tab:
                    tab.browser.post("/sign-out", data={"csrf": make_form_token("secret", token)})
            elif ended == "expiry":
                api_server.move_clock(2 * 3600)
            else:
                anna.browser.cookies.set("liaison_token", api_server.token(CARL), domain="127.0.0.1")
                anna.browser.cookies.delete("liaison_token", domain="")
            assert anna.say(sid, "3") == 403, "what is open does not go on"
            again = Desk(anna.browser)
            assert not is_joined(again.join(again.begin(), ids))
        finally:
            api_server.move_clock(0)


def test_bodies_are_small_before_a_page_is_joined_and_bounded_after(api_server: ApiServer) -> None:
    with at_desk(api_server, secret="secret") as anna:
        ids, sid = anna.draw("/statistics"), anna.begin()
        assert anna.say(sid, "6" * (FIRST_BYTES + 1)) == 413
        assert anna.browser.post(f"{POLLING}&sid={sid}", content=iter([b"6"])).status_code == 413, "of no told size"
        assert is_joined(anna.join(sid, ids))
        assert anna.say(sid, "42" + json.dumps(["ack", {"client_id": "x" * FIRST_BYTES}])) == 200
        assert anna.say(sid, "6" * (MESSAGE_BYTES + 1)) == 413


@pytest.mark.parametrize(("who", "most"), [(None, MOST_OF_AN_ADDRESS), (ANNA, MOST_OF_A_PERSON)])
def test_connections_of_an_address_and_of_a_person_are_counted(
    start_server: StartServer, who: Requester | None, most: int
) -> None:
    served = start_server()
    with ExitStack() as desks:
        desk = desks.enter_context(at_desk(served, who, secret="secret"))
        assert [desk.open().status_code for _ in range(most + 1)] == [200] * most + [429]
        other = desks.enter_context(at_desk(served, CARL, secret="other"))
        assert other.open().status_code == 200


def test_connections_count_in_the_rate(start_server: StartServer) -> None:
    served = start_server(request_rate=5)
    with at_desk(served, None, secret="secret") as stranger:
        assert [stranger.open().status_code for _ in range(6)] == [200] * 5 + [429]
