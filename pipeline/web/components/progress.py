"""How far a list has come."""

from __future__ import annotations

from pipeline.api.services.list_checks import ListCheck
from pipeline.web.components.markup import box, text
from pipeline.web.i18n import Words


def draw_progress(words: Words, one: ListCheck) -> None:
    """The rows that have been asked, as a bar and in numbers."""
    with box("span", "row"):
        with box("span", "meter", aria_hidden="true"):
            box("b", style=f"width: {one.done / max(1, one.rows):.0%}")
        done, rows = words.format_number(one.done), words.format_number(one.rows)
        text("span", words("Done") if one.done == one.rows else words("{done} of {rows}", done=done, rows=rows))
