"""The links of a case as a table; one with a hit-only side says only whose it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pipeline.access.redaction import Row
from pipeline.matching.basis import Basis
from pipeline.matching.explain.wording import bits, percent
from pipeline.web.addresses import link_path
from pipeline.web.components import states
from pipeline.web.components.badges import badge, draw_basis, draw_colour
from pipeline.web.components.hits import draw_hit_actions
from pipeline.web.components.markup import link, text
from pipeline.web.components.sides import draw_side_origin, draw_side_title, order_sides
from pipeline.web.components.table import TableColumn, draw_table
from pipeline.web.i18n import Words
from pipeline.web.page import OpenPage


def draw_links_table(view: OpenPage, case: str, rows: Sequence[Row]) -> None:
    """All links of `case`, or a word that there are none."""
    words = view.words
    if not rows:
        hint = words("Links appear here as soon as a record from another country matches.")
        states.draw_empty(words("No links you have access to"), hint)
        return
    columns: list[TableColumn[Row]] = [
        TableColumn(words("Other case"), lambda row: _draw_other_side(view, case, row)),
        TableColumn(words("Band"), lambda row: _draw_band(words, row)),
        TableColumn(words("Review"), lambda row: _draw_judgement(words, row)),
        TableColumn(
            words("Probability"),
            lambda row: _draw_number(row["probability"], lambda said: percent(said, words.language)),
            "number",
        ),
        TableColumn(
            words("Bits"), lambda row: _draw_number(row["score"], lambda score: bits(score, words.language)), "number"
        ),
    ]
    draw_table(words("Links of this case"), columns, rows)


def other_side(case: str, row: Row) -> str:
    """The key of the side that is not `case`."""
    other: str = row["case_b"] if row["case_a"] == case else row["case_a"]
    return other


def _draw_other_side(view: OpenPage, case: str, row: Row) -> None:
    words = view.words
    if row["hit"]:
        text("span", words("A record of {agency}", agency=row["hit"]["agency"]))
        text("span", " ")
        badge(words("Hit only"), "plain")
        draw_hit_actions(view, row["hit"])
    else:
        _, other = order_sides(row, case)
        with link("", link_path(row["link_id"], case), data_open=""):
            draw_side_title(other)
        draw_side_origin(words, other)


def _draw_band(words: Words, row: Row) -> None:
    draw_basis(words, row["band"], shared=row["basis"] == Basis.SHARED)


def _draw_judgement(words: Words, row: Row) -> None:
    if not row["hit"]:
        draw_colour(words, row["colour"])


def _draw_number(value: Any, said: Callable[[Any], str]) -> None:
    """A number; a dash where there is none to be seen."""
    text("span", "–" if value is None else said(value))
