"""Judging one link after the other: a list, the evidence of the row that one is at, and what acts on both."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import htpy
import msgspec
from nicegui.element import Element
from nicegui.events import GenericEventArguments

from pipeline.access.redaction import Row
from pipeline.access.requester import Role
from pipeline.access.reviews import Verdict
from pipeline.api.languages import translate_error
from pipeline.api.services.bulk_reviews import BulkVerdict, JudgedLink, LinkOutcome, judge_links, retract_reviews
from pipeline.api.services.inbox import InboxAnswer, InboxFilter, assign_link, list_inbox
from pipeline.api.services.link_evidence import read_evidence
from pipeline.errors import LiaisonError
from pipeline.web.components import states
from pipeline.web.components.form import field, limit_text, select_field
from pipeline.web.components.link_evidence import draw_evidence
from pipeline.web.components.markup import box, static_html, text
from pipeline.web.components.names import render_name
from pipeline.web.components.triage_row import name_person, render_row, side_of
from pipeline.web.i18n import Words
from pipeline.web.page import OpenPage
from pipeline.web.vocabulary import VERDICTS

OPEN, JUDGE, UNDO, ASSIGN, MORE = "triage_open", "triage_judge", "triage_undo", "triage_assign", "triage_more"
"""What static/triage.js asks for."""

AT_ONCE = 4
"""Verdicts of one page under way together: faster keys wait here, not in Kafka's turn."""


class TriageDesk:
    """An open inbox: its list, the pane of evidence, where the list goes on, and what is under way."""

    def __init__(self, view: OpenPage, wanted: InboxFilter, limit: int, now: datetime, *, by_person: bool) -> None:
        self.view, self.words = view, view.words
        self.wanted, self.limit, self.now, self.by_person = wanted, limit, now, by_person
        self.list: Element | None = None
        self.pane: Element | None = None
        self.more: Element | None = None
        self.following: str | None = None
        self.opened = ""
        self._room = asyncio.Semaphore(AT_ONCE)

    def listen(self) -> None:
        """Answer the page's script."""
        for event, handler in (
            (OPEN, self._open), (JUDGE, self._judge), (UNDO, self._undo), (ASSIGN, self._assign), (MORE, self._append)
        ):  # fmt: skip
            self.view.listen(event, handler)

    def add_rows(self, answer: InboxAnswer) -> None:
        """Append a page of links, and offer the next one."""
        self.following = answer.next
        if self.list is not None:
            with self.list:
                static_html(self._render_groups(answer.links))
        if self.more is not None:
            self.more.set_visibility(answer.next is not None)

    def _render_groups(self, rows: Iterable[Row]) -> Iterator[htpy.Element]:
        groups: dict[str, list[Row]] = {}
        for row in rows:
            groups.setdefault(self._title_group(row), []).append(row)
        for title, held in groups.items():
            yield htpy.section(aria_label=title)[
                htpy.h2[self._render_heading(held[0])],
                htpy.ul[[render_row(self.words, row, self.now) for row in held]],
            ]

    def _title_group(self, row: Row) -> str:
        """Whom or what a row is listed under: our person, or our case."""
        own = side_of(row, own=True)
        if self.by_person:
            return "".join(name_person(row, own))
        return " · ".join(filter(None, (row[f"title_{own}"], row["own"])))

    def _render_heading(self, row: Row) -> htpy.Node:
        """The same, with a person's name as it reads in Latin letters too."""
        own = side_of(row, own=True)
        if self.by_person:
            name, born = name_person(row, own)
            return [render_name(name, row[f"country_{own}"]), born]
        title = row[f"title_{own}"]
        return [htpy.bdi(dir="auto")[title], " · ", row["own"]] if title else row["own"]

    async def _open(self, event: GenericEventArguments) -> None:
        """Show the evidence of a link; of several that were asked for, the last."""
        self.opened = link = str(event.args["link"])
        try:
            found = await read_evidence(self.view.visit.new_session(), link)
        except LiaisonError as error:
            trouble = error
            self._show(link, lambda: states.draw_failure(self.words, trouble))
        else:
            self._show(link, lambda: draw_evidence(self.view, found))

    def _show(self, link: str, draw: Any) -> None:
        if self.pane is not None and link == self.opened:
            self.pane.clear()
            with self.pane:
                draw()

    async def _judge(self, event: GenericEventArguments) -> None:
        """Save the decisions of one message, each with links, verdict and reason, and tell what became of them."""

        async def judge(sent: Mapping[str, Any]) -> tuple[int, list[Row]]:
            async with self._room:
                return sent["act"], await self._judge_links(sent)

        self.view.call_script("settle", await asyncio.gather(*(judge(sent) for sent in event.args["acts"])))

    async def _judge_links(self, sent: Mapping[str, Any]) -> list[Row]:
        links = tuple(JudgedLink(link, seen) for link, seen in sent["links"])
        try:
            said = BulkVerdict(links, Verdict(sent["verdict"]), str(sent["reason"]))
            answer = await judge_links(self.view.visit.new_session(), said)
        except LiaisonError as error:
            problem = translate_error(error, self.words.language)
            return [
                {"link": one.link, "review": None, "seen": one.seen, "reasonFor": None, "problem": problem}
                for one in links
            ]
        return [_describe_outcome(outcome, one.seen) for outcome, one in zip(answer.outcomes, links, strict=True)]

    async def _undo(self, event: GenericEventArguments) -> None:
        links, names = zip(*event.args["reviews"], strict=True)
        answer = await retract_reviews(self.view.visit.new_session(), names)
        told = [_describe_outcome(outcome, None) for outcome in answer.outcomes]
        self.view.call_script("undone", [row | {"link": link} for row, link in zip(told, links, strict=True)])

    async def _assign(self, event: GenericEventArguments) -> None:
        assignee = str(event.args["assignee"])
        done = []
        for link in event.args["links"]:
            assigned = assign_link(self.view.visit.new_session(), link, assignee)
            if await self.view.run_action(assigned, self.words("Assigned"), redraw=False):
                done.append(link)
        self.view.call_script("assigned", done, assignee)

    async def _append(self, _: GenericEventArguments) -> None:
        if self.following:
            session = self.view.visit.new_session()
            answer = await self.view.run_action(
                list_inbox(session, self.wanted, self.limit, self.following), self.words("Loaded"), redraw=False
            )
            if answer is not None:
                self.add_rows(answer)


