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
