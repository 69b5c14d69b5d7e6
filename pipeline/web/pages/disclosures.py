"""Disclosures: what other agencies ask of us with the time that is left, and what we asked of them."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from pipeline.access.disclosures import THREAD_STATE_LABELS
from pipeline.access.redaction import Row
from pipeline.api.services.disclosures import disclosures, grant, refuse
from pipeline.index.decision_reading import ThreadKind
from pipeline.locale import N_
from pipeline.web.components import states
from pipeline.web.components.form import Sent, choice, field, form
from pipeline.web.components.markup import box, text
from pipeline.web.components.panel import panel
from pipeline.web.components.threads import revocation_form, thread_head, thread_steps, thread_timer
from pipeline.web.components.words_with_frames import tag
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
    theirs = await disclosures(visit.session(), mine=False, kind=ThreadKind.ASKED)
    ours = await disclosures(visit.session(), mine=True, kind=ThreadKind.ASKED)
    return DisclosuresPageData(theirs.disclosures, ours.disclosures)


def draw(view: OpenPage, loaded: DisclosuresPageData) -> None:
    """Show both lists, what awaits our answer first."""
    words = view.words
    text("h1", words("Access requests"))
    with panel(words("Received requests"), words("we decide"), tight=True):
        _threads(view, sorted(loaded.theirs, key=lambda row: row["state"] != "requested"))
    with panel(words("Sent requests"), words("the owner decides"), tight=True):
        _threads(view, loaded.ours)


def _threads(view: OpenPage, rows: list[Row] | tuple[Row, ...]) -> None:
    if not rows:
        states.empty(view.words("No requests"))
        return
    with box("ol", "results"):
        for row in rows:
            _thread(view, row)


def _thread(view: OpenPage, row: Row) -> None:
    words = view.words
    with box("li", data_row=""):
        with box("div", "grow stack"):
            thread_head(row)
            thread_steps(view, row)
        with box("p", "score small"):
            tag(words.of(THREAD_STATE_LABELS, row["state"]), "warn" if row["state"] == "requested" else "plain")
            thread_timer(view, row)
        with box("div", "why"):
            _decisions(view, row)


def _decisions(view: OpenPage, row: Row) -> None:
    if row["mine"]:
        return
    if row["state"] == "requested":
        _answer(view, row["id"])
    elif row["state"] == "granted":
        revocation_form(view, row["id"])


def _answer(view: OpenPage, name: str) -> None:
    """Grant until a date, or refuse; both with a word to the asking agency."""
    words = view.words

    async def sent(fields: Sent) -> None:
        session = view.visit.session()
        until = session.now + timedelta(days=LENGTHS[fields["days"]])
        await view.act(grant(session, name, until, fields["reason"]), words("Granted"))

    async def refused(fields: Sent) -> None:
        await view.act(refuse(view.visit.session(), name, fields["reason"]), words("Refused"))

    with form(sent, "filters"):
        spans = {length: words.span(timedelta(days=days)) for length, days in LENGTHS.items()}
        choice(words("Access for"), "days", f"grant-{name}", spans)
        field(words("Message (optional)"), "reason", f"grant-{name}", maxlength="2000")
        text("button", words("Grant access"), "button main", type="submit")
    with form(refused, "filters"):
        field(words("Reason for refusal"), "reason", f"refuse-{name}", maxlength="2000")
        text("button", words("Refuse"), "button", type="submit")


PAGE = Page("/disclosures", N_("Access requests"), "disclosures", load, draw)
