"""The two sides of a link as its row tells them, in the order of who looks."""

from __future__ import annotations

from typing import NamedTuple

from pipeline.access.redaction import Row
from pipeline.web.components.markup import bidi_text, text
from pipeline.web.i18n import Words


class LinkSide(NamedTuple):
    """One side of a link."""

    case: str
    title: str
    country: str


def order_sides(row: Row, first: str) -> tuple[LinkSide, LinkSide]:
    """Both sides, first the one whose case key begins with `first`."""
    a, b = (
        LinkSide(row[f"case_{side}"], row[f"title_{side}"] or row[f"case_{side}"], row[f"country_{side}"])
        for side in "ab"
    )
    return (b, a) if b.case.startswith(first) else (a, b)


def draw_side_origin(words: Words, side: LinkSide) -> None:
    """Whose a side is, below its title."""
    text("div", f"{words.country_name(side.country)} · {side.case}", "quiet small code")


def draw_side_title(side: LinkSide) -> None:
    """A side's title in its own direction."""
    bidi_text(side.title)
