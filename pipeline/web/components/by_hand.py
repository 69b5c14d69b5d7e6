"""Links that people made where no score does: what was linked so, and the form for another."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.access.redaction import Row
from pipeline.api.services.reviews import link_by_hand
from pipeline.web.addresses import of_case
from pipeline.web.components.form import Sent, field, form, send
from pipeline.web.components.judging import undo
from pipeline.web.components.links import other_side
from pipeline.web.components.markup import box, foreign, link, text
from pipeline.web.page import OpenPage


def by_hand(view: OpenPage, case: str, rows: Sequence[Row]) -> None:
    """The links of `case` made by hand, and the form."""
    if rows:
        with box("ol", "stack small"):
            for row in rows:
                _made(view, case, row)
    _making(view, case)


def _made(view: OpenPage, case: str, row: Row) -> None:
    other = other_side(case, row)
    with box("li"):
        with box("p", "row"):
            link(other, of_case(other), "code")
            text("span", row.get("reviewer") or row["agency"])
            text("time", view.words.moment(row["time"]), "quiet", datetime=row["time"])
            if row.get("reviewer") == view.visit.who:
                undo(view, row["id"])
        if row.get("reason"):
            foreign(row["reason"], "p", "quiet")


def _making(view: OpenPage, case: str) -> None:
    words = view.words

    async def sent(fields: Sent) -> None:
        made = link_by_hand(view.visit.session(), case, fields["other"].strip(), fields["reason"])
        await view.act(made, words("Link added"))

    with box("details", "more"):
        text("summary", words("Add a link"))
        with form(sent):
            field(
                words("Key of the other case"),
                "other",
                "by-hand",
                required=True,
                maxlength="256",
                placeholder="be-fp:…",
            )
            field(words("Reason"), "reason", "by-hand", "textarea", required=True, maxlength="2000")
            send(words("Link"))
