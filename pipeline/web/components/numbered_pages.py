"""Pages of a tab by number, each with its own address, so that all of a list can be reached and come back to."""

from __future__ import annotations

from typing import NamedTuple

from pipeline.web.components.markup import box, link, text
from pipeline.web.components.tabs import tab_address
from pipeline.web.i18n import Words


class NumberedPage(NamedTuple):
    """Page `number` of `pages`, from 1 on: the items from `first` to before `last`."""

    number: int
    pages: int
    first: int
    last: int


def select_page(asked: str, count: int, size: int) -> NumberedPage:
    """The page that an address asks for; the nearest where there is no such page."""
    pages = max(1, -(-count // size))
    wanted = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < len(str(pages)) + 2 else 1
    number = min(max(wanted, 1), pages)
    return NumberedPage(number, pages, (number - 1) * size, min(number * size, count))


def draw_page_links(words: Words, tab: str, page: NumberedPage, **within: str) -> None:
    """Ways to the page before and the one behind; nothing where there is only one."""
    if page.pages == 1:
        return
    with box("nav", "row pages", aria_label=words("Pages")):
        if page.number > 1:
            _draw_way(words("Previous"), tab, page.number - 1, within, "prev")
        number, pages = words.format_number(page.number), words.format_number(page.pages)
        text("span", words("Page {number} of {pages}", number=number, pages=pages), "small")
        if page.number < page.pages:
            _draw_way(words("Next"), tab, page.number + 1, within, "next")


def _draw_way(word: str, tab: str, number: int, within: dict[str, str], relation: str) -> None:
    link(word, tab_address(tab, **within, page=str(number)), "button slight", rel=relation)
