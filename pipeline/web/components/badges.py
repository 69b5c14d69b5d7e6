"""Bands, colours of review, handling codes: words that carry a shape as well, never a colour alone."""

from __future__ import annotations

import htpy

from pipeline.api.services.export_words import BAND_WORDS, COLOURS
from pipeline.locale import N_
from pipeline.matching.bands import Band
from pipeline.web.components.markup import bidi_text, box, text
from pipeline.web.components.terms import draw_help
from pipeline.web.i18n import Words

BAND_LABELS = {band: (len(BAND_WORDS) - at, word) for at, (band, word) in enumerate(BAND_WORDS.items())}
"""How many of three bars stand for a band, and its word."""

HANDLING = {
    "H0": N_("Full content for countries it is released to"),
    "H1": N_("Full content with the owner's caveat"),
    "H2": N_("Hit only: content on request"),
    "H3": N_("Silent: invisible to other agencies"),
}


def draw_band(words: Words, name: Band) -> None:
    """A band as one to three bars and its word."""
    bars, word = BAND_LABELS.get(name, (0, name))
    with box("span", "band"):
        with box("i", aria_hidden="true"):
            for at in range(3):
                box("b", "on" if at < bars else "")
        text("span", words(word))


def render_band(words: Words, name: Band) -> htpy.Element:
    """The same of a row that only shows."""
    bars, word = BAND_LABELS.get(name, (0, name))
    return htpy.span(".band")[
        htpy.i(aria_hidden="true")[[htpy.b(class_="on" if at < bars else None) for at in range(3)]],
        htpy.span[words(word)],
    ]


def draw_colour(words: Words, name: str) -> None:
    """The colour that reviews give a link, with what it says."""
    with box("span", f"colour {name}"):
        box("i", aria_hidden="true")
        text("span", words.label(COLOURS, name))


def render_colour(words: Words, name: str) -> htpy.Element:
    """The same of a row that only shows."""
    return htpy.span(class_=f"colour {name}")[htpy.i(aria_hidden="true"), htpy.span[words.label(COLOURS, name)]]


def draw_handling_code(words: Words, code: str) -> None:
    """A handling code; what it means stands beside it for those who hear it and on hovering."""
    meaning = words.label(HANDLING, code)
    with box("span", "tag code", title=meaning):
        text("span", code)
        text("span", meaning, "hidden-words")


def draw_caveat(words: Words, agency: str, caveat: str) -> None:
    """What a record's owner asks its readers to heed, with the owner's name."""
    with box("p", "notice", role="note"):
        text("strong", words("Caveat of {agency}: ", agency=words.agency_title(agency)))
        bidi_text(caveat)
        text("span", " ")
        draw_help(words, "caveat")


def draw_caveat_badge(words: Words, agency: str, caveat: str) -> None:
    """The same in a list: that there is one, and whose; what it says is heard, and shows on hovering."""
    with box("span", "tag warn", title=caveat):
        text("span", words("Caveat of {agency}", agency=words.agency_title(agency)))
        text("span", caveat, "hidden-words", dir="auto")


def render_caveat_badge(words: Words, agency: str, caveat: str) -> htpy.Element:
    """The same of a row that only shows."""
    return htpy.span(".tag.warn", title=caveat)[
        htpy.span[words("Caveat of {agency}", agency=words.agency_title(agency))],
        htpy.span(".hidden-words", dir="auto")[caveat],
    ]


def badge(content: object, kind: str = "") -> None:
    """A word in a frame; `kind` is plain, warn or bad."""
    text("span", content, f"tag {kind}".strip())


def draw_basis(words: Words, name: Band, *, shared: bool) -> None:
    """A link's band, and a word where it is that of a number in two hands."""
    draw_band(words, name)
    if shared:
        badge(words("Shared number"), "warn")
