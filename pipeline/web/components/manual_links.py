"""Links that people made where no score does: what was linked so, and the form for another."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.access.redaction import Row
from pipeline.access.text_limits import REASON
from pipeline.api.services.reviews import link_manually
from pipeline.web.addresses import case_path
from pipeline.web.components.form import Sent, field, form, submit_button
from pipeline.web.components.markup import bidi_text, box, link, text
from pipeline.web.components.review_form import draw_undo_button
from pipeline.web.page import OpenPage


def draw_manual_links(view: OpenPage, case: str, rows: Sequence[Row]) -> None:
    """The links of `case` made by hand, and the form."""
    if rows:
        with box("ol", "stack small"):
            for row in rows:
                _draw_manual_link(view, case, row)
    _draw_link_form(view, case)


def _draw_manual_link(view: OpenPage, case: str, row: Row) -> None:
    other = row["case_b"] if row["case_a"] == case else row["case_a"]
    with box("li"):
        with box("p", "row"):
            link(other, case_path(other), "code")
            text("span", row.get("reviewer") or row["agency"])
            text("time", view.words.format_minute(row["time"]), "quiet", datetime=row["time"])
            if row.get("reviewer") == view.visit.who:
                draw_undo_button(view, row["id"])
        if row.get("reason"):
            bidi_text(row["reason"], "p", "quiet")


def _draw_link_form(view: OpenPage, case: str) -> None:
    words = view.words

    async def sent(fields: Sent) -> None:
        made = link_manually(view.visit.new_session(), case, fields["other"].strip(), fields["reason"])
        await view.run_action(made, words("Link added"))

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
            field(words("Reason"), "reason", "by-hand", "textarea", required=True, maxlength=REASON.most)
            submit_button(words("Link"))
