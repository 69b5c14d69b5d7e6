"""What a page shows instead of content: nothing found, still coming, no access, trouble."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.api.languages import translate_error
from pipeline.api.problems import (
    ConflictError,
    ForbiddenError,
    NotFoundError,
    ProblemError,
    RequestTooLargeError,
    TooManyRequestsError,
    UnprocessableError,
)
from pipeline.errors import LiaisonError
from pipeline.locale import N_
from pipeline.web.components.icons import icon
from pipeline.web.components.markup import box, link, text
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


def draw_failure(words: Words, error: LiaisonError) -> None:
    """Why there is no content: no access, no such thing, or something that does not answer."""
    match error:
        case NotFoundError() | ForbiddenError():
            hint = words("Those without access are not told whether a record exists.")
            _draw_state("closed", words(_failure_title(error)), hint if isinstance(error, NotFoundError) else "")
        case UnprocessableError() | RequestTooLargeError() | ConflictError():
            _draw_state("trouble", words(_failure_title(error)), translate_error(error, words.language), role="alert")
        case _:
            again = words("Try again")
            _draw_state(
                "trouble",
                words(_failure_title(error)),
                translate_error(error, words.language),
                lambda: link(again, "", "button"),
                role="alert",
            )


def format_failure(words: Words, error: LiaisonError) -> str:
    """One line on why an action failed."""
    return f"{words(_failure_title(error))}: {translate_error(error, words.language)}"


def _failure_title(error: LiaisonError) -> str:
    return next((title for kind, title in TITLES.items() if isinstance(error, kind)), OTHERWISE)


def _draw_state(
    drawn: str, title: str, hint: str, then: Callable[[], object] | None = None, role: str | None = None
) -> None:
    with box("div", "state", role=role, data_state=drawn):
        icon(drawn)
        text("h2", title)
        if hint:
            text("p", hint)
        if then:
            then()
