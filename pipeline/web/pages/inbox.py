"""The inbox: links of our own cases that nobody of us has judged, by band, strongest first."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from pipeline.access.redaction import Row
from pipeline.api.services.inbox import InboxAnswer, list_inbox
from pipeline.locale import N_
from pipeline.matching.basis import Basis
from pipeline.matching.explain.wording import bits, percent
from pipeline.matching.explain.words import FIELDS
from pipeline.web.addresses import link_path
from pipeline.web.components import states
from pipeline.web.components.assignment import draw_assignment
from pipeline.web.components.badges import BAND_LABELS, badge
from pipeline.web.components.markup import box, link, text
from pipeline.web.components.pager import AFTER, draw_pager
from pipeline.web.components.panel import panel
from pipeline.web.components.sides import LinkSide, draw_side_origin, draw_side_title, order_sides
from pipeline.web.components.table import TableColumn, draw_table
from pipeline.web.i18n import Words
from pipeline.web.page import OpenPage, Page, Parameters
from pipeline.web.session import Visit

LIMIT = 50
"""Links of one page."""

WHOSE = {"": N_("All"), "mine": N_("Assigned to me"), "nobody": N_("Unassigned")}
"""Whose links are listed: the choices of the parameter `whose`."""


async def load(visit: Visit, parameters: Parameters) -> InboxAnswer:
    """A page of what is to be judged, of one assignee or of all."""
    assignee = {"mine": visit.who, "nobody": ""}.get(parameters.get("whose", ""))
    return await list_inbox(visit.new_session(), assignee=assignee, limit=LIMIT, cursor=parameters.get(AFTER))


def draw(view: OpenPage, loaded: InboxAnswer) -> None:
    """A table for each band."""
    words = view.words
    with box("div", "row apart"):
        text("h1", words("Inbox"))
        _draw_assignee_switch(words, view.parameters.get("whose", ""))
    if not loaded.links:
        states.draw_empty(words("Nothing to review"), words("New links to your agency's cases appear here."))
    for band, rows in groupby(loaded.links, key=lambda row: row["band"]):
        _draw_band_table(view, words.label({name: word for name, (_, word) in BAND_LABELS.items()}, band), list(rows))
    draw_pager(view, loaded.next, words("Next"), words("Back to start"))


def _draw_assignee_switch(words: Words, current: str) -> None:
    with box("nav", "switch", aria_label=words("Assignment")):
        for name, word in WHOSE.items():
            target = f"/inbox?whose={name}" if name else "/inbox"
            link(words(word), target, aria_current="true" if name == current else None)


def _draw_band_table(view: OpenPage, name: str, rows: list[Row]) -> None:
    count = view.words.plural("{count} link", "{count} links", len(rows))
    with panel(name, count, tight=True):
        draw_table(name, _inbox_columns(view), rows)


def _inbox_columns(view: OpenPage) -> list[TableColumn[Row]]:
    words = view.words
    return [
        TableColumn(words("Our case"), lambda row: _draw_own_side(view, row)),
        TableColumn(
            words("Other case"), lambda row: _draw_other_side(words, order_sides(row, _own_key_prefix(view))[1])
        ),
        TableColumn(words("Assigned to"), lambda row: draw_assignment(view, row)),
        TableColumn(
            words("Probability"), lambda row: text("span", percent(row["probability"], words.language)), "number"
        ),
        TableColumn(words("Bits"), lambda row: text("span", bits(row["score"], words.language)), "number"),
    ]


def _own_key_prefix(view: OpenPage) -> str:
    """How the keys of our agency's cases begin."""
    requester = view.visit.requester
    return f"{requester.agency}:" if requester else ""


def _draw_own_side(view: OpenPage, row: Row) -> None:
    own, _ = order_sides(row, _own_key_prefix(view))
    with link("", link_path(row["link_id"], own.case), data_open=""):
        draw_side_title(own)
    text("div", own.case, "quiet small code")
    if row["basis"] == Basis.SHARED:
        badge(view.words("Shared number"), "warn")
    if row["judged_different"]:
        badge(
            view.words("Reviewed as different; new: {fields}", fields=_format_fields(view.words, row["new_evidence"])),
            "warn",
        )


def _format_fields(words: Words, found: Iterable[list[str]]) -> str:
    return ", ".join(dict.fromkeys(words.label(FIELDS, field) for field, _ in found))


def _draw_other_side(words: Words, other: LinkSide) -> None:
    draw_side_title(other)
    draw_side_origin(words, other)


PAGE = Page("/inbox", N_("Inbox"), "inbox", load, draw)
