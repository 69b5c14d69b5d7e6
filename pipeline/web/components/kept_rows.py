"""What a case folder keeps, each as one row of its kind; what its reader can't open is one line and says nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

import htpy

from pipeline.access.folders import ItemKind
from pipeline.api.answers import FolderItemRow, KeptLink, LinkSide
from pipeline.api.services.folders import CLOSED_ITEM
from pipeline.locale import N_
from pipeline.matching.explain.words import TYPES
from pipeline.web.addresses import case_path, entity_path, kept_chart_path, link_path, list_path
from pipeline.web.components.badges import render_band, render_caveat_badge, render_colour
from pipeline.web.components.filters import state_filters
from pipeline.web.components.link_rows import name_thing
from pipeline.web.components.values import render_name, render_title
from pipeline.web.i18n import Words

KINDS: Final[Mapping[ItemKind, str]] = {
    ItemKind.RECORD: N_("Record"),
    ItemKind.LINK: N_("Link"),
    ItemKind.ENTITY: N_("Person or thing"),
    ItemKind.SEARCH: N_("Search"),
    ItemKind.LIST: N_("List check"),
    ItemKind.NOTE: N_("Note"),
    ItemKind.CHART: N_("Chart"),
}


def render_item(words: Words, folder: str, row: FolderItemRow, *, may_work: bool) -> htpy.Element:
    """One row; static/folder.js moves it and edits a note by what its attributes say."""
    return htpy.li(
        data_row="",
        data_item=row.id,
        data_keep=row.reference,
        draggable="true" if may_work else None,
    )[
        htpy.span(".kind", data_by="kind")[words(KINDS[row.kind]) if row.kind else ""],
        htpy.div(".grow")[_render_content(words, folder, row, may_work=may_work)],
        htpy.span(".marks", data_by="added", data_value=row.added or "")[_render_marks(words, row)],
        may_work and _render_tools(words, row),
    ]


def _render_content(words: Words, folder: str, row: FolderItemRow, *, may_work: bool) -> htpy.Node:
    if row.kind is None:
        return htpy.span(".quiet", tabindex="0", data_open="", data_by="name")[words(CLOSED_ITEM)]
    if row.link is not None:
        return _render_link(words, row, row.link)
    if row.record is not None:
        return _render_side(words, row, row.record)
    if row.search is not None:
        asked = urlencode({"q": row.search.question, **state_filters(row.search.filters)})
        name = row.search.question or words("Filters alone")
        return [_render_open(f"/search#{asked}", htpy.bdi(dir="auto")[name]), _render_about(words, row)]
    if row.list is not None:
        rows = words.plural("{count} row", "{count} rows", row.list.rows)
        title = htpy.bdi(dir="auto")[row.list.title or words("List check")]
        return [_render_open(list_path(row.list.id), title), _render_about(words, row, rows)]
    if row.kind is ItemKind.CHART:
        title = htpy.bdi(dir="auto")[row.title or ""]
        return [_render_open(kept_chart_path(folder, row.id), title), _render_about(words, row)]
    return [
        htpy.div(
            ".note",
            tabindex="0",
            data_open="",
            data_by="name",
            data_note=row.id,
            data_version=str(row.version),
            dir="auto",
        )[row.text or ""],
        _render_about(words, row),
        may_work and htpy.button(".button.slight", type="button", data_edit=row.id)[words("Edit")],
    ]


def _render_open(path: str, name: htpy.Node) -> htpy.Element:
    return htpy.a(".name", href=path, data_open="", data_by="name")[name]


def _render_side(words: Words, row: FolderItemRow, side: LinkSide) -> htpy.Node:
    name, born = name_thing(words, side)
    is_entity = row.kind is ItemKind.ENTITY and side.entity is not None
    path = entity_path(side.case, side.entity or "") if is_entity else case_path(side.case)
    title = side.title if side.name and not is_entity else None
    return [
        _render_open(path, [render_name(name, side.country), born]),
        title and [" ", htpy.span(".title")[render_title(words, title)]],
        _render_about(
            words,
            row,
            words.label(TYPES, side.type or "") if is_entity else "",
            htpy.bdi(".code")[side.case],
            words.country_name(side.country),
            render_caveat_badge(words, side),
        ),
    ]


def _render_link(words: Words, row: FolderItemRow, kept: KeptLink) -> htpy.Node:
    sides = (kept.a, kept.b)
    (a, _), (b, _) = (name_thing(words, side) for side in sides)
    path = link_path((row.reference or "").partition(" ")[2], kept.a.case)
    return [
        _render_open(path, [render_name(a, kept.a.country), " – ", render_name(b, kept.b.country)]),
        _render_about(
            words,
            row,
            render_band(words, kept.band),
            render_colour(words, kept.colour),
            [htpy.bdi(".code")[kept.a.case], " – ", htpy.bdi(".code")[kept.b.case]],
            *(render_caveat_badge(words, side) for side in sides),
        ),
    ]


def _render_about(words: Words, row: FolderItemRow, *said: htpy.Node) -> htpy.Element:
    """What else is known of it, who added it and when, and who edited it."""
    by = words("{who}, {when}", who=words.person_name(row.by or ""), when=words.format_minute(row.added or ""))
    added = htpy.time(datetime=row.added)[by]
    edited = words("edited by {who}", who=words.person_name(row.edited_by)) if row.edited_by else ""
    return htpy.p(".about")[(htpy.span[part] for part in (*said, added, edited) if part)]


def _render_marks(words: Words, row: FolderItemRow) -> list[htpy.Element]:
    said = []
    if row.is_new:
        said.append(words("New"))
    if row.is_changed:
        said.append(words("Changed"))
    if row.new_links:
        said.append(words.plural("{count} new link", "{count} new links", row.new_links))
    return [htpy.span(".tag.warn")[word] for word in said]


def _render_tools(words: Words, row: FolderItemRow) -> htpy.Element:
    return htpy.span(".tools")[
        htpy.button(".plain-button", type="button", data_step="-1", aria_label=words("Move up"))["↑"],
        htpy.button(".plain-button", type="button", data_step="1", aria_label=words("Move down"))["↓"],
        htpy.button(".plain-button", type="button", data_remove="", aria_label=words("Remove from folder"))["×"],
    ]
