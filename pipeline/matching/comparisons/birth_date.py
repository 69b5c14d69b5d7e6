"""Birth dates: whole ones, partial ones, ranges and dates about, and texts that nobody could read as a date.

Of several the best pair counts. A range agrees with what lies in it as a partial date agrees, at a fee for its width: a
stranger's year lies in a range of six years six times as often as in one. A text that is no date is compared character
by character, and `readings` says which dates it may stand for.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice, product
from typing import NamedTuple

from pipeline.matching.comparisons.comparison import CHOICE_FEES, ComparisonResult, Table, best_of_several, less_fees
from pipeline.matching.fingerprint import EntityPrint
from pipeline.matching.operations import DONE
from pipeline.records.dates import format_birth_date
from pipeline.records.normalised import BirthDate, PartialDate

SAME, SWAPPED, SAME_DEFAULT, ONE_DIGIT, SAME_MONTH, SAME_DAY, SAME_YEAR, YEAR_OFF, YEARS_APART, DIFFERENT = range(10)
PARTIAL_MONTH, PARTIAL_YEAR, PARTIAL_OFF, PARTIAL_ESTIMATED, PARTIAL_APART, PARTIAL_DIFFERENT = range(6)

WRONG_YEARS = 3
"""Years between two births from which they are of two people, as a rule: one person's wrong year is near the right one,
who is named after another is seldom born so soon after. A wider window (13 years) links people of one name and age: of
the demo's links .937 were right, .956 with this one; recall of people on the UN's and the UK's lists fell from .998 to
.987."""

ESTIMATED_YEARS = 6
"""Years between two births from which they are of two people where each is known to its year alone: such a year is an
estimate more often than not. Of 109 people whom the UN's and the UK's lists know so (half a), 16 are two to five years
apart; of 114 whom both know to the day, 2."""

SHOWN = (SAME_MONTH, SAME_YEAR, YEAR_OFF, YEARS_APART, YEARS_APART, DIFFERENT)
"""The levels of whole dates that have the names of those of partial ones."""

CIRCA_YEARS = 1
"""About 1970 is 1969 to 1971: so the US list states as a range what the UN list calls approximate."""

MONTHS_A_YEAR = 12

TEXT_AGREES, TEXT_LOOKS_ALIKE, TEXT_IN_PART, TEXT_ONE_CHARACTER, TEXT_DIFFERENT = range(5)
"""Of a text with another, or with a date."""

WELL_KNOWN = 7
"""Of the eight characters of a date, so many known ones make agreement nearly as telling as a whole date."""

LITTLE_KNOWN = 5
"""Below so many known characters nothing is told."""

UNREADABLE = "?"

MAY_BE = {
    "o": "0", "d": "0", "q": "09", "i": "17", "l": "17", "t": "17", "|": "17", "!": "1", "z": "27", "s": "58",
    "g": "69", "b": "86", "a": "4",
}  # fmt: skip
"""Letters and signs that stand for digits in misread forms, the likelier digit first."""

LOOK_ALIKES = frozenset(map(frozenset, ("38", "17", "06", "49", "56", "08")))
"""Digits that people and scanners take for each other."""

DATE_LENGTH = 8
YEAR_LENGTH = 4
"""Digits of a date, and of its year."""

FEWEST_DIGITS = 4
"""A text with fewer is no date: words have letters that look like digits, too."""

MOST_READINGS = 4
"""Dates that one text may stand for, likelier first; more would tell nothing."""

_PARTS = re.compile(r"[0-9a-z?*|!]+")


def compare_whole(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Compare two whole birth dates.

    Same, day and month swapped, one digit off or two neighbouring digits exchanged, same year and month, same day and
    month, same year, a year off, two years apart, different. A shared 1 January says less, or nothing in
    two years: registers put it where only the year is known. Of several dates, whole or not, ranges and dates about
    included, the best pair counts, less a fee for those that agree with none of the other side.
    """
    x, y = a.birth_date, b.birth_date
    if x is None or y is None:
        return _compare_several(a, b, table) if a.birth_dates or b.birth_dates else None
    if not x.day or not y.day:
        return None
    return table.results[whole_level(x, y)]


