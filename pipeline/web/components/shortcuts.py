"""The list of keys, and the way to turn single keys off (WCAG 2.1.4)."""

from __future__ import annotations

from pipeline.web.components.markup import box, text
from pipeline.web.i18n import N_, Words

KEYS = (
    ("/", N_("Search")),
    ("j", N_("Next row")),
    ("k", N_("Previous row")),
    ("Enter", N_("Open the row")),
    ("Esc", N_("Leave a field, close, or go back")),
    ("?", N_("This list")),
)


def shortcuts(words: Words) -> None:
    """A dialog that `?` opens."""
    with box("dialog", id="help", aria_labelledby="help-title"):
        text("h2", words("Keyboard"), id="help-title")
        with box("dl", "keys"):
            for key, meaning in KEYS:
                with box("dt"):
                    text("kbd", key)
                text("dd", words(meaning))
        with box("label", "choice"):
            box("input", type="checkbox", id="keys-on", checked=True)
            text("span", words("Use single keys"))
        with box("form", "row", method="dialog"):
            text("button", words("Close"), "button", type="submit")
