"""What our agency was told: requests and answers, matches of subscriptions, silent searches; latest first."""

from __future__ import annotations

from pipeline.access.notices import NoticeKind
from pipeline.access.redaction import Row
from pipeline.api.services.notices import NoticesAnswer, list_latest_notices
from pipeline.locale import N_, NN_
from pipeline.web.components import states
from pipeline.web.components.badges import draw_band
from pipeline.web.components.markup import box, text
from pipeline.web.components.narrowed import draw_saved_search, read_filters
from pipeline.web.components.notice_subject import draw_notice_subject
from pipeline.web.components.pager import AFTER, draw_pager
from pipeline.web.components.panel import panel
from pipeline.web.components.table import TableColumn, draw_table
from pipeline.web.i18n import Words
from pipeline.web.page import OpenPage, Page, Parameters
from pipeline.web.session import Visit
from pipeline.web.vocabulary import NOTICES, PURPOSES

NOTICE_CAME = "told"
"""The event by which the browser says that a notice has come."""

LIMIT = 50
"""Notices of one page."""


CASES = NN_("{count} case", "{count} cases")


async def load(visit: Visit, parameters: Parameters) -> NoticesAnswer:
    """A page of notices, latest first."""
    return await list_latest_notices(visit.new_session(), LIMIT, parameters.get(AFTER), described=True)


def draw(view: OpenPage, loaded: NoticesAnswer) -> None:
    """Show them as a table."""
    words = view.words
    text("h1", words("Notifications"))
    view.listen(NOTICE_CAME, view.redraw)
    view.call_script("noticesListed")
    with panel(words("All notifications"), words("newest first"), tight=True):
        if loaded.notices:
            draw_table(words("Notifications"), _notice_columns(words), loaded.notices)
        else:
            states.draw_empty(words("No notifications"))
    draw_pager(view, loaded.next, words("Older"), words("Back to newest"))


def _notice_columns(words: Words) -> list[TableColumn[Row]]:
    return [
        TableColumn(words("Time"), lambda row: text("time", _format_time(words, row), "nowrap", datetime=row["time"])),
        TableColumn(words("Event"), lambda row: _draw_event(words, row)),
        TableColumn(words("Record"), lambda row: draw_notice_subject(words, row)),
        TableColumn(words("Alert"), lambda row: _draw_alert(words, row)),
        TableColumn(words("Agency"), lambda row: text("span", row["agency"] or "", "nowrap")),
        TableColumn(words("Purpose"), lambda row: text("span", words.label(PURPOSES, row["purpose"] or ""))),
    ]


def _format_time(words: Words, row: Row) -> str:
    """When it happened; of a search for a silent record the day is all that anybody is told."""
    by_day = row["kind"] == NoticeKind.SILENT_SEARCH
    return words.format_date(row["time"]) if by_day else words.format_minute(row["time"])


def _draw_event(words: Words, row: Row) -> None:
    """What happened, and how likely a match is."""
    with box("div", "what"):
        text("span", words.label(NOTICES, row["kind"]))
        if "count" in row:
            text("span", words.plural(*CASES, row["count"]), "tag warn")
        if row["band"]:
            draw_band(words, row["band"])


def _draw_alert(words: Words, row: Row) -> None:
    """The alert that it tells of, which leads to the search."""
    if row["question"]:
        draw_saved_search(words, row["question"], read_filters(row["filters"]), row["label"] or "")
    else:
        text("span", "")


PAGE = Page("/notices", N_("Notifications"), "notices", load, draw)
