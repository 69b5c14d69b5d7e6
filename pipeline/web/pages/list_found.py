"""What was found for a list, row by row as far as it has been asked."""

from __future__ import annotations

from typing import NamedTuple

from pipeline.access.redaction import Row
from pipeline.api.services.list_checks import MEDIA_TYPES, ListCheck, ListResultsAnswer, list_check, results
from pipeline.locale import N_
from pipeline.web.addresses import of_case, of_list
from pipeline.web.components import states
from pipeline.web.components.form import post_form
from pipeline.web.components.markup import box, foreign, link, text
from pipeline.web.components.pager import AFTER, pager
from pipeline.web.components.panel import panel
from pipeline.web.components.progress import progress
from pipeline.web.components.table import TableColumn, table
from pipeline.web.components.words_with_frames import band, tag
from pipeline.web.i18n import Words
from pipeline.web.page import OpenPage, Page, Parameters
from pipeline.web.session import Visit

AGAIN = "again"
"""The event by which the browser asks for a running list anew, some seconds after it was drawn."""

LIMIT = 200
"""Rows of one page, those without a match included."""


class ListResultsPageData(NamedTuple):
    """A list, and a page of its rows."""

    list: ListCheck
    found: ListResultsAnswer


async def load(visit: Visit, parameters: Parameters) -> ListResultsPageData:
    """The list and a page of what was found. Raises NotFoundError for another's."""
    name = parameters["name"]
    told = await list_check(visit.session(), name)
    return ListResultsPageData(told.list, await results(visit.session(), name, LIMIT, parameters.get(AFTER, "")))


def draw(view: OpenPage, loaded: ListResultsPageData) -> None:
    """Rows that found something or could not be asked; the others are counted."""
    words, rows = view.words, loaded.found.rows
    view.listen(AGAIN, view.redraw)
    _heading(view, loaded.list)
    told = [row for row in rows if row["matches"] or row["hits"] or row["problem"]]
    with panel(words("Results"), _counted(words, len(rows) - len(told)), tight=True):
        if told:
            table(words("Results"), _columns(words), told)
        else:
            states.empty(words("No results you have access to") if rows else words("No row checked yet"))
    pager(view, loaded.found.next, words("Next"), words("Back to start"))


def _heading(view: OpenPage, one: ListCheck) -> None:
    words = view.words
    with box("div", "heading"):
        with box("p", "trail"):
            link(words("List check"), "/checks", data_up="")
        with box("div", "row apart"):
            text("h1", words("List of {time}", time=words.moment(one.created)))
            running = one.done < one.rows
            with post_form(f"{of_list(one.id)}/file", view.visit.csrf, "row", data_again=AGAIN if running else None):
                progress(words, one)
                for form in MEDIA_TYPES:
                    text("button", form.upper(), "button slight", type="submit", name="form", value=form)


def _counted(words: Words, nothing: int) -> str:
    return words.plural("{count} row without a match", "{count} rows without a match", nothing)


def _columns(words: Words) -> list[TableColumn[Row]]:
    return [
        TableColumn(words("Row"), lambda row: text("span", words.number(row["row"])), "number"),
        TableColumn(words("Your ID"), lambda row: foreign(row["id"] or "–")),
        TableColumn(words("Records"), lambda row: _found(words, row)),
    ]


def _found(words: Words, row: Row) -> None:
    with box("div", "stack close"):
        if row["problem"]:
            text("span", row["problem"], "tag warn")
        for one in row["matches"]:
            with box("div", "row"):
                with link("", of_case(one["case"]), data_open=""):
                    foreign(one["title"] or one["case"])
                text("span", f"{words.country(one['country'])} · {one['case']}", "quiet small code")
                if one.get("band"):
                    band(words, one["band"])
        for one in row["hits"]:
            with box("div", "row"):
                text("span", words("A record of {agency}", agency=one["agency"]))
                tag(words("Hit only"), "plain")
                band(words, one["band"])


PAGE = Page("/checks/{name}", N_("List check"), "checks", load, draw)
