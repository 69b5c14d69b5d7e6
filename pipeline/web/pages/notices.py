"""What our agency was told: requests and answers, matches of alerts, silent searches; by day, the latest first.

A day's notices stand kind by kind, and the page is narrowed to a group of kinds. A notice names whom it is about where
its reader may read that, else that there is a record and whose.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from itertools import groupby
from typing import Final, NamedTuple

from pipeline.access.case_filters import NO_FILTERS
from pipeline.access.disclosure_threads import GlassVerdict, Move
from pipeline.access.notices import NoticeKind
from pipeline.api.answers import NoticeRow, NoticesAnswer, NoticeSubject, told
from pipeline.api.services.notices import find_start_cursor, has_new_notices, list_latest_notices
from pipeline.locale import N_, NN_
from pipeline.matching.bands import Band
from pipeline.web.addresses import case_path
from pipeline.web.components import states
from pipeline.web.components.badges import draw_band, draw_caveat_badge
from pipeline.web.components.filters import draw_search_link, state_filters
from pipeline.web.components.markup import bidi_text, box, link, text
from pipeline.web.components.tables import AFTER, TableColumn, draw_pager, draw_table, panel
from pipeline.web.components.understood import question_address
from pipeline.web.components.values import draw_name, draw_title
from pipeline.web.i18n import Words
from pipeline.web.page import OpenPage, Page, Parameters
from pipeline.web.session import Visit
from pipeline.web.vocabulary import NOTICES, PURPOSES

PATH: Final = "/notices"

NOTICE_CAME = "told"
"""The event by which the browser says that a notice has come."""

LISTENING: Final = "listening"
"""The event by which the browser says, once, that from now on it hears of each notice that comes (static/keys.js)."""

LIMIT = 50
"""Notices of one page."""


CASES = NN_("{count} case", "{count} cases")

GROUP: Final = "group"
"""The parameter of the page's address that narrows it to a group of kinds."""


class NoticeGroup(NamedTuple):
    """Kinds of notices that are read together."""

    word: str
    kinds: frozenset[NoticeKind]


GROUPS: Final = {
    "": NoticeGroup(N_("All"), frozenset(NoticeKind)),
    "alerts": NoticeGroup(N_("Alerts"), frozenset({NoticeKind.SUBSCRIPTION_MATCH, NoticeKind.SHARED_INTEREST})),
    "access": NoticeGroup(
        N_("Access"),
        frozenset(
            {
                NoticeKind.DISCLOSURE_REQUEST,
                NoticeKind.DISCLOSURE_ANSWER,
                NoticeKind.BREAK_GLASS,
                NoticeKind.BREAK_GLASS_REQUEST,
            }
        ),
    ),
    "records": NoticeGroup(
        N_("Our records"),
        frozenset(
            {
                NoticeKind.HIT_TOLD,
                NoticeKind.SILENT_SEARCH,
                NoticeKind.SILENT_LINK,
                NoticeKind.GUESSES_REFUSED,
                NoticeKind.EXPIRY,
            }
        ),
    ),
}


class NoticesPageData(NamedTuple):
    """A page of notices, and the cursor behind those that there were before it was read."""

    page: NoticesAnswer
    cursor: str | None


async def load(visit: Visit, parameters: Parameters) -> NoticesPageData:
    """A page of notices, latest first; of the group that the address names."""
    kinds, after = _chosen_group(parameters).kinds, parameters.get(AFTER)
    cursor = await find_start_cursor(visit.new_session(), "")
    page = await list_latest_notices(visit.new_session(), LIMIT, after, kinds=kinds, described=True)
    return NoticesPageData(page, cursor)


def _chosen_group(parameters: Parameters) -> NoticeGroup:
    return GROUPS.get(parameters.get(GROUP, ""), GROUPS[""])


def draw(view: OpenPage, loaded: NoticesPageData) -> None:
    """Show them as a table a day."""
    words, chosen, page = view.words, _chosen_group(view.parameters), loaded.page
    view.kept[LISTENING] = loaded.cursor
    with box("div", "row apart"):
        text("h1", words("Notifications"))
        with box("nav", "switch wraps", aria_label=words("Notifications")):
            for name, group in GROUPS.items():
                address = f"{PATH}?{GROUP}={name}" if name else PATH
                link(words(group.word), address, aria_current="true" if group is chosen else None)
    view.listen(NOTICE_CAME, view.redraw)
    view.listen(LISTENING, partial(_catch_up, view))
    view.call_script("noticesListed")
    if not page.notices:
        states.draw_empty(words("No notifications"))
    for day, rows in groupby(page.notices, lambda row: words.format_date(row.time)):
        with panel(day, tight=True):
            draw_table(day, _notice_columns(words), _by_kind(rows))
    draw_pager(view, page.next, words("Older"), words("Back to newest"), shown=len(page.notices))


async def _catch_up(view: OpenPage) -> None:
    """Show what came after the page was read and before its browser listened."""
    if await has_new_notices(view.visit.new_session(), view.kept[LISTENING]):
        await view.redraw()


def _by_kind(rows: Iterable[NoticeRow]) -> list[NoticeRow]:
    """A day's notices kind by kind: that of the latest first, of each the latest first."""
    kinds: dict[str, list[NoticeRow]] = {}
    for row in rows:
        kinds.setdefault(row.kind, []).append(row)
    return [row for alike in kinds.values() for row in alike]


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
    """When it happened that day; of a search for a silent record the day is all that anybody is told."""
    return "–" if row.kind == NoticeKind.SILENT_SEARCH else words.format_time(row.time)


STEP_WORDS: Final = {
    Move.GRANT: N_("Access granted"),
    Move.REFUSAL: N_("Access request refused"),
    Move.REVOCATION: N_("Access revoked"),
    Move.CONFIRMATION: N_("A supervisor used emergency access"),
    GlassVerdict.JUSTIFIED: N_("Emergency access reviewed: justified"),
    GlassVerdict.NOT_JUSTIFIED: N_("Emergency access reviewed: not justified"),
}
"""What was done with a request, where a notice's kind says less."""


def _draw_event(words: Words, row: NoticeRow) -> None:
    """What happened, until when access lasts, and how likely a match is."""
    with box("div", "what"):
        step = told(row.step)
        text("span", words.label(STEP_WORDS, step) if step in STEP_WORDS else words.label(NOTICES, row.kind))
        if until := told(row.until):
            text("time", words("until {time}", time=words.format_minute(until)), "small quiet", datetime=until)
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
        elif row.reference and row.agency:
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
            draw_title(words, (about.title if about else None) or case)
    with box("p", "about"):
        if about and about.born:
            text("span", words("born {date}", date=words.format_date(about.born)))
        bidi_text(case, "bdi", "code")
        if about:
            draw_caveat_badge(words, about)
    if agreeing := ", ".join((about.agrees if about else ())[:MOST_REASONS]):
        text("p", agreeing, "small quiet")


def _draw_hidden(words: Words, row: NoticeRow) -> None:
    """A hit-only record: that it is there, and the search in which its owner can be asked for it.

    What an own request is about is named by its owner.
    """
    agency = words.agency_name(row.agency or "")
    if _is_thread(row):
        text("span", words("A record of {agency}", agency=agency))
        return
    text("span", words("A record of {agency} you have no access to", agency=agency))
    if row.question:
        address = question_address(state_filters(row.filters or NO_FILTERS), row.question)
        link(words("Request access"), address, "small", data_open="")


PAGE = Page(PATH, N_("Notifications"), "notices", load, draw)
