"""Lists in a cell: the first items in sight, the others folded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from pipeline.web.components.markup import box, text
from pipeline.web.i18n import Words

T = TypeVar("T")


def draw_folded_list(words: Words, items: Sequence[T], seen: int, draw: Callable[[T], object]) -> None:
    """The first `seen` items, and how many more there are."""
    with box("div", "stack close"):
        for item in items[:seen]:
            draw(item)
        if rest := items[seen:]:
            with box("details", "more stack close"):
                text("summary", words.plural("{count} more", "{count} more", len(rest)))
                for item in rest:
                    draw(item)
