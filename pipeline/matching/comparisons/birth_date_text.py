"""Birth dates that are kept as the text of a form, because nobody could read them as a date."""

from __future__ import annotations

from pipeline.locale import N_
from pipeline.matching.comparisons.birth_date import date_value
from pipeline.matching.comparisons.levels import Comparison, ComparisonResult, Level, Table
from pipeline.matching.fingerprint import EntityPrint
from pipeline.records.normalised import PartialDate

LEVELS = (
    Level("agrees", 0.80, 3.0e-4, 0.01),
    Level("agrees_in_part", 0.70, 1.2e-2, 0.05),
    Level("one_character", 0.12, 4.0e-3, 0.01),
    Level("different", 0.08, 0.98, 0.95),
)
AGREES, IN_PART, ONE_CHARACTER, DIFFERENT = range(4)
SOURCE = (
    "m is judgement, not counts: a date that nobody could read agrees in 4 of 5 where its characters are known; u "
    "is that of dates by chance, higher the fewer characters are known, and h that of companions' birth dates"
)

CONFUSIONS = str.maketrans("oOqQdDiIlLtT|!zZsSgGbB", "0000001111111122556688")
"""Letters that stand for digits in misread forms."""

UNREADABLE = "?"
FULL_LENGTH = 8
WELL_KNOWN = 7
"""Of the eight characters of a date, so many known ones make agreement nearly as telling as a whole date."""

LITTLE_KNOWN = 5
"""Below so many known characters nothing is told."""


def compare(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Compare a birth date kept as the text of a form ("19?0-04-3l") with another text or a date.

    Character by character, letters that look like digits taken as digits, in any order of day, month and year; the text
    is never parsed.
    """
    if not a.birth_date_text and not b.birth_date_text:
        return None
    if a.all_birth_dates and b.all_birth_dates:
        return None
    found = [
        (level, i, j)
        for i, p in enumerate(_forms(a))
        for j, q in enumerate(_forms(b))
        if (level := text_level(p, q)) is not None
    ]
    if not found:
        return None
    level, i, j = min(found)
    return ComparisonResult(table.bits[level], level, i, j)


def _forms(entity: EntityPrint) -> list[tuple[str, ...]]:
    """Of each date the eight characters in each order in which a form may hold them; a text has one form only."""
    dates = entity.all_birth_dates
    if not dates:
        text = _characters(entity.birth_date_text)
        return [(text,) if len(text) == FULL_LENGTH else ()]
    return [_orders(date.first) if date.exact else () for date in dates]


def _orders(date: PartialDate) -> tuple[str, ...]:
    year, month, day = (
        f"{date.year:04d}",
        f"{date.month:02d}" if date.month else "??",
        f"{date.day:02d}" if date.day else "??",
    )
    return year + month + day, year + day + month, day + month + year, month + day + year


def _characters(text: str) -> str:
    digits = text.translate(CONFUSIONS)
    return "".join(c if c.isdecimal() else UNREADABLE for c in digits if c.isalnum() or c in "?*_")


def text_level(forms_a: tuple[str, ...], forms_b: tuple[str, ...]) -> int | None:
    """The best level over all orders; None where a text has not the eight characters of a date."""
    levels = (_characters_level(p, q) for p in forms_a for q in forms_b)
    return min((level for level in levels if level is not None), default=None)


def _characters_level(p: str, q: str) -> int | None:
    known = [(x, y) for x, y in zip(p, q, strict=True) if UNREADABLE not in (x, y)]
    if len(known) < LITTLE_KNOWN:
        return None
    wrong = sum(x != y for x, y in known)
    if wrong == 0:
        return 0 if len(known) >= WELL_KNOWN else 1
    return 2 if wrong == 1 and len(known) >= WELL_KNOWN - 1 else 3


BIRTH_DATE_TEXT = Comparison(
    "birth_date_text",
    "birth_date_text",
    N_("Unreadable date of birth"),
    N_("the unreadable date of birth"),
    LEVELS,
    SOURCE,
    compare,
    date_value,
    also_reads=("birth_date", "birth_dates"),
    sketched=False,
)
