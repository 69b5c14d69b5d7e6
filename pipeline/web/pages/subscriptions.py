"""Standing queries of our agency: ask one, renew it on the grounds of this working session, end it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from pipeline.access.redaction import Row
from pipeline.api.services.subscriptions import end, renew, subscriptions
from pipeline.locale import N_
from pipeline.web.components import states
from pipeline.web.components.markup import box, foreign, text
from pipeline.web.components.panel import panel
from pipeline.web.components.subscribing import subscribing
from pipeline.web.components.table import TableColumn, table
from pipeline.web.components.words_with_frames import tag
from pipeline.web.page import OpenPage, Page, Parameters
from pipeline.web.session import Visit
from pipeline.web.vocabulary import PURPOSES


async def load(visit: Visit, _: Parameters) -> tuple[Row, ...]:
    """What our agency asks, the latest first."""
    return (await subscriptions(visit.session())).subscriptions


def draw(view: OpenPage, rows: tuple[Row, ...]) -> None:
    """The form for a new one, and those there are."""
    words = view.words
    text("h1", words("Alerts"))
    with panel(words("New alert")):
        subscribing(view)
    with panel(words("Active alerts"), words("newest first"), tight=True):
        if rows:
            table(words("Alerts"), _columns(view), rows)
        else:
            states.empty(words("No alerts"), words("Matches for an alert appear under Notifications."))


def _columns(view: OpenPage) -> list[TableColumn[Row]]:
    words = view.words
    return [
        TableColumn(words("Search terms"), lambda row: foreign(row["question"] or "")),
        TableColumn(words("User"), lambda row: text("span", row["owner"] or "–")),
        TableColumn(words("Purpose"), lambda row: text("span", words.of(PURPOSES, row["purpose"] or ""))),
        TableColumn(words("Your case"), lambda row: foreign(row["case_reference"] or "")),
        TableColumn(words("Until"), lambda row: _until(view, row)),
        TableColumn(words("Actions"), lambda row: _changes(view, row["id"])),
    ]


def _until(view: OpenPage, row: Row) -> None:
    if row["until"]:
        text("time", view.words.day(row["until"]), "nowrap", datetime=row["until"])
    if not row["active"]:
        text("span", " ")
        tag(view.words("Expired"), "warn")


def _changes(view: OpenPage, name: str) -> None:
    with box("div", "row"):
        _button(view.words("Renew"), partial(_renew, view, name))
        _button(view.words("Stop"), partial(_end, view, name))


def _button(word: str, pressed: Callable[[], Awaitable[None]]) -> None:
    text("button", word, "button slight", type="button").on("click", pressed)


async def _renew(view: OpenPage, name: str) -> None:
    await view.act(renew(view.visit.session(), name), view.words("Alert renewed"))


async def _end(view: OpenPage, name: str) -> None:
    await view.act(end(view.visit.session(), name), view.words("Alert stopped"))


PAGE = Page("/subscriptions", N_("Alerts"), "subscriptions", load, draw)
