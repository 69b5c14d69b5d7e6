"""Access requests: what other agencies ask of us with the time that is left, and what we asked of them.

Beside a received request stand the own record that is asked for, and why it is linked to the asking agency's cases.
`_draw_threads` and its like show the thread of an emergency access too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from nicegui.element import Element

from pipeline.access.disclosure_threads import MOVE_LABELS, THREAD_STATE_LABELS, Move
from pipeline.access.disclosures import AccessRequestRow, AccessRequestStep
from pipeline.access.text_limits import REASON
from pipeline.api.answers import RequestedRecord, RequestEvidenceAnswer
from pipeline.api.services.disclosures import grant_disclosure, list_disclosures, refuse_disclosure, revoke_disclosure
from pipeline.api.services.request_evidence import read_request_evidence
from pipeline.errors import LiaisonError
from pipeline.index.decisions import ThreadKind
from pipeline.locale import N_
from pipeline.matching.bands import Basis
from pipeline.matching.explain.words import TYPES
from pipeline.web.addresses import case_path, link_path
from pipeline.web.components import states
from pipeline.web.components.badges import badge, draw_band, draw_basis
from pipeline.web.components.form import Sent, field, form, select_field
from pipeline.web.components.markup import bidi_text, box, link, text
from pipeline.web.components.tables import panel
from pipeline.web.components.values import draw_moment, draw_title, format_title
from pipeline.web.page import OpenPage, Page, Parameters
from pipeline.web.session import Visit
from pipeline.web.vocabulary import GLASS_REVIEWS, PURPOSES, URGENCIES

LENGTHS = {"7": 7, "30": 30, "90": 90, "365": 365}
"""Days for which a case can be opened."""


class AccessRequestsPageData(NamedTuple):
    """Threads in which we are the owner, and those in which we ask."""

    theirs: tuple[AccessRequestRow, ...]
    ours: tuple[AccessRequestRow, ...]


async def load(visit: Visit, _: Parameters) -> AccessRequestsPageData:
    """Both lists."""
    theirs = await list_disclosures(visit.new_session(), mine=False, kind=ThreadKind.ASKED)
    ours = await list_disclosures(visit.new_session(), mine=True, kind=ThreadKind.ASKED)
    return AccessRequestsPageData(theirs.disclosures, ours.disclosures)


def draw(view: OpenPage, loaded: AccessRequestsPageData) -> None:
    """Show both lists, what awaits our answer first."""
    words = view.words
    text("h1", words("Access requests"))
    with panel(words("Received requests"), words("we decide"), tight=True):
        _draw_threads(view, sorted(loaded.theirs, key=lambda row: row.state != "requested"))
    with panel(words("Sent requests"), words("the owner decides"), tight=True):
        _draw_threads(view, loaded.ours)


def _draw_threads(view: OpenPage, rows: Sequence[AccessRequestRow]) -> None:
    if not rows:
        states.draw_empty(view.words("No requests"))
        return
    with box("ol", "results"):
        for row in rows:
            _draw_thread(view, row)


def _draw_thread(view: OpenPage, row: AccessRequestRow) -> None:
    words = view.words
    with box("li", data_row=""):
        draw_thread_head(view, row)
        with box("p", "score small"):
            badge(words.label(THREAD_STATE_LABELS, row.state), "warn" if row.state == "requested" else "plain")
            draw_thread_timer(view, row)
        with box("div", "told stack"):
            draw_thread_steps(view, row)
            if not row.mine:
                _draw_request_evidence(view, row.id, row.agency)
        with box("div", "why"):
            _draw_decisions(view, row)


def _draw_decisions(view: OpenPage, row: AccessRequestRow) -> None:
    if row.mine:
        return
    if row.state == "requested":
        _draw_answer_forms(view, row.id)
    elif row.state == "granted":
        draw_revoke_form(view, row.id)


def _draw_answer_forms(view: OpenPage, name: str) -> None:
    """Grant until a date, or refuse; both with a word to the asking agency."""
    words = view.words

    async def sent(fields: Sent) -> None:
        session = view.visit.new_session()
        until = session.now + timedelta(days=LENGTHS[fields["days"]])
        await view.run_action(grant_disclosure(session, name, until, fields["reason"]), words("Granted"))

    async def refused(fields: Sent) -> None:
        await view.run_action(refuse_disclosure(view.visit.new_session(), name, fields["reason"]), words("Refused"))

    with box("div", "halves"):
        with form(sent, "filters"):
            spans = {length: words.format_span(timedelta(days=days)) for length, days in LENGTHS.items()}
            select_field(words("Access for"), "days", f"grant-{name}", spans)
            field(words("Message (optional)"), "reason", f"grant-{name}", maxlength=REASON.most)
            text("button", words("Grant access"), "button main", type="submit")
        with form(refused, "filters"):
            field(words("Reason for refusal"), "reason", f"refuse-{name}", maxlength=REASON.most)
            text("button", words("Refuse"), "button", type="submit")


def _draw_request_evidence(view: OpenPage, name: str, agency: str) -> None:
    """The record and its evidence, folded; read when somebody unfolds it."""

    async def unfold() -> None:
        if not shown.default_slot.children:
            await _show_evidence(view, name, agency, shown)

    with box("details", "more").on("toggle", unfold):
        text("summary", view.words("Our record and the evidence"), data_evidence="")
        shown = box("div", "stack")


async def _show_evidence(view: OpenPage, name: str, agency: str, shown: Element) -> None:
    try:
        found = await read_request_evidence(view.visit.new_session(), name)
    except LiaisonError as error:
        trouble = error

        async def again() -> None:
            shown.clear()
            await _show_evidence(view, name, agency, shown)

        with shown:
            states.draw_failure(view.words, trouble, again)
        return
    with shown:
        _draw_record(view, found.record)
        _draw_links(view, found, agency)


def _draw_record(view: OpenPage, record: RequestedRecord) -> None:
    words = view.words
    with box("div", "stack close"):
        with link("", case_path(record.case), "strong", data_open=""):
            draw_title(words, record.title or record.case)
        for entity in record.entities:
            with box("span", "row small"):
                text("span", words.label(TYPES, entity.type), "quiet")
                bidi_text(entity.name or "–")


def _draw_links(view: OpenPage, found: RequestEvidenceAnswer, agency: str) -> None:
    """Links to the asking agency's cases; without one that the owner may know of, the request is all there is."""
    words = view.words
    if not found.links and not found.hits:
        text(
            "p",
            words("No link to a case of {agency} that you may read.", agency=words.agency_name(agency)),
            "small quiet",
        )
        return
    with box("ul", "stack close"):
        for row in found.links:
            with box("li", "stack close"):
                with box("span", "row"):
                    with link("", link_path(row.link_id, found.record.case), data_open=""):
                        bidi_text(row.name or format_title(words, row.title or row.case))
                    draw_basis(words, row.band, shared=row.basis == Basis.SHARED)
                    text("span", row.case, "code quiet small")
                bidi_text(row.summary, "span", "small")
        for hit in found.hits:
            with box("li", "row"):
                text("span", words("A record of {agency}", agency=words.agency_name(hit.agency)))
                draw_band(words, hit.band)
                badge(words("Hit only"), "plain")
    if found.more:
        link(words("All links of our record"), case_path(found.record.case), "small")


