"""A hit: that there is something, whose it is and whom to ask; never what it says. The owner can be asked for it."""

from __future__ import annotations

from datetime import datetime, timedelta

from nicegui import ui
from nicegui.element import Element

from pipeline.access.break_glass import CONFIRMATION_TIME, LONGEST_HOURS, GlassReason
from pipeline.access.disclosure_threads import ThreadState, Urgency
from pipeline.access.disclosures import DisclosureAsk
from pipeline.access.requester import Role
from pipeline.access.text_limits import LABEL, REASON
from pipeline.api.answers import FoundHit, HitRequest
from pipeline.api.services.break_glass import open_alone, request_opening
from pipeline.api.services.disclosures import request_disclosure, summarise_request
from pipeline.locale import N_
from pipeline.matching.handling import Contact
from pipeline.web.addresses import case_path
from pipeline.web.components.badges import badge, draw_band
from pipeline.web.components.form import Sent, field, form, select_field, submit_button
from pipeline.web.components.markup import bidi_text, box, link, static_html, text
from pipeline.web.components.rows import render_preview_button
from pipeline.web.page import OpenPage
from pipeline.web.vocabulary import URGENCIES

DAYS = {"1": 1, "3": 3, "7": 7, "30": 30}
"""How soon an answer can be wished for."""

HOURS = {str(hours): hours for hours in (1, 2, 4, LONGEST_HOURS)}
"""For how long a record can be opened without asking, the shortest first."""

REQUEST_WORDS = {
    ThreadState.REQUESTED: N_("Access requested {time}"),
    ThreadState.GRANTED: N_("Access granted {time}"),
    ThreadState.REFUSED: N_("Request refused {time}"),
    ThreadState.REVOKED: N_("Access revoked {time}"),
    ThreadState.EXPIRED: N_("Access ended {time}"),
    ThreadState.SUSPENDED: N_("Access suspended: handling is stricter now"),
}
"""What an own request has come to."""

OPEN_STATES = frozenset({ThreadState.REQUESTED, ThreadState.GRANTED})
"""States in which asking again would be refused."""

ALONE = "alone"
WAYS = {"second": N_("A second supervisor confirms first"), ALONE: N_("Open now and notify owner")}


def draw_hit(view: OpenPage, row: FoundHit, label: str = "") -> None:
    """A hit-only result as an item of a list; `label` is what it is called where it is asked for."""
    words = view.words
    with box("li", "hit", data_row="", data_preview_self=""):
        with box("div", "grow", data_said=""):
            said = words("A record of {agency}", agency=words.agency_name(row.agency))
            text("span", said, "name plain")
            with box("p", "about"):
                badge(words("Hit only"), "plain")
            draw_contact(row.contact)
        with box("p", "score"):
            if row.band:
                draw_band(words, row.band)
            static_html(render_preview_button(words, said), "span")
        draw_hit_actions(view, row, label)


def draw_contact(said: Contact) -> None:
    """Whom to ask: unit, e-mail and phone, as far as the owner gave them."""
    with box("p", "about contact"):
        if said.unit:
            bidi_text(said.unit)
        if said.email:
            text("a", said.email, href=f"mailto:{said.email}")
        if said.phone:
            text("span", said.phone, dir="ltr")


def draw_hit_actions(view: OpenPage, row: FoundHit, label: str = "") -> None:
    """What was asked of a hit's owner, and what can be done: ask; a supervisor can open it without, with a second one.

    `label` is what the record is called in the list of requests, such as the search that found it.
    """
    with box("div", "request") as place:
        _draw_request(view, row, label, place)
    if Role.SUPERVISOR in view.visit.roles:
        _draw_break_glass_form(view, row)


def _draw_request(view: OpenPage, row: FoundHit, label: str, place: Element) -> None:
    """How an own request stands, in its place; the form where none is open."""
    if asked := row.request:
        _draw_request_state(view, asked)
    if not asked or asked.state not in OPEN_STATES:
        _draw_ask_form(view, row, label, place)


