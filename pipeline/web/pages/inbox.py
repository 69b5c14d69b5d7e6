"""The inbox: links of our own cases that nobody of us has reviewed, strongest first; the list left, the evidence right.

What is reviewed stays in its place, and nothing is drawn anew: static/triage.js holds focus and selection, and asks for
what it needs by events.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime
from typing import Annotated, NamedTuple

import htpy
import msgspec
from msgspec import UNSET, Meta, UnsetType
from nicegui.element import Element
from nicegui.events import GenericEventArguments

from pipeline.access.requester import Role
from pipeline.access.text_limits import SUBJECT
from pipeline.api.answers import InboxAnswer, InboxRow, LinkOutcome
from pipeline.api.problems import translate_error
from pipeline.api.services.inbox import InboxFilter, Listed, assign_link, list_inbox
from pipeline.api.services.links import read_evidence
from pipeline.api.services.reviews import (
    MOST_LINKS,
    BulkReview,
    find_changed_reviews,
    read_outcomes,
    retract_reviews,
    review_links,
)
from pipeline.errors import LiaisonError
from pipeline.index.engine import IndexAwayError
from pipeline.locale import N_
from pipeline.matching.bands import Band
from pipeline.web.components import states
from pipeline.web.components.badges import BAND_LABELS
from pipeline.web.components.evidence import draw_evidence
from pipeline.web.components.form import draw_result_export, field, limit_text, select_field
from pipeline.web.components.link_rows import AGES, name_thing, render_row
from pipeline.web.components.markup import box, static_html, text
from pipeline.web.components.values import format_title, render_name, render_title
from pipeline.web.i18n import Words
from pipeline.web.layout import draw_density_switch
from pipeline.web.page import OpenPage, Page, Parameters
from pipeline.web.page_events import read_event, read_place
from pipeline.web.session import Visit
from pipeline.web.vocabulary import REVIEWS

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
    """The first page of what is to be reviewed; what narrows it, the browser tells from the address's fragment."""
    return await list_inbox(visit.new_session(), limit=LIMIT)


def _parse_view(visit: Visit, parameters: Parameters) -> TriageView:
    """What an address asks for; what makes no sense in it narrows nothing."""
    band, listed = parameters.get("band", ""), parameters.get("listed", "")
    at_least, at_most = AGES.get(parameters.get("age", ""), (None, None))
    wanted = InboxFilter(
        band=Band(band) if band in BAND_LABELS else Band.NONE,
        assignee=parameters.get("assignee", "").strip()
        or {"mine": visit.who, "nobody": ""}.get(parameters.get("whose", "")),
        case=parameters.get("case", "").strip(),
        country=parameters.get("country", "").strip().upper(),
        at_least_h=at_least,
        at_most_h=at_most,
        listed=Listed(listed) if listed in LISTED else Listed.DUE,
    )
    return TriageView(wanted, by_person=parameters.get("group") == "person")


def draw(view: OpenPage, loaded: InboxAnswer) -> None:
    """The filters, then the list with the evidence beside it."""
    words = view.words
    with box("div", "row apart"):
        text("h1", words("Inbox"))
        draw_density_switch(view.visit)
    _draw_filters(words)
    desk = TriageDesk(view)
    desk.show(loaded)
    desk.listen()
    view.call_script("narrow")


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


OPEN, REVIEW, UNDO, ASSIGN, MORE = "triage_open", "triage_review", "triage_undo", "triage_assign", "triage_more"
NARROW = "triage_narrow"
"""What static/triage.js asks for."""

AGAIN = "triage_again"
"""What static/keys.js asks every few seconds while the page is seen: whether a colleague decided on its links."""

MOST_ASSIGNEE = 256
"""Characters of a person's name, as the API takes it."""

AT_ONCE = 4
"""Reviews of one page under way together: faster keys wait here, not in Kafka's turn."""


LinkName = Annotated[str, Meta(max_length=64)]
"""A link's id, or the reference that stands for it."""


class _Opened(msgspec.Struct, frozen=True):
    """Which link's evidence is asked for."""

    link: LinkName


