"""List checks: send many questions at once, and see how far each list has come."""

from __future__ import annotations

import uuid
from functools import partial

from pipeline.api.list_rows import COLUMNS, MOST_ROWS
from pipeline.api.services.list_checks import ListCheck, ListChecksAnswer, delete_list, read_list_checks
from pipeline.locale import N_
from pipeline.web.addresses import list_path
from pipeline.web.components import states
from pipeline.web.components.form import field, post_form, submit_button
from pipeline.web.components.markup import bidi_text, box, link, text
from pipeline.web.components.panel import panel
from pipeline.web.components.progress import draw_progress
from pipeline.web.components.table import TableColumn, draw_table
from pipeline.web.i18n import Words
from pipeline.web.page import OpenPage, Page, Parameters
from pipeline.web.session import Visit


async def load(visit: Visit, _: Parameters) -> ListChecksAnswer:
    """This visitor's lists, the latest first."""
    return await read_list_checks(visit.new_session())


def draw(view: OpenPage, found: ListChecksAnswer) -> None:
    """The form for a new list, and those there are."""
    words = view.words
    text("h1", words("List check"))
    with panel(words("New list check")):
        _draw_form(words, view.visit.csrf)
    with panel(words("Your lists"), words("kept for 24 h"), tight=True):
        if found.lists:
            draw_table(words("Your lists"), _list_columns(view), found.lists)
        else:
            states.draw_empty(
                words("No lists"), words("Lists are checked in the background, even after you leave this page.")
            )


def _draw_form(words: Words, token: str) -> None:
    with post_form("/checks", token, enctype="multipart/form-data"):
        box("input", type="hidden", name="key", value=uuid.uuid4().hex)
        with box("div", "halves"):
            with box("div", "stack"):
                field(words("File (CSV or NDJSON)"), "file", "list", type="file", accept=".csv,.ndjson,.jsonl,text/csv")
                text("p", _describe_columns(words), "small quiet")
            field(words("Or paste one search per line"), "lines", "list", "textarea", dir="auto", rows="4")
        with box("div", "row"):
            submit_button(words("Check list"), "button main")
            most = words("Up to {count} rows, each logged as a search.", count=words.format_number(MOST_ROWS))
            text("span", most, "small quiet")


def _describe_columns(words: Words) -> str:
    return words(
        "Columns: {columns}. Separate several values in one cell with |.",
        columns=", ".join(COLUMNS),
    )


def _list_columns(view: OpenPage) -> list[TableColumn[ListCheck]]:
    words = view.words
    return [
        TableColumn(
            words("Submitted"),
            lambda check: link(words.format_minute(check.created), list_path(check.id), "nowrap", data_open=""),
        ),
        TableColumn(words("Rows"), lambda check: text("span", words.format_number(check.rows)), "number"),
        TableColumn(words("Progress"), lambda check: draw_progress(words, check)),
        TableColumn(words("Your case"), lambda check: bidi_text(check.case_reference)),
        TableColumn(words("Kept until"), lambda check: text("span", words.format_minute(check.expires), "nowrap")),
        TableColumn(words("Actions"), lambda check: _draw_delete_button(view, check.id)),
    ]


def _draw_delete_button(view: OpenPage, name: str) -> None:
    text("button", view.words("Delete"), "button slight", type="button").on("click", partial(_delete_list, view, name))


async def _delete_list(view: OpenPage, name: str) -> None:
    await view.run_action(delete_list(view.visit.new_session(), name), view.words("Deleted"))


PAGE = Page("/checks", N_("List check"), "checks", load, draw)
