"""Tabs of a page, one panel each, filled when its tab is opened; and the numbered pages of a tab.

Which tab is open, and where one is in it, stand in the address's fragment (static/tabs.js), so that a reload and the
way back lead there. A tab is read anew whenever it is opened: rights are those of that moment. The numbered pages of a
tab have each an address of their own, so that all of a list can be reached and come back to.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final, Generic, NamedTuple, TypeVar
from urllib.parse import urlencode

import htpy
from nicegui.element import Element
from nicegui.events import GenericEventArguments

from pipeline.errors import LiaisonError
from pipeline.web.components import states
from pipeline.web.components.markup import box, link, static_html, text
from pipeline.web.i18n import Words
from pipeline.web.page import OpenPage, Parameters, try_part
from pipeline.web.page_events import read_place
from pipeline.web.session import Visit

H = TypeVar("H")

OPENED: Final = "tab_opened"
"""What static/tabs.js tells: a tab, and where in it."""

TAB: Final = "tab"
"""The parameter that names the tab; the others are that tab's own."""

Drawer = Callable[[OpenPage], object]


class Tab(NamedTuple, Generic[H]):
    """A tab: `load` reads its content and returns what draws it; `count_items` its number."""

    name: str
    word: str
    load: Callable[[Visit, Parameters, H], Awaitable[Drawer]]
    count_items: Callable[[H], int] | None = None


class TabbedContent(NamedTuple, Generic[H]):
    """What all tabs of a page share, and the content of the one that is open."""

    head: H
    tab: str
    draw: Drawer


class TabSet(NamedTuple, Generic[H]):
    """The tabs of a page; `load_head` reads what all of them share. The first tab is open where none is named.

    `place` are the parameters that say what the page is of: no event changes them.
    """

    load_head: Callable[[Visit, Parameters], Awaitable[H]]
    tabs: tuple[Tab[H], ...]
    place: tuple[str, ...] = ("key",)

    def find(self, name: str) -> Tab[H]:
        """The tab of this name, else the first one."""
        return next((tab for tab in self.tabs if tab.name == name), self.tabs[0])

    async def load(self, visit: Visit, parameters: Parameters) -> TabbedContent[H]:
        """Read what a page with these parameters shows: what all tabs share, too, where the open one can't be read."""
        head = await self.load_head(visit, parameters)
        tab = self.find(parameters.get(TAB, ""))
        drawer = await try_part(tab.load(visit, parameters, head), f"tab {tab.name}")
        if isinstance(drawer, LiaisonError):
            return TabbedContent(head, tab.name, partial(draw_part_failure, trouble=drawer))
        return TabbedContent(head, tab.name, drawer)


def tab_address(tab: str, **within: str) -> str:
    """The fragment that leads to a tab of the same page, and to a place within it."""
    return "#" + urlencode({TAB: tab} | {name: value for name, value in within.items() if value})


def draw_part_failure(view: OpenPage, trouble: LiaisonError) -> None:
    """Why the open tab, or a part of it, is not there; trying again reads the tab anew."""

    async def again() -> None:
        await view.kept[OPENED].open(view.parameters)

    states.draw_failure(view.words, trouble, again)


def draw_tabs(view: OpenPage, tabs: TabSet[H], loaded: TabbedContent[H], title: str) -> None:
    """The tabs, called `title` for those who hear them, and their panels, the open one with its content."""
    strip = _TabStrip(view, tabs)
    static_html(
        [_render_tab(view.words, tab, loaded) for tab in tabs.tabs], "nav", "tabs", role="tablist", aria_label=title
    )
    for tab in tabs.tabs:
        strip.add_panel(tab.name, shown=tab.name == loaded.tab)
    strip.fill(loaded.tab, lambda: loaded.draw(view))
    view.kept[OPENED] = strip

    async def opened(event: GenericEventArguments) -> None:
        await view.kept[OPENED].open(read_place(event))

    view.listen(OPENED, opened)
    view.call_script("showTab")


