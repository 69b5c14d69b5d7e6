"""The inbox: links of our own cases that nobody of us has judged, strongest first; the list left, the evidence right.

What is judged stays in its place, and nothing is drawn anew: static/triage.js holds focus and selection, and asks for
what it needs by events.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from pipeline.access.text_limits import SUBJECT
from pipeline.api.services.inbox import InboxAnswer, InboxFilter, Listed, list_inbox
from pipeline.locale import N_
from pipeline.matching.bands import Band
from pipeline.web.components.badges import BAND_LABELS
from pipeline.web.components.markup import box, text
from pipeline.web.components.triage import TriageView, draw_triage
from pipeline.web.components.triage_row import AGES
from pipeline.web.i18n import Words
from pipeline.web.page import OpenPage, Page, Parameters
from pipeline.web.session import Visit

LIMIT = 50
"""Links of one page."""

WHOSE = {"": N_("All"), "mine": N_("Assigned to me"), "nobody": N_("Unassigned")}
"""Whose links are listed: the choices of the parameter `whose`."""

LISTED = {Listed.DUE: N_("To review"), Listed.UNSURE: N_("Unsure"), Listed.MINE: N_("Decided by me")}
"""Which links are listed: the choices of the parameter `listed`."""

GROUPS = {"case": N_("Our case"), "person": N_("Person")}

AGE_WORDS = {
    "": N_("Any"),
    "day": N_("Last 24 hours"),
    "week": N_("Last 7 days"),
    "older": N_("Over 7 days"),
}


async def load(visit: Visit, _: Parameters) -> InboxAnswer:
    """The first page of what is to be judged; what narrows it, the browser tells from the address's fragment."""
    return await list_inbox(visit.new_session(), limit=LIMIT)


def parse_view(visit: Visit, parameters: Parameters) -> TriageView:
    """What an address asks for; what makes no sense in it narrows nothing."""
    return TriageView(_parse_filter(visit, parameters), by_person=parameters.get("group") == "person")


def _parse_filter(visit: Visit, parameters: Parameters) -> InboxFilter:
    band, listed = parameters.get("band", ""), parameters.get("listed", "")
    at_least, at_most = AGES.get(parameters.get("age", ""), (None, None))
    return InboxFilter(
        band=Band(band) if band in BAND_LABELS else Band.NONE,
        assignee=parameters.get("assignee", "").strip()
        or {"mine": visit.who, "nobody": ""}.get(parameters.get("whose", "")),
        case=parameters.get("case", "").strip(),
        country=parameters.get("country", "").strip().upper(),
        at_least_h=at_least,
        at_most_h=at_most,
        listed=Listed(listed) if listed in LISTED else Listed.DUE,
    )


def draw(view: OpenPage, loaded: InboxAnswer) -> None:
    """The filters, then the list with the evidence beside it."""
    words = view.words
    text("h1", words("Inbox"))
    _draw_filters(words)
    draw_triage(view, loaded, LIMIT, partial(parse_view, view.visit))


def _draw_filters(words: Words) -> None:
    """The form that narrows the list in its place; static/triage.js writes it into the address, and fills it.

    It is busy until the list is what the address asks for.
    """
    with box("details", "more"):
        text("summary", words("Filters"))
        with box("form", "filters", data_narrow="", aria_label=words("Filters"), aria_busy="true"):
            _draw_choice(words("Links"), "listed", ((a.value, words(w)) for a, w in LISTED.items()))
            _draw_choice(words("Group by"), "group", ((key, words(word)) for key, word in GROUPS.items()))
            bands = ((band.value, words(word)) for band, (_, word) in BAND_LABELS.items())
            _draw_choice(words("Band"), "band", (("", words("Any")), *bands))
            _draw_choice(words("Our record received"), "age", ((a, words(w)) for a, w in AGE_WORDS.items()))
            _draw_choice(words("Assignment"), "whose", ((a, words(w)) for a, w in WHOSE.items()))
            _draw_field(words("Assigned to"), "assignee", maxlength=str(SUBJECT.most), placeholder=words("User"))
            _draw_field(words("Country"), "country", maxlength="2", placeholder="BE", pattern="[A-Za-z]{2}")
            _draw_field(words("Case"), "case", maxlength="512", placeholder="fr-pj:2026-004711")
            text("button", words("Apply"), "button", type="submit")


def _draw_choice(word: str, name: str, options: Iterable[tuple[str, str]]) -> None:
    with box("p", "field"):
        text("label", word, for_=f"by-{name}")
        with box("select", id=f"by-{name}", name=name):
            for value, said in options:
                text("option", said, value=value)


def _draw_field(word: str, name: str, **attributes: str) -> None:
    with box("p", "field"):
        text("label", word, for_=f"by-{name}")
        box("input", id=f"by-{name}", name=name, autocomplete="off", **attributes)


PAGE = Page("/inbox", N_("Inbox"), "inbox", load, draw, "triage.js")
