"""A page's life: load what the services say, draw it, act on it, draw it anew."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec
from nicegui import background_tasks, ui
from nicegui.element import Element
from nicegui.events import GenericEventArguments

from pipeline.access.release import Rule
from pipeline.access.tokens import KeysAwayError, TokenError
from pipeline.api.answering import OPENED
from pipeline.api.problems import ForbiddenError, NotFoundError, ProblemError
from pipeline.api.services.cases import may_still_read
from pipeline.errors import LiaisonError
from pipeline.web import layout
from pipeline.web.components import states
from pipeline.web.components.markup import text
from pipeline.web.page_events import EVENT_CHARS, SocketMessage, measure_event
from pipeline.web.session import Visit

T = TypeVar("T")

Parameters = dict[str, str]

log = logging.getLogger(__name__)

WATCH_S = 2.0
"""How often an open page that shows what a grant opened asks whether the grant is still in force."""

TELL_AFTER_S = 3.0
"""Who waits longer for what must be recorded first is told so; what they asked for goes on."""

AT_ONCE_S = 0.4
"""A page that is ready within this time is sent whole; a slower one shows its frame first."""


class OpenPage:
    """A page while it is open: what its parts need to speak, to act, and to draw anew."""

    def __init__(self, visit: Visit, parameters: Parameters, page: Page[Any]) -> None:
        self.visit = visit._replace(note_shown=self._note_shown)
        self.words, self.parameters = visit.words, parameters
        self._page = page
        self._opened: set[str] = set()
        """The cases that the page shows under a grant, whose owners may take it back at any time."""
        self._is_watching = False
        self._codes: set[str] = set()
        """The handling codes of the records that the page shows, which paper says."""
        self._frame: layout.PageFrame | None = None
        self._main: Element | None = None
        self._cleared: list[Callable[[], None]] = []
        self._begun: dict[str, object] = {}
        self._client = ui.context.client
        self._heard: dict[str, int] = {}
        """The characters that each event may have, by its name."""
        self.kept: dict[str, Any] = {}
        """What a page remembers from one drawing to the next."""
        self._guard_actions()

    def _guard_actions(self) -> None:
        """Let each event of the browser pass only while the visit's session lasts, in the order in which they came.

        Admission waits for others, such as the rates' shared store, and of two that wait the later may be answered
        first: what was chosen last would then be taken for what was chosen before.
        """
        handle, turn = self._client.handle_event, asyncio.Lock()

        async def admit(message: SocketMessage) -> None:
            async with turn:
                try:
                    await self.visit.admit_action()
                    element = self._client.elements.get(message.get("id", -1))
                    listeners = {} if element is None else element._event_listeners  # noqa: SLF001
                    heard = listeners.get(message.get("listener_id", ""))
                    measure_event(message, self._heard.get(heard.type, EVENT_CHARS) if heard else EVENT_CHARS)
                except KeysAwayError as error:
                    self.show_message(states.format_failure(self.words, error), bad=True)
                except TokenError:
                    self._clear_content()
                    self.call_script("leave")  # to where one signs in
                except ProblemError as problem:
                    self.show_message(states.format_failure(self.words, problem), bad=True)
                else:
                    handle(message)

        def receive(message: SocketMessage) -> None:
            background_tasks.create(admit(message), name=f"an action on {self._page.path}")

        self._client.handle_event = receive  # type: ignore[assignment,method-assign]

    def _note_shown(self, case: str, rule: Rule, code: str) -> None:
        """Keep what paper says of handling; watch the grant of a case that one opened, while the page is open."""
        if code not in self._codes:
            self._codes.add(code)
            if self._frame is not None:
                self._frame.show_handling(self.words, self._codes)
        if rule not in OPENED:
            return
        self._opened.add(case)
        if not self._is_watching:
            self._is_watching = True
            background_tasks.create(self._watch_access(), name=f"access on {self._page.path}")

    async def _watch_access(self) -> None:
        """Take what is shown from the page within seconds of the end of the access to any of it, and draw what is left.

        The server asks, not the browser: a tab in the background shows it no longer than any other.
        """
        while not self._client.is_deleted:
            await asyncio.sleep(WATCH_S)
            await self.check_access()

    async def check_access(self) -> None:
        """Draw the page anew where the access to a case that it shows has ended. What can't be told is shown on."""
        watched = sorted(self._opened)
        if not watched:
            return
        session = self.visit.new_session()
        with suppress(LiaisonError):
            if await may_still_read(session, watched):
                return
            self._opened.clear()
            self._clear_content()
            await self.redraw()
            self.show_message(self.words("Access to a record on this page has ended"), bad=True)

    def _clear_content(self) -> None:
        """Take all that the page shows of records from it."""
        if self._main is not None:
            self._main.clear()
        for clear in self._cleared:
            clear()

    def clear_with(self, clear: Callable[[], None]) -> None:
        """Empty what shows records beside the content whenever that is emptied."""
        self._cleared.append(clear)

    def listen(self, event: str, handler: Callable[..., Awaitable[None]], most: int = EVENT_CHARS) -> None:
        """Do something whenever the browser tells of an event; said once, however often the page is drawn.

        One of more than `most` characters is not handed on.
        """
        if event not in self._heard:
            self._heard[event] = most
            ui.on(event, self.guard(handler))

    def guard(self, handler: Callable[..., Awaitable[None]]) -> Callable[[GenericEventArguments], Awaitable[None]]:
        """The handler of an event; where the event can't be read, the page says so."""

        async def guarded(event: GenericEventArguments) -> None:
            try:
                await (handler(event) if inspect.signature(handler).parameters else handler())
            except ProblemError as problem:
                self.show_message(states.format_failure(self.words, problem), bad=True)

        return guarded

    def draw_frame(self) -> layout.PageFrame:
        """Draw everything but the content, which `open` draws into it."""
        self._frame = layout.draw_frame(self.visit, self._page.title, self._page.entry, self._page.script)
        self._main = self._frame.content
        return self._frame

    async def open(self) -> None:
        """Load and draw the content into the frame; what takes long is preceded by grey lines."""
        loading = asyncio.ensure_future(self._load_content())
        done, _ = await asyncio.wait([loading], timeout=AT_ONCE_S)
        if not done:
            self._show_content(lambda: states.draw_loading(self.words("Loading")))
            await ui.context.client.connected()
        self._show_content(await loading)

    async def redraw(self) -> None:
        """Load and draw the content anew, as after an action; of several that are under way the last is shown."""
        is_last = self.begin("redraw")
        draw = await self._load_content()
        if is_last():
            self._show_content(draw)

    def begin(self, what: str) -> Callable[[], bool]:
        """Begin something whose result is shown later. What is returned tells whether it is the last of its name begun.

        The result of one that is not comes too late to be shown.
        """
        mark = self._begun[what] = object()
        return lambda: self._begun[what] is mark

    async def run_action(self, action: Awaitable[T], done: str, *, redraw: bool = True) -> T | None:
        """Do something; say how it went; after success draw anew. Gives the action's answer, None after a failure."""
        try:
            with self.telling_waits():
                answer = await action
        except LiaisonError as error:
            self.call_script("settleDrafts", False)
            self.show_message(states.format_failure(self.words, error), bad=True)
            return None
        self.call_script("settleDrafts", True)
        if redraw:
            await self.redraw()
        self.show_message(done)
        return answer

    @contextmanager
    def telling_waits(self) -> Iterator[None]:
        """Say so where what is done meanwhile waits for the audit trail, as while a broker's fail-over lasts."""
        audit = self.visit.runtime.audit

        async def look() -> None:
            await asyncio.sleep(TELL_AFTER_S)
            while audit.waits_s < AT_ONCE_S:
                await asyncio.sleep(AT_ONCE_S)
            self.show_message(self.words("Waiting for the audit trail…"))

        looking = asyncio.ensure_future(look())
        try:
            yield
        finally:
            looking.cancel()

    def show_message(self, message: str, *, bad: bool = False) -> None:
        """Show what became of an action for some seconds, and say it to those who hear the page."""
        self.call_script("say", message, bad)

    def call_script(self, name: str, *arguments: object) -> None:
        """Call a function of the page's scripts in the browser, with what JSON can say."""
        told = ", ".join(msgspec.json.encode(argument).decode() for argument in arguments)
        self._client.run_javascript(f"liaison.{name}({told})")

    async def _load_content(self) -> Callable[[], object]:
        """What draws the content, or the trouble there is with it."""
        return await self.attempt(
            self._page.load(self.visit, self.parameters),
            lambda loaded: self._page.draw(self, loaded),
            self._draw_failure,
        )

    async def attempt(
        self, loading: Awaitable[T], draw: Callable[[T], object], draw_failure: Callable[[LiaisonError], None]
    ) -> Callable[[], object]:
        """Load the content of the page, or of a part of it; returns what draws it, or the trouble there is with it."""
        with self.telling_waits():
            loaded = await try_loading(loading, self._page.path)
        if isinstance(loaded, LiaisonError):
            trouble = loaded
            return lambda: draw_failure(trouble)
        content = loaded
        return lambda: draw(content)

    def _draw_failure(self, trouble: LiaisonError) -> None:
        text("h1", self.words(self._page.title))
        states.draw_failure(self.words, trouble, self.redraw)

    def _show_content(self, draw: Callable[[], object]) -> None:
        if self._main is not None:
            self._main.clear()
            with self._main:
                draw()


async def try_loading(loading: Awaitable[T], what: str) -> T | LiaisonError:
    """What a page shows, or a part of it; else the trouble there is with it. `what` names it in the log."""
    try:
        return await loading
    except LiaisonError as error:
        return error
    except Exception:  # a fault of ours: the page says that there is one, the log says which
        log.exception("%s cannot be loaded", what)
        return ProblemError()


async def try_part(loading: Awaitable[T], what: str) -> T | LiaisonError:
    """A part that the rest of a page is shown without, or the trouble there is with it.

    Raises NotFoundError and ForbiddenError: who may not have the part may not have the page.
    """
    loaded = await try_loading(loading, what)
    if isinstance(loaded, NotFoundError | ForbiddenError):
        raise loaded
    return loaded


class Page(NamedTuple, Generic[T]):
    """`load` asks the services, `draw` shows what they said; `entry` is the page's place in the navigation."""

    path: str
    title: str
    entry: str
    load: Callable[[Visit, Parameters], Awaitable[T]]
    draw: Callable[[OpenPage, T], None]
    script: str = ""
    """Scripts of its own besides keys.js, in static/, parted by blanks."""
