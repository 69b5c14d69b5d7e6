"""Values that stand for "not known": they must never be evidence."""

from __future__ import annotations

from pipeline.records.field_words import say_nothing
from pipeline.records.normalised import PartialDate

PLACEHOLDERS = frozenset({""}) | say_nothing("unknown") | say_nothing("nothing")
"""Case-folded; from the habits of national registers, in the languages of field_words.toml."""

PLACEHOLDER_DATES = frozenset({(1900, 1, 1), (1900, 0, 0), (1111, 11, 11), (1, 1, 1), (9999, 12, 31), (9999, 0, 0)})
"""Defaults of common databases and forms."""

FILLER = frozenset("0X?*-. ")
"""Characters that alone make no number."""

_NO_NUMBERS = PLACEHOLDERS.union(row[:length] for row in ("0123456789012", "1234567890123") for length in range(6, 14))
"""Case-folded cores that are none: what says that it is not known, and at least six digits that count up."""


def is_placeholder(folded: str) -> bool:
    """Whether the case-folded, stripped text says only that the value is not known."""
    return folded in PLACEHOLDERS


def is_placeholder_date(date: PartialDate) -> bool:
    """Whether the date is one that forms and databases put where none is known."""
    return (date.year, date.month, date.day) in PLACEHOLDER_DATES


def is_placeholder_number(core: str) -> bool:
    """Whether an identifier's core is filler: under two characters, one of them repeated, counting up from 0 or 1."""
    return (
        len(core) < 2 or FILLER.issuperset(core) or core.count(core[0]) == len(core) or core.casefold() in _NO_NUMBERS
    )
