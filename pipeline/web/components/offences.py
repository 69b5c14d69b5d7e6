"""Offences of a record: code and name, or what the agency itself says of a code of its own list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pipeline.records.offence_codes import find_offence
from pipeline.web.components.markup import bidi_text, box, link, text
from pipeline.web.i18n import Words

CODES_PATH = "/offences"
"""The page that lists the codes."""


def name_offence(words: Words, scheme: str, code: str, description: str | None = None) -> str:
    """What a code is called in the reader's language, else the agency's words for it; "" where there are none."""
    known = find_offence(scheme, code)
    return known.name(words.language) if known else description or ""


def draw_offences(words: Words, offences: Iterable[Mapping[str, str]]) -> None:
    """Each offence as a tag; a code of the international classification leads to its place in the list."""
    for offence in offences:
        scheme, code = offence["scheme"], offence["code"]
        name, known = name_offence(words, scheme, code, offence.get("description")), find_offence(scheme, code)
        with box("span", "tag wraps"):
            if known is None:
                text("span", f"{scheme} {code}")
            else:
                link(f"{scheme} {code}", f"{CODES_PATH}#code-{known.code}")
            if name:
                bidi_text(name)


def format_offence(words: Words, code: str) -> str:
    """A code with its classification ("ICCS:0401"), and its name where it is known."""
    scheme, _, number = code.partition(":")
    name = name_offence(words, scheme, number)
    return f"{scheme} {number} · {name}" if name else f"{scheme} {number}"
