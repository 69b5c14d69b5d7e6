"""Going on in a list that is longer than a page, and back to its beginning."""

from __future__ import annotations

from pipeline.web.components.markup import box, text
from pipeline.web.page import OpenPage

AFTER = "after"
"""The parameter of a page's `load` that holds the cursor."""


def draw_pager(view: OpenPage, following: str | None, onward: str, back: str) -> None:
    """Buttons named `onward` and `back` to what follows and to the beginning, as far as there is either."""

    async def go_on() -> None:
        view.parameters[AFTER] = following or ""
        await view.redraw()

    async def begin_again() -> None:
        del view.parameters[AFTER]
        await view.redraw()

    if following or AFTER in view.parameters:
        with box("p", "row"):
            if AFTER in view.parameters:
                text("button", back, "button", type="button").on("click", begin_again)
            if following:
                text("button", onward, "button", type="button").on("click", go_on)
