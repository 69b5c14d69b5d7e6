"""Going on in a list that is longer than a page: to older entries, and back to the latest."""

from __future__ import annotations

from pipeline.web.components.markup import box, text
from pipeline.web.page import View

AFTER = "after"
"""The parameter of a page's `load` that holds the cursor; it lives as long as the page is open."""


def pager(view: View, following: str | None) -> None:
    """Buttons to what follows and to the beginning, as far as there is either."""

    async def older() -> None:
        view.parameters[AFTER] = following or ""
        await view.redraw()

    async def latest() -> None:
        del view.parameters[AFTER]
        await view.redraw()

    if following or AFTER in view.parameters:
        with box("p", "row"):
            if AFTER in view.parameters:
                text("button", view.words("Back to the latest"), "button", type="button").on("click", latest)
            if following:
                text("button", view.words("Older"), "button", type="button").on("click", older)
