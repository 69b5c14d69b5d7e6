"""The list of keys, and the way to turn single keys off (WCAG 2.1.4)."""

from __future__ import annotations

from collections.abc import Mapping

import htpy

from pipeline.locale import N_
from pipeline.web.components.markup import static_html
from pipeline.web.i18n import Words

KEYS = {
    "/": N_("Search"),
    "j": N_("Next row"),
    "k": N_("Previous row"),
    "Enter": N_("Open the row"),
    "a": N_("Assign to me, or unassign"),
    "1 2 3 4": N_("Choose a decision; in the inbox, save it and go on"),
    "x": N_("Inbox: select the row"),
    "r": N_("Inbox: enter a reason"),
    "u": N_("Inbox: undo the last decision"),
    "Ctrl Enter": N_("Submit the form"),
    "Esc": N_("Leave the field, close or go back"),
    "?": N_("Show these shortcuts"),
}


def draw_shortcuts(words: Words, pages: Mapping[str, str]) -> None:
    """A dialog that `?` opens; `pages` are those that a letter leads to after a g."""
    meanings = KEYS | {f"g {letter}": word for letter, word in pages.items()}
    keys_on = htpy.input("#keys-on", type="checkbox", checked=True)
    content = [
        htpy.h2("#help-title")[words("Keyboard shortcuts")],
        htpy.dl(".keys")[([_render_keys(keys), htpy.dd[words(word)]] for keys, word in meanings.items())],
        htpy.label(".choice")[keys_on, htpy.span[words("Enable single-key shortcuts")]],
        htpy.form(".row", method="dialog")[htpy.button(".button", type="submit")[words("Close")]],
    ]
    static_html(content, "dialog", id="help", aria_labelledby="help-title")


def _render_keys(keys: str) -> htpy.Element:
    return htpy.dt[[htpy.kbd[key] for key in keys.split()]]
