"""Alerts of our agency: make one, renew it on the grounds of this working session, end it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pipeline.access.case_filters import NO_FILTERS, Filters
from pipeline.access.text_limits import LABEL
from pipeline.api.answers import AlertAnswer, AlertRow
from pipeline.api.services.alerts import (
    create_alert,
    end_alert,
    label_alert,
    list_alerts,
    renew_alert,
)
from pipeline.api.services.notices import MOST, list_latest_notices
from pipeline.locale import N_
from pipeline.web.components.badges import badge
from pipeline.web.components.filters import draw_search_link
from pipeline.web.components.form import Sent, draw_leaving_button, field, form, submit_button
from pipeline.web.components.markup import bidi_text, box, link, text
from pipeline.web.components.tables import TableColumn, draw_table, panel
from pipeline.web.components.values import draw_moment
from pipeline.web.i18n import Words
from pipeline.web.page import OpenPage, Page, Parameters
from pipeline.web.session import Visit
from pipeline.web.vocabulary import PURPOSES

_FORM = "question-alert"
"""The id of the field of the form for a new one."""


class LoadedAlerts(NamedTuple):
    """The alerts of our agency, those made last first, and the times of their matches, by alert, the latest first."""

    rows: tuple[AlertRow, ...]
    matched: Mapping[str, Sequence[str]]


async def load(visit: Visit, _: Parameters) -> LoadedAlerts:
    """What our agency asks, and what of it matched, as far as the latest notices tell."""
    rows = (await list_alerts(visit.new_session())).subscriptions
    matched: dict[str, list[str]] = {}
    for notice in (await list_latest_notices(visit.new_session(), MOST)).notices if rows else ():
        if notice.subscription:
            matched.setdefault(notice.subscription, []).append(notice.time)
    return LoadedAlerts(rows, matched)


def draw(view: OpenPage, loaded: LoadedAlerts) -> None:
    """The form for a new one, and those there are."""
    words = view.words
    text("h1", words("Alerts"))
    with panel(words("New alert")):
        _draw_form(view)
    with panel(words("Active alerts"), words("newest first"), tight=True):
        draw_table(
            words("Alerts"),
            _alert_columns(view, loaded.matched),
            loaded.rows,
            empty=words("No alerts"),
            hint=words("Matches for an alert appear under Notifications."),
        )


def _alert_columns(view: OpenPage, matched: Mapping[str, Sequence[str]]) -> list[TableColumn[AlertRow]]:
    words = view.words
    return [
        TableColumn(words("Search"), lambda row: _draw_question(words, row)),
        TableColumn(words("Matches"), lambda row: _draw_matches(view, matched.get(row.id, ()), row.id)),
        TableColumn(words("User"), lambda row: text("span", words.person_name(row.owner or "–"))),
        TableColumn(words("Purpose"), lambda row: text("span", words.label(PURPOSES, row.purpose or ""))),
        TableColumn(words("Your case"), lambda row: bidi_text(row.case_reference or "")),
        TableColumn(words("Until"), lambda row: _draw_until(view, row)),
        TableColumn(words("Actions"), lambda row: _draw_actions(view, row)),
    ]


def _draw_question(words: Words, row: AlertRow) -> None:
    """What is asked, which leads to the search; with that its matches have been looked at (static/keys.js)."""
    draw_search_link(
        words,
        row.question or "",
        row.filters,
        row.label or "",
        data_open="",
        data_looked=row.id,
    )


def _draw_matches(view: OpenPage, times: Sequence[str], alert: str) -> None:
    """How many there are among the latest notices, since when, and whether any came since this reader looked."""
    if not times:
        text("span", "–", "quiet")
        return
    words = view.words
    with box("span", "row"):
        link(words.format_number(len(times)), "/notices")
        draw_moment(words, times[0], "nowrap small quiet")
        marks = {"data_alert": alert, "data_latest": times[0], "data_whose": view.visit.who}
        text("span", words("New since your last look"), "tag warn new", **marks)


def _draw_until(view: OpenPage, row: AlertRow) -> None:
    if row.until:
        draw_moment(view.words, row.until)
    if not row.active:
        text("span", " ")
        badge(view.words("Expired"), "warn")


def _draw_actions(view: OpenPage, row: AlertRow) -> None:
    async def renew() -> None:
        await view.run_action(renew_alert(view.visit.new_session(), row.id), view.words("Alert renewed"))

    async def stop() -> None:
        await view.run_action(end_alert(view.visit.new_session(), row.id), view.words("Alert stopped"))

    with box("div", "row"):
        draw_leaving_button(view.words("Renew"), "renew", _FORM, renew)
        draw_leaving_button(view.words("Stop"), "stop", _FORM, stop)
    _draw_rename(view, row)


def _draw_rename(view: OpenPage, row: AlertRow) -> None:
    """What it is called, folded; once that is said, the focus goes back to where it unfolds."""
    words, name = view.words, row.id

    async def sent(fields: Sent) -> None:
        called = label_alert(view.visit.new_session(), name, fields["label"])
        await view.run_action(called, words("Alert renamed"))

    with box("details", "more"):
        text("summary", words("Rename"), id=f"rename-{name}")
        with form(sent):
            _draw_label_field(words("Name"), name, row.label or "")
            marks = {"data_goes": "name", "data_else": f"rename-{name}"}
            text("button", words("Save"), "button slight", type="submit", **marks)


def _draw_form(view: OpenPage) -> None:
    words = view.words

    async def sent(fields: Sent) -> None:
        asked = make_alert(view, fields["question"], label=fields.get("label", ""))
        await view.run_action(asked, words("Alert created"))

    with form(sent):
        field(
            words("Search terms"),
            "question",
            "alert",
            required=True,
            maxlength="1000",
            autocomplete="off",
            dir="auto",
        )
        _draw_label_field(words("Name (optional)"), "alert")
        text("p", _describe_terms(view), "small quiet")
        submit_button(words("Create alert"))


def _draw_label_field(word: str, mark: str, held: str = "") -> None:
    """The field for what an alert is called; `mark` makes its id the only one of the page."""
    field(word, "label", mark, value=held, maxlength=LABEL.most, autocomplete="off", dir="auto")


async def make_alert(view: OpenPage, question: str, filters: Filters = NO_FILTERS, label: str = "") -> AlertAnswer:
    """Make an alert of a question and filters; its phones are dialled in the country of the requester."""
    session = view.visit.new_session()
    return await create_alert(session, question, session.requester.country, filters, label=label)


def _describe_terms(view: OpenPage) -> str:
    """For what, and how long, an alert is asked."""
    stated = view.visit.new_session().grounds
    return view.words(
        "Runs for 90 days on every new or changed case. Purpose: {purpose}; your case: {reference}.",
        purpose=view.words.label(PURPOSES, stated.purpose),
        reference=stated.case_reference,
    )


PAGE = Page("/subscriptions", N_("Alerts"), "subscriptions", load, draw)