AWAITED = frozenset({"requested", "awaiting_confirmation", "awaiting_review", "overdue"})
"""States in which somebody is to act by a time."""


def draw_thread_head(view: OpenPage, row: AccessRequestRow) -> None:
    """What the record is called, the other agency, and the case where it can be read.

    An agency names what it asked for by its own words, such as its search; where it did not, by its own case. To the
    owner the reason that was given is the heading.
    """
    words = view.words
    with box("p", "row"):
        if title := row.label or ("" if row.mine else _asked_for(row)):
            bidi_text(title, "strong")
        agency = words.agency_name(row.agency)
        agency = words("A record of {agency}", agency=agency) if row.mine else agency
        text("span" if title else "strong", agency)
        if row.case:
            link(row.case, case_path(row.case), "code", data_open="")
        elif references := {step.case_reference for step in row.steps if step.case_reference}:
            text("span", words("for {case}", case=", ".join(sorted(references))), "quiet small")


def _asked_for(row: AccessRequestRow) -> str:
    """Why the other agency asked, or opened without asking, the last time."""
    asks = (Move.REQUEST, Move.BREAK_GLASS, Move.BREAK_GLASS_REQUEST)
    return next((step.reason for step in reversed(row.steps) if step.move in asks and step.reason), "")


def draw_thread_timer(view: OpenPage, row: AccessRequestRow) -> None:
    """How much of the time is gone; the time that is left, or by how much it is late."""
    words, now = view.words, view.visit.runtime.clock()
    awaited = row.state in AWAITED or row.oversight in AWAITED
    end = row.deadline if awaited else row.until
    if not end:
        return
    left = datetime.fromisoformat(end) - now
    gone = elapsed_share([step.time for step in row.steps], end, now)
    with box("span", "meter late" if left < timedelta() else "meter", aria_hidden="true"):
        box("b", style=f"width: {gone:.0%}")
    if not awaited:
        with box("small"):
            text("time", words("until {time}", time=words.format_minute(end)), datetime=end)
    elif left < timedelta():
        text("small", words("overdue by {span}", span=words.format_span(left)))
    else:
        text("small", words("{span} left", span=words.format_span(left)))


