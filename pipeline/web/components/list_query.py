"""What a row of a list asks, as a reader sees it: each value under the word of its field."""

from __future__ import annotations

import re

from pipeline.api.list_columns import TARGET_LABELS
from pipeline.web.components.markup import bidi_text, box, text
from pipeline.web.i18n import Words

_PART = re.compile(r'(\w+):"([^"]*)"\s*')
_ROW = re.compile(rf"(?:{_PART.pattern})+")


def draw_query(words: Words, question: str) -> None:
    """A question that columns make, part by part; one that was written as it stands, as it stands."""
    if not question:
        text("span", words("Nothing to search for"), "tag warn")
        return
    if not _ROW.fullmatch(question):
        bidi_text(question)
        return
    with box("span", "asked"):
        for field, value in _PART.findall(question):
            with box("span", title=words.label(TARGET_LABELS, field)):
                said = words("{field}:", field=words.label(TARGET_LABELS, field))
                text("span", f"{said} ", "hidden-words" if field == "name" else "quiet")
                bidi_text(value, classes="strong" if field == "name" else "")


def format_query(question: str) -> str:
    """A question's values alone, as a name for what it found."""
    if not _ROW.fullmatch(question):
        return question
    return " · ".join(value for _, value in _PART.findall(question))
