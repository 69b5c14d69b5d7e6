"""Replaying rejected messages: first what it would change, then, if one still wants it, the replay."""

from __future__ import annotations

from collections.abc import Callable

from nicegui.element import Element

from pipeline.api.services.operations import ReplayedAnswer, preview_rejections, replay_rejections
from pipeline.errors import LiaisonError
from pipeline.locale import N_
from pipeline.ops.replay.preview import PreviewedOutcome, ReplayPreview
from pipeline.ops.replay.rejections import RejectionFilter
from pipeline.web.components import states
from pipeline.web.components.markup import box, text
from pipeline.web.components.table import TableColumn, draw_table
from pipeline.web.i18n import Words
from pipeline.web.page import OpenPage

CHANGES = {
    "new": N_("Accepted: a new record"),
    "update": N_("Accepted: a new version"),
    "duplicate": N_("No change: accepted already"),
    "rejected": N_("Rejected again"),
}


async def show_preview(view: OpenPage, place: Element, wanted: RejectionFilter) -> None:
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
        _fill(place, lambda: states.draw_failure(words, trouble, lambda: show_preview(view, place, wanted)))
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
            view.show_message(describe_replay(words, answer))

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


def describe_replay(words: Words, answer: ReplayedAnswer) -> str:
    """How many went, and how many need more than that."""
    sent = sum(answer.sent.values())
    gone = words.plural("{count} message replayed", "{count} messages replayed", sent)
    return f"{gone}; {_count_left(words, sum(answer.left.values()))}" if answer.left else gone


def _count_left(words: Words, count: int) -> str:
    return words.plural("{count} not replayed (internal error)", "{count} not replayed (internal error)", count)
