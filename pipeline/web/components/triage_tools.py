"""What acts on the rows of the inbox: buttons with their keys, the reason, whom to assign to."""

from __future__ import annotations

from pipeline.access.text_limits import SUBJECT
from pipeline.web.components.form import field, limit_text, select_field
from pipeline.web.components.markup import box, text
from pipeline.web.i18n import Words
from pipeline.web.vocabulary import VERDICTS


def words_of_script(words: Words, *, decided: bool) -> dict[str, str]:
    """What static/triage.js says, of a list to judge or of a `decided` one; it counts what the list holds."""
    whole, begun = (
        (words("{all} decided links"), words("The first {all} decided links"))
        if decided
        else (words("{done} of {all} reviewed"), words("{done} of the first {all} reviewed"))
    )
    return {verdict: words(word) for verdict, word in VERDICTS.items()} | {
        "progress": whole,
        "progressBegun": begun,
        "undone": words("Undone"),
        "lost": words("Not confirmed as saved; decide again, or open the link"),
        "saving": words("Still saving; undo again in a moment"),
        "unseen": words("The evidence of this link is not shown yet; decide once it is"),
        "alone": words("Possible links can't be selected: review them one by one"),
    }


def draw_tools(words: Words, *, assigns: bool) -> None:
    """What acts on the selected rows, or on the one that one is at; `assigns`: also for others."""
    with box("div", "tools", role="toolbar", aria_label=words("Your decision")):
        for key, (verdict, word) in enumerate(VERDICTS.items(), start=1):
            _draw_tool(words(word), str(key), data_verdict=verdict)
        _draw_tool(words("Select"), "x", data_tool="select")
        _draw_tool(words("Assign to me"), "a", data_tool="take")
        _draw_tool(words("Reason"), "r", data_tool="reason")
        _draw_tool(words("Undo"), "u", data_tool="undo")
        text("span", "", "small quiet", role="status", data_progress="")
        with box("span", "small quiet", data_selected=""):
            text("span", words("Selected:") + " ")
            text("b", "", data_picked="")
    _draw_reason_form(words)
    if assigns:
        _draw_assign_form(words)


def _draw_tool(word: str, key: str, **attributes: str) -> None:
    with box("button", "button slight", type="button", data_press=key, aria_keyshortcuts=key, **attributes):
        text("span", word)
        text("kbd", key, aria_hidden="true")


def _draw_reason_form(words: Words) -> None:
    with box("form", "stack", data_reason="", hidden=True):
        text("p", words("This decision needs a reason in your own words."), "small")
        select_field(
            words("Your decision"), "verdict", "triage", {name: words(word) for name, word in VERDICTS.items()}
        )
        field(words("Reason"), "reason", "triage", "textarea", required=True, **limit_text(words))
        with box("div", "row"):
            text("button", words("Save decision"), "button main slight", type="submit")
            text("button", words("Cancel"), "button slight", type="button", data_tool="close")


def _draw_assign_form(words: Words) -> None:
    with box("details", "more"):
        text("summary", words("Assign to someone else"))
        with box("form", "row", data_assign=""):
            field(words("User"), "assignee", "triage", required=True, maxlength=SUBJECT.most, autocomplete="off")
            text("button", words("Assign"), "button slight", type="submit")
