"""Native forms whose content comes to us when they are sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any, Final

import msgspec
from nicegui.element import Element
from nicegui.events import GenericEventArguments

from pipeline.access.text_limits import REASON
from pipeline.api.problems import UnprocessableError
from pipeline.api.result_files import ResultForm
from pipeline.api.services.result_tables import MOST_ROWS, ResultList
from pipeline.web.components.markup import box, icon, text
from pipeline.web.csrf import FIELD
from pipeline.web.i18n import Words
from pipeline.web.page_events import Fields, read_event

Sent = dict[str, str]

_SENT = "(event) => { event.preventDefault(); emit(Object.fromEntries(new FormData(event.target))) }"


def form(sent: Callable[[Sent], Awaitable[None]], classes: str = "stack") -> Element:
    """A form that hands its named fields to `sent`; the browser has checked what is required."""

    async def received(event: GenericEventArguments) -> None:
        try:
            fields: Sent = read_event(event, Fields)
        except UnprocessableError:  # no page of ours sends it
            return
        await sent(fields)

    return box("form", classes).on("submit", received, js_handler=_SENT)


def post_form(action: str, token: str, classes: str = "stack", **attributes: Any) -> Element:
    """A form that the browser itself posts to one of our routes; `token` is the visit's `csrf`."""
    element = box("form", classes, action=action, method="post", **attributes)
    with element:
        box("input", type="hidden", name=FIELD, value=token)
    return element


def staying_form(words: Words, action: str, token: str, classes: str = "stack", **attributes: Any) -> Element:
    """The same, sent by the page's script: where it is refused it says so, and keeps all that was chosen."""
    lost = words("The server does not answer; try again")
    element = post_form(action, token, classes, data_lost=lost, **attributes)
    with element:
        text("p", "", "notice bad", role="alert", data_refused="", hidden=True)
    return element


def field(word: str, name: str, mark: str, tag: str = "input", **attributes: Any) -> None:
    """A labelled field; `mark` makes its id the only one of the page."""
    with box("p", "field"):
        text("label", word, for_=f"{name}-{mark}")
        box(tag, id=f"{name}-{mark}", name=name, **attributes)


def day_field(words: Words, word: str, name: str, mark: str, value: str = "", form: str | None = None) -> None:
    """A labelled field for a day: it shows and takes 31.12.2026, takes 2026-12-31, and sends that (static/days.js).

    `value` is YYYY-MM-DD or "", `form` the id of the form that it is part of, where it stands outside of it.
    """
    ident = f"{name}-{mark}"
    marks = {
        "data_previous": words("Previous month"), "data_next": words("Next month"),
        "data_wrong": words("Enter the day as 31.12.2026"),
    }  # fmt: skip
    with box("p", "field"):
        text("label", word, for_=ident)
        with box("span", "day", data_day="", **marks):
            box("input", id=ident, name=name, form=form, value=".".join(reversed(value.split("-"))) or None,
                inputmode="numeric", autocomplete="off", maxlength="10", placeholder=words("dd.mm.yyyy"))  # fmt: skip
            with box("button", "", type="button", data_calendar="", aria_haspopup="dialog",
                     aria_label=words("Calendar: {field}", field=word)):  # fmt: skip
                icon("calendar")


def select_field(word: str, name: str, mark: str, options: Mapping[str, str], chosen: str = "") -> None:
    """A labelled choice of one of `options` (value to word), of which `chosen` stands there at first."""
    with box("p", "field"):
        text("label", word, for_=f"{name}-{mark}")
        with box("select", id=f"{name}-{mark}", name=name):
            for value, said in options.items():
                text("option", said, value=value, selected=True if chosen and value == chosen else None)


def submit_button(word: str, classes: str = "button main slight") -> None:
    """The button that sends the form around it."""
    text("button", word, classes, type="submit")


def draw_leaving_button(word: str, goes: str, other: str, pressed: Callable[[], Awaitable[None]]) -> None:
    """A button that goes, or is drawn anew, when it is pressed (static/keys.js).

    The focus falls to the next of those that `goes` in the same way, else to the element with the id `other`.
    """
    marks = {"data_goes": goes, "data_else": other}
    text("button", word, "button slight", type="button", **marks).on("click", pressed)


def limit_text(words: Words) -> dict[str, object]:
    """Attributes of a field for a reason. What is too long is kept as it is and said so, where maxlength would cut."""
    most = words.format_number(REASON.most)
    return {
        "data_most": REASON.most,
        "data_too_long": words("At most {most} characters are kept. Shorten the text.", most=most),
    }


RESULTS_PATH: Final = "/results/file"


def draw_result_export(
    words: Words, token: str, what: ResultList, place: msgspec.Struct, forms: Collection[ResultForm] = ("xlsx", "csv")
) -> None:
    """The buttons that save a list of results as a file: what is ticked, else all of it (static/rows.js).

    `place` says which list, `token` is the visit's `csrf`.
    """
    said = words("Saves the selected rows, or up to {most} rows. Logged.", most=words.format_number(MOST_ROWS))
    with post_form(RESULTS_PATH, token, "row export", data_export="", aria_label=words("Export"), title=said):
        box("input", type="hidden", name="what", value=what)
        box("input", type="hidden", name="place", value=msgspec.json.encode(place).decode())
        box("input", type="hidden", name="only", value="")
        for form in forms:
            word = RESULT_FORMS[form]
            text("button", word, "button slight", type="submit", name="form", value=form,
                 aria_label=words("Export as {form}", form=word))  # fmt: skip


RESULT_FORMS: Final[dict[ResultForm, str]] = {"xlsx": "XLSX", "csv": "CSV"}
