"""One rejected message: why, its outline, for its sender its content and what differs; and sending it again."""

from __future__ import annotations

from functools import partial
from typing import Final

from pipeline.api.services.rejected_messages import RejectedMessageAnswer, read_rejected_message
from pipeline.locale import N_
from pipeline.ops.replay.payload import FieldDifference, OutlineLine
from pipeline.ops.replay.rejections import RejectionFilter
from pipeline.web.addresses import REJECTED
from pipeline.web.components import states
from pipeline.web.components.markup import bidi_text, box, link, text
from pipeline.web.components.panel import draw_facts, panel
from pipeline.web.components.replay import show_preview
from pipeline.web.components.table import TableColumn, draw_table
from pipeline.web.i18n import Words
from pipeline.web.page import OpenPage, Page, Parameters
from pipeline.web.session import Visit

NOTHING: Final = "–"

KINDS: Final = {
    "unread": N_("not readable as JSON"),
    "object": N_("object"),
    "list": N_("list"),
    "text": N_("text"),
    "boolean": N_("yes or no"),
    "number": N_("number"),
    "null": N_("empty"),
}
"""Kinds of values in an outline."""


async def load(visit: Visit, parameters: Parameters) -> RejectedMessageAnswer:
    """The message at a position. Raises NotFoundError, ForbiddenError."""
    return await read_rejected_message(visit.new_session(), parameters["position"])


def draw(view: OpenPage, found: RejectedMessageAnswer) -> None:
    """Why it was rejected, what may be seen of it, what a replay would change."""
    words, rejection = view.words, found.rejection
    with box("div", "heading"):
        with box("p", "trail"):
            link(words("Rejected messages"), REJECTED, data_up="")
        text("h1", words("Rejected message of {agency}", agency=rejection.agency or NOTHING))
    _draw_reason(words, found)
    if found.accepted_version is not None:
        _draw_differences(words, found)
    if found.payload is not None:
        about = {"tabindex": "0", "role": "group", "aria_label": words("Content")}
        with panel(words("Content"), words("shown to its sender only")), box("div", "scroll", **about):
            bidi_text(found.payload, "pre", "code small")
    elif found.outline:
        _draw_outline(words, found.outline, rejection.pointer)
    with panel(words("Replay this message")):
        place = box("div", "stack")
        wanted = RejectionFilter(positions=frozenset({rejection.position}))
        with place:
            text("button", words("Preview"), "button", type="button").on(
                "click", partial(show_preview, view, place, wanted)
            )


def _draw_reason(words: Words, found: RejectedMessageAnswer) -> None:
    rejection = found.rejection
    with panel(words("Why it was rejected")):
        draw_facts(
            [
                (words("Reason"), rejection.reason),
                (words("Field"), rejection.pointer or None),
                (words("Problem"), rejection.message),
                (words("Time"), words.format_second(rejection.time)),
                (words("Position"), rejection.place),
                (words("First position"), rejection.origin or None),
                (words("Bytes"), words.format_number(rejection.size)),
                (words("Case"), found.case),
            ]
        )


def _draw_differences(words: Words, found: RejectedMessageAnswer) -> None:
    version = words("version {number}", number=found.accepted_version)
    with panel(words("Changes since the last accepted record"), version, tight=True):
        if found.differences:
            draw_table(
                words("Changes since the last accepted record"),
                _difference_columns(words),
                found.differences,
                "compare",
            )
        else:
            states.draw_empty(words("No difference in its data"))


def _difference_columns(words: Words) -> list[TableColumn[FieldDifference]]:
    return [
        TableColumn(words("Field"), lambda row: text("span", row.pointer, "code breaks")),
        TableColumn(words("Accepted"), lambda row: bidi_text(row.accepted or NOTHING), "value"),
        TableColumn(words("Rejected"), lambda row: bidi_text(row.rejected or NOTHING), "value"),
    ]


def _draw_outline(words: Words, outline: tuple[OutlineLine, ...], pointer: str) -> None:
    """The fields without their values; that of the problem is marked."""
    columns: list[TableColumn[OutlineLine]] = [
        TableColumn(words("Field"), lambda line: text("span", line.pointer or "/", "code breaks")),
        TableColumn(words("Type"), lambda line: text("span", words.label(KINDS, line.kind))),
        TableColumn(words("Problem"), lambda line: text("strong", "×" if line.pointer == pointer else "")),
    ]
    with panel(words("Fields"), words("values are shown to the sender only"), tight=True):
        draw_table(words("Fields"), columns, outline)


PAGE = Page(f"{REJECTED}/{{position}}", N_("Rejected message"), "operations", load, draw)
