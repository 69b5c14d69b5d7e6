"""How far a list has come."""

from __future__ import annotations

from typing import Final

from pipeline.api.services.list_checks import ListCheck
from pipeline.locale import NN_
from pipeline.web.components.markup import box, text
from pipeline.web.i18n import Words

NOT_ASKED: Final = NN_("hit-only records not asked for {count} row", "hit-only records not asked for {count} rows")


def draw_progress(words: Words, check: ListCheck) -> None:
    """The rows that have been asked, as a bar and in numbers, and how many of them not of hit-only records."""
    with box("span", "row"):
        with box("span", "meter", aria_hidden="true"):
            box("b", style=f"width: {check.done / max(1, check.rows):.0%}")
        done, rows = words.format_number(check.done), words.format_number(check.rows)
        text("span", words("Done") if check.done == check.rows else words("{done} of {rows}", done=done, rows=rows))
        if check.not_asked:
            text("span", words.plural(*NOT_ASKED, check.not_asked), "tag warn")