def compare_partial(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Two birth dates of which at least one is known to the month or the year only: what both have is compared.

    Of several dates the comparison of birth dates takes the best pair, partial ones included.
    """
    x, y = a.birth_date, b.birth_date
    if x is None or y is None or (x.day and y.day):
        return None
    return table.results[partial_level(x, y)]


def _compare_several(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Of all dates of both; a pair of which one is not known to the day has the bits of partial dates."""
    rows, columns = a.all_birth_dates, b.all_birth_dates
    if not rows or not columns or table.beside is None:
        return None
    DONE.operations += len(rows) * len(columns)
    grid = []
    for i, x in enumerate(rows):
        row = []
        for j, y in enumerate(columns):
            partial, level, choices = stated_level(x, y)
            bits = (table.beside if partial else table).bits[level]
            fee = CHOICE_FEES[min(choices, len(CHOICE_FEES)) - 1]
            row.append(ComparisonResult(less_fees(bits, fee), SHOWN[level] if partial else level, i, j))
        grid.append(row)
    return best_of_several(grid)


def date_value(entity: EntityPrint, index: int) -> str:
    """One of the dates as ISO 8601, as far as it is known, or the text that it came as."""
    dates = entity.all_birth_dates
    return format_birth_date(dates[index]) if dates else entity.birth_date_text


@lru_cache(maxsize=65536)
def stated_level(x: BirthDate, y: BirthDate) -> tuple[bool, int, int]:
    """The level of two dates, ranges or dates about: whether of partial dates, which, and of how many choices."""
    if not x.exact or not y.exact:
        found = nearest_dates(x, y)
        return True, partial_level(found.first, found.other), found.choices
    if x.first.day and y.first.day:
        return False, whole_level(x.first, y.first), 1
    return True, partial_level(x.first, y.first), 1


def whole_level(x: PartialDate, y: PartialDate) -> int:
    """The level of two dates that are both known to the day."""
    year, month, day = x.year == y.year, x.month == y.month, x.day == y.day
    return whole_level_of(
        year=year,
        month=month,
        day=day,
        one_digit=(year or (month and day)) and one_digit_off(x, y),
        swapped=x.month == y.day and x.day == y.month,
        years=abs(x.year - y.year),
        default=_is_default(x),
    )


def whole_level_of(
    *, year: bool, month: bool, day: bool, one_digit: bool, swapped: bool, years: int, default: bool = False
) -> int:
    """The level by what two dates have in common, and how many `years` are between them.

    `one_digit` is asked for only where their years, or their months and days, are the same. `default`: both are of
    1 January, which a row of a sketch does not look at, as it makes no level stronger.
    """
    if year and month and day:
        return SAME_DEFAULT if default else SAME
    if year and swapped:
        return SWAPPED
    if one_digit and (year or (month and day)):
        return ONE_DIGIT
    if year:
        return SAME_MONTH if month else SAME_YEAR
    if month and day and not default:
        return SAME_DAY
    return YEAR_OFF if years == 1 else YEARS_APART if years < WRONG_YEARS else DIFFERENT


def _is_default(date: PartialDate) -> bool:
    """Whether only the year may be known: 1 January in two years agrees in nothing."""
    return date.month == 1 and date.day == 1


def partial_level(x: PartialDate, y: PartialDate) -> int:
    """The level of two dates of which one lacks the day or the month."""
    return partial_level_of(
        year=x.year == y.year,
        month=x.month == y.month,
        no_month=not x.month or not y.month,
        years=abs(x.year - y.year),
        estimates=_is_year(x) and _is_year(y),
    )


def partial_level_of(*, year: bool, month: bool, no_month: bool, years: int, estimates: bool) -> int:
    """The level by what two dates have in common; `estimates`: each is known to its year alone."""
    if year:
        if no_month:
            return PARTIAL_YEAR
        return PARTIAL_MONTH if month else PARTIAL_OFF
    if years == 1:
        return PARTIAL_OFF
    if years < ESTIMATED_YEARS and estimates:
        return PARTIAL_ESTIMATED
    return PARTIAL_APART if years < WRONG_YEARS else PARTIAL_DIFFERENT


def _is_year(date: PartialDate) -> bool:
    """Whether only the year is known."""
    return not date.month or _is_default(date)


def one_digit_off(x: PartialDate, y: PartialDate) -> bool:
    """One of eight digits differs, or two neighbouring ones are exchanged."""
    p, q = _digits(x), _digits(y)
    wrong = [k for k in range(DATE_LENGTH) if p[k] != q[k]]
    if len(wrong) == 1:
        return True
    return len(wrong) == 2 and wrong[1] == wrong[0] + 1 and p[wrong[0]] == q[wrong[1]] and p[wrong[1]] == q[wrong[0]]


def _digits(date: PartialDate) -> str:
    return f"{date.year:04d}{date.month:02d}{date.day:02d}"


class NearestDates(NamedTuple):
    """The dates of two ranges nearest to each other; by chance they agree as often as `choices` single ones."""

    first: PartialDate
    other: PartialDate
    choices: int = 1


def nearest_dates(x: BirthDate, y: BirthDate) -> NearestDates:
    """By months where both state them and lie within a year of their own, by years otherwise."""
    by_month = states_months(x) and states_months(y)
    if by_month:
        months, other_months = _month_span(x), _month_span(y)
        if max(_width(months), _width(other_months)) < MONTHS_A_YEAR and _overlap(months, other_months):
            met = _from_month(max(months[0], other_months[0]))
            return NearestDates(met, met, _choices(months, other_months))
    years, other_years = year_span(x), year_span(y)
    if not _overlap(years, other_years):
        year, other = _nearest_ends(years, other_years)
        return NearestDates(PartialDate(year), PartialDate(other))
    if by_month and not _overlap(months, other_months):
        month, other = _nearest_ends(months, other_months)
        return NearestDates(_from_month(month), _from_month(other))
    met = PartialDate(max(years[0], other_years[0]))
    return NearestDates(met, met, _choices(years, other_years))


def year_span(date: BirthDate) -> tuple[int, int]:
    """The first and last year that it may be; of a date about that is known to the year, those beside it too."""
    beside = CIRCA_YEARS if date.circa and not date.first.month else 0
    return date.first.year - beside, date.last.year + beside


def states_months(date: BirthDate) -> bool:
    """Whether it names months; a date about does not, whatever it says."""
    return bool(date.first.month and date.last.month) and not date.circa


def _month_span(date: BirthDate) -> tuple[int, int]:
    """Months since year 0."""
    return MONTHS_A_YEAR * date.first.year + date.first.month, MONTHS_A_YEAR * date.last.year + date.last.month


def _from_month(month: int) -> PartialDate:
    year, of_year = divmod(month - 1, MONTHS_A_YEAR)
    return PartialDate(year, of_year + 1)


def _overlap(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]


def _nearest_ends(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    """Of two spans that do not overlap."""
    return (one[1], other[0]) if one[1] < other[0] else (one[0], other[1])


def _width(span: tuple[int, int]) -> int:
    return 1 + span[1] - span[0]


def _choices(one: tuple[int, int], other: tuple[int, int]) -> int:
    """Places of one span at which it overlaps the other."""
    return _width(one) + _width(other) - 1


def compare_text(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
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
        return TEXT_AGREES if len(known) >= WELL_KNOWN else TEXT_IN_PART
    if len(wrong) > 1 or len(known) < WELL_KNOWN - 1:
        return TEXT_DIFFERENT
    return TEXT_LOOKS_ALIKE if are_look_alikes(*wrong[0]) and len(known) >= WELL_KNOWN else TEXT_ONE_CHARACTER


@lru_cache(maxsize=16384)
def date_characters(text: str) -> tuple[str, ...]:
    """The eight characters of a folded text as year, month, day, in each order it may have; () if it has not eight.

    A digit, a letter of MAY_BE, or UNREADABLE. Where the month can't be one, day and month are exchanged too.
    """
    if sum(map(str.isdecimal, text)) < FEWEST_DIGITS:
        return ()
    parts = [part.translate(_READ) for part in _PARTS.findall(text.replace("_", UNREADABLE))]
    if len(parts) == len("ymd") and sorted(map(len, parts)) in ([1, 1, 4], [1, 2, 4], [2, 2, 4]):
        parts = [part if len(part) == YEAR_LENGTH else part.zfill(2) for part in parts]
        first, middle, last = parts
        orders = (
            [(first, middle, last)] if len(first) == YEAR_LENGTH else [(last, middle, first), (last, first, middle)]
        )
    else:
        joined = "".join(parts)
        if len(joined) != DATE_LENGTH:
            return ()
        orders = [(joined[:4], joined[4:6], joined[6:]), (joined[4:], joined[2:4], joined[:2]),
                  (joined[4:], joined[:2], joined[2:4])]  # fmt: skip
    orders += [
        (year, day, month) for year, month, day in orders[:1] if month.isdecimal() and int(month) > MONTHS_A_YEAR
    ]
    return tuple(dict.fromkeys("".join(order) for order in orders if len(order[0]) == YEAR_LENGTH))


_READ = {
    code: UNREADABLE for code in map(ord, "abcdefghijklmnopqrstuvwxyz*") if chr(code) not in MAY_BE
}  # fmt: skip


@lru_cache(maxsize=4096)
def may_be_one(x: str, y: str) -> bool:
    """Whether two characters may stand for one digit."""
    return not set(MAY_BE.get(x, x)).isdisjoint(MAY_BE.get(y, y))


def are_look_alikes(x: str, y: str) -> bool:
    """Whether two digits are taken for each other."""
    return frozenset((x, y)) in LOOK_ALIKES


@lru_cache(maxsize=16384)
def readings(text: str) -> tuple[tuple[int, int, int], ...]:
    """The dates that a text may stand for as (year, month, day); 0 in place of a part that can't be read, or be one.

    Only of the likeliest order, and those that are known by the year, or by day and month. A day and month that can't
    be are read as if one of their digits stood for one that looks like it, where that makes them a date.
    """
    forms = date_characters(text)
    if not forms:
        return ()
    month = forms[0][YEAR_LENGTH : YEAR_LENGTH + 2]
    characters = forms[-1] if month.isdecimal() and int(month) > MONTHS_A_YEAR else forms[0]
    if characters.isdecimal() and not _as_date(characters)[1] and (mended := _mend_digit(forms)):
        return mended
    choices = [MAY_BE.get(one, one) for one in characters]
    found = (_as_date("".join(one)) for one in islice(product(*choices), MOST_READINGS))
    return tuple(dict.fromkeys(date for date in found if date[0] or date[1]))


def _mend_digit(forms: tuple[str, ...]) -> tuple[tuple[int, int, int], ...]:
    found = (
        _as_date(form[:at] + digit + form[at + 1 :])
        for form in forms
        for at in range(YEAR_LENGTH, DATE_LENGTH)
        for digit in "0123456789"
        if are_look_alikes(form[at], digit)
    )
    return tuple(dict.fromkeys(date for date in found if date[1]))[:MOST_READINGS]


def _as_date(digits: str) -> tuple[int, int, int]:
    year, month, day = (int(part) if part.isdecimal() else 0 for part in (digits[:4], digits[4:6], digits[6:]))
    known = 0 < month <= MONTHS_A_YEAR and 0 < day <= 31
    return (year, month, day) if known else (year, 0, 0)
