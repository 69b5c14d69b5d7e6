"""Search: one box and filters; each result with why it matched; hit-only results apart, without content.

The question lies in the address's fragment, which browsers keep to themselves: no log ever holds it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import msgspec
from nicegui import events, ui
from nicegui.element import Element

from pipeline.access.policy import View as Seen
from pipeline.access.redaction import Row
from pipeline.api.services.search import Search, SearchAnswer, search
from pipeline.errors import LiaisonError
from pipeline.matching.explanation import EntityEvidence
from pipeline.matching.wording import bits
from pipeline.web.addresses import of_case
from pipeline.web.components import states
from pipeline.web.components.hits import hit_only
from pipeline.web.components.markup import box, foreign, link, text
from pipeline.web.components.panel import panel
from pipeline.web.components.reasons import reasons
from pipeline.web.components.subscribing import asked as subscribed
from pipeline.web.components.words_with_frames import tag
from pipeline.web.i18n import N_, Words
from pipeline.web.page import Page, Parameters, View
from pipeline.web.session import Visit

ASKED: Final = "ask"
"""The event by which the browser hands over what its address asks."""

LIMIT = 25


async def load(visit: Visit, _: Parameters) -> None:
    """Nothing is asked before the browser has said what its address asks; only the roles are looked at."""
    visit.session().require_reader()


def draw(view: View, _: None) -> None:
    """The place for results, filled when the browser has said what is asked."""
    text("h1", view.words("Search"), "hidden-words")
    found = box("div", "stack", id="found")
    with found:
        _guide(view.words)
    asked_once: list[bool] = []

    async def asked(event: events.GenericEventArguments) -> None:
        await _answer(view, found, event.args)

    async def arrived() -> None:
        if not asked_once:
            asked_once.append(True)
            await _answer(view, found, await ui.run_javascript("liaison.question()", timeout=10))

    ui.on(ASKED, asked)
    ui.context.client.on_connect(arrived)


def _guide(words: Words) -> None:
    states.empty(
        words("Ask by name, number, phone, plate or date"),
        words("Names may be in any script. Examples: Иван Петров 1980-05 · +33 6 12 34 56 78 · AB-1?3-CD · city:Lyon"),
    )


async def _answer(view: View, found: Element, asked: dict[str, str]) -> None:
    question = asked.get("q", "").strip()
    if not question:
        return
    _show(found, lambda: states.loading(view.words("Searching")))
    ui.run_javascript(f"document.getElementById('question').value = {msgspec.json.encode(question).decode()}")
    try:
        answer = await search(view.visit.session(), Search(question, asked.get("country", ""), LIMIT))
    except LiaisonError as error:
        trouble = error
        _show(found, lambda: states.failed(view.words, trouble))
        return
    _show(found, lambda: _found(view, question, answer))


def _show(place: Element, draw_in: Callable[[], object]) -> None:
    place.clear()
    with place:
        draw_in()


def _found(view: View, question: str, answer: SearchAnswer) -> None:
    """The results, and the way to be told of later ones."""
    words = view.words

    async def pressed() -> None:
        await view.act(subscribed(view, question), words("Subscribed"), redraw=False)

    _results(view, answer)
    with box("p", "row small"):
        text("button", words("Subscribe to this question"), "button slight", type="button").on("click", pressed)
        text("span", words("for ninety days; matches come as notices"), "quiet")


def _results(view: View, answer: SearchAnswer) -> None:
    words, rows = view.words, (*answer.results, *answer.hits)
    full = [row for row in rows if row["view"] == Seen.FULL]
    hits = [row for row in rows if row["view"] == Seen.HIT]
    if not rows:
        states.empty(
            words("Nothing found that you may see"),
            words("Try fewer words, another spelling, or a number. Records that owners keep to themselves never show."),
        )
        return
    found = words.plural("{count} record", "{count} records", len(full))
    _list(found, words("strongest evidence first"), full, lambda row: _result(words, row))
    _list(words("Hits without content"), words("the owner decides"), hits, lambda row: hit_only(view, row))


def _list(title: str, aside: str, rows: Sequence[Row], draw_row: Callable[[Row], object]) -> None:
    if rows:
        with panel(title, aside, tight=True), box("ol", "results"):
            for row in rows:
                draw_row(row)


def _result(words: Words, row: Row) -> None:
    with box("li", data_row=""):
        with box("div", "grow"):
            with link("", of_case(row["case"]), "name", data_open=""):
                foreign(row.get("title") or row["case"])
            with box("p", "about"):
                foreign(row["case"], "bdi", "code")
                text("span", words.country(row["country"]))
                if row.get("caveat"):
                    tag(words("Caveat"), "warn")
        if "evidence" in row:
            with box("p", "score"):
                text("span", bits(row["score"], words.language))
                text("small", words("bits"))
            reasons(words, msgspec.convert(row["evidence"], tuple[EntityEvidence, ...]), row["met"])
        else:
            with box("p", "score"):
                tag(words("Disclosed"), "plain")


PAGE = Page("/search", N_("Search"), "search", load, draw)
