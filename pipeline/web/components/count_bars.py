"""Counts as bars: a table whose rows have a length to see and a number to read."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.web.components import states
from pipeline.web.components.markup import box, text
from pipeline.web.components.panel import panel
from pipeline.web.components.table import TableColumn, draw_table
from pipeline.web.i18n import Words

NamedCount = tuple[str, int]


def draw_counts(words: Words, title: str, heading: str, counts: Mapping[str, int]) -> None:
    """A panel of named counts, the greatest first; each bar is as long as its share of the greatest."""
    rows = sorted(counts.items(), key=lambda row: (-row[1], row[0]))
    most = max(counts.values(), default=1)
    columns: list[TableColumn[NamedCount]] = [
        TableColumn(heading, lambda row: text("span", row[0])),
        TableColumn(words("Share"), lambda row: _draw_bar(row[1] / most), "bar"),
        TableColumn(words("Count"), lambda row: text("span", words.format_number(row[1])), "number"),
    ]
    with panel(title, tight=True):
        if rows:
            draw_table(title, columns, rows)
        else:
            states.draw_empty(words("No data"))


def _draw_bar(share: float) -> None:
    with box("span", "meter", aria_hidden="true"):
        box("b", style=f"width: {share:.1%}")
