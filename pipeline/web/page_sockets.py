"""Open pages' sockets: each belongs to the session that its page was drawn for, and brings that session's cookies.

NiceGUI finds a page by ids that its browser tells: of the page, of the tab, of the connection. Here they open nothing.
A connection (an engine.io session, by websocket or by polling) begins with a cookie of ours and goes on with the same
ones; it joins a page of that session alone, and acts on no page that it has not joined. The ids of pages are told in a
message and never in an address, which proxies keep in their logs.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from typing import Annotated, Final
from wsgiref.types import WSGIEnvironment

import msgspec
from nicegui import Client, background_tasks, core
from nicegui import nicegui as of_nicegui
from socketio.exceptions import ConnectionRefusedError as RefusedError
from starlette.datastructures import QueryParams
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipeline.access.requester import Requester
from pipeline.access.tokens import TokenError
from pipeline.api.admission import limit_rate
from pipeline.api.problems import ProblemError, TooManyRequestsError
from pipeline.api.quotas import PersonSlots
from pipeline.locale import N_
from pipeline.web import csrf
from pipeline.web.page_events import SocketMessage
from pipeline.web.session import TOKEN, VISIT, Visit
from pipeline.web.site import Site

MOST_OF_A_PERSON: Final = 60
"""Connections of one person at a time, a page each: more tabs nobody keeps open."""

MOST_OF_AN_ADDRESS: Final = 100
"""Connections from one address of those who are not signed in, who see the sign-in page: an office behind one."""

AGAIN_S: Final = 10
"""When whoever has too many may come back."""

REFUSAL_PAUSE_S: Final = 1.0
"""Whoever has too many hears so after this. A program that asks again at once, on each of its HTTP connections, would
take the server from everybody else; a browser waits for longer between two tries anyway."""

JOIN_S: Final = 10.0
"""A connection that has joined no page by then is closed: a browser joins with its first message."""

MESSAGE_BYTES: Final = 256 << 10
"""Of one message or polling body: the most that a page sends is what somebody types and the links of one decision."""

FIRST_BYTES: Final = 4 << 10
"""Of one before a page is joined: the ids of a page take 300 bytes."""

UNAUTHORISED, TOO_LARGE, TOO_MANY = 403, 413, 429
POLICY_VIOLATION: Final = 1008
STATE: Final = "liaison_socket"
"""Where a request's state keeps its connection."""

REFUSED: Final = "Implicit handshake failed"
"""What NiceGUI's script answers by loading the page anew: for who is signed in then, or as the sign-in page."""

PageId = Annotated[str, msgspec.Meta(max_length=64)]


class PageIds(msgspec.Struct):
    """What a browser tells of its page; NiceGUI's own names."""

    client_id: PageId
    tab_id: PageId
    document_id: PageId
    next_message_id: int | None = None
    implicit_handshake: bool = True


class PageConnection:
    """One engine.io session: whose cookies it brings, and the page that it has joined."""

    def __init__(self, site: Site, token: str, secret: str, requester: Requester | None, held: ExitStack) -> None:
        self.site, self.token, self.secret, self.requester = site, token, secret, requester
        self.joined = False
        self._held = held
        self._timer: asyncio.TimerHandle | None = None
        self.sid = ""

    def begin(self, sid: str) -> None:
        """It has an id now, and little time to join a page."""
        self.sid = sid
        _open[sid] = self
        self._timer = asyncio.get_running_loop().call_later(JOIN_S, self._give_up)

    def join(self) -> None:
        """It has joined a page: it may stay."""
        self.joined = True
        if self._timer is not None:
            self._timer.cancel()

    def end(self) -> None:
        """It is over; twice is harmless."""
        _open.pop(self.sid, None)
        if self._timer is not None:
            self._timer.cancel()
        self._held.close()

    def brings(self, token: str, secret: str) -> bool:
        """Whether a later request of it brings the cookies that it began with."""
        return _equal(self.token, token) and _equal(self.secret, secret)

    def owns(self, client: Client) -> bool:
        """Whether a page was drawn for this session; one that was drawn for nobody is its browser's."""
        request = client.request
        visit: Visit | None = getattr(request.state, VISIT, None)
        if visit is None:
            return False
        if visit.requester is not None:
            return self.requester is not None and _equal(visit.token, self.token)
        return _equal(csrf.ensure_secret(request), self.secret)

    async def check_session(self) -> None:
        """Raises TokenError where the session has ended since; nobody's has none."""
        if self.requester is not None:
            await self.site.runtime.requester(self.token)

    def _give_up(self) -> None:
        background_tasks.create(_close(self.sid), name="close a connection without a page")


