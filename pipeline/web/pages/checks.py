"""List checks: send many questions at once, finish those whose columns wait, and see how far each list has come."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from functools import partial
from typing import NamedTuple

from pipeline.api.list_rows import MOST_BYTES, MOST_ROWS
from pipeline.api.list_template import TEMPLATE_TYPES
from pipeline.api.services.list_checks import ListCheck, ListChecksAnswer, delete_list, read_list_checks
from pipeline.api.services.list_drafts import ListDraftsAnswer, ListDraftSummary, delete_draft, read_drafts
from pipeline.locale import N_
from pipeline.web.addresses import list_columns_path, list_path
from pipeline.web.components import states
from pipeline.web.components.form import field, post_form, submit_button
from pipeline.web.components.markup import bidi_text, box, link, text
from pipeline.web.components.panel import panel
from pipeline.web.components.progress import draw_progress
from pipeline.web.components.table import TableColumn, draw_table
from pipeline.web.i18n import Words
from pipeline.web.page import OpenPage, Page, Parameters
from pipeline.web.session import Visit

ACCEPTED = ".csv,.tsv,.txt,.xlsx,.xlsm,.xls,.xlsb,.ods,.ndjson,.jsonl,text/csv"
"""What a browser offers to choose; what a file is is seen in its content."""


class ListsPageData(NamedTuple):
    """A visitor's lists, and those whose columns are not confirmed."""

    lists: ListChecksAnswer
    drafts: ListDraftsAnswer


async def load(visit: Visit, _: Parameters) -> ListsPageData:
    """This visitor's lists, the latest first."""
    return ListsPageData(await read_list_checks(visit.new_session()), await read_drafts(visit.new_session()))


def draw(view: OpenPage, found: ListsPageData) -> None:
    """The form for a new list, and those there are."""
    words = view.words
    text("h1", words("List check"))
    with panel(words("New list check")):
        _draw_form(words, view.visit.csrf)
    if found.drafts.drafts:
        with panel(words("Unfinished"), words("columns not confirmed yet"), tight=True):
            draw_table(words("Unfinished"), _draft_columns(view), found.drafts.drafts)
    with panel(words("Your lists"), words("kept for 24 h"), tight=True):
        if found.lists.lists:
            draw_table(words("Your lists"), _list_columns(view), found.lists.lists)
        else:
            states.draw_empty(
                words("No lists"), words("Lists are checked in the background, even after you leave this page.")
            )


def _draw_form(words: Words, token: str) -> None:
    with post_form("/checks", token, enctype="multipart/form-data"):
        box("input", type="hidden", name="key", value=uuid.uuid4().hex)
        with box("div", "halves"):
            with box("div", "stack"):
                _draw_file_field(words)
                text("p", words("The next page shows how its columns are read, before anything is searched."), "small")
                _draw_templates(words)
            field(words("Or paste one search per line"), "lines", "list", "textarea", dir="auto", rows="4")
        with box("div", "row"):
            submit_button(words("Continue"), "button main")
            most = words("Up to {count} rows, each logged as a search.", count=words.format_number(MOST_ROWS))
            text("span", most, "small quiet")


def _draw_file_field(words: Words) -> None:
    size = words.format_megabytes(MOST_BYTES)
    field(
        words("File (XLSX, CSV or another table, up to {size})", size=size), "file", "list",
        type="file", accept=ACCEPTED, data_most_bytes=MOST_BYTES,
        data_too_long=words("The file is larger than {size}. Split it, or save it as CSV.", size=size),
    )  # fmt: skip


def _draw_templates(words: Words) -> None:
    with box("p", "row small"):
        text("span", words("Template"), "quiet")
        for form in TEMPLATE_TYPES:
            link(form.upper(), f"/checks/template/{form}", download="")


def _draft_columns(view: OpenPage) -> list[TableColumn[ListDraftSummary]]:
    words = view.words
    return [
        TableColumn(
            words("File"), lambda draft: _draw_name(words, draft.title, draft.created, list_columns_path(draft.id))
        ),
        TableColumn(words("Rows"), lambda draft: text("span", words.format_number(draft.rows)), "number"),
        TableColumn(words("Kept until"), lambda draft: text("span", words.format_minute(draft.expires), "nowrap")),
        TableColumn(words("Actions"), lambda draft: _draw_delete_button(view, partial(_delete_draft, view, draft.id))),
    ]


def _list_columns(view: OpenPage) -> list[TableColumn[ListCheck]]:
    words = view.words
    return [
        TableColumn(words("List"), lambda check: _draw_name(words, check.title, check.created, list_path(check.id))),
        TableColumn(words("Submitted"), lambda check: text("span", words.format_minute(check.created), "nowrap")),
        TableColumn(words("Rows"), lambda check: text("span", words.format_number(check.rows)), "number"),
        TableColumn(words("Progress"), lambda check: draw_progress(words, check)),
        TableColumn(words("Your case"), lambda check: bidi_text(check.case_reference)),
        TableColumn(words("Kept until"), lambda check: text("span", words.format_minute(check.expires), "nowrap")),
        TableColumn(words("Actions"), lambda check: _draw_delete_button(view, partial(_delete_list, view, check.id))),
    ]


def name_list(words: Words, title: str, created: str) -> str:
    """What a list is called: by its file, else by the time when it was submitted."""
    return title or words("List of {time}", time=words.format_minute(created))


def _draw_name(words: Words, title: str, created: str, path: str) -> None:
    with link("", path, "breaks", data_open=""):
        bidi_text(name_list(words, title, created))


def _draw_delete_button(view: OpenPage, delete: Callable[[], Awaitable[None]]) -> None:
    text("button", view.words("Delete"), "button slight", type="button").on("click", delete)


async def _delete_list(view: OpenPage, name: str) -> None:
    await view.run_action(delete_list(view.visit.new_session(), name), view.words("Deleted"))


async def _delete_draft(view: OpenPage, name: str) -> None:
    await view.run_action(delete_draft(view.visit.new_session(), name), view.words("Deleted"))


PAGE = Page("/checks", N_("List check"), "checks", load, draw)
