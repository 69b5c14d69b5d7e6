"""The records that a list found, each with the rows that did; narrowed to what another list, or a folder, has too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from pipeline.api.answers import FolderRow, FoundEntry, FoundRecord, FoundRecordsAnswer, ListCheck
from pipeline.api.services.cross_reference import list_found_records
from pipeline.api.services.folders import list_folders
from pipeline.api.services.list_checks import read_list_check, read_list_checks
from pipeline.locale import N_, NN_
from pipeline.web.addresses import case_path, list_path, records_path
from pipeline.web.components.badges import draw_band, draw_caveat_badge
from pipeline.web.components.form import select_field
from pipeline.web.components.markup import bidi_text, box, link, text
from pipeline.web.components.tables import AFTER, TableColumn, draw_pager, draw_table, panel
from pipeline.web.components.values import draw_title
from pipeline.web.i18n import Words
from pipeline.web.page import OpenPage, Page, Parameters
from pipeline.web.pages.checks import LIMIT, draw_list_name, draw_progress, draw_query, name_list
from pipeline.web.session import Visit

OTHER: Final = "with"
"""The parameter that names another list, or a folder, to narrow to what both have: `list <id>` or `folder <id>`."""

MORE = NN_("{count} more", "{count} more")

LOOK_AGAIN: Final = "records again"
"""The event by which the browser asks for the records of a running list anew."""


class FoundRecordsPageData(NamedTuple):
    """A list, a page of the records that it found, and what they can be held against."""

    list: ListCheck
    found: FoundRecordsAnswer
    lists: Sequence[ListCheck]
    folders: Sequence[FolderRow]


async def load(visit: Visit, parameters: Parameters) -> FoundRecordsPageData:
    """The records, with the visitor's other lists and folders. Raises NotFoundError for what is another's."""
    name, (other, folder) = parameters["name"], _parse_other(parameters)
    answer = await read_list_check(visit.new_session(), name)
    found = await list_found_records(visit.new_session(), name, LIMIT, parameters.get(AFTER, ""), other, folder)
    lists = (await read_list_checks(visit.new_session())).lists
    folders = (await list_folders(visit.new_session())).folders
    return FoundRecordsPageData(answer.list, found, lists, folders)


def _parse_other(parameters: Parameters) -> tuple[str, str]:
    """The list and the folder that an address narrows to; what makes no sense in it narrows nothing."""
    kind, _, name = parameters.get(OTHER, "").partition(" ")
    return (name if kind == "list" else "", name if kind == "folder" else "")


def draw(view: OpenPage, loaded: FoundRecordsPageData) -> None:
    """Each record with the rows that found it, those of most rows first."""
    words, check = view.words, loaded.list
    runs = check.done < check.rows
    with box("div", "heading"):
        with box("p", "trail"), link("", list_path(check.id), data_up="", dir="auto"):
            draw_list_name(words, check.title, check.created)
        text("h1", words("Records found"))
    with box("div", "row"):
        with box("nav", "switch wraps", aria_label=words("Results")):
            link(words("By row"), list_path(check.id))
            link(words("By record"), records_path(check.id), aria_current="true")
        with box("span", data_again=LOOK_AGAIN if runs else None):
            draw_progress(words, check)
    _draw_others(view, loaded)
    view.listen(LOOK_AGAIN, view.redraw)
    with panel(words("Records found"), words("found by most rows first"), tight=True):
        none = words("No record in a band so far") if runs else words("No record in a band")
        draw_table(words("Records found"), _record_columns(view), loaded.found.records, "found by-record", empty=none)
    draw_pager(view, loaded.found.next, words("Next"), words("Back to start"), shown=len(loaded.found.records))


def _draw_others(view: OpenPage, loaded: FoundRecordsPageData) -> None:
    """A form that narrows to the records that another list, or a folder, has too."""
    words = view.words
    choices = {"": words("All records")}
    for one in loaded.lists:
        if one.id != loaded.list.id:
            choices[f"list {one.id}"] = words("List: {name}", name=name_list(words, one.title, one.created))
    for folder in loaded.folders:
        if folder.active:
            choices[f"folder {folder.id}"] = words("Folder: {name}", name=folder.title)
    if len(choices) > 1:
        with box("form", "filters roomy", method="get", action=records_path(loaded.list.id)):
            select_field(words("Only records also in"), OTHER, "records", choices, view.parameters.get(OTHER, ""))
            text("button", words("Apply"), "button", type="submit")


def _record_columns(view: OpenPage) -> list[TableColumn[FoundRecord]]:
    words = view.words
    columns: list[TableColumn[FoundRecord]] = [
        TableColumn(words("Record"), lambda one: _draw_found_record(words, one), "wide"),
        TableColumn(words("Best band"), lambda one: draw_band(words, one.band)),
        TableColumn(words("Rows"), lambda one: _draw_entries(words, one.entries, one.count), "wide"),
    ]
    if _parse_other(view.parameters)[0]:
        also = words("Rows of the other list")
        columns.append(TableColumn(also, lambda one: _draw_entries(words, one.also, one.count_also), "wide"))
    return columns


def _draw_found_record(words: Words, one: FoundRecord) -> None:
    with box("div", "stack close", data_keep=f"record {one.case}"):
        with link("", case_path(one.case), data_open=""):
            draw_title(words, one.title or one.case)
        with box("span", "row small quiet"):
            bidi_text(one.case, classes="code")
            text("span", words.country_name(one.country))
            draw_caveat_badge(words, one)


def _draw_entries(words: Words, entries: Sequence[FoundEntry], count: int) -> None:
    with box("ul", "stack close small"):
        for one in entries:
            with box("li"):
                text("span", words("Row {number}", number=words.format_number(one.line)), "quiet")
                text("span", " ")
                if one.source:
                    link(one.id, case_path(one.source), "code")
                elif one.id:
                    bidi_text(one.id, classes="strong")
                draw_query(words, one.query)
        if count > len(entries):
            text("li", words.plural(*MORE, count - len(entries)), "quiet")


PAGE = Page("/checks/{name}/records", N_("Records found"), "checks", load, draw)
