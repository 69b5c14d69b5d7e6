"""Case folders: those that are shared with the reader, and a form for a new one; for a supervisor all of the agency."""

from __future__ import annotations

from typing import Final, NamedTuple

from pipeline.access.requester import Role
from pipeline.access.text_limits import TITLE
from pipeline.api.answers import FolderRow
from pipeline.api.services.folders import create_folder, list_folders, take_folder_over
from pipeline.locale import N_
from pipeline.web.addresses import folder_path
from pipeline.web.components.badges import badge
from pipeline.web.components.form import Sent, field, form, submit_button
from pipeline.web.components.markup import bidi_text, box, link, text
from pipeline.web.components.tables import TableColumn, draw_table, panel
from pipeline.web.i18n import Words
from pipeline.web.page import OpenPage, Page, Parameters
from pipeline.web.session import Visit
from pipeline.web.vocabulary import PURPOSES

WHOLE: Final = "agency"
"""The value of the parameter `list` that asks for the folders of the whole agency."""

FOLDER_ROLES: Final = {"owner": N_("Owner"), "member": N_("Member"), "reader": N_("Reader")}


class LoadedFolders(NamedTuple):
    """The folders; `may_see_all` of a supervisor, who sees those of the whole agency where `whole_agency`."""

    rows: tuple[FolderRow, ...]
    may_see_all: bool
    whole_agency: bool


async def load(visit: Visit, parameters: Parameters) -> LoadedFolders:
    """The reader's own folders, or those of the agency."""
    session = visit.new_session()
    may_see_all = Role.SUPERVISOR in session.requester.roles
    whole = may_see_all and parameters.get("list") == WHOLE
    return LoadedFolders((await list_folders(session, whole_agency=whole)).folders, may_see_all, whole)


def draw(view: OpenPage, loaded: LoadedFolders) -> None:
    """The list, and the form for a new one."""
    words = view.words
    with box("div", "row apart"):
        text("h1", words("Folders"))
        if loaded.may_see_all:
            with box("nav", "switch", aria_label=words("Folders")):
                link(words("Shared with me"), "/folders", aria_current=None if loaded.whole_agency else "true")
                link(
                    words("Whole agency"),
                    f"/folders?list={WHOLE}",
                    aria_current="true" if loaded.whole_agency else None,
                )
    with panel(words("New folder")):
        _draw_form(view)
    with panel(words("Folders"), words("newest first"), tight=True):
        draw_table(
            words("Folders"),
            _columns(view),
            loaded.rows,
            empty=words("No folders yet"),
            hint=words("A folder keeps what belongs to one case: records, links, searches, notes. Press f on any row."),
        )


def _draw_form(view: OpenPage) -> None:
    words = view.words
    stated = view.visit.new_session().grounds

    async def sent(fields: Sent) -> None:
        made = create_folder(view.visit.new_session(), fields["title"])
        await view.run_action(made, words("Folder created"))

    with form(sent):
        field(words("Name"), "title", "new", required=True, maxlength=TITLE.most, autocomplete="off", dir="auto")
        said = words(
            "For a year. Purpose: {purpose}; your case: {reference}.",
            purpose=words.label(PURPOSES, stated.purpose),
            reference=stated.case_reference,
        )
        text("p", said, "small quiet")
        submit_button(words("Create folder"))


def _columns(view: OpenPage) -> list[TableColumn[FolderRow]]:
    words = view.words
    return [
        TableColumn(words("Folder"), lambda row: _draw_name(words, row)),
        TableColumn(words("Items"), lambda row: text("span", words.format_number(row.items)), "number"),
        TableColumn(words("Purpose"), lambda row: text("span", words.label(PURPOSES, row.purpose))),
        TableColumn(words("Your case"), lambda row: bidi_text(row.case_reference)),
        TableColumn(words("Shared with"), lambda row: _draw_members(words, row)),
        TableColumn(words("My role"), lambda row: _draw_role(view, row)),
        TableColumn(words("Until"), lambda row: _draw_until(words, row)),
    ]


def _draw_name(words: Words, row: FolderRow) -> None:
    if row.role is None:
        bidi_text(row.title)
        return
    with link("", folder_path(row.id), data_open=""):
        bidi_text(row.title)


def _draw_members(words: Words, row: FolderRow) -> None:
    said = ", ".join(words.person_name(member.subject) for member in row.members)
    text("span", words.plural("{count} person", "{count} people", len(row.members)), title=said)


def _draw_role(view: OpenPage, row: FolderRow) -> None:
    words = view.words
    if row.role is not None:
        text("span", words.label(FOLDER_ROLES, row.role))
        return

    async def take() -> None:
        await view.run_action(take_folder_over(view.visit.new_session(), row.id), words("You own this folder now"))

    text("button", words("Take over"), "button slight", type="button").on("click", take)


def _draw_until(words: Words, row: FolderRow) -> None:
    text("time", words.format_date(row.until), "nowrap", datetime=row.until[: len("2026-12-31")])
    if not row.active:
        text("span", " ")
        badge(words("Expired"), "warn")


PAGE = Page("/folders", N_("Folders"), "folders", load, draw)
