"""Adding to a case folder from any page: which there are is asked when somebody wants to add (static/keep.js)."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta
from nicegui import events

from pipeline.access.folders import LONGEST_REFERENCE, MOST_ADDED, FolderRole, ItemKind, KeptSearch, Reference
from pipeline.api.answers import FolderRow, ItemsAddedAnswer
from pipeline.api.services.folders import add_items, create_folder, list_folders
from pipeline.errors import LiaisonError
from pipeline.web.components import states
from pipeline.web.i18n import Words
from pipeline.web.page import OpenPage
from pipeline.web.page_events import read_event

ASKED: Final = "keep_ask"
"""The event by which the browser asks which folders there are."""

ADDED: Final = "keep_add"
"""The event by which it says what goes into which."""

EVENT_CHARS: Final = 120_000
"""Of the latter: 500 case keys of usual length, or a search with every filter full."""


class Addition(msgspec.Struct, frozen=True):
    """What goes into which folder; without one into a new one of this title."""

    items: Annotated[list[Annotated[str, Meta(max_length=LONGEST_REFERENCE)]], Meta(max_length=MOST_ADDED)]
    folder: Annotated[str, Meta(max_length=32)] = ""
    title: Annotated[str, Meta(max_length=1000)] = ""


def list_reference(name: str) -> str:
    """What `data-keep` says of a list."""
    return Reference(ItemKind.LIST, list=name).text


def search_reference(search: KeptSearch) -> str:
    """What `data-keep` says of a search."""
    return Reference(ItemKind.SEARCH, search=search).text


def listen_for_additions(view: OpenPage) -> None:
    """Let the page's reader put what it shows into folders."""

    async def asked() -> None:
        try:
            found = (await list_folders(view.visit.new_session())).folders
        except LiaisonError as error:
            view.show_message(states.format_failure(view.words, error), bad=True)
            return
        view.call_script("chooseFolder", _tell_choice(view, found))

    async def added(event: events.GenericEventArguments) -> None:
        wanted: Addition = read_event(event, Addition)
        await _add(view, wanted)

    view.listen(ASKED, asked)
    view.listen(ADDED, added, EVENT_CHARS)


def _tell_choice(view: OpenPage, found: tuple[FolderRow, ...]) -> dict[str, object]:
    """The folders that one may add to, and the words of the choice."""
    words = view.words
    open_ones = [row for row in found if row.active and row.role is not FolderRole.READER]
    return {
        "folders": [
            {"id": row.id, "title": row.title, "about": words.plural("{count} item", "{count} items", row.items)}
            for row in open_ones
        ],
        "heading": words("Add to folder"),
        "created": words("New folder"),
        "add": words("Add"),
        "cancel": words("Cancel"),
    }


async def _add(view: OpenPage, wanted: Addition) -> None:
    """Add, and say what became of it; what can't be opened is said to be left, and not why."""
    words, folder = view.words, wanted.folder
    try:
        if not folder:
            folder = (await create_folder(view.visit.new_session(), wanted.title)).folder.id
        answer = await add_items(view.visit.new_session(), folder, wanted.items)
    except LiaisonError as error:
        view.show_message(states.format_failure(words, error), bad=True)
        return
    view.call_script("kept", folder)
    view.show_message(_tell_result(words, answer))


def _tell_result(words: Words, answer: ItemsAddedAnswer) -> str:
    left = sum(one.item is None for one in answer.added)
    if not left:
        return words("Added to {title}", title=answer.folder.title)
    return words.plural("{count} item can't be added", "{count} items can't be added", left)
