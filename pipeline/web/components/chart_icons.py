"""ICONS: what a chart's nodes have in them by type, as strokes on a field of 20 by 20, and what stands for which.

They tell types apart without colour, on the canvas (static/chart.js), in the legend and in files.
"""

from __future__ import annotations

from typing import Final

from pipeline.locale import N_
from pipeline.matching.explain.words import TYPES
from pipeline.web.i18n import Words

ICONS: Final = {
    "case": "M5 3h7l3 3v11H5zM12 3v3h3M7.5 10h5M7.5 13h5",
    "person": "M10 3.5a3 3 0 1 0 .01 0M4 17a6 6 0 0 1 12 0",
    "organisation": "M4 17V5h7v12M11 9h5v8M2.5 17h15M6.5 8h2M6.5 11h2M6.5 14h2",
    "vehicle": "M2.5 14V10.5L5 6h9l3.5 4.5V14zM5.5 14a1.7 1.7 0 1 0 .01 3.4M14.5 14a1.7 1.7 0 1 0 .01 3.4M3 10.5h14",
    "vessel": "M2.5 12h15l-3 5h-9zM10 12V3l5 6h-5",
    "phone": "M6 2.5h8v15H6zM9 15h2",
    "email": "M2.5 5h15v10h-15zM2.5 5l7.5 6 7.5-6",
    "document": "M2.5 5h15v10h-15zM5 8h4v4H5zM11.5 8.5h4M11.5 11.5h4",
    "account": "M2.5 8L10 3l7.5 5zM4.5 8v7M8 8v7M12 8v7M15.5 8v7M2.5 17h15",
    "weapon": "M2.5 6h15v4h-8l-2 6h-4l1.5-6h-2.5zM9.5 10v2.5h2.5",
    "event": "M3 5h14v12H3zM3 9h14M7 3v4M13 3v4",
    "address": "M10 17.5C6 13 4.5 10.5 4.5 8a5.5 5.5 0 0 1 11 0c0 2.5-1.5 5-5.5 9.5zM10 6.5a1.7 1.7 0 1 0 .01 0",
    "item": "M10 2.5l6.5 3.5v8L10 17.5 3.5 14V6zM3.5 6L10 9.5 16.5 6M10 9.5v8",
    "number": "M7.5 3l-1.5 14M14 3l-1.5 14M3.5 7.5h14M2.5 12.5h14",
}

DRAWN_AS: Final = {
    "iban": "account", "account_number": "account", "card": "account",
    "imei": "phone", "imo": "vessel", "passport": "document", "national_id": "document", "identity_card": "document",
    "driving_licence": "document", "residence_permit": "document", "birth_certificate": "document",
    "social_security": "document", "vat": "organisation", "lei": "organisation", "company_number": "organisation",
}  # fmt: skip
"""Types of things and numbers that have another's icon."""


def choose_icon(kind: str, type_: str, *, is_number: bool = False) -> str:
    """The name of a node's icon; "" for what says nothing of itself, as a hit."""
    if kind == "case":
        return "case"
    if kind != "thing":
        return ""
    name = DRAWN_AS.get(type_, type_)
    if name in ICONS:
        return name
    return "number" if is_number else "item"


LOOKS: Final = {
    "case": N_("Record"), **TYPES, "email": N_("E-mail"), "number": N_("Number"), "item": N_("Other"),
    "hit": N_("Hit only"), "closed": N_("An item that you can't open"), "own": N_("Own node"),
}  # fmt: skip
"""What a legend tells: each icon, and the outlines of what has none, in words."""


def list_looks(words: Words) -> list[tuple[str, str]]:
    """Each icon or outline by name, and what it means."""
    return [(name, words(word)) for name, word in LOOKS.items()]


def draw_icon(name: str) -> str:
    """An icon as an SVG in the colour of the text around it, hidden from those who hear the page."""
    return (
        '<svg viewBox="0 0 20 20" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linejoin="round"'
        f' stroke-linecap="round" aria-hidden="true" focusable="false"><path d="{ICONS[name]}"/></svg>'
    )
