"""The server's door, attacked over real connections: what is read of whom, how much, how slowly, who is believed."""

from __future__ import annotations

import gzip
import re
import socket
import ssl
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
import trustme
from msgspec.structs import replace

from pipeline.access.requester import Role
from pipeline.api.admission import JSON_BYTES
from pipeline.web.csrf import COOKIE
from support.access.requesters import ANNA, BERT
from support.api.runtime import GROUNDS
from support.api.server import ApiServer, StartServer, api_server, client, read_head, read_to_end, start_server
from support.waiting import PATIENCE_S

__all__ = ["api_server", "client", "start_server"]

pytestmark = pytest.mark.xdist_group("door")  # one server

SEARCH = b"POST /v1/search HTTP/1.1\r\nHost: liaison\r\nContent-Type: application/json\r\n"
JSON = {"Content-Type": "application/json"}
LONG = b"Content-Length: 100000000\r\n"


@pytest.fixture(scope="module")
def hasty_server(start_server: StartServer) -> ApiServer:
    """A server with short time-outs, for those who run into them: anybody else may be slow."""
    return start_server(header_timeout_s=1, body_timeout_s=1)


def _lines(headers: dict[str, str]) -> bytes:
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode()


@pytest.mark.parametrize("path", ["/v1/search", "/v1/list-checks", "/v1/feeds/fr-pj/cases", "/v1/nothing"])
def test_nothing_of_a_body_is_awaited_before_the_token_is_checked(api_server: ApiServer, path: str) -> None:
    """The attacker announces a body and sends none of it: the answer does not wait."""
    request = SEARCH.replace(b"/v1/search", path.encode())
    for authorization in (b"", b"Authorization: Bearer made.up.token\r\n", b"Authorization: Basic eDp5\r\n"):
        with api_server.connection() as connected:  # which the server holds open a while, for the rest of the body
            connected.sendall(request + authorization + LONG + b"\r\n")
            told = read_head(connected)
        assert told.startswith(b"HTTP/1.1 401 "), told
        assert b"application/problem+json" in told


def test_a_body_that_is_sent_after_the_refusal_holds_no_connection(api_server: ApiServer) -> None:
    """The attacker trickles on: the server closes, whatever comes."""
    with api_server.connection() as connected:
        connected.sendall(SEARCH + LONG + b"\r\n")
        assert read_head(connected).startswith(b"HTTP/1.1 401 ")
        connected.sendall(b"{" * 1000)
        read_to_end(connected)


@pytest.mark.parametrize("chunked", [False, True], ids=["declared", "chunked"])
def test_a_body_is_read_up_to_one_mebibyte(api_server: ApiServer, client: httpx.Client, chunked: bool) -> None:
    for size, status in ((JSON_BYTES, 422), (JSON_BYTES + 1, 413)):
        body = b" " * size
        sent = iter([body]) if chunked else body
        answer = client.post("/v1/search", content=sent, headers=api_server.headers())
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
        assert answer.json()["status"] == status


def test_a_list_is_read_up_to_its_own_limit(api_server: ApiServer, client: httpx.Client) -> None:
    headers = {**api_server.headers(), "Content-Type": "text/csv"}
    long = b"id,name\n" + b"".join(b"%d,Nobody Atall %d\n" % (n, n) for n in range(9000)) + b"x" * JSON_BYTES
    assert client.post("/v1/list-checks", content=long, headers=headers).status_code != 413
    assert client.post("/v1/list-checks", content=b"x" * (4 * JSON_BYTES + 1), headers=headers).status_code == 413


def test_a_body_that_stops_coming_ends_the_request(hasty_server: ApiServer) -> None:
    headers = _lines(hasty_server.headers()) + b"Content-Length: 100\r\n\r\n"
    told = hasty_server.exchange(SEARCH, headers, b'{"question":')
    assert told.startswith(b"HTTP/1.1 408 ")


def test_headers_that_stop_coming_end_the_connection(hasty_server: ApiServer) -> None:
    for begun in (b"", b"GET /healthz HTTP/1.1\r\nHost: liaison\r\nX-A: ", SEARCH):
        told = hasty_server.exchange(begun)
        assert told.startswith(b"HTTP/1.1 408 "), begun


def test_a_second_request_of_a_connection_is_as_slow_no_longer(hasty_server: ApiServer) -> None:
    answered = False
    while not answered:  # until this test itself was not too slow with the first one
        with hasty_server.connection() as connected:
            connected.sendall(b"GET /healthz HTTP/1.1\r\nHost: liaison\r\n\r\n")
            head = read_head(connected)
            assert head.startswith((b"HTTP/1.1 200 ", b"HTTP/1.1 408 ")), head
            if answered := head.startswith(b"HTTP/1.1 200 "):
                connected.sendall(b"GET /healthz HTTP/1.1\r\n")
                assert b"HTTP/1.1 408 " in read_to_end(connected)


