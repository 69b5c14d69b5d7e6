"""Birth dates: whole, partial, and as a text that nobody could read as a date."""

from __future__ import annotations

from pipeline.matching.comparisons.levels import Comparison, Found, Level, Table
from pipeline.matching.fingerprint import EntityPrint
from pipeline.records.normalised import PartialDate

PERSON = frozenset({"person"})

SAME, SWAPPED, SAME_DEFAULT, ONE_DIGIT, SAME_MONTH, SAME_DAY, SAME_YEAR, YEAR_OFF, DIFFERENT = range(9)

WHOLE = (
    Level("same", 0.815, 4.6e-5, 0.01),
    Level("day_month_swapped", 0.02, 4.0e-5, 0.0003),
    Level("same_first_january", 0.03, 1.0e-4, 0.001),
    Level("one_digit", 0.05, 6.0e-4, 0.002),
    Level("same_year_month", 0.02, 1.3e-3, 0.003),
    Level("same_day_month", 0.015, 2.5e-3, 0.004),
    Level("same_year", 0.02, 1.5e-2, 0.02),
    Level("year_off_one", 0.01, 3.2e-2, 0.08),
    Level("different", 0.02, 0.95, 0.88),
)
"""Reference: births spread over 60 years and 365 days, so u(same) = 1/21,900; of 100 pairs of companions one are twins,
or one's date is held for the other's."""

PARTIAL = (
    Level("same_year_month", 0.80, 1.4e-3, 0.01),
    Level("same_year", 0.85, 1.7e-2, 0.03),
    Level("year_off_one", 0.08, 3.3e-2, 0.08),
    Level("different", 0.07, 0.95, 0.89),
)

TEXT = (
    Level("agrees", 0.80, 3.0e-4, 0.01),
    Level("agrees_in_part", 0.70, 1.2e-2, 0.05),
    Level("one_character", 0.12, 4.0e-3, 0.01),
    Level("different", 0.08, 0.98, 0.95),
)

CONFUSIONS = str.maketrans("oOqQdDiIlLtT|!zZsSgGbB", "0000001111111122556688")
"""Letters that stand for digits in misread forms."""

UNREADABLE = "?"
FULL_LENGTH = 8
WELL_KNOWN = 7
"""Of the eight characters of a date, so many known ones make agreement nearly as telling as a whole date."""

LITTLE_KNOWN = 5
"""Below so many known characters nothing is told."""


def birth_date(a: EntityPrint, b: EntityPrint, table: Table) -> Found | None:
    """Two whole birth dates: same, day and month swapped, one digit off or two neighbouring digits exchanged, same year
    and month, same day and month, same year, a year off, different. A shared 1 January says less, or nothing in two
    years: registers put it where only the year is known."""
    x, y = a.birth_date, b.birth_date
    if x is None or y is None or not x.day or not y.day:
        return None
    level = whole_level(x, y)
    return table.weights[level], level, 0, 0


def birth_date_partial(a: EntityPrint, b: EntityPrint, table: Table) -> Found | None:
    """Two birth dates of which at least one is known to the month or the year only: what both have is compared."""
    x, y = a.birth_date, b.birth_date
    if x is None or y is None or (x.day and y.day):
        return None
    level = partial_level(x, y)
    return table.weights[level], level, 0, 0


def birth_date_text(a: EntityPrint, b: EntityPrint, table: Table) -> Found | None:
    """A birth date kept as the text of a form ("19?0-04-3l") against another text or a date, character by character,
    letters that look like digits taken as digits, in any order of day, month and year; it is never parsed."""
    if not a.birth_date_text and not b.birth_date_text:
        return None
    if a.birth_date is not None and b.birth_date is not None:
        return None
    level = text_level(_forms(a), _forms(b))
    return None if level is None else (table.weights[level], level, 0, 0)


def whole_level(x: PartialDate, y: PartialDate) -> int:
    """The level of two dates that are both known to the day."""
    if x == y:
        return SAME_DEFAULT if _is_default(x) else SAME
    year_same, same_parts = x.year == y.year, (x.month == y.month) + (x.day == y.day)
    if year_same and x.month == y.day and x.day == y.month:
        return SWAPPED
    if (year_same or same_parts == 2) and _one_digit(x, y):
        return ONE_DIGIT
    if year_same:
        return SAME_MONTH if x.month == y.month else SAME_YEAR
    if same_parts == 2 and not _is_default(x):
        return SAME_DAY
    return YEAR_OFF if abs(x.year - y.year) == 1 else DIFFERENT


def _is_default(date: PartialDate) -> bool:
    """Whether only the year may be known: 1 January in two years agrees in nothing."""
    return date.month == 1 and date.day == 1


def partial_level(x: PartialDate, y: PartialDate) -> int:
    """The level of two dates of which one lacks the day or the month."""
    if x.year == y.year:
        if not x.month or not y.month:
            return 1
        return 0 if x.month == y.month else 2
    return 2 if abs(x.year - y.year) == 1 else 3


def _one_digit(x: PartialDate, y: PartialDate) -> bool:
    """One of eight digits differs, or two neighbouring ones are exchanged."""
    p, q = _digits(x), _digits(y)
    wrong = [k for k in range(FULL_LENGTH) if p[k] != q[k]]
    if len(wrong) == 1:
        return True
    return len(wrong) == 2 and wrong[1] == wrong[0] + 1 and p[wrong[0]] == q[wrong[1]] and p[wrong[1]] == q[wrong[0]]


def _digits(date: PartialDate) -> str:
    return f"{date.year:04d}{date.month:02d}{date.day:02d}"


def _forms(one: EntityPrint) -> tuple[str, ...]:
    """The eight characters of the date in each order in which a form may hold them; a text has one form only."""
    date = one.birth_date
    if date is None:
        text = _characters(one.birth_date_text)
        return (text,) if len(text) == FULL_LENGTH else ()
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


def date_value(one: EntityPrint, _index: int) -> str:
    """The date as ISO 8601, as far as it is known, or the text it came as."""
    date = one.birth_date
    if date is None:
        return one.birth_date_text
    parts = [f"{date.year:04d}", *(f"{part:02d}" for part in (date.month, date.day) if part)]
    return "-".join(parts)


DATES = (
    Comparison("birth_date", PERSON, WHOLE, birth_date, date_value),
    Comparison("birth_date_partial", PERSON, PARTIAL, birth_date_partial, date_value),
    Comparison("birth_date_text", PERSON, TEXT, birth_date_text, date_value),
)
