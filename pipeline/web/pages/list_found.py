"""What was found for a list, row by row as far as it has been asked."""

from __future__ import annotations

from typing import NamedTuple

from pipeline.access.redaction import Row
from pipeline.api.services.list_checks import MEDIA_TYPES, ListCheck, ListResultsAnswer, read_list_check, read_results
from pipeline.locale import N_
from pipeline.web.addresses import case_path, list_path
from pipeline.web.components import states
from pipeline.web.components.badges import badge, draw_band
from pipeline.web.components.form import post_form
from pipeline.web.components.markup import bidi_text, box, link, text
from pipeline.web.components.pager import AFTER, draw_pager
from pipeline.web.components.panel import panel
from pipeline.web.components.progress import draw_progress
from pipeline.web.components.table import TableColumn, draw_table
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
    answer = await read_list_check(visit.new_session(), name)
    return ListResultsPageData(
        answer.list, await read_results(visit.new_session(), name, LIMIT, parameters.get(AFTER, ""))
    )


def draw(view: OpenPage, loaded: ListResultsPageData) -> None:
    """Rows that found something or could not be asked; the others are counted."""
    words, rows = view.words, loaded.found.rows
    view.listen(AGAIN, view.redraw)
    _draw_heading(view, loaded.list)
    matched = [row for row in rows if row["matches"] or row["hits"] or row["problem"]]
    with panel(words("Results"), _format_unmatched(words, len(rows) - len(matched)), tight=True):
        if matched:
            draw_table(words("Results"), _result_columns(words), matched)
        else:
            states.draw_empty(words("No results you have access to") if rows else words("No row checked yet"))
    draw_pager(view, loaded.found.next, words("Next"), words("Back to start"))


def _draw_heading(view: OpenPage, check: ListCheck) -> None:
    words = view.words
    with box("div", "heading"):
        with box("p", "trail"):
            link(words("List check"), "/checks", data_up="")
        with box("div", "row apart"):
            text("h1", words("List of {time}", time=words.format_minute(check.created)))
            running = check.done < check.rows
            with post_form(
                f"{list_path(check.id)}/file", view.visit.csrf, "row", data_again=AGAIN if running else None
            ):
                draw_progress(words, check)
                for form in MEDIA_TYPES:
                    text("button", form.upper(), "button slight", type="submit", name="form", value=form)


def _format_unmatched(words: Words, nothing: int) -> str:
    return words.plural("{count} row without a match", "{count} rows without a match", nothing)


def _result_columns(words: Words) -> list[TableColumn[Row]]:
    return [
        TableColumn(words("Row"), lambda row: text("span", words.format_number(row["row"])), "number"),
        TableColumn(words("Your ID"), lambda row: bidi_text(row["id"] or "–")),
        TableColumn(words("Records"), lambda row: _draw_result(words, row)),
    ]


def _draw_result(words: Words, row: Row) -> None:
    with box("div", "stack close"):
        if row["problem"]:
            text("span", row["problem"], "tag warn")
        for found in row["matches"]:
            with box("div", "row"):
                with link("", case_path(found["case"]), data_open=""):
                    bidi_text(found["title"] or found["case"])
                text("span", f"{words.country_name(found['country'])} · {found['case']}", "quiet small code")
                if found.get("band"):
                    draw_band(words, found["band"])
        for found in row["hits"]:
            with box("div", "row"):
                text("span", words("A record of {agency}", agency=found["agency"]))
                badge(words("Hit only"), "plain")
                draw_band(words, found["band"])


PAGE = Page("/checks/{name}", N_("List check"), "checks", load, draw)
