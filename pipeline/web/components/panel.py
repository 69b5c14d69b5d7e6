"""A titled surface, and lists of facts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import htpy
from nicegui.elements.mixins.text_element import TextElement

from pipeline.web.components.markup import bidi_text, box, text

Fact = tuple[str, str | Callable[[], object] | None]
"""A word and its value: text of a record, something that draws itself, or None for what is not known."""


@contextmanager
def panel(title: str, aside: str = "", *, tight: bool = False, level: str = "h2") -> Iterator[TextElement | None]:
    """A section with its heading; `tight` leaves no room around a table or list. Gives what stands aside, if any."""
    with box("section", "panel", aria_label=title):
        with box("header"):
            text(level, title)
            beside = text("span", aside, "aside") if aside else None
        with box("div", "inside tight" if tight else "inside"):
            yield beside


def draw_facts(pairs: Iterable[Fact]) -> None:
    """Words and values in two columns; what is not known takes no line."""
    with box("dl", "facts"):
        for word, value in pairs:
            if value:
                with box("div"):
                    text("dt", word)
                    with box("dd"):
                        value() if callable(value) else bidi_text(value)


def render_facts(pairs: Iterable[tuple[str, htpy.Node]]) -> htpy.Element:
    """The same of values that only show."""
    return htpy.dl(".facts")[(htpy.div[htpy.dt[word], htpy.dd[value]] for word, value in pairs)]
