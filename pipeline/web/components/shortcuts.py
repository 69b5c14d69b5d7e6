"""The list of keys, and the way to turn single keys off (WCAG 2.1.4)."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.web.components.markup import box, text
from pipeline.web.i18n import N_, Words

KEYS = {
    "/": N_("Search"),
    "j": N_("Next row"),
    "k": N_("Previous row"),
    "Enter": N_("Open the row"),
    "a": N_("Take the row, or give it back"),
    "1 2 3 4": N_("Choose a verdict"),
    "Ctrl Enter": N_("Send the form"),
    "Esc": N_("Leave a field, close, or go back"),
    "?": N_("This list"),
}


def shortcuts(words: Words, pages: Mapping[str, str]) -> None:
    """A dialog that `?` opens; `pages` are those that a letter leads to after a g."""
    with box("dialog", id="help", aria_labelledby="help-title"):
        text("h2", words("Keyboard"), id="help-title")
        with box("dl", "keys"):
            for keys, meaning in (KEYS | {f"g {letter}": word for letter, word in pages.items()}).items():
                with box("dt"):
                    for key in keys.split():
                        text("kbd", key)
                text("dd", words(meaning))
        with box("label", "choice"):
            box("input", type="checkbox", id="keys-on", checked=True)
            text("span", words("Use single keys"))
        with box("form", "row", method="dialog"):
            text("button", words("Close"), "button", type="submit")
