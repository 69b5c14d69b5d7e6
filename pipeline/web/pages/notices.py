"""What our agency was told: requests and answers, matches of subscriptions, silent searches; latest first."""

from __future__ import annotations

from pipeline.access.redaction import Row
from pipeline.api.services.notices import NoticesAnswer, list_latest_notices
from pipeline.locale import N_
from pipeline.web.addresses import case_path
from pipeline.web.components import states
from pipeline.web.components.markup import link, text
from pipeline.web.components.narrowed import draw_saved_search, read_filters
from pipeline.web.components.pager import AFTER, draw_pager
from pipeline.web.components.panel import panel
from pipeline.web.components.table import TableColumn, draw_table
from pipeline.web.i18n import Words
from pipeline.web.page import OpenPage, Page, Parameters
from pipeline.web.session import Visit
from pipeline.web.vocabulary import NOTICES, PURPOSES

NOTICE_CAME = "told"
"""The event by which the browser says that a notice has come."""

GLASS = frozenset({"break_glass", "break_glass_request"})
"""Notices of break-glass. So are answers in a thread of its own, not named as the agency names the case."""

LIMIT = 50
"""Notices of one page."""


async def load(visit: Visit, parameters: Parameters) -> NoticesAnswer:
    """A page of notices, latest first."""
    return await list_latest_notices(visit.new_session(), LIMIT, parameters.get(AFTER))


def draw(view: OpenPage, loaded: NoticesAnswer) -> None:
    """Show them as a table."""
    words = view.words
    text("h1", words("Notifications"))
    view.listen(NOTICE_CAME, view.redraw)
    with panel(words("All notifications"), words("newest first"), tight=True):
        if loaded.notices:
            draw_table(words("Notifications"), _notice_columns(words), loaded.notices)
        else:
            states.draw_empty(words("No notifications"))
    draw_pager(view, loaded.next, words("Older"), words("Back to newest"))


def _notice_columns(words: Words) -> list[TableColumn[Row]]:
    return [
        TableColumn(
            words("Time"), lambda row: text("time", words.format_minute(row["time"]), "nowrap", datetime=row["time"])
        ),
        TableColumn(words("Event"), lambda row: text("span", words.label(NOTICES, row["kind"]))),
        TableColumn(words("Alert"), lambda row: _draw_alert(words, row)),
        TableColumn(words("Agency"), lambda row: text("span", row["agency"] or "")),
        TableColumn(words("Purpose"), lambda row: text("span", words.label(PURPOSES, row["purpose"] or ""))),
        TableColumn(words("Record"), lambda row: _draw_subject(words, row)),
    ]


def _draw_alert(words: Words, row: Row) -> None:
    """The alert that it tells of, which leads to the search."""
    if row["question"]:
        draw_saved_search(words, row["question"], read_filters(row["filters"]))
    else:
        text("span", "")


def _draw_subject(words: Words, row: Row) -> None:
    if row["disclosure"] and (row["kind"] in GLASS or row["reference"] not in (None, row["disclosure"])):
        link(words("Emergency access"), "/break-glass", data_open="")
    elif row["disclosure"]:
        link(words("Access requests"), "/disclosures", data_open="")
    elif row["case"]:
        link(row["case"], case_path(row["case"]), "code", data_open="")
    else:
        text("span", row["reference"] or "", "code")


PAGE = Page("/notices", N_("Notifications"), "notices", load, draw)