def test_headers_without_end_are_not_kept(api_server: ApiServer) -> None:
    with api_server.connection() as connected:
        told = b""
        try:
            connected.sendall(b"GET /healthz HTTP/1.1\r\nHost: liaison\r\nX-Long: ")
            for _ in range(1000):
                connected.sendall(b"a" * 65536)
        except (ConnectionResetError, BrokenPipeError):
            pass
        else:
            told = read_to_end(connected)
            assert told.startswith(b"HTTP/1.1 431 ")


def test_connections_are_capped(start_server: StartServer) -> None:
    capped = start_server(max_connections=3)
    with ExitStack() as held:
        for _ in range(3):
            connected = held.enter_context(capped.connection())
            connected.sendall(b"GET /healthz HTTP/1.1\r\nHost: liaison\r\nConnection: keep-alive\r\n\r\n")
            assert read_head(connected).startswith(b"HTTP/1.1 200 ")
        told = capped.exchange(b"GET /healthz HTTP/1.1\r\nHost: liaison\r\n\r\n")
        assert told.startswith(b"HTTP/1.1 503 ")


def within_a_minute(ask: Callable[[], list[httpx.Response]]) -> list[httpx.Response]:
    """The answers to requests of which none falls into another minute of the clock than the first.

    Rates are counted by the minute, so where one ends meanwhile all is asked again, of another server.
    """
    while True:
        minute, answers = time.time() // 60, ask()
        if time.time() // 60 == minute:
            return answers


def test_rates_count_all_ways_of_one_person_together(start_server: StartServer) -> None:
    def ask() -> list[httpx.Response]:
        limited = start_server(request_rate=3)
        with httpx.Client(base_url=limited.url, timeout=PATIENCE_S) as opened:
            headers = limited.headers()
            opened.cookies.set("liaison_token", limited.token())
            grounds = "%7B%22purpose%22:%22investigation%22,%22case_reference%22:%221%22%7D"
            opened.cookies.set("liaison_grounds", grounds)
            page = opened.get("/statistics")
            feed = opened.post("/v1/feeds/other/cases", content=b"{}", headers=headers)
            ways = ("/v1/cases/fr-pj:1", "/v1/cases/fr-pj:1", "/v1/notices/stream", "/statistics", "/notices/live")
            read = [opened.get(path, headers=headers) for path in ways]
            return [page, feed, *read, opened.get("/v1/cases/be-fp:1", headers=limited.headers(BERT))]

    *answers, of_another = within_a_minute(ask)
    assert [answer.status_code for answer in answers] == [200, 403, 200, 429, 429, 429, 429]
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in answers[3:])
    assert of_another.status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status", "allowed"),
    [
        ("GET", "/v1/nothing", 404, None),
        ("POST", "/v1/", 404, None),
        ("PATCH", "/v1/nothing/at/all", 404, None),
        ("GET", "/v1/search", 405, "POST"),
        ("DELETE", "/v1/cases/fr-pj:1", 405, "GET"),
        ("PATCH", "/v1/subscriptions", 405, "GET, POST"),
        ("GET", "/v1/feeds/fr-pj/cases", 405, "POST"),
    ],
)
def test_what_no_operation_does_is_a_problem_with_pages_too(
    api_server: ApiServer, client: httpx.Client, method: str, path: str, status: int, allowed: str | None
) -> None:
    answer = client.request(method, path, headers=api_server.headers())
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    assert answer.json()["status"] == status
    assert answer.headers.get("allow") == allowed
    assert client.request(method, path).status_code == 401


GZIP = gzip.compress(b'{"question": "Ivan Petrov"}', mtime=0)


@pytest.mark.parametrize("path", ["/v1/search", "/v1/feeds/fr-pj/cases"])
@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (JSON | {"Content-Encoding": "gzip"}, GZIP),
        ({"Content-Type": "application/gzip"}, GZIP),
        ({"Content-Type": "application/xml"}, b"<case/>"),
        ({"Content-Type": "text/csv"}, b"case_id;name"),
        ({"Content-Type": "multipart/form-data; boundary=x"}, b"--x--"),
    ],
    ids=["gzip coding", "gzip", "xml", "csv", "form"],
)
def test_a_body_that_is_not_read_is_refused_by_its_kind(
    api_server: ApiServer, client: httpx.Client, path: str, headers: dict[str, str], body: bytes
) -> None:
    sender = replace(ANNA, roles=frozenset({Role.FEED, Role.INVESTIGATOR}))
    answer = client.post(path, headers=api_server.headers(sender) | headers, content=body)
    assert (answer.status_code, answer.headers["content-type"]) == (415, "application/problem+json"), answer.text
    assert answer.json()["detail"]