def elapsed_share(times: Iterable[str], end: str, now: datetime) -> float:
    """The share of the time from the last of a thread's `times` to `end` that has passed by `now`."""
    begin = max(map(datetime.fromisoformat, times), default=now)
    span = (datetime.fromisoformat(end) - begin).total_seconds()
    return min(1.0, max(0.0, (now - begin).total_seconds() / span)) if span > 0 else 1.0


def draw_thread_steps(view: OpenPage, row: AccessRequestRow) -> None:
    """Who did what, when and why."""
    words = view.words
    with box("ul", "small"):
        for step in row.steps:
            with box("li", "row"):
                draw_moment(words, step.time, "quiet")
                who = words.person_name(step.subject) if step.subject else step.agency
                text("span", f"{who} · {words.label(MOVE_LABELS, step.move)}")
                if step.move == Move.REQUEST and not row.mine:
                    _draw_asker(view, step)
                if step.urgency:
                    text("span", words.label(URGENCIES, step.urgency), "quiet")
                if step.purpose:
                    text("span", words.label(PURPOSES, step.purpose), "quiet")
                if step.hours and step.move != "confirmation":
                    text("span", words.format_span(timedelta(hours=step.hours)), "quiet")
                if step.verdict:
                    text("strong", words.label(GLASS_REVIEWS, step.verdict))
                if step.reason:
                    bidi_text(step.reason)


def _draw_asker(view: OpenPage, step: AccessRequestStep) -> None:
    """To the owner: where it reaches who asks, and for which case of theirs, as far as it may be told."""
    if phone := view.visit.phones.get(step.subject or ""):
        text("a", phone, "nowrap", href=f"tel:{re.sub('[^+0-9]', '', phone)}", dir="ltr")
    if step.case_reference:
        text("span", view.words("for {case}", case=step.case_reference), "quiet")


def draw_revoke_form(view: OpenPage, name: str) -> None:
    """Takes back what is open, with a word to the other agency; folded, so that one press alone revokes nothing."""

    async def sent(fields: Sent) -> None:
        await view.run_action(
            revoke_disclosure(view.visit.new_session(), name, fields["reason"]), view.words("Revoked")
        )

    with box("details", "more"):
        text("summary", view.words("Revoke access"))
        with form(sent, "filters"):
            field(view.words("Reason for revoking"), "reason", f"revoke-{name}", maxlength=REASON.most)
            text("button", view.words("Revoke now"), "button", type="submit")


PAGE = Page("/disclosures", N_("Access requests"), "disclosures", load, draw)