_open: Final[dict[str, PageConnection]] = {}
"""By engine.io's id. NiceGUI has one server of sockets a process."""


def _equal(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


class PageSockets:
    """The ASGI layer before NiceGUI's sockets."""

    def __init__(self, app: ASGIApp, site: Site) -> None:
        self._app, self._site = app, site
        refusal = N_("too many requests; try again later")
        self._of_persons = PersonSlots(MOST_OF_A_PERSON, refusal, AGAIN_S)
        self._of_addresses = PersonSlots(MOST_OF_AN_ADDRESS, refusal, AGAIN_S)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a websocket, or one request of polling."""
        connection = HTTPConnection(scope)
        if not csrf.is_same_origin(connection.headers):
            await _refuse(scope, send, UNAUTHORISED)
            return
        sid = QueryParams(scope["query_string"].decode("latin-1")).get("sid")
        try:
            held = await self._begin(connection) if sid is None else await self._go_on(connection, sid)
        except TooManyRequestsError:
            await asyncio.sleep(REFUSAL_PAUSE_S)
            await _refuse(scope, send, TOO_MANY)
            return
        except (TokenError, ProblemError):
            held = None
        if held is None:
            await _refuse(scope, send, UNAUTHORISED)
        elif _is_too_large(connection, held):
            await _refuse(scope, send, TOO_LARGE)
        else:
            await self._serve(scope, receive, send, held)

    async def _serve(self, scope: Scope, receive: Receive, send: Send, held: PageConnection) -> None:
        scope.setdefault("state", {})[STATE] = held
        try:
            await self._app(scope, _limit_messages(receive, held), send)
        finally:
            if scope["type"] == "websocket" or held.sid not in _open:
                held.end()

    async def _begin(self, connection: HTTPConnection) -> PageConnection | None:
        """A new connection; None for one without a cookie of ours. Raises TooManyRequestsError.

        Connections are counted before requests: that takes next to nothing where there are too many.
        """
        token, secret = _read_cookies(connection)
        requester: Requester | None = None
        if token:
            try:
                requester = await self._site.runtime.requester(token)
            except TokenError:
                token = ""  # as good as none: its page is drawn anew, for nobody
        address = f"address {connection.client.host if connection.client else ''}"
        with ExitStack() as held:
            if requester is not None:
                held.enter_context(self._of_persons.hold(requester.agency, requester.subject))
                await limit_rate(self._site.runtime, requester)
            elif secret:
                held.enter_context(self._of_addresses.hold("", address))
                if wait_s := await self._site.runtime.rates.count_request("", address):
                    raise TooManyRequestsError("too many requests; try again later", wait_s)
            else:
                return None
            return PageConnection(self._site, token, secret, requester, held.pop_all())

    async def _go_on(self, connection: HTTPConnection, sid: str) -> PageConnection | None:
        """The connection of that id, if this is its browser and its session lasts. Raises as the session's check."""
        held = _open.get(sid)
        token, secret = _read_cookies(connection)
        if held is None or not held.brings(token if held.requester is not None else held.token, secret):
            return None
        await held.check_session()
        if connection.scope.get("method") == "POST" and held.requester is not None:
            await limit_rate(self._site.runtime, held.requester)
        return held


def _read_cookies(connection: HTTPConnection) -> tuple[str, str]:
    """The token and the browser's secret, "" for none."""
    secure = connection.scope["scheme"] in ("https", "wss")
    return connection.cookies.get(TOKEN, ""), connection.cookies.get(csrf.name_cookie(secure=secure), "")


def _is_too_large(connection: HTTPConnection, held: PageConnection) -> bool:
    """Whether a polling body is larger than the connection may send, or does not say how large it is."""
    if connection.scope["type"] != "http" or connection.scope["method"] != "POST":
        return False
    told = connection.headers.get("content-length", "")
    return not told.isdecimal() or int(told) > (MESSAGE_BYTES if held.joined else FIRST_BYTES)


def _limit_messages(receive: Receive, held: PageConnection) -> Receive:
    """A websocket's messages, which ends at the first that is too large."""

    async def receive_limited() -> Message:
        message = await receive()
        if message["type"] == "websocket.receive":
            said = message.get("text") or message.get("bytes") or ""
            if len(said) > (MESSAGE_BYTES if held.joined else FIRST_BYTES):
                return {"type": "websocket.disconnect", "code": POLICY_VIOLATION}
        return message

    return receive_limited


async def _refuse(scope: Scope, send: Send, status: int) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": POLICY_VIOLATION})
    else:
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body"})


def bind_sockets() -> None:
    """Have NiceGUI's server of sockets ask which session a page is of. Once more is harmless."""
    sio = core.sio
    sio.eio.max_http_buffer_size = MESSAGE_BYTES
    sio.eio.on("connect", _begin_session)
    sio.eio.on("disconnect", _end_session)
    sio.on("connect", _join_page)
    sio.on("handshake", _join_later)
    sio.on("event", of_joined(of_nicegui._on_event))  # noqa: SLF001
    sio.on("javascript_response", of_joined(of_nicegui._on_javascript_response))  # noqa: SLF001
    sio.on("ack", of_joined(of_nicegui._on_ack))  # noqa: SLF001
    sio.on("log", _ignore)  # what a browser says belongs into no log of the server's


async def _begin_session(sid: str, environ: WSGIEnvironment) -> bool | None:
    held: PageConnection | None = environ["asgi.scope"].get("state", {}).get(STATE)
    if held is None:
        return False
    await core.sio._handle_eio_connect(sid, environ)  # noqa: SLF001
    held.begin(sid)
    return None


async def _end_session(sid: str, reason: str) -> None:
    await core.sio._handle_eio_disconnect(sid, reason)  # noqa: SLF001
    if held := _open.get(sid):
        held.end()


async def _close(sid: str) -> None:
    """Close a session as engine.io does, without waiting for a reader that may never come."""
    socket = core.sio.eio.sockets.get(sid)
    if socket is None:
        return
    await socket.close(wait=False, reason=core.sio.eio.reason.SERVER_DISCONNECT)
    await socket.queue.put(None)  # which ends its writer
    core.sio.eio.sockets.pop(sid, None)


async def _join_page(sid: str, environ: WSGIEnvironment, told: object = None) -> None:
    """Let a connection join the page that it tells of. Raises RefusedError, whose words the browser understands."""
    try:
        ids = msgspec.convert(told, PageIds)
    except msgspec.ValidationError as error:
        raise RefusedError(REFUSED) from error
    if ids.implicit_handshake and not await _join(sid, environ, ids):
        raise RefusedError(REFUSED)


async def _join_later(sid: str, told: object) -> bool:
    """The same for a page that was fetched before somebody looks at it."""
    try:
        return await _join(sid, core.sio.get_environ(sid), msgspec.convert(told, PageIds))
    except msgspec.ValidationError:
        return False


async def _join(sid: str, environ: WSGIEnvironment, ids: PageIds) -> bool:
    """Whether the page is one of the connection's session, which still lasts, and has been joined."""
    held: PageConnection = environ["asgi.scope"]["state"][STATE]
    client = Client.instances.get(ids.client_id)
    if client is None or not held.owns(client):
        return False
    try:
        await held.check_session()
    except TokenError:
        return False
    told = {"client_id": ids.client_id, "tab_id": ids.tab_id, "document_id": ids.document_id,
            "next_message_id": ids.next_message_id}  # fmt: skip
    if not await of_nicegui._on_handshake(sid, told):  # noqa: SLF001
        return False
    held.join()
    return True


def of_joined(handle: Callable[[str, SocketMessage], None]) -> Callable[[str, object], Awaitable[None]]:
    """A handler of messages, for those on the page that the connection has joined, and no other."""

    async def handle_own(sid: str, message: object) -> None:
        if isinstance(message, dict) and message.get("client_id") in core.sio.rooms(sid):
            handle(sid, message)

    return handle_own


def _ignore(_: str, __: object) -> None:
    """Do nothing."""
