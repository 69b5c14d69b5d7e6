"""One case folder: what it keeps in an order that people change, notes edited in place, and who shares it.

The list is one element, which static/folder.js orders before the server answers; what is refused draws it anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated, Final, NamedTuple

import msgspec
from msgspec import Meta
from nicegui import events

from pipeline.access.folders import FolderRole
from pipeline.access.text_limits import NOTE, SUBJECT, TITLE
from pipeline.api.answers import FolderItemsAnswer, FolderMemberRow, FolderRow
from pipeline.api.services.folders import (
    close_folder,
    find_latest_change,
    list_colleagues,
    move_item,
    read_note,
    remove_item,
    rename_folder,
    renew_folder,
    share_folder,
    visit_folder,
    write_note,
)
from pipeline.errors import LiaisonError
from pipeline.locale import N_
from pipeline.web.components import states
from pipeline.web.components.form import Sent, field, form, post_form, select_field, submit_button
from pipeline.web.components.kept_rows import render_item
from pipeline.web.components.markup import bidi_text, box, link, static_html, text
from pipeline.web.components.rows import render_sort_choice
from pipeline.web.components.tables import AFTER, TableColumn, draw_heading, draw_pager, draw_table, panel
from pipeline.web.i18n import Words
from pipeline.web.page import OpenPage, Page, Parameters
from pipeline.web.page_events import read_event
from pipeline.web.pages.folders import FOLDER_ROLES
from pipeline.web.session import Visit
from pipeline.web.vocabulary import PURPOSES

MOVED, REMOVED, EDITED = "folder_move", "folder_remove", "folder_note"
"""The events by which the browser orders, removes and edits."""

LOOK, REDRAW = "folder_look", "folder_redraw"
"""The events by which the browser, as long as the page is seen, asks whether a colleague changed the folder, and has it
drawn anew where nobody is writing in it."""

NOTE_EVENT_CHARS: Final = 160_000
"""A note of 20,000 characters, each escaped at worst. Of a longer one the field itself says that it is too long."""

ItemId = Annotated[str, Meta(max_length=16)]

SORTS: Final = {
    "": N_("Folder order"),
    "added down": N_("Added last first"),
    "kind": N_("By kind"),
    "name": N_("By name"),
}


class ItemMove(msgspec.Struct, frozen=True):
    """An item, and that behind which it goes; "" first."""

    item: ItemId
    after: ItemId = ""


class NoteEdit(msgspec.Struct, frozen=True):
    """A note in other words, and the version of it that was seen."""

    item: ItemId
    text: str
    seen: int


class FolderPageData(NamedTuple):
    """A page of the folder, its latest change as it was read, and whom its owner may share it with."""

    page: FolderItemsAnswer
    latest: int
    colleagues: Sequence[str]


async def load(visit: Visit, parameters: Parameters) -> FolderPageData:
    """A page of the folder; what it shows counts as seen. Raises NotFoundError."""
    latest = await find_latest_change(visit.new_session(), parameters["folder"])
    page = await visit_folder(visit.new_session(), parameters["folder"], cursor=parameters.get(AFTER, ""))
    owns = page.folder.role is FolderRole.OWNER
    return FolderPageData(page, latest, await list_colleagues(visit.new_session()) if owns else ())


def draw(view: OpenPage, data: FolderPageData) -> None:
    """The folder: its name and grounds, what it keeps, a note to write, and for its owner who shares it."""
    words, loaded = view.words, data.page
    folder = loaded.folder
    may_work = folder.role in (FolderRole.OWNER, FolderRole.MEMBER)
    draw_heading(folder.title, words("Folders"), "/folders")
    _draw_about(view, loaded)
    aside = words.plural("{count} item", "{count} items", folder.items)
    with box("div", "columns wider"):
        with box("div"):
            with panel(words("Contents"), aside, tight=True, main=True):
                _draw_items(view, loaded, may_work=may_work)
            shown, whole = len(loaded.items), folder.items
            draw_pager(view, loaded.next, words("Next"), words("Back to start"), shown=shown, whole=whole)
        with box("div"):
            if may_work:
                with panel(words("New note")):
                    _draw_note_form(view, folder)
            with panel(words("Shared with")):
                _draw_members(view, folder, data.colleagues)
            if folder.role is FolderRole.OWNER:
                with box("div", "unprinted"), panel(words("Folder")):
                    _draw_owner_tools(view, folder)
    box("span", data_again=LOOK)
    _listen(view, folder, data.latest)


def _draw_about(view: OpenPage, loaded: FolderItemsAnswer) -> None:
    words, folder = view.words, loaded.folder
    with box("p", "row small"):
        text("span", words.label(PURPOSES, folder.purpose), "tag plain")
        bidi_text(folder.case_reference, "bdi", "strong")
        text("span", words("until {date}", date=words.format_date(folder.until)), "quiet")
        if loaded.since:
            since = words("marks since your last visit, {time}", time=words.format_minute(loaded.since))
            text("time", since, "quiet", datetime=loaded.since)


def _draw_items(view: OpenPage, loaded: FolderItemsAnswer, *, may_work: bool) -> None:
    words, folder = view.words, loaded.folder
    if not loaded.items:
        states.draw_empty(words("Nothing here yet"), words("Press f on a row of any list, or write a note below."))
        return
    with box("div", "row kept-tools unprinted"):
        choices, part = (
            {value: words(word) for value, word in SORTS.items()},
            bool(loaded.next or AFTER in view.parameters),
        )
        static_html(render_sort_choice(words, choices, "kept", part=part), "div", "row")
        if may_work:
            text("span", words("Alt with an arrow key moves a row, as dragging does"), "small quiet")
        link(words("Chart"), f"/chart?folder={folder.id}", "button slight")
        with post_form(f"/folders/{folder.id}/cross-reference", view.visit.csrf, "row"):
            text("button", words("Cross-reference"), "button slight", type="submit")
        with post_form(f"/folders/{folder.id}/entities", view.visit.csrf, "row"):
            text("button", words("FollowTheMoney"), "button slight", type="submit")
        with post_form(f"/folders/{folder.id}/file", view.visit.csrf, "row"):
            text("button", words("Export as CSV"), "button slight", type="submit", name="form", value="excel")
    rows = [render_item(words, folder.id, row, may_work=may_work) for row in loaded.items]
    said = msgspec.json.encode({"save": words("Save"), "cancel": words("Cancel"), "note": words("Note")}).decode()
    marks = {"id": "kept", "data_words": said, "data_most": NOTE.most, "data_too_long": _limit_note(words)}
    static_html(rows, "ol", "kept", aria_label=words("Contents"), **marks)


def _limit_note(words: Words) -> str:
    return words("At most {most} characters are kept. Shorten the text.", most=words.format_number(NOTE.most))


def _draw_note_form(view: OpenPage, folder: FolderRow) -> None:
    words = view.words

    async def sent(fields: Sent) -> None:
        await view.run_action(write_note(view.visit.new_session(), folder.id, fields["text"]), words("Note saved"))

    with form(sent):
        limits = {"data_most": NOTE.most, "data_too_long": _limit_note(words)}
        field(words("Note"), "text", "new", "textarea", required=True, dir="auto", **limits)
        submit_button(words("Add note"))


def _draw_members(view: OpenPage, folder: FolderRow, colleagues: Sequence[str]) -> None:
    words = view.words
    columns: list[TableColumn[FolderMemberRow]] = [
        TableColumn(words("User"), lambda row: text("span", words.person_name(row.subject))),
        TableColumn(words("Role"), lambda row: text("span", words.label(FOLDER_ROLES, row.role))),
    ]
    own = view.visit.new_session().requester.subject
    if folder.role is FolderRole.OWNER or len(folder.members) > 1:
        columns.append(TableColumn(words("Actions"), lambda row: _draw_unshare(view, folder, row, own), "unprinted"))
    draw_table(words("Shared with"), columns, folder.members)
    if folder.role is not FolderRole.OWNER:
        return

    async def sent(fields: Sent) -> None:
        shared = share_folder(
            view.visit.new_session(), folder.id, fields["subject"], FolderRole(fields.get("role", "reader"))
        )
        await view.run_action(shared, words("Folder shared"))

    with form(sent, "filters"):
        field(words("Colleague's sign-in name"), "subject", "share", required=True, maxlength=SUBJECT.most,
              autocomplete="off", dir="auto", list="colleagues")  # fmt: skip
        members = {member.subject for member in folder.members}
        with box("datalist", id="colleagues"):
            for colleague in colleagues:
                if colleague not in members:
                    text("option", words.person_name(colleague), value=colleague)
        select_field(words("Role"), "role", "share", {
            "reader": words("Reader: may look"), "member": words("Member: may add, order and annotate"),
            "owner": words("Owner: may do all"),
        })  # fmt: skip
        submit_button(words("Share"))


def _draw_unshare(view: OpenPage, folder: FolderRow, row: FolderMemberRow, own: str) -> None:
    words = view.words
    if folder.role is not FolderRole.OWNER and row.subject != own:
        return

    async def stop() -> None:
        stopped = share_folder(view.visit.new_session(), folder.id, row.subject, None)
        await view.run_action(stopped, words("No longer shared"))

    word = words("Leave") if row.subject == own else words("Stop sharing")
    text("button", word, "button slight", type="button").on("click", stop)


def _draw_owner_tools(view: OpenPage, folder: FolderRow) -> None:
    words = view.words

    async def renamed(fields: Sent) -> None:
        await view.run_action(
            rename_folder(view.visit.new_session(), folder.id, fields["title"]), words("Folder renamed")
        )

    async def renew() -> None:
        await view.run_action(renew_folder(view.visit.new_session(), folder.id), words("Folder renewed"))

    async def close(_: Sent) -> None:
        closed = await view.run_action(
            close_folder(view.visit.new_session(), folder.id), words("Folder closed"), redraw=False
        )
        if closed is not None:
            view.call_script("open", "/folders")

    with box("details", "more"):
        text("summary", words("Rename"))
        with form(renamed):
            field(words("Name"), "title", "folder", value=folder.title, required=True, maxlength=TITLE.most, dir="auto")
            submit_button(words("Save"))
    with box("details", "more"):
        text("summary", words("Renew"))
        stated = view.visit.new_session().grounds
        said = words(
            "For another year from today. Purpose: {purpose}; your case: {reference}.",
            purpose=words.label(PURPOSES, stated.purpose),
            reference=stated.case_reference,
        )
        text("p", said, "small quiet")
        text("button", words("Renew"), "button slight", type="button").on("click", renew)
    with box("details", "more"):
        text("summary", words("Close folder"))
        with form(close):
            text("p", words("Its notes, charts and order are deleted for everyone. Records stay."), "small")
            submit_button(words("Close folder and delete what it keeps"), "button slight")


def _listen(view: OpenPage, folder: FolderRow, latest: int) -> None:
    words = view.words

    async def moved(event: events.GenericEventArguments) -> None:
        wanted: ItemMove = read_event(event, ItemMove)
        done = await view.run_action(
            move_item(view.visit.new_session(), folder.id, wanted.item, wanted.after), words("Moved"), redraw=False
        )
        if done is None:
            await view.redraw()

    async def removed(event: events.GenericEventArguments) -> None:
        wanted: ItemMove = read_event(event, ItemMove)
        await view.run_action(remove_item(view.visit.new_session(), folder.id, wanted.item), words("Removed"))

    async def edited(event: events.GenericEventArguments) -> None:
        wanted: NoteEdit = read_event(event, NoteEdit)
        written = write_note(view.visit.new_session(), folder.id, wanted.text, wanted.item, wanted.seen)
        if await view.run_action(written, words("Note saved")) is None:
            await _show_other_text(view, folder.id, wanted)

    async def look() -> None:
        with suppress(LiaisonError):  # what can't be read now, the next look shows
            if await find_latest_change(view.visit.new_session(), folder.id) != latest:
                view.call_script("folderChanged")

    view.listen(MOVED, moved)
    view.listen(REMOVED, removed)
    view.listen(EDITED, edited, NOTE_EVENT_CHARS)
    view.listen(LOOK, look)
    view.listen(REDRAW, view.redraw)


async def _show_other_text(view: OpenPage, folder: str, wanted: NoteEdit) -> None:
    """Where a colleague was faster, their text beside what is being written; saving again replaces it."""
    with suppress(LiaisonError):
        held = await read_note(view.visit.new_session(), folder, wanted.item)
        if held.version != wanted.seen:
            said = view.words("{who} wrote meanwhile; saving again replaces it:", who=held.by)
            view.call_script("noteChanged", wanted.item, said, held.text, held.version)


PAGE = Page("/folders/{folder}", N_("Folder"), "folders", load, draw, "folder.js")
