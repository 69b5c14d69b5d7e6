"""A disclosure thread in a list: whose it is, its steps, and how much of its time is gone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from pipeline.access.disclosure_threads import MOVE_LABELS
from pipeline.access.redaction import Row
from pipeline.access.text_limits import REASON
from pipeline.api.services.disclosures import revoke_disclosure
from pipeline.web.addresses import case_path
from pipeline.web.components.form import Sent, field, form
from pipeline.web.components.markup import bidi_text, box, link, text
from pipeline.web.i18n import Words
from pipeline.web.page import OpenPage
from pipeline.web.vocabulary import GLASS_VERDICTS, PURPOSES, URGENCIES

AWAITED = frozenset({"requested", "awaiting_confirmation", "awaiting_review", "overdue"})
"""States in which somebody is to act by a time."""


def draw_thread_head(view: OpenPage, row: Row) -> None:
    """What the record is called, the other agency, and the case where it can be read.

    An agency names what it asked for by its own words, such as its search; where it did not, by its own case.
    """
    words = view.words
    with box("p", "row"):
        if row["label"]:
            bidi_text(row["label"], "strong")
        text("strong" if not row["label"] else "span", _name_agency(words, row))
        if row["case"]:
            link(row["case"], case_path(row["case"]), "code", data_open="")
        elif references := {step["case_reference"] for step in row["steps"] if step["case_reference"]}:
            text("span", words("for {case}", case=", ".join(sorted(references))), "quiet small")


def _name_agency(words: Words, row: Row) -> str:
    return words("A record of {agency}", agency=row["agency"]) if row["mine"] else row["agency"]


def draw_thread_timer(view: OpenPage, row: Row) -> None:
    """How much of the time is gone; the time that is left, or by how much it is late."""
    words, now = view.words, view.visit.runtime.clock()
    awaited = row["state"] in AWAITED or row["oversight"] in AWAITED
    end = row["deadline"] if awaited else row["until"]
    if not end:
        return
    left = datetime.fromisoformat(end) - now
    gone = elapsed_share(row["steps"], end, now)
    with box("span", "meter late" if left < timedelta() else "meter", aria_hidden="true"):
        box("b", style=f"width: {gone:.0%}")
    if not awaited:
        text("small", words("until {time}", time=words.format_minute(end)))
    elif left < timedelta():
        text("small", words("overdue by {span}", span=words.format_span(left)))
    else:
        text("small", words("{span} left", span=words.format_span(left)))


def elapsed_share(steps: Sequence[Row], end: str, now: datetime) -> float:
    """The share of the time from a thread's last step to `end` that has passed by `now`."""
    begin = max((datetime.fromisoformat(step["time"]) for step in steps), default=now)
    span = (datetime.fromisoformat(end) - begin).total_seconds()
    return min(1.0, max(0.0, (now - begin).total_seconds() / span)) if span > 0 else 1.0


def draw_thread_steps(view: OpenPage, row: Row) -> None:
    """Who did what, when and why."""
    words = view.words
    with box("ul", "small"):
        for step in row["steps"]:
            with box("li", "row"):
                text("time", words.format_minute(step["time"]), "quiet", datetime=step["time"])
                text("span", f"{step['subject'] or step['agency']} · {words.label(MOVE_LABELS, step['move'])}")
                if step["urgency"]:
                    text("span", words.label(URGENCIES, step["urgency"]), "quiet")
                if step["purpose"]:
                    text("span", words.label(PURPOSES, step["purpose"]), "quiet")
                if step["hours"] and step["move"] != "confirmation":
                    text("span", words.format_span(timedelta(hours=step["hours"])), "quiet")
                if step["verdict"]:
                    text("strong", words.label(GLASS_VERDICTS, step["verdict"]))
                if step["reason"]:
                    bidi_text(step["reason"])


def draw_revoke_form(view: OpenPage, name: str) -> None:
    """Takes back what is open, with a word to the other agency."""

    async def sent(fields: Sent) -> None:
        await view.run_action(
            revoke_disclosure(view.visit.new_session(), name, fields["reason"]), view.words("Revoked")
        )

    with form(sent, "filters"):
        field(view.words("Reason for revoking"), "reason", f"revoke-{name}", maxlength=REASON.most)
        text("button", view.words("Revoke"), "button", type="submit")
