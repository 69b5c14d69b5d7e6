"""A name as its agency wrote it, then how it reads in Latin letters; names in Latin letters stand alone.

Every page shows names by `draw_name`, or by `render_name` inside what is drawn as one piece.
"""

from __future__ import annotations

import htpy
from nicegui.element import Element

from pipeline.matching.names.romanisation.name_languages import name_language
from pipeline.matching.names.romanisation.romanise import romanise_name
from pipeline.web.components.markup import bidi_text, static_html


def draw_name(name: str, country: str = "", tag: str = "span", classes: str = "") -> Element:
    """A name as an element; `country` is of the agency that wrote it, "" if that is not known."""
    if not romanise_name(name, country):
        return bidi_text(name, "bdi" if tag == "span" else tag, classes)
    return static_html(render_name(name, country), tag, classes)


def render_name(name: str, country: str = "") -> htpy.Fragment:
    """The same as markup: the name in its own direction and language, and its romanisation in small letters."""
    romanised = romanise_name(name, country)
    if not romanised:
        return htpy.fragment[htpy.bdi(dir="auto")[name]]
    language = name_language(name, country)
    return htpy.fragment[
        htpy.bdi(dir="auto", lang=language or None)[name],
        " ",
        htpy.small(".romanised", dir="ltr", lang=f"{language[:2]}-Latn" if language else None)[romanised],
    ]
