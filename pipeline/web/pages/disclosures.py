"""Disclosures: what other agencies ask of us with the time that is left, and what we asked of them."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from pipeline.access.disclosure_threads import THREAD_STATE_LABELS
from pipeline.access.redaction import Row
from pipeline.access.text_limits import REASON
from pipeline.api.services.disclosures import grant_disclosure, list_disclosures, refuse_disclosure
from pipeline.index.decision_reading import ThreadKind
from pipeline.locale import N_
from pipeline.web.components import states
from pipeline.web.components.badges import badge
from pipeline.web.components.form import Sent, field, form, select_field
from pipeline.web.components.markup import box, text
from pipeline.web.components.panel import panel
from pipeline.web.components.request_evidence import draw_request_evidence
from pipeline.web.components.threads import draw_revoke_form, draw_thread_head, draw_thread_steps, draw_thread_timer
from pipeline.web.page import OpenPage, Page, Parameters
from pipeline.web.session import Visit

LENGTHS = {"7": 7, "30": 30, "90": 90, "365": 365}
"""Days for which a case can be opened."""


class DisclosuresPageData(NamedTuple):
    """Threads in which we are the owner, and those in which we ask."""

    theirs: tuple[Row, ...]
    ours: tuple[Row, ...]


async def load(visit: Visit, _: Parameters) -> DisclosuresPageData:
    """Both lists."""
    theirs = await list_disclosures(visit.new_session(), mine=False, kind=ThreadKind.ASKED)
    ours = await list_disclosures(visit.new_session(), mine=True, kind=ThreadKind.ASKED)
    return DisclosuresPageData(theirs.disclosures, ours.disclosures)


def draw(view: OpenPage, loaded: DisclosuresPageData) -> None:
    """Show both lists, what awaits our answer first."""
    words = view.words
    text("h1", words("Access requests"))
    with panel(words("Received requests"), words("we decide"), tight=True):
        _draw_threads(view, sorted(loaded.theirs, key=lambda row: row["state"] != "requested"))
    with panel(words("Sent requests"), words("the owner decides"), tight=True):
        _draw_threads(view, loaded.ours)


def _draw_threads(view: OpenPage, rows: list[Row] | tuple[Row, ...]) -> None:
    if not rows:
        states.draw_empty(view.words("No requests"))
        return
    with box("ol", "results"):
        for row in rows:
            _draw_thread(view, row)


def _draw_thread(view: OpenPage, row: Row) -> None:
    words = view.words
    with box("li", data_row=""):
        with box("div", "grow stack"):
            draw_thread_head(view, row)
            draw_thread_steps(view, row)
            if not row["mine"]:
                draw_request_evidence(view, row["id"], row["agency"])
        with box("p", "score small"):
            badge(words.label(THREAD_STATE_LABELS, row["state"]), "warn" if row["state"] == "requested" else "plain")
            draw_thread_timer(view, row)
        with box("div", "why"):
            _draw_decisions(view, row)


def _draw_decisions(view: OpenPage, row: Row) -> None:
    if row["mine"]:
        return
    if row["state"] == "requested":
        _draw_answer_forms(view, row["id"])
    elif row["state"] == "granted":
        draw_revoke_form(view, row["id"])


def _draw_answer_forms(view: OpenPage, name: str) -> None:
    """Grant until a date, or refuse; both with a word to the asking agency."""
    words = view.words

    async def sent(fields: Sent) -> None:
        session = view.visit.new_session()
        until = session.now + timedelta(days=LENGTHS[fields["days"]])
        await view.run_action(grant_disclosure(session, name, until, fields["reason"]), words("Granted"))

    async def refused(fields: Sent) -> None:
        await view.run_action(refuse_disclosure(view.visit.new_session(), name, fields["reason"]), words("Refused"))

    with form(sent, "filters"):
        spans = {length: words.format_span(timedelta(days=days)) for length, days in LENGTHS.items()}
        select_field(words("Access for"), "days", f"grant-{name}", spans)
        field(words("Message (optional)"), "reason", f"grant-{name}", maxlength=REASON.most)
        text("button", words("Grant access"), "button main", type="submit")
    with form(refused, "filters"):
        field(words("Reason for refusal"), "reason", f"refuse-{name}", maxlength=REASON.most)
        text("button", words("Refuse"), "button", type="submit")


PAGE = Page("/disclosures", N_("Access requests"), "disclosures", load, draw)
