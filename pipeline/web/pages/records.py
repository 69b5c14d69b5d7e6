"""Our agency's records, and in which act each was shown to whom; of other agencies' people the agency alone."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import NamedTuple

import htpy

from pipeline.access.case_filters import Filters
from pipeline.api.answers import AccessedRecord, AccessesAnswer, AccessRow, SearchAnswer, SearchRow, told
from pipeline.api.services.audit import list_accesses
from pipeline.api.services.search import Search, count_facets, search
from pipeline.api.session import Session
from pipeline.errors import LiaisonError
from pipeline.locale import N_
from pipeline.web.addresses import case_path
from pipeline.web.components import states
from pipeline.web.components.badges import render_caveat
from pipeline.web.components.form import draw_result_export
from pipeline.web.components.markup import box, link, text
from pipeline.web.components.rows import Cell, SortableRow, SortColumn, draw_rows, record_mark
from pipeline.web.components.tables import AFTER, TableColumn, draw_folded_list, draw_pager, draw_table, panel
from pipeline.web.components.values import draw_moment, render_title
from pipeline.web.i18n import Words
from pipeline.web.page import OpenPage, Page, Parameters
from pipeline.web.pages.audit import act_columns, draw_form_badge
from pipeline.web.session import Visit

LIMIT = 50
"""Accesses or records of one page."""

SEEN = 5
"""Records of one act that are seen at once."""

LISTED = "all"
"""The value of the parameter `list` that asks for the records themselves."""


class RecordsPageData(NamedTuple):
    """Who was shown what, or the records themselves."""

    accesses: AccessesAnswer | None = None
    records: SearchAnswer | None = None
    whole: int | None = None
    """How many records there are in all, where one page does not hold them and they could be counted."""


async def load(visit: Visit, parameters: Parameters) -> RecordsPageData:
    """A page of accesses, latest first; or of the records, by their keys."""
    session, after = visit.new_session(), parameters.get(AFTER)
    if parameters.get("list") != LISTED:
        return RecordsPageData(accesses=await list_accesses(session, LIMIT, after))
    wanted = Search(limit=LIMIT, cursor=after or "", filters=_own_records(session))
    found = await search(session, wanted)
    return RecordsPageData(records=found, whole=await _count_own(visit.new_session()) if found.next else None)


async def _count_own(session: Session) -> int | None:
    with suppress(LiaisonError):  # the records are there all the same
        return (await count_facets(session, Search(filters=_own_records(session)))).facets.cases
    return None


def _own_records(session: Session) -> Filters:
    return Filters(agencies=(session.requester.agency,))


def draw(view: OpenPage, loaded: RecordsPageData) -> None:
    """One of the two lists, and the way to the other."""
    words = view.words
    with box("div", "row apart"):
        text("h1", words("Our records"))
        with box("div", "row"):
            link(words("Hit quotas for other agencies"), "/allowances", "button slight")
            listed = loaded.records is not None
            with box("nav", "switch", aria_label=words("Our records")):
                link(words("Who saw them"), "/records", aria_current=None if listed else "true")
                link(words("All records"), f"/records?list={LISTED}", aria_current="true" if listed else None)
    if loaded.accesses is not None:
        _draw_accesses(view, loaded.accesses)
    if loaded.records is not None:
        _draw_records(view, loaded.records, loaded.whole)


def _draw_accesses(view: OpenPage, found: AccessesAnswer) -> None:
    words = view.words
    with panel(words("Who saw them"), words("newest first"), tight=True):
        draw_table(
            words("Who saw our records"),
            _access_columns(words),
            found.accesses,
            empty=words("No one has seen them yet"),
        )
    shown, whole = len(found.accesses), found.whole
    draw_pager(view, found.next, words("Older"), words("Back to newest"), shown=shown, whole=whole)


def _access_columns(words: Words) -> list[TableColumn[AccessRow]]:
    return [
        TableColumn(words("Time"), lambda row: draw_moment(words, row.time)),
        *act_columns(words),
        TableColumn(
            words("Records"), lambda row: draw_folded_list(words, row.shown, SEEN, partial(_draw_record, words))
        ),
    ]


def _draw_record(words: Words, row: AccessedRecord) -> None:
    with box("div", "row"):
        link(row.case, case_path(row.case), "code", data_open="")
        draw_form_badge(words, row)


def _draw_records(view: OpenPage, found: SearchAnswer, whole: int | None) -> None:
    words = view.words
    columns = [SortColumn(words("Record")), SortColumn(words("Title")), SortColumn(words("Caveat"))]
    wanted = Search(filters=_own_records(view.visit.new_session()))
    tools = partial(draw_result_export, words, view.visit.csrf, "search", wanted)
    with panel(words("All records"), words("sorted by key"), tight=True, tools=tools):
        if found.results:
            draw_rows(words, words("Our records"), columns, (_make_row(words, row) for row in found.results))
        else:
            states.draw_empty(words("Our agency has no records here"))
    draw_pager(view, found.next, words("Next"), words("Back to start"), shown=len(found.results), whole=whole)


def _make_row(words: Words, row: SearchRow) -> SortableRow:
    title, caveat, translation = told(row.title) or "", told(row.caveat) or "", told(row.caveat_translation)
    cells = (
        Cell(htpy.a(".code", href=case_path(row.case), data_open="")[row.case], row.case),
        Cell(render_title(words, title or "–"), title),
        Cell(render_caveat(words, row) or "–", translation.text if translation else caveat),
    )
    return SortableRow(cells, row.case, record_mark(row.case), row.case)


PAGE = Page("/records", N_("Our records"), "records", load, draw)
