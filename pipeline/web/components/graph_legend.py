"""What the lines of a graph mean."""

from __future__ import annotations

from pipeline.web.components.badges import BAND_LABELS
from pipeline.web.components.markup import box, text
from pipeline.web.i18n import Words


def draw_legend(words: Words, *, shared: bool) -> None:
    """The lines of the bands, and that of a shared number where there is one."""
    with box("p", "row small legend"):
        for name, (_, word) in BAND_LABELS.items():
            with box("span", "row"):
                box("i", name, aria_hidden="true")
                text("span", words(word))
        if shared:
            with box("span", "row"):
                box("i", "shared", aria_hidden="true")
                text("span", words("Shared number"))
