"""What intake rejected in the last week, and one rejected message; both with sending it again.

The list says for which reasons, and whose. A message has its reason and outline, for its sender also its content and
what differs. A replay first says what it would change.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final
from urllib.parse import urlencode

from nicegui.element import Element

from pipeline.api.services.operations import (
    MOST,
    RejectedAnswer,
    RejectedMessageAnswer,
    preview_rejections,
    read_rejected_message,
    replay_rejections,
    summarise_rejections,
)
from pipeline.errors import LiaisonError
from pipeline.locale import N_
from pipeline.ops.replay.payload import FieldDifference, OutlineLine
from pipeline.ops.replay.preview import PreviewedOutcome, ReplayPreview
from pipeline.ops.replay.rejections import Rejection, RejectionFilter
from pipeline.web.addresses import REJECTED, rejected_path
from pipeline.web.components import states
from pipeline.web.components.form import Sent, field, form, submit_button
from pipeline.web.components.markup import bidi_text, box, link, text
from pipeline.web.components.tables import TableColumn, draw_facts, draw_heading, draw_table, panel
from pipeline.web.components.values import draw_moment
from pipeline.web.i18n import Words
from pipeline.web.page import OpenPage, Page, Parameters
from pipeline.web.session import Visit


async def load(visit: Visit, parameters: Parameters) -> RejectedAnswer:
    """The rejections of one reason, or all."""
    return await summarise_rejections(visit.new_session(), parameters.get("reason", ""))


def draw(view: OpenPage, found: RejectedAnswer) -> None:
    """The reasons, the rejections, and the form that sends them again."""
    words, reason = view.words, view.parameters.get("reason", "")
    draw_heading(words("Rejected messages"), words("Operations"), "/operations")
    if reason:
        with box("p", "row"):
            text("span", reason, "tag code")
            link(words("All reasons"), REJECTED)
    elif len(found.counts) > 1:
        with box("p", "row"):
            for name, count in found.counts.items():
                path = f"{REJECTED}?{urlencode({'reason': name})}"
                link(f"{name} {words.format_number(count)}", path, "button slight")
    if found.rejections:
        _draw_replay_form(view, reason)
        shown = words("latest {count}", count=MOST) if len(found.rejections) == MOST else words("newest first")
        with panel(words.plural("{count} message", "{count} messages", sum(found.counts.values())), shown, tight=True):
            draw_table(words("Rejected messages"), _rejection_columns(words), found.rejections)
    else:
        states.draw_empty(words("No rejected messages"))


def _draw_replay_form(view: OpenPage, reason: str) -> None:
    """Asks whose messages are to be sent again, then shows what that would change."""
    words = view.words

    async def sent(fields: Sent) -> None:
        await _show_preview(view, place, RejectionFilter(reason, fields["agency"].strip()))

    with panel(words("Replay rejected messages")):
        with form(sent, "filters"):
            field(words("Only from agency"), "agency", "again", maxlength="64", autocomplete="off", placeholder="fr-pj")
            submit_button(words("Preview"), "button")
            text(
                "p",
                words(
                    "Fixed messages are accepted; the rest are rejected again; already accepted ones count as "
                    "duplicates."
                ),
                "small quiet",
            )
        place = box("div", "stack")


def _draw_time_link(words: Words, rejection: Rejection) -> None:
    """When it was rejected, which leads to the message."""
    with link("", rejected_path(rejection.position), "nowrap", data_open=""):
        draw_moment(words, rejection.time)


def _rejection_columns(words: Words) -> list[TableColumn[Rejection]]:
    return [
        TableColumn(words("Time"), lambda rejection: _draw_time_link(words, rejection)),
        TableColumn(words("Agency"), lambda rejection: text("span", rejection.agency or "–", "nowrap")),
        TableColumn(words("Reason"), lambda rejection: text("span", rejection.reason, "code")),
        TableColumn(words("Field"), lambda rejection: text("span", rejection.pointer or "–", "code breaks"), "pointer"),
        TableColumn(words("Problem"), lambda rejection: text("span", rejection.message)),
        TableColumn(words("Position"), lambda rejection: text("span", rejection.place, "code small quiet nowrap")),
        TableColumn(words("Bytes"), lambda rejection: text("span", words.format_number(rejection.size)), "number"),
    ]


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


async def load_message(visit: Visit, parameters: Parameters) -> RejectedMessageAnswer:
    """The message at a position. Raises NotFoundError, ForbiddenError."""
    return await read_rejected_message(visit.new_session(), parameters["position"])


def draw_message(view: OpenPage, found: RejectedMessageAnswer) -> None:
    """Why it was rejected, what may be seen of it, what a replay would change."""
    words, rejection = view.words, found.rejection
    draw_heading(
        words("Rejected message of {agency}", agency=rejection.agency or NOTHING), words("Rejected messages"), REJECTED
    )
    _draw_reason(words, found)
    if found.accepted_version is not None:
        _draw_differences(words, found)
    if found.payload is not None:
        about = {"tabindex": "0", "role": "group", "aria_label": words("Content")}
        with panel(words("Content"), words("shown to its sender only")), box("div", "scroll", **about):
            bidi_text(found.payload, "pre", "code small")
    elif found.outline:
        _draw_outline(words, found.outline, rejection.pointer, rejection.message)
    with panel(words("Replay this message")):
        place = box("div", "stack")
        wanted = RejectionFilter(positions=frozenset({rejection.position}))
        with place:
            text("button", words("Preview"), "button", type="button").on(
                "click", partial(_show_preview, view, place, wanted)
            )


def _draw_reason(words: Words, found: RejectedMessageAnswer) -> None:
    rejection = found.rejection
    with panel(words("Why it was rejected")):
        draw_facts(
            [
                (words("Reason"), rejection.reason),
                (words("Field"), rejection.pointer or None),
                (words("Problem"), rejection.message),
                (words("Time"), partial(text, "time", words.format_second(rejection.time), datetime=rejection.time)),
                (words("Position"), rejection.place),
                (words("First position"), rejection.origin or None),
                (words("Bytes"), words.format_number(rejection.size)),
                (words("Case"), found.case),
            ]
        )


def _draw_differences(words: Words, found: RejectedMessageAnswer) -> None:
    version = words("version {number}", number=found.accepted_version)
    with panel(words("Changes since the last accepted record"), version, tight=True):
        draw_table(
            words("Changes since the last accepted record"),
            _difference_columns(words),
            found.differences,
            "compare",
            empty=words("No difference in its data"),
        )


def _difference_columns(words: Words) -> list[TableColumn[FieldDifference]]:
    return [
        TableColumn(words("Field"), lambda row: text("span", row.pointer, "code breaks")),
        TableColumn(words("Accepted"), lambda row: bidi_text(row.accepted or NOTHING), "value"),
        TableColumn(words("Rejected"), lambda row: bidi_text(row.rejected or NOTHING), "value"),
    ]


def _draw_outline(words: Words, outline: tuple[OutlineLine, ...], pointer: str, problem: str) -> None:
    """The fields without their values; beside one of them the problem."""
    columns: list[TableColumn[OutlineLine]] = [
        TableColumn(words("Field"), lambda line: text("span", line.pointer or "/", "code breaks")),
        TableColumn(words("Type"), lambda line: text("span", words.label(KINDS, line.kind))),
        TableColumn(words("Problem"), lambda line: text("span", problem if line.pointer == pointer else "", "strong")),
    ]
    with panel(words("Fields"), words("values are shown to the sender only"), tight=True):
        draw_table(words("Fields"), columns, outline)


CHANGES = {
    "new": N_("Accepted: a new record"),
    "update": N_("Accepted: a new version"),
    "duplicate": N_("No change: accepted already"),
    "rejected": N_("Rejected again"),
}


async def _show_preview(view: OpenPage, place: Element, wanted: RejectionFilter) -> None:
    """Fill a place with what a replay would change, and the buttons that go on or give up."""
    words = view.words
    place.clear()
    with place:
        states.draw_loading(words("Looking at the messages"))
    position = next(iter(wanted.positions), "")
    try:
        found = await preview_rejections(view.visit.new_session(), wanted.reason, wanted.agency, position)
    except LiaisonError as error:
        trouble = error
        _fill(place, lambda: states.draw_failure(words, trouble, lambda: _show_preview(view, place, wanted)))
        return
    _fill(place, lambda: _draw_preview(view, place, wanted, found))


def _fill(place: Element, draw: Callable[[], object]) -> None:
    place.clear()
    with place:
        draw()


def _draw_preview(view: OpenPage, place: Element, wanted: RejectionFilter, found: ReplayPreview) -> None:
    words = view.words

    async def confirmed() -> None:
        position = next(iter(wanted.positions), "")
        session = view.visit.new_session()
        sending = replay_rejections(session, wanted.reason, wanted.agency, position)
        answer = await view.run_action(sending, words("Replay started"), redraw=False)
        if answer is not None:
            place.clear()
            gone = words.plural("{count} message replayed", "{count} messages replayed", sum(answer.sent.values()))
            left = f"; {_count_left(words, sum(answer.left.values()))}" if answer.left else ""
            view.show_message(f"{gone}{left}")

    if found.messages:
        draw_table(words("What a replay would change"), _outcome_columns(words), found.outcomes)
    else:
        text("p", words("Nothing to replay."), "quiet")
    if found.left:
        text("p", _count_left(words, sum(found.left.values())), "small quiet")
    with box("div", "row"):
        if found.messages:
            said = words.plural("Replay {count} message", "Replay {count} messages", found.messages)
            text("button", said, "button main", type="button").on("click", confirmed)
        text("button", words("Cancel"), "button", type="button").on("click", place.clear)
        text("span", words("As of now: what changes meanwhile is not in it."), "small quiet")


def _outcome_columns(words: Words) -> list[TableColumn[PreviewedOutcome]]:
    return [
        TableColumn(words("Agency"), lambda outcome: text("span", outcome.agency or "–")),
        TableColumn(words("Result"), lambda outcome: text("span", words.label(CHANGES, outcome.change))),
        TableColumn(words("Reason"), lambda outcome: text("span", outcome.reason or "–", "code")),
        TableColumn(words("Messages"), lambda outcome: text("span", words.format_number(outcome.messages)), "number"),
    ]


def _count_left(words: Words, count: int) -> str:
    return words.plural("{count} not replayed (internal error)", "{count} not replayed (internal error)", count)


PAGE = Page(REJECTED, N_("Rejected messages"), "operations", load, draw)
MESSAGE_PAGE = Page(f"{REJECTED}/{{position}}", N_("Rejected message"), "operations", load_message, draw_message)
