"""What a page shows instead of content: nothing found, still coming, no access, trouble."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from nicegui import ui

from pipeline.api.problems import (
    ConflictError,
    ForbiddenError,
    NotFoundError,
    ProblemError,
    RequestTooLargeError,
    TooManyRequestsError,
    UnprocessableError,
    translate_error,
)
from pipeline.errors import LiaisonError
from pipeline.index.engine import IndexAwayError
from pipeline.locale import N_
from pipeline.web.components.markup import box, icon, link, text
from pipeline.web.i18n import Words

LINES = 8
"""Grey lines in place of what is loading."""

TITLES: dict[type[ProblemError], str] = {
    NotFoundError: N_("Not found, or you do not have access"),
    ForbiddenError: N_("Your role does not allow this"),
    UnprocessableError: N_("Invalid request"),
    ConflictError: N_("Someone changed this first"),
    TooManyRequestsError: N_("Too many requests"),
    RequestTooLargeError: N_("Too large"),
}
OTHERWISE = N_("Temporarily unavailable")
INDEX_AWAY = N_("The search index does not answer")
"""Without the engine's name and its errors, which are for those who operate: the server's log has them."""

MISSING: Final = N_("Missing from this print")
"""What paper says of what could not be loaded, here and at its head."""

AGAIN_S: Final = 5.0
"""Pause before a page asks again by itself: as the API tells its callers (Retry-After)."""

TryAgain = Callable[[], Awaitable[None]]
"""Does once more what failed, with the same question."""


def draw_empty(title: str, hint: str = "") -> None:
    """There is nothing, and what could be done about it."""
    _draw_state("nothing", title, hint)


def draw_loading(word: str) -> None:
    """Grey lines where the content will be; `word` is heard."""
    with box("section", "panel", aria_busy="true"):
        text("p", word, "hidden-words", role="status")
        with box("div", "skeleton", aria_hidden="true"):
            for _ in range(LINES):
                box("span")


def draw_failure(words: Words, error: LiaisonError, again: TryAgain | None = None) -> None:
    """Why there is no content: no access, no such thing, or something that does not answer.

    Where the index does not answer, `again` is done by itself too, for as long as this stands on the page.
    """
    missing = words(MISSING)
    match error:
        case NotFoundError() | ForbiddenError():
            hint = words("Those without access are not told whether a record exists.")
            _draw_state("closed", words(_failure_title(error)), hint if isinstance(error, NotFoundError) else "")
        case UnprocessableError() | RequestTooLargeError() | ConflictError():
            _draw_state(
                "trouble", words(_failure_title(error)), translate_error(error, words.language), missing=missing
            )
        case IndexAwayError():
            hint = words("We try again.") if again else ""
            _draw_state("trouble", words(INDEX_AWAY), hint, _draw_again(words, again), missing)
            if again:
                ui.timer(AGAIN_S, again, once=True)
        case _:
            hint = translate_error(error, words.language)
            _draw_state("trouble", words(_failure_title(error)), hint, _draw_again(words, again), missing)


def format_failure(words: Words, error: LiaisonError) -> str:
    """One line on why an action failed."""
    if isinstance(error, IndexAwayError):
        return words(INDEX_AWAY)
    return f"{words(_failure_title(error))}{words(': ')}{translate_error(error, words.language)}"


def _draw_again(words: Words, again: TryAgain | None) -> Callable[[], object]:
    """The button for it; without `again` a link to the page's own address, which asks nothing of a fragment."""
    if again is None:
        return lambda: link(words("Try again"), "", "button")
    return lambda: text("button", words("Try again"), "button", type="button").on("click", again)


def _failure_title(error: LiaisonError) -> str:
    return next((title for kind, title in TITLES.items() if isinstance(error, kind)), OTHERWISE)


def _draw_state(drawn: str, title: str, hint: str, then: Callable[[], object] | None = None, missing: str = "") -> None:
    with box("div", "state", role="alert" if missing else None, data_state=drawn):
        icon(drawn)
        text("h2", title)
        if hint:
            text("p", hint)
        if missing:
            text("p", missing, "on-paper")
        if then:
            then()
