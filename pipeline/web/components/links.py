"""The links of a case as a table; one with a hit-only side says only whose it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pipeline.access.redaction import Row
from pipeline.matching.explain.wording import bits, percent
from pipeline.web.addresses import of_link
from pipeline.web.components import states
from pipeline.web.components.hits import on_hit
from pipeline.web.components.markup import link, text
from pipeline.web.components.sides import sides, title, under
from pipeline.web.components.table import TableColumn, table
from pipeline.web.components.words_with_frames import band, colour, tag
from pipeline.web.i18n import Words
from pipeline.web.page import OpenPage


def links_table(view: OpenPage, case: str, rows: Sequence[Row]) -> None:
    """All links of `case`, or a word that there are none."""
    words = view.words
    if not rows:
        hint = words("Links appear here as soon as a record from another country matches.")
        states.empty(words("No links you have access to"), hint)
        return
    columns: list[TableColumn[Row]] = [
        TableColumn(words("Other case"), lambda row: _other(view, case, row)),
        TableColumn(words("Band"), lambda row: band(words, row["band"])),
        TableColumn(words("Review"), lambda row: _judged(words, row)),
        TableColumn(
            words("Probability"),
            lambda row: _number(row["probability"], lambda said: percent(said, words.language)),
            "number",
        ),
        TableColumn(
            words("Bits"), lambda row: _number(row["score"], lambda score: bits(score, words.language)), "number"
        ),
    ]
    table(words("Links of this case"), columns, rows)


def other_side(case: str, row: Row) -> str:
    """The key of the side that is not `case`."""
    other: str = row["case_b"] if row["case_a"] == case else row["case_a"]
    return other


def _other(view: OpenPage, case: str, row: Row) -> None:
    words = view.words
    if row["hit"]:
        text("span", words("A record of {agency}", agency=row["hit"]["agency"]))
        text("span", " ")
        tag(words("Hit only"), "plain")
        on_hit(view, row["hit"])
    else:
        _, other = sides(row, case)
        with link("", of_link(row["link_id"], case), data_open=""):
            title(other)
        under(words, other)


def _judged(words: Words, row: Row) -> None:
    if not row["hit"]:
        colour(words, row["colour"])


def _number(value: Any, said: Callable[[Any], str]) -> None:
    """A number; a dash where there is none to be seen."""
    text("span", "–" if value is None else said(value))
