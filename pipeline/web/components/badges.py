"""Bands, colours of review, handling codes: words that carry a shape as well, never a colour alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final, Protocol

import htpy
from msgspec import UnsetType

from pipeline.access.release import STRICTNESS
from pipeline.api.answers import told
from pipeline.api.services.export_words import BAND_WORDS, COLOURS
from pipeline.locale import N_
from pipeline.matching.bands import Band
from pipeline.records.caveats import CaveatTranslation
from pipeline.web.components.markup import box, static_html, text
from pipeline.web.components.terms import draw_help
from pipeline.web.components.values import render_whole
from pipeline.web.i18n import Words

BAND_LABELS = {band: (len(BAND_WORDS) - at, word) for at, (band, word) in enumerate(BAND_WORDS.items())}
"""How many of three bars stand for the band of a link, and its word."""

_WEAK: Final = 0, N_("Weak")
"""The same of what answers a search, though it would be no link."""

ORIGINAL: Final = N_("Original (binding):")
"""Before a caveat that stands beside its translation."""

HANDLING = {
    "H0": N_("Full content for countries it is released to"),
    "H1": N_("Full content with the owner's caveat"),
    "H2": N_("Hit only: content on request"),
    "H3": N_("Silent: invisible to other agencies"),
}

ON_PAGE: Final = N_("{code}, the strictest on this page: {meaning}")
IN_FILE: Final = N_("{code}, the strictest in this file: {meaning}")


def tell_strictest(words: Words, codes: Collection[str], said: str) -> str:
    """In the words of `said`, the strictest of some handling codes, and what it means."""
    code = max(codes, key=lambda code: STRICTNESS.index(code) if code in STRICTNESS else len(STRICTNESS))
    return words(said, code=code, meaning=words.label(HANDLING, code))


def draw_band(words: Words, name: Band) -> None:
    """A band as up to three bars and its word."""
    bars, word = BAND_LABELS.get(name, _WEAK)
    with box("span", "band"):
        with box("i", aria_hidden="true"):
            for at in range(3):
                box("b", "on" if at < bars else "")
        text("span", words(word))


def render_band(words: Words, name: Band) -> htpy.Element:
    """The same of a row that only shows."""
    bars, word = BAND_LABELS.get(name, _WEAK)
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


class Cautioned(Protocol):
    """A record, or a side of a link, as an answer has it: whose it is, and what its owner asks."""

    @property
    def case(self) -> str:
        """Its key."""

    @property
    def agency(self) -> str:
        """Its owner."""

    @property
    def caveat(self) -> str | UnsetType | None:
        """What the owner asks; it binds."""

    @property
    def caveat_translation(self) -> CaveatTranslation | UnsetType:
        """The owner's translation of it for the reader."""


def draw_caveat(words: Words, row: Cautioned, language: str = "", others: Mapping[str, str] | None = None) -> None:
    """What a record's owner asks its readers to heed, if anything, with the owner's name and the record's number.

    The owner's translation for the reader comes first and the original, which binds, below. `language` is the
    record's where there is no translation, `others` are all translations there are: those that are not shown can be
    opened.
    """
    caveat, translation = told(row.caveat), told(row.caveat_translation)
    if not caveat:
        return
    rest = {tag: said for tag, said in (others or {}).items() if not translation or tag != translation.language}
    with box("div", "notice caveat", role="note"):
        with box("p"):
            whose = words.agency_title(row.agency)
            static_html(render_whole(words("Caveat of {agency} on {case}: ", agency=whose, case=row.case)), "strong")
            text("bdi", translation.text if translation else caveat, dir="auto",
                 lang=translation.language if translation else language or None)  # fmt: skip
            text("span", " ")
            draw_help(words, "caveat")
        if translation:
            with box("p", "small"):
                text("span", words(ORIGINAL) + " ")
                text("bdi", caveat, dir="auto", lang=translation.original_language or "")
        if rest:
            with box("details", "small"):
                text("summary", words("In other languages"))
                for tag, said in sorted(rest.items()):
                    with box("p"):
                        text("span", words.language_name(tag) + words(": "), "quiet")
                        text("bdi", said, dir="auto", lang=tag)


def render_caveat(words: Words, row: Cautioned) -> htpy.Node:
    """A caveat in a cell of its own: the translation, and the original below."""
    caveat, translation = told(row.caveat), told(row.caveat_translation)
    if not caveat or not translation:
        return caveat and htpy.bdi(dir="auto")[caveat]
    return [
        htpy.bdi(dir="auto", lang=translation.language)[translation.text],
        htpy.span(".under")[
            words(ORIGINAL), " ", htpy.bdi(dir="auto", lang=translation.original_language or "")[caveat]
        ],
    ]


def draw_caveat_badge(words: Words, row: Cautioned) -> None:
    """The same in a list: that there is one, and whose; what it says is heard, and shows on hovering."""
    if made := render_caveat_badge(words, row):
        static_html(made, "span")


def render_caveat_badge(words: Words, row: Cautioned, *, brief: bool = False) -> htpy.Element | None:
    """The same of a row that only shows; a `brief` one shows no agency, which is heard and told on hovering."""
    caveat, translation = told(row.caveat), told(row.caveat_translation)
    if not caveat:
        return None
    said = [htpy.span(".hidden-words", dir="auto")[caveat]]
    if translation:
        said = [
            htpy.span(".hidden-words", dir="auto", lang=translation.language)[translation.text],
            htpy.span(".hidden-words")[words(ORIGINAL)],
            htpy.span(".hidden-words", dir="auto", lang=translation.original_language or "")[caveat],
        ]
    whose = words("Caveat of {agency}", agency=words.agency_title(row.agency))
    whole = format_caveat(words, caveat, translation)
    if brief:
        shown = [htpy.span(aria_hidden="true")[words("Caveat")], htpy.span(".hidden-words")[whose]]
        return htpy.span(".tag.warn", title=f"{whose}\n{whole}")[shown, said]
    return htpy.span(".tag.warn", title=whole)[htpy.span[whose], said]


def format_caveat(words: Words, caveat: str, translation: CaveatTranslation | None) -> str:
    """A caveat as plain text: the owner's translation, if there is one for the reader, and the original on a line."""
    return f"{translation.text}\n{words(ORIGINAL)} {caveat}" if translation else caveat


def badge(content: object, kind: str = "") -> None:
    """A word in a frame; `kind` is plain, warn or bad."""
    text("span", content, f"tag {kind}".strip())


def draw_basis(words: Words, name: Band, *, shared: bool) -> None:
    """A link's band, and a word where it is that of a number in two hands."""
    draw_band(words, name)
    if shared:
        badge(words("Shared number"), "warn")