class ToldOutcome(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What static/triage.js is told of a link: `seen` is the review that holds.

    `said` is the decision of a colleague, of which `time` is the moment.
    """

    link: str
    review: str | None
    seen: str | None
    reason_for: tuple[str, ...] | None
    problem: str | None
    said: str | UnsetType = UNSET
    time: str | UnsetType = UNSET


class _ReviewAct(BulkReview, frozen=True, kw_only=True):
    """A review as the API takes it, and its number among those of the page.

    That its reason is too long is said for each link, so that the page keeps what was typed.
    """

    act: int
    reason: str = ""


class _ReviewActs(msgspec.Struct, frozen=True):
    """The reviews of one message, on as many links in all as the API takes in one."""

    acts: Annotated[tuple[_ReviewAct, ...], Meta(max_length=MOST_LINKS)]

    def __post_init__(self) -> None:
        if sum(len(act.links) for act in self.acts) > MOST_LINKS:
            raise ValueError("too many links at once")


class _Undone(msgspec.Struct, frozen=True):
    """Links with the reviews of theirs that are taken back."""

    reviews: Annotated[tuple[tuple[LinkName, LinkName], ...], Meta(min_length=1, max_length=MOST_LINKS)]


class _Assigned(msgspec.Struct, frozen=True):
    """Links, and who is to review them; nobody where it is empty."""

    links: Annotated[tuple[LinkName, ...], Meta(max_length=MOST_LINKS)]
    assignee: Annotated[str, Meta(max_length=MOST_ASSIGNEE)]


class TriageView(NamedTuple):
    """What an inbox lists, and how: the filter, and whether rows stand under persons instead of cases."""

    wanted: InboxFilter = InboxFilter()
    by_person: bool = False


class TriageDesk:
    """An open inbox: its list, the pane of evidence, where the list goes on, and what is under way."""

    def __init__(self, view: OpenPage) -> None:
        self.view, self.words = view, view.words
        self.asked = TriageView()
        self.room = box("div", "stack")
        self.list: Element | None = None
        self.pane: Element | None = None
        self.more: Element | None = None
        self.following: str | None = None
        self.opened = ""
        self._groups: dict[str, Element] = {}
        self._seen: dict[str, str | None] = {}
        """The own review that the page shows for each of its links, but for those that are being saved."""
        self._room = asyncio.Semaphore(AT_ONCE)

    def show(self, answer: InboxAnswer) -> None:
        """Draw the list with what acts on it left and the evidence right, or that there is nothing to review."""
        self.list, self.pane, self.more, self._groups, self.opened = None, None, None, {}, ""
        self._seen = {}
        self.room.clear()
        with self.room:
            if answer.links:
                _draw_desk(self)
                self.add_rows(answer)
            elif self.asked.wanted == InboxFilter():
                hint = self.words("New links to your agency's cases appear here.")
                states.draw_empty(self.words("Nothing to review"), hint)
            else:
                states.draw_empty(self.words("No links match these filters"))

    def listen(self) -> None:
        """Answer the page's script."""
        for event, handler in (
            (OPEN, self._open), (REVIEW, self._review), (UNDO, self._undo), (ASSIGN, self._assign),
            (MORE, self._append), (NARROW, self._narrow), (AGAIN, self._look_again),
        ):  # fmt: skip
            self.view.listen(event, handler)

    def add_rows(self, answer: InboxAnswer) -> None:
        """Add a page of links, each to its group wherever that began, and offer the next page."""
        self.following = answer.next
        now = datetime.fromisoformat(answer.time)
        groups: dict[str, list[InboxRow]] = {}
        for row in answer.links:
            self._seen[row.link_id] = row.own_review
            groups.setdefault(self._title_group(row), []).append(row)
        for title, held in groups.items():
            with self._find_group(title, held[0]):
                static_html((render_row(self.words, row, now, self.view.visit.who) for row in held), "ul")
        if self.more is not None:
            self.more.set_visibility(answer.next is not None)

    def _find_group(self, title: str, row: InboxRow) -> Element:
        """The group of this title; where there is none yet, a new one at the end of the list."""
        if title not in self._groups and self.list is not None:
            with self.list, box("section", aria_label=title) as group:
                static_html(self._render_heading(row), "h2")
            self._groups[title] = group
        return self._groups[title]

    def _title_group(self, row: InboxRow) -> str:
        """Whom or what a row is listed under: our person, or our case."""
        own = row.side(own=True)
        if self.asked.by_person:
            return "".join(name_thing(self.words, own))
        return " · ".join(filter(None, (format_title(self.words, own.title or ""), own.case)))

    def _render_heading(self, row: InboxRow) -> htpy.Node:
        """The same, with a person's name as it reads in Latin letters too."""
        own = row.side(own=True)
        if self.asked.by_person:
            name, born = name_thing(self.words, own)
            return [render_name(name, own.country), born]
        return [render_title(self.words, own.title), " · ", own.case] if own.title else own.case

    async def _open(self, event: GenericEventArguments) -> None:
        """Show the evidence of a link; of several that were asked for, the last."""
        asked: _Opened = read_event(event, _Opened)
        self.opened = link = asked.link
        try:
            found = await read_evidence(self.view.visit.new_session(), link)
        except LiaisonError as error:
            trouble = error
            self._show(link, lambda: states.draw_failure(self.words, trouble, lambda: self._open(event)))
        else:
            self._show(link, lambda: draw_evidence(self.view, found))

    def _show(self, link: str, draw: Callable[[], object]) -> None:
        if self.pane is not None and link == self.opened:
            self.pane.clear()
            with self.pane:
                draw()

    async def _review(self, event: GenericEventArguments) -> None:
        """Save the decisions of one message, each with links, decision and reason, and tell what became of them."""
        told: _ReviewActs = read_event(event, _ReviewActs)

        async def save(act: _ReviewAct) -> tuple[int, list[ToldOutcome]]:
            async with self._room:
                return act.act, await self._review_links(act)

        self.view.call_script("settle", await asyncio.gather(*map(save, told.acts)))

    async def _look_again(self, _: GenericEventArguments) -> None:
        """Tell what colleagues, or other windows, decided on the links that are listed, or took back."""
        with suppress(LiaisonError):  # the next look comes
            links = await find_changed_reviews(self.view.visit.new_session(), self._seen)
            outcomes = await read_outcomes(self.view.visit.new_session(), links) if links else []
            told = [outcome for outcome in outcomes if outcome.link in self._seen]
            if told:
                self._note(told)
                self.view.call_script("reviewsChanged", [_describe_new_review(self.words, outcome) for outcome in told])

    def _note(self, outcomes: Iterable[LinkOutcome]) -> None:
        self._seen |= {outcome.link: outcome.judged.own for outcome in outcomes if outcome.judged}

    async def _review_links(self, said: BulkReview) -> list[ToldOutcome]:
        links = said.links
        held = {one.link: self._seen.pop(one.link) for one in links if one.link in self._seen}
        try:
            answer = await review_links(self.view.visit.new_session(), said)
        except LiaisonError as error:
            problem = (
                states.format_failure(self.words, error)
                if isinstance(error, IndexAwayError)
                else translate_error(error, self.words.language)
            )
            self._seen |= held
            return [
                ToldOutcome(link=one.link, review=None, seen=one.seen, reason_for=None, problem=problem)
                for one in links
            ]
        self._seen |= held
        self._note(answer.outcomes)
        return [
            _describe_outcome(self.words, outcome, one.seen)
            for outcome, one in zip(answer.outcomes, links, strict=True)
        ]

    async def _undo(self, event: GenericEventArguments) -> None:
        taken_back: _Undone = read_event(event, _Undone)
        links = [link for link, _ in taken_back.reviews]
        answer = await retract_reviews(self.view.visit.new_session(), [name for _, name in taken_back.reviews])
        self._note(answer.outcomes)
        told = [
            msgspec.structs.replace(_describe_outcome(self.words, outcome, None), link=link)
            for outcome, link in zip(answer.outcomes, links, strict=True)
        ]
        self.view.call_script("undone", told)

    async def _assign(self, event: GenericEventArguments) -> None:
        told: _Assigned = read_event(event, _Assigned)
        done = []
        for link in told.links:
            assigned = assign_link(self.view.visit.new_session(), link, told.assignee)
            if await self.view.run_action(assigned, self.words("Assigned"), redraw=False):
                done.append(link)
        self.view.call_script("assigned", done, told.assignee, self.words.person_name(told.assignee))

    async def _narrow(self, event: GenericEventArguments) -> None:
        """List what the address asks for now; of several wishes the last."""
        asked = self.asked = _parse_view(self.view.visit, read_place(event))
        session = self.view.visit.new_session()

        def show_failure(trouble: LiaisonError) -> None:
            self.room.clear()
            with self.room:
                states.draw_failure(self.words, trouble, lambda: self._narrow(event))

        draw = await self.view.attempt(list_inbox(session, asked.wanted, LIMIT), self.show, show_failure)
        if asked is self.asked:
            draw()
            self.view.call_script("narrowed")

    async def _append(self, _: GenericEventArguments) -> None:
        if self.following:
            session = self.view.visit.new_session()
            asked = self.asked
            answer = await self.view.run_action(
                list_inbox(session, asked.wanted, LIMIT, self.following), self.words("Loaded"), redraw=False
            )
            if answer is not None and asked is self.asked:
                self.add_rows(answer)


def _describe_outcome(words: Words, outcome: LinkOutcome, seen: str | None) -> ToldOutcome:
    """What the page's script needs to know; `seen` is the own review that its reviewer saw in force."""
    held = outcome.judged.own if outcome.judged else seen
    return ToldOutcome(
        link=outcome.link,
        review=outcome.review,
        seen=held,
        reason_for=outcome.reason_for,
        problem=_tell_problem(words, outcome) if held != seen else outcome.problem,
    )


def _describe_new_review(words: Words, outcome: LinkOutcome) -> ToldOutcome:
    """The same of a link on which a colleague decided, or took a decision back."""
    told = msgspec.structs.replace(_describe_outcome(words, outcome, None), problem=None)
    judged = outcome.judged
    if judged is None or judged.own is None:
        return msgspec.structs.replace(told, said=words("Undone"))
    row = next(row for row in judged.reviews if row.id == judged.own)
    who = words.person_name(row.reviewer or "")
    said = f"{words(REVIEWS[row.verdict])}, {who}, {words.format_minute(row.time)}"
    return msgspec.structs.replace(told, said=said, time=row.time)


def _tell_problem(words: Words, outcome: LinkOutcome) -> str | None:
    """What went wrong, with the decision of a colleague, or of another window, that holds now."""
    judged, problem = outcome.judged, outcome.problem
    if judged is None or judged.own is None or problem is None:
        return problem
    verdict = next(row.verdict for row in judged.reviews if row.id == judged.own)
    return words("{problem}. Decision in force: {decision}", problem=problem, decision=words(REVIEWS[verdict]))


def _draw_desk(desk: TriageDesk) -> None:
    """The list with what acts on it left, the evidence right."""
    words = desk.words
    told = _words_of_script(words, decided=desk.asked.wanted.listed is not Listed.DUE)
    with box("div", "triage", id="triage", data_words=msgspec.json.encode(told).decode(), data_me=desk.view.visit.who):
        with box("div", "stack close", data_again=AGAIN):
            _draw_tools(words, assigns=Role.SUPERVISOR in desk.view.visit.roles)
            desk.list = box("div", "links")
            desk.more = text("button", words("Show more"), "button", type="button", data_tool="more", data_more="")
            with box("div", "row export-of-list"):
                draw_result_export(words, desk.view.visit.csrf, "inbox", desk.asked.wanted)
        desk.pane = box("section", "panel evidence", id="evidence", tabindex="-1", aria_label=words("Evidence"))
        with desk.pane:
            text("p", words("Select a link to see its evidence."), "quiet")


def _words_of_script(words: Words, *, decided: bool) -> dict[str, str]:
    """What static/triage.js says, of a list to review or of a `decided` one; it counts what the list holds."""
    whole, begun = (
        (words("{all} decided links"), words("The first {all} decided links"))
        if decided
        else (words("{done} of {all} reviewed"), words("{done} of the first {all} reviewed"))
    )
    return {verdict: words(word) for verdict, word in REVIEWS.items()} | {
        "progress": whole,
        "progressBegun": begun,
        "undone": words("Undone"),
        "lost": words("Not confirmed as saved; decide again, or open the link"),
        "saving": words("Still saving; undo again in a moment"),
        "unseen": words("The evidence of this link is not shown yet; decide once it is"),
        "alone": words("Possible links can't be selected: review them one by one"),
    }


def _draw_tools(words: Words, *, assigns: bool) -> None:
    """What acts on the selected rows, or on the one that one is at; `assigns`: also for others."""
    with box("div", "tools", role="toolbar", aria_label=words("Your decision")):
        for key, (verdict, word) in enumerate(REVIEWS.items(), start=1):
            _draw_tool(words(word), str(key), data_verdict=verdict)
        _draw_tool(words("Select"), "x", data_tool="select")
        _draw_tool(words("Assign to me"), "a", data_tool="take")
        _draw_tool(words("Reason"), "r", data_tool="reason")
        _draw_tool(words("Undo"), "u", data_tool="undo")
        text("span", "", "small quiet", role="status", data_progress="")
        with box("span", "small quiet", data_selected=""):
            text("span", words("Selected:") + " ")
            text("b", "", data_picked="")
    _draw_reason_form(words)
    if assigns:
        _draw_assign_form(words)


def _draw_tool(word: str, key: str, **attributes: str) -> None:
    with box("button", "button slight", type="button", data_press=key, aria_keyshortcuts=key, **attributes):
        text("span", word)
        text("kbd", key, aria_hidden="true")


def _draw_reason_form(words: Words) -> None:
    with box("form", "stack", data_reason="", hidden=True):
        text("p", words("This decision needs a reason in your own words."), "small")
        select_field(words("Your decision"), "verdict", "triage", {name: words(word) for name, word in REVIEWS.items()})
        field(words("Reason"), "reason", "triage", "textarea", required=True, **limit_text(words))
        with box("div", "row"):
            text("button", words("Save decision"), "button main slight", type="submit")
            text("button", words("Cancel"), "button slight", type="button", data_tool="close")


def _draw_assign_form(words: Words) -> None:
    with box("details", "more"):
        text("summary", words("Assign to someone else"))
        with box("form", "row", data_assign=""):
            field(words("User"), "assignee", "triage", required=True, maxlength=SUBJECT.most, autocomplete="off")
            text("button", words("Assign"), "button slight", type="submit")


PAGE = Page("/inbox", N_("Inbox"), "inbox", load, draw, "triage.js")