def test_every_answer_bears_the_security_headers(api_server: ApiServer) -> None:
    paths = ("/healthz", "/v1/cases/fr-pj:1", "/v1/nothing", "/sign-in", "/nowhere", "/assets/keys.js", "/docs",
             "/openapi.json", "/v1/failure", "/_nicegui_ws/socket.io/?EIO=4&transport=polling")  # fmt: skip
    for path in paths:
        answer = httpx.get(f"{api_server.url}{path}", headers=api_server.headers(), timeout=PATIENCE_S)
        assert answer.headers["x-content-type-options"] == "nosniff", path
        assert answer.headers["referrer-policy"] == "same-origin", path
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"], path
        assert "strict-transport-security" not in answer.headers, path
    failed = httpx.get(f"{api_server.url}/v1/failure", headers=api_server.headers(), timeout=PATIENCE_S)
    assert failed.status_code == 500
    told = api_server.exchange(b"no http at all\r\n\r\n")
    assert told.startswith(b"HTTP/1.1 400 ")
    assert b"X-Content-Type-Options: nosniff" in told


def test_no_script_without_the_nonce_of_its_answer_may_run(client: httpx.Client) -> None:
    seen = set()
    for path in ("/sign-in", "/docs", "/nowhere"):
        answer = client.get(path)
        policy = answer.headers["content-security-policy"]
        (nonce,) = re.findall("'nonce-([^']+)'", policy)
        scripts = re.findall("<script[^>]*>", answer.text)
        assert scripts, path
        assert all(f'nonce="{nonce}"' in tag or "src=" in tag for tag in scripts), path
        assert "'unsafe-inline'" not in policy.split("script-src")[1].split(";")[0]
        seen.add(nonce)
    assert len(seen) == 3


def test_nobody_but_a_trusted_proxy_says_who_asks_and_how(start_server: StartServer, api_server: ApiServer) -> None:
    forged = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9", "X-Forwarded-Prefix": "//evil.example"}
    trusting = start_server(trusted_proxies="127.0.0.0/8")
    untrusted, trusted = (
        httpx.get(f"{server.url}/sign-in", headers=forged, timeout=PATIENCE_S) for server in (api_server, trusting)
    )
    assert "strict-transport-security" not in untrusted.headers
    assert "secure" not in untrusted.headers["set-cookie"].lower()
    assert trusted.headers["strict-transport-security"] == "max-age=31536000"
    assert "secure" in trusted.headers["set-cookie"].lower()
    for answer in (untrusted, trusted):
        assert "evil.example" not in answer.text


def test_over_tls_browsers_come_back_by_tls_and_take_our_cookies_from_this_host_alone(
    start_server: StartServer, tmp_path: Path
) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    issued.private_key_pem.write_to_path(key)
    for blob in issued.cert_chain_pems:
        blob.write_to_path(chain, append=True)
    guarded = start_server(scheme="https", api_certificate_file=chain, api_key_file=key)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    with httpx.Client(base_url=guarded.url, verify=trusting, timeout=PATIENCE_S) as browser:
        page = browser.get("/sign-in")
        assert page.headers["strict-transport-security"] == "max-age=31536000"
        (cookie,) = page.headers.get_list("set-cookie")
        assert cookie.startswith("__Host-liaison_csrf=")
        assert {"httponly", "secure", "path=/", "samesite=lax"} <= set(cookie.lower().split("; "))
        fields = FORMS["/sign-in"] | {"csrf": _form(browser)}
        entered = browser.post("/sign-in", data=fields, headers={"Origin": guarded.url})
        assert entered.headers["location"] == "/"
        assert all("Secure" in one for one in entered.headers.get_list("set-cookie"))


def test_addresses_behind_a_proxy_are_counted_apart(start_server: StartServer) -> None:
    addresses = ("203.0.113.1", "203.0.113.2", "203.0.113.3", "203.0.113.1", "203.0.113.1")

    def statuses(proxies: str) -> list[int]:
        def ask() -> list[httpx.Response]:
            url = f"{start_server(request_rate=2, trusted_proxies=proxies).url}/sign-in"
            return [httpx.get(url, headers={"X-Forwarded-For": address}, timeout=PATIENCE_S) for address in addresses]

        return [answer.status_code for answer in within_a_minute(ask)]

    assert statuses("127.0.0.1") == [200, 200, 200, 200, 429]
    assert statuses("") == [200, 200, 429, 429, 429]