def _draw_request_state(view: OpenPage, asked: HitRequest) -> None:
    """How an own request stands, such as "Access requested 26 Nov 2026 23:19 · 24 hours left"."""
    words, now = view.words, view.visit.runtime.clock()
    said = words(
        REQUEST_WORDS.get(ThreadState(asked.state), N_("Request closed {time}")), time=words.format_minute(asked.time)
    )
    with box("p", "row small asked-state", data_state=asked.state):
        with link("", "/disclosures"):
            text("time", said, datetime=asked.time)
        if asked.state == ThreadState.REQUESTED and asked.deadline:
            left = datetime.fromisoformat(asked.deadline) - now
            span = words.format_span(left)
            late = left < timedelta()
            badge(
                words("overdue by {span}", span=span) if late else words("{span} left", span=span),
                "warn" if late else "plain",
            )
        if asked.subject:
            text("span", words.person_name(asked.subject), "quiet")


def _draw_ask_form(view: OpenPage, row: FoundHit, label: str, place: Element) -> None:
    """The form that asks the owner for the content, folded until wanted; once sent it gives way to what was asked."""
    words, reference = view.words, row.reference

    async def sent(fields: Sent) -> None:
        deadline = view.visit.runtime.clock() + timedelta(days=DAYS[fields["days"]])
        wanted = DisclosureAsk(fields["reason"], Urgency(fields["urgency"]), deadline)
        asking = request_disclosure(view.visit.new_session(), reference, wanted, fields.get("label", ""))
        done = words("Request sent to {agency}", agency=words.agency_name(row.agency))
        answer = await view.run_action(asking, done, redraw=False)
        if answer is not None:
            place.clear()
            with place:
                _draw_request_state(view, summarise_request(answer.disclosure))

    with box("details", "more"):
        text("summary", words("Request access"), data_open="")
        with form(sent):
            field(
                words("Called in your list (the owner does not see this)"), "label", reference,
                value=label[: LABEL.most], maxlength=LABEL.most, dir="auto",
            )  # fmt: skip
            field(words("Reason"), "reason", reference, "textarea", required=True, maxlength=REASON.most)
            with box("div", "filters"):
                select_field(
                    words("Urgency"),
                    "urgency",
                    reference,
                    {urgency: words(word) for urgency, word in URGENCIES.items()},
                )
                spans = {name: words.format_span(timedelta(days=days)) for name, days in DAYS.items()}
                select_field(words("Reply within"), "days", reference, spans)
                submit_button(words("Send request"))
            if view.visit.runtime.settings.owners_see_references:
                told = words("Whoever decides sees your name, phone number and case reference.")
            else:
                told = words("Whoever decides sees your name and phone number.")
            text("p", told, "small quiet")


def _draw_break_glass_form(view: OpenPage, row: FoundHit) -> None:
    """The form by which a supervisor opens the content without its owner, folded until wanted.

    A second supervisor confirms, and the form gives way to what comes; or it opens at once, which leads to the case,
    and the owner reviews it.
    """
    words, reference = view.words, row.reference

    async def sent(fields: Sent) -> None:
        wanted = GlassReason(fields["reason"], HOURS[fields["hours"]])
        session = view.visit.new_session()
        if fields["way"] != ALONE:
            span = words.format_span(CONFIRMATION_TIME)
            done = words("A second supervisor of your agency must confirm within {span}", span=span)
            if await view.run_action(request_opening(session, reference, wanted), done, redraw=False):
                place.clear()
                with place, box("p", "row small asked-state", data_state=ThreadState.AWAITING_CONFIRMATION):
                    link(words("Emergency access requested"), "/break-glass")
                    text("span", done, "quiet")
            return
        answer = await view.run_action(
            open_alone(session, reference, wanted), words("You now have access"), redraw=False
        )
        if answer is not None:
            ui.navigate.to(case_path(answer.disclosure.case or ""))

    with box("div", "why") as place, box("details", "more"):
        text("summary", words("Emergency access"))
        with form(sent):
            warning = words(
                "{agency} is notified at once and sees your reason. Only you get access, for the time you choose.",
                agency=words.agency_name(row.agency),
            )
            with box("p", "notice bad"):
                text("span", warning)
            mark = f"glass-{reference}"
            field(words("Reason"), "reason", mark, "textarea", required=True, maxlength=REASON.most)
            with box("div", "filters"):
                select_field(words("Oversight"), "way", mark, {way: words(word) for way, word in WAYS.items()})
                spans = {name: words.format_span(timedelta(hours=hours)) for name, hours in HOURS.items()}
                select_field(words("Access for"), "hours", mark, spans)
                submit_button(words("Use emergency access"), "button slight")
