"""Pages drawn without a browser, over the API's in-memory parts: what they say, and their buttons and forms at work.

page = await opened(api, PAGE, ANNA); page.said(); await page.press("Renew"); await page.send(0, question="...")
"""

from __future__ import annotations

import asyncio
import inspect
import json
import re
from collections.abc import Iterator, Mapping
from html import unescape
from types import MappingProxyType
from typing import Any
from unittest.mock import patch

from nicegui import Client, core, ui
from nicegui.element import Element
from nicegui.event_listener import EventListener

from pipeline.access.requester import Requester, parse_grounds
from pipeline.web.i18n import load_words
from pipeline.web.opening import open_page
from pipeline.web.page import Page
from pipeline.web.session import Visit
from pipeline.web.site import KnownPerson
from support.api.runtime import Api
from support.web.memory_site import is_serving

NOBODY: Mapping[str, KnownPerson] = MappingProxyType({})

TAGS = re.compile(r"<[^>]*>")

CURSOR = re.compile(r"[A-Za-z0-9_-]{800,}")


class RenderedPage:
    """An open page of one visitor."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def said(self) -> str:
        """All text of the content, in its order; of what only shows its texts as well."""
        return " ".join(text for element in self._content() if (text := _text_of(element)))

    def drawn(self) -> list[tuple[str, str, dict[str, Any]]]:
        """Every element of the content in its order: tag, text and attributes, cursors by their length."""
        return [(element.tag, _text_of(element), _without_cursors(element.props)) for element in self._content()]

    def beside(self) -> list[tuple[str, str, dict[str, Any]]]:
        """The same of the side panel, which holds a preview."""
        place = next(one for one in self._client.layout.descendants() if one.props.get("id") == "preview-content")
        return [(element.tag, _text_of(element), _without_cursors(element.props)) for element in place.descendants()]

    def markup(self, part: str) -> str:
        """The markup of the element that only shows and has this in it."""
        return next(held for element in self._content() if part in (held := getattr(element, "content", "")))

    def close(self) -> None:
        """Let go of the page."""
        self._client.delete()

    async def press(self, word: str, at: int = 0) -> None:
        """Click the button with this word, the first or a later one of that name."""
        found = [
            element for element in self._content() if element.tag == "button" and getattr(element, "text", "") == word
        ]
        await self._trigger(found[at], None)

    async def wait_again(self) -> None:
        """Let the time pass after which the page does something by itself, once."""
        (timer,) = [element for element in self._content() if isinstance(element, ui.timer)]
        callback = timer.callback
        assert callback is not None
        with timer.parent_slot or self._client.content:
            done = callback()
            if inspect.isawaitable(done):
                await done

    def find(self, tag: str, word: str = "") -> Element:
        """The first element of the content with this tag, and with this text if any is given."""
        return next(one for one in self._content() if one.tag == tag and (not word or _text_of(one) == word))

    async def happen(self, event: str, args: Any = None) -> None:
        """Let something happen to the page as a whole, as its scripts would; nothing where it does not listen."""
        listeners = [one for one in self._client.layout._event_listeners.values() if one.type == event]
        with self._client.content:
            for listener in listeners:
                await _call(listener, args)

    def receive(self, event: str, args: Any) -> None:
        """Hand over what happens to the page as a whole as its socket does: without waiting for what comes of it."""
        layout = self._client.layout
        for key, listener in layout._event_listeners.items():
            if listener.type == event:
                said = [json.dumps(args)]
                self._client.handle_event({"id": layout.id, "listener_id": key, "args": said})

    async def send(self, at: int = 0, /, **fields: str) -> None:
        """Send a form with these fields."""
        forms = [element for element in self._content() if element.tag == "form"]
        await self._trigger(forms[at], fields)

    async def fill(self, name: str, /, **fields: str) -> None:
        """Change the field of this name in its form, whose fields are then these."""
        (element,) = [one for one in self._content() if one.props.get("name") == name]
        while element.tag != "form":
            element = element.parent_slot.parent  # type: ignore[union-attr]
        await self._trigger(element, fields)

    def _content(self) -> Iterator[Element]:
        yield from self._client.content.descendants()

    async def _trigger(self, element: Element, args: Any) -> None:
        (listener,) = element._event_listeners.values()
        with element:
            await _call(listener, args)


async def _call(listener: EventListener, args: Any) -> None:
    handler = listener.handler
    assert handler is not None
    done = handler(_Event(args)) if inspect.signature(handler).parameters else handler()
    if inspect.isawaitable(done):
        await done


def _text_of(element: Element) -> str:
    markup = getattr(element, "content", "")
    return unescape(TAGS.sub(" ", markup)) if markup else getattr(element, "text", None) or ""


def _without_cursors(attributes: dict[str, Any]) -> dict[str, Any]:
    """Attributes; a cursor in one, which is encrypted anew each time, is its length."""
    texts = {name: value for name, value in sorted(attributes.items()) if isinstance(value, str)}
    return attributes | {name: CURSOR.sub(lambda found: str(len(found[0])), value) for name, value in texts.items()}


class _Event:
    def __init__(self, args: Any) -> None:
        self.args = args


async def opened(
    api: Api,
    page: Page[Any],
    who: Requester,
    language: str = "en",
    known: Mapping[str, KnownPerson] = NOBODY,
    /,
    **parameters: str,
) -> RenderedPage:
    """The page as `who` opens it, where the people `known` have names and phones.

    Not in a process that serves pages, whose loop NiceGUI goes by.
    """
    assert not is_serving(), "a site runs in this process: draw pages in another session of tests"
    core.loop = asyncio.get_running_loop()
    names, phones = ({login: getattr(one, part) for login, one in known.items()} for part in ("name", "phone"))
    words = load_words(language).knowing(api.runtime.agencies, names)
    visit = Visit(api.runtime, words, "light", who, parse_grounds("investigation", "2026/1"), phones=phones)
    with Client(ui.page(page.path), request=None) as client, patch.object(client, "connected"):
        # A page waits for its browser, and here is none, where loading takes long.
        await open_page(visit, dict(parameters), page)
    return RenderedPage(client)
