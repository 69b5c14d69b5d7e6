"""Saved searches of our agency: ask one, renew it on the grounds of this working session, end it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from pipeline.access.redaction import Row
from pipeline.api.services.subscriptions import end_subscription, list_subscriptions, renew_subscription
from pipeline.locale import N_
from pipeline.web.components import states
from pipeline.web.components.badges import badge
from pipeline.web.components.markup import bidi_text, box, link, text
from pipeline.web.components.panel import panel
from pipeline.web.components.subscribing import draw_subscribe_form
from pipeline.web.components.table import TableColumn, draw_table
from pipeline.web.components.understood import question_address
from pipeline.web.page import OpenPage, Page, Parameters
from pipeline.web.session import Visit
from pipeline.web.vocabulary import PURPOSES


async def load(visit: Visit, _: Parameters) -> tuple[Row, ...]:
    """What our agency asks, the latest first."""
    return (await list_subscriptions(visit.new_session())).subscriptions


def draw(view: OpenPage, rows: tuple[Row, ...]) -> None:
    """The form for a new one, and those there are."""
    words = view.words
    text("h1", words("Alerts"))
    with panel(words("New alert")):
        draw_subscribe_form(view)
    with panel(words("Active alerts"), words("newest first"), tight=True):
        if rows:
            draw_table(words("Alerts"), _subscription_columns(view), rows)
        else:
            states.draw_empty(words("No alerts"), words("Matches for an alert appear under Notifications."))


def _subscription_columns(view: OpenPage) -> list[TableColumn[Row]]:
    words = view.words
    return [
        TableColumn(words("Search terms"), _draw_question),
        TableColumn(words("User"), lambda row: text("span", row["owner"] or "–")),
        TableColumn(words("Purpose"), lambda row: text("span", words.label(PURPOSES, row["purpose"] or ""))),
        TableColumn(words("Your case"), lambda row: bidi_text(row["case_reference"] or "")),
        TableColumn(words("Until"), lambda row: _draw_until(view, row)),
        TableColumn(words("Actions"), lambda row: _draw_actions(view, row["id"])),
    ]


def _draw_question(row: Row) -> None:
    """What is asked, which leads to the search."""
    with link("", question_address({}, row["question"] or ""), data_open=""):
        bidi_text(row["question"] or "")


def _draw_until(view: OpenPage, row: Row) -> None:
    if row["until"]:
        text("time", view.words.format_date(row["until"]), "nowrap", datetime=row["until"])
    if not row["active"]:
        text("span", " ")
        badge(view.words("Expired"), "warn")


def _draw_actions(view: OpenPage, name: str) -> None:
    with box("div", "row"):
        _draw_button(view.words("Renew"), partial(_renew_subscription, view, name))
        _draw_button(view.words("Stop"), partial(_end_subscription, view, name))


def _draw_button(word: str, pressed: Callable[[], Awaitable[None]]) -> None:
    text("button", word, "button slight", type="button").on("click", pressed)


async def _renew_subscription(view: OpenPage, name: str) -> None:
    await view.run_action(renew_subscription(view.visit.new_session(), name), view.words("Alert renewed"))


async def _end_subscription(view: OpenPage, name: str) -> None:
    await view.run_action(end_subscription(view.visit.new_session(), name), view.words("Alert stopped"))


PAGE = Page("/subscriptions", N_("Alerts"), "subscriptions", load, draw)
