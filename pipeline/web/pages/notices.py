"""What our agency was told: requests and answers, matches of alerts, silent searches; latest first.

A notice names whom it is about where its reader may read that, else that there is a record and whose.
"""

from __future__ import annotations

from typing import Final

from pipeline.access.case_filters import NO_FILTERS
from pipeline.access.notices import NoticeKind
from pipeline.api.answers import NoticeRow, NoticesAnswer, NoticeSubject, told
from pipeline.api.services.notices import list_latest_notices
from pipeline.locale import N_, NN_
from pipeline.matching.bands import Band
from pipeline.web.addresses import case_path
from pipeline.web.components.badges import draw_band, draw_caveat_badge
from pipeline.web.components.filters import draw_search_link, state_filters
from pipeline.web.components.markup import bidi_text, box, link, text
from pipeline.web.components.tables import AFTER, TableColumn, draw_pager, draw_table, panel
from pipeline.web.components.understood import question_address
from pipeline.web.components.values import draw_name
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
        draw_table(words("Notifications"), _notice_columns(words), loaded.notices, empty=words("No notifications"))
    draw_pager(view, loaded.next, words("Older"), words("Back to newest"))


def _notice_columns(words: Words) -> list[TableColumn[NoticeRow]]:
    return [
        TableColumn(words("Time"), lambda row: text("time", _format_time(words, row), "nowrap", datetime=row.time)),
        TableColumn(words("Event"), lambda row: _draw_event(words, row)),
        TableColumn(words("Record"), lambda row: _draw_notice_subject(words, row)),
        TableColumn(words("Alert"), lambda row: _draw_alert(words, row)),
        TableColumn(words("Agency"), lambda row: text("span", words.agency_name(row.agency) if row.agency else "")),
        TableColumn(words("Purpose"), lambda row: text("span", words.label(PURPOSES, row.purpose or ""))),
    ]


def _format_time(words: Words, row: NoticeRow) -> str:
    """When it happened; of a search for a silent record the day is all that anybody is told."""
    by_day = row.kind == NoticeKind.SILENT_SEARCH
    return words.format_date(row.time) if by_day else words.format_minute(row.time)


def _draw_event(words: Words, row: NoticeRow) -> None:
    """What happened, and how likely a match is."""
    with box("div", "what"):
        text("span", words.label(NOTICES, row.kind))
        if count := told(row.count):
            text("span", words.plural(*CASES, count), "tag warn")
        if row.band:
            draw_band(words, Band(row.band))


def _draw_alert(words: Words, row: NoticeRow) -> None:
    """The alert that it tells of, which leads to the search."""
    if row.question:
        draw_search_link(words, row.question, row.filters or NO_FILTERS, row.label or "")
    else:
        text("span", "")


GLASS: Final = frozenset({"break_glass", "break_glass_request"})
"""Notices of break-glass. So are answers in a thread of its own, not named as the agency names the case."""

MOST_REASONS: Final = 3
"""Of what agrees, the strongest."""


def _draw_notice_subject(words: Words, row: NoticeRow) -> None:
    """The record, with the way to it, to what was asked of its owner, or to where it can be asked for."""
    with box("div", "who-why"):
        if row.case:
            _draw_record(words, row.case, told(row.about))
        elif row.reference and row.agency and not _is_thread(row):
            _draw_hidden(words, row)
        if row.disclosure:
            glass = row.kind in GLASS or not _is_thread(row)
            word, path = (N_("Emergency access"), "/break-glass") if glass else (N_("Access requests"), "/disclosures")
            link(words(word), path, data_open="" if not row.case else None)


def _is_thread(row: NoticeRow) -> bool:
    """Whether its reference stands for an own request, and for no record."""
    return bool(row.disclosure) and row.reference in (None, row.disclosure)


def _draw_record(words: Words, case: str, about: NoticeSubject | None) -> None:
    with link("", case_path(case), "name", data_open=""):
        if about and about.name:
            draw_name(about.name, about.country, classes="who")
        else:
            bidi_text((about.title if about else None) or case)
    with box("p", "about"):
        if about and about.born:
            text("span", words("born {date}", date=words.format_date(about.born)))
        bidi_text(case, "bdi", "code")
        if about:
            draw_caveat_badge(words, about)
    if agreeing := ", ".join((about.agrees if about else ())[:MOST_REASONS]):
        text("p", agreeing, "small quiet")


def _draw_hidden(words: Words, row: NoticeRow) -> None:
    """A hit-only record: that it is there, and the search in which its owner can be asked for it."""
    text("span", words("A record of {agency} you have no access to", agency=words.agency_name(row.agency or "")))
    if row.question:
        address = question_address(state_filters(row.filters or NO_FILTERS), row.question)
        link(words("Request access"), address, "small", data_open="")


PAGE = Page("/notices", N_("Notifications"), "notices", load, draw)