def _form(client: httpx.Client) -> str:
    (token,) = set(re.findall('"name":"csrf","value":"([0-9a-f]{64})"', client.get("/sign-in").text))
    return str(token)


FORMS = {
    "/sign-in": {"person": "claire@fr-pj", "purpose": "investigation", "case_reference": "2026/1"},
    "/language": {"value": "fr"},
    "/theme": {"value": "dark"},
    "/sign-out": {},
}


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize(
    "forged", ["no token", "wrong token", "another browser's", "null", "another site"], ids=lambda one: one
)
def test_a_forged_form_does_nothing(api_server: ApiServer, path: str, forged: str) -> None:
    with (
        httpx.Client(base_url=api_server.url, timeout=PATIENCE_S) as victim,
        httpx.Client(base_url=api_server.url, timeout=PATIENCE_S) as attacker,
    ):
        own, others = _form(victim), _form(attacker)
        token = {"no token": "", "wrong token": "0" * 64, "another browser's": others}.get(forged, own)
        origin = {"null": "null", "another site": "https://evil.example"}.get(forged, api_server.url)
        held = dict(victim.cookies)
        answer = victim.post(path, data=FORMS[path] | {"csrf": token}, headers={"Origin": origin})
        assert "wrong=origin" in answer.headers["location"]
        assert dict(victim.cookies) == held
        assert "liaison_" not in answer.headers.get("set-cookie", "").replace("liaison_csrf", "")


@pytest.mark.parametrize("path", FORMS)
def test_our_own_form_works(api_server: ApiServer, client: httpx.Client, path: str) -> None:
    answer = client.post(path, data=FORMS[path] | {"csrf": _form(client)}, headers={"Origin": api_server.url})
    assert (answer.status_code, "wrong=" in answer.headers["location"]) == (303, False)


def test_a_planted_secret_forges_no_form_of_one_who_is_signed_in(api_server: ApiServer, client: httpx.Client) -> None:
    """A neighbouring host of the domain may set our cookie: it does not know the session's token."""
    with httpx.Client(base_url=api_server.url, timeout=PATIENCE_S) as attacker:
        token, planted = _form(attacker), attacker.cookies["liaison_csrf"]
    client.post("/sign-in", data=FORMS["/sign-in"] | {"csrf": _form(client)}, headers={"Origin": api_server.url})
    client.cookies.set("liaison_csrf", planted, domain="127.0.0.1", path="/")
    answer = client.post("/sign-out", data={"csrf": token}, headers={"Origin": api_server.url})
    assert "wrong=origin" in answer.headers["location"]


def test_a_form_of_nobody_is_refused_unread(api_server: ApiServer) -> None:
    head = b"POST /checks HTTP/1.1\r\nHost: liaison\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    told = api_server.exchange(head, LONG, b"\r\n")
    assert told.startswith(b"HTTP/1.1 303 ")


@pytest.mark.parametrize("transport", ["polling", "websocket"])
@pytest.mark.parametrize(("origin", "served"), [("http://evil.example", False), ("null", False), ("own", True)])
def test_no_other_sites_page_opens_a_pages_socket(
    api_server: ApiServer, transport: str, origin: str, served: bool
) -> None:
    upgrade = {
        "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }  # fmt: skip
    headers = {"Host": f"127.0.0.1:{api_server.port}", "Origin": api_server.url if origin == "own" else origin}
    headers["Cookie"] = f"{COOKIE}=of-this-browser"
    headers |= upgrade if transport == "websocket" else {}
    with api_server.connection() as connected:
        line = f"GET /_nicegui_ws/socket.io/?EIO=4&transport={transport} HTTP/1.1\r\n".encode()
        connected.sendall(line + _lines(headers) + b"\r\n")
        status = read_head(connected).split(b" ")[1]
    assert (status in (b"101", b"200")) is served, status


def test_a_reader_who_does_not_read_is_let_go(start_server: StartServer) -> None:
    """He asks again and again and reads no answer, so that the server can't write on."""
    served = start_server(body_timeout_s=1)
    request = b"GET /static-offline-docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: liaison\r\n\r\n"
    with served.connection() as connected:
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        let_go = False
        while not let_go:
            try:
                connected.sendall(request)
            except (ConnectionResetError, BrokenPipeError):
                let_go = True
        assert let_go


def test_grounds_are_still_asked_for(api_server: ApiServer, client: httpx.Client) -> None:
    answer = client.get("/v1/cases/fr-pj:1", headers={"Authorization": api_server.headers(ANNA)["Authorization"]})
    assert (answer.status_code, set(GROUNDS)) == (422, {"Liaison-Purpose", "Liaison-Case-Reference"})