def _describe_outcome(outcome: LinkOutcome, seen: str | None) -> Row:
    """What the page's script needs to know; `seen` is the own review where it is not told which one holds."""
    return {
        "link": outcome.link,
        "review": outcome.review,
        "seen": outcome.judged.own if outcome.judged else seen,
        "reasonFor": list(outcome.reason_for),
        "problem": outcome.problem,
    }


def draw_desk(desk: TriageDesk, first: InboxAnswer) -> None:
    """The list with what acts on it left, the evidence right."""
    words = desk.words
    told = words_of_script(words)
    with box("div", "triage", id="triage", data_words=msgspec.json.encode(told).decode(), data_me=desk.view.visit.who):
        with box("div", "stack close"):
            _draw_tools(desk)
            desk.list = box("div", "links")
            desk.more = text("button", words("Show more"), "button", type="button", data_tool="more", data_more="")
        desk.pane = box("section", "panel evidence", id="evidence", tabindex="-1", aria_label=words("Evidence"))
        with desk.pane:
            text("p", words("Select a link to see its evidence."), "quiet")
    desk.add_rows(first)
    desk.listen()


def words_of_script(words: Words) -> dict[str, str]:
    """What static/triage.js says."""
    return {verdict: words(word) for verdict, word in VERDICTS.items()} | {
        "progress": words("{done} of {all} reviewed", done="{done}", all="{all}"),
        "lost": words("Not confirmed as saved; decide again, or open the link"),
        "saving": words("Still saving; undo again in a moment"),
        "alone": words("Possible links can't be selected: review them one by one"),
    }


def _draw_tools(desk: TriageDesk) -> None:
    """What acts on the selected rows, or on the one that one is at."""
    words = desk.words
    with box("div", "tools", role="toolbar", aria_label=words("Your decision")):
        for key, (verdict, word) in enumerate(VERDICTS.items(), start=1):
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
    if Role.SUPERVISOR in desk.view.visit.roles:
        _draw_assign_form(words)


def _draw_tool(word: str, key: str, **attributes: str) -> None:
    with box("button", "button slight", type="button", data_press=key, aria_keyshortcuts=key, **attributes):
        text("span", word)
        text("kbd", key, aria_hidden="true")


def _draw_reason_form(words: Words) -> None:
    with box("form", "stack", data_reason="", hidden=True):
        text("p", words("This decision needs a reason in your own words."), "small")
        select_field(
            words("Your decision"), "verdict", "triage", {name: words(word) for name, word in VERDICTS.items()}
        )
        field(words("Reason"), "reason", "triage", "textarea", required=True, **limit_text(words))
        with box("div", "row"):
            text("button", words("Save decision"), "button main slight", type="submit")
            text("button", words("Cancel"), "button slight", type="button", data_tool="close")


def _draw_assign_form(words: Words) -> None:
    with box("details", "more"):
        text("summary", words("Assign to someone else"))
        with box("form", "row", data_assign=""):
            field(words("User"), "assignee", "triage", required=True, maxlength="256", autocomplete="off")
            text("button", words("Assign"), "button slight", type="submit")