def _render_tab(words: Words, tab: Tab[H], loaded: TabbedContent[H]) -> htpy.Element:
    chosen, count = tab.name == loaded.tab, tab.count_items(loaded.head) if tab.count_items else None
    return htpy.a(
        role="tab",
        id=f"tab-{tab.name}",
        href=tab_address(tab.name),
        data_tab=tab.name,
        aria_controls=f"panel-{tab.name}",
        aria_selected=str(chosen).lower(),
        tabindex="0" if chosen else "-1",
    )[words(tab.word), None if count is None else [" ", htpy.small[words.format_number(count)]]]


class _TabStrip(Generic[H]):
    """The panels of a page as it was last drawn."""

    def __init__(self, view: OpenPage, tabs: TabSet[H]) -> None:
        self._view, self._tabs = view, tabs
        self._panels: dict[str, Element] = {}

    def add_panel(self, name: str, *, shown: bool) -> None:
        """A panel, empty as yet; one that is shown says where in its tab the page is, as the address does."""
        outside = (TAB, *self._tabs.place)
        place = urlencode({name: value for name, value in self._view.parameters.items() if name not in outside})
        state = {"data_shows": place} if shown else {"hidden": True}
        self._panels[name] = box(
            "section", "tab-panel", id=f"panel-{name}", role="tabpanel", aria_labelledby=f"tab-{name}", tabindex="-1",
            **state,
        )  # fmt: skip

    def fill(self, name: str, draw: Callable[[], object]) -> None:
        """Put content into a panel."""
        panel = self._panels[name]
        panel.clear()
        with panel:
            draw()

    async def open(self, told: dict[str, str]) -> None:
        """Show a tab as the browser asks for it; of several requests for one tab the last."""
        place = {name: self._view.parameters[name] for name in self._tabs.place}
        asked = told | place
        name = self._tabs.find(asked.get(TAB, "")).name
        self._view.parameters = asked
        is_last = self._view.begin(f"tab {name}")

        async def again() -> None:
            await self.open(told)

        draw = await self._view.attempt(
            self._tabs.load(self._view.visit, asked),
            lambda loaded: loaded.draw(self._view),
            lambda trouble: states.draw_failure(self._view.words, trouble, again),
        )
        if is_last():
            self.fill(name, draw)
            self._view.call_script("tabFilled", name)


class NumberedPage(NamedTuple):
    """Page `number` of `pages`, from 1 on: the items from `first` to before `last`."""

    number: int
    pages: int
    first: int
    last: int


MOST_DIGITS = 6
"""Of a page's number in an address."""


def parse_page(asked: str) -> int:
    """The number of the page that an address asks for; the first where it makes no sense."""
    return max(1, int(asked)) if asked.isascii() and asked.isdigit() and len(asked) <= MOST_DIGITS else 1


def select_page(wanted: int, count: int, size: int) -> NumberedPage:
    """The page of this number of so many items, `size` a page; the last one where there are fewer."""
    pages = max(1, -(-count // size))
    number = min(wanted, pages)
    return NumberedPage(number, pages, (number - 1) * size, min(number * size, count))


def draw_page_links(words: Words, tab: str, page: NumberedPage, **within: str) -> None:
    """Ways to the pages around, the first and the last; nothing where there is only one."""
    if page.pages == 1:
        return
    near = {1, page.number - 1, page.number, page.number + 1, page.pages} & set(range(1, page.pages + 1))
    with box("nav", "row pages", aria_label=words("Pages")):
        if page.number > 1:
            _draw_way(words("Previous"), tab, page.number - 1, within, rel="prev")
        for number, after in zip(sorted(near), (*sorted(near)[1:], page.pages + 1), strict=True):
            said = words.format_number(number)
            spoken = words("Page {number} of {pages}", number=said, pages=words.format_number(page.pages))
            here = "page" if number == page.number else None
            _draw_way(said, tab, number, within, aria_label=spoken, aria_current=here)
            if after > number + 1 and number < page.pages:
                text("span", "…", "quiet", aria_hidden="true")
        if page.number < page.pages:
            _draw_way(words("Next"), tab, page.number + 1, within, rel="next")


def _draw_way(word: str, tab: str, number: int, within: dict[str, str], **attributes: str | None) -> None:
    link(word, tab_address(tab, **within, page=str(number)), "button slight", **attributes)
