"""Birth dates that are kept as the text of a form, because nobody could read them as a date."""

from __future__ import annotations

from pipeline.locale import N_
from pipeline.matching.comparisons.birth_date import date_value
from pipeline.matching.comparisons.damaged_dates import UNREADABLE, are_look_alikes, date_characters, may_be_one
from pipeline.matching.comparisons.levels import Comparison, ComparisonResult, Level, Table
from pipeline.matching.fingerprint import EntityPrint
from pipeline.records.normalised import PartialDate

LEVELS = (
    Level("agrees", 0.80, 3.0e-4, 0.01, 0.0005, 0.01),
    Level("look_alike_digit", 0.08, 5.3e-4, 0.01, 0.0005, 0.01),
    Level("agrees_in_part", 0.70, 1.2e-2, 0.05, 0.01, 0.05),
    Level("one_character", 0.12, 4.0e-3, 0.01, 0.002, 0.01),
    Level("different", 0.08, 0.98, 0.95, 0.99, 0.95),
)
AGREES, LOOK_ALIKE, IN_PART, ONE_CHARACTER, DIFFERENT = range(5)
SOURCE = (
    "m is judgement, not counts: a date that nobody could read agrees in 4 of 5 where its characters are known; u "
    "is that of dates by chance, higher the fewer characters are known, and h that of companions' birth dates; 6 of "
    "the 45 pairs of digits look alike, hence u(look_alike_digit) = 6/45 of u(one_character)"
)

WELL_KNOWN = 7
"""Of the eight characters of a date, so many known ones make agreement nearly as telling as a whole date."""

LITTLE_KNOWN = 5
"""Below so many known characters nothing is told."""


def compare(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Compare a birth date kept as the text of a form ("19?0-04-3l") with another text or a date.

    Character by character, letters that look like digits taken as these, in any order of day, month and year; one digit
    that looks like the other's (3 and 8, 1 and 7) hardly contradicts. The text is never parsed.
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
    """Of each date, or of the text, the eight characters in each order of day and month."""
    dates = entity.all_birth_dates
    if not dates:
        return [date_characters(entity.birth_date_text)]
    return [_orders(date.first) if date.exact else () for date in dates]


def _orders(date: PartialDate) -> tuple[str, ...]:
    year = f"{date.year:04d}"
    month, day = (f"{part:02d}" if part else 2 * UNREADABLE for part in (date.month, date.day))
    return year + month + day, year + day + month


def text_level(forms_a: tuple[str, ...], forms_b: tuple[str, ...]) -> int | None:
    """The best level over all orders; None where a text has not the eight characters of a date."""
    levels = (_characters_level(p, q) for p in forms_a for q in forms_b)
    return min((level for level in levels if level is not None), default=None)


def _characters_level(p: str, q: str) -> int | None:
    known = [(x, y) for x, y in zip(p, q, strict=True) if UNREADABLE not in (x, y)]
    if len(known) < LITTLE_KNOWN:
        return None
    wrong = [(x, y) for x, y in known if x != y and not may_be_one(x, y)]
    if not wrong:
        return AGREES if len(known) >= WELL_KNOWN else IN_PART
    if len(wrong) > 1 or len(known) < WELL_KNOWN - 1:
        return DIFFERENT
    return LOOK_ALIKE if are_look_alikes(*wrong[0]) and len(known) >= WELL_KNOWN else ONE_CHARACTER


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
