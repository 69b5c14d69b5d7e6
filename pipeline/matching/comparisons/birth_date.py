"""Birth dates, whole or partial; of several the best pair counts."""

from __future__ import annotations

from pipeline.locale import N_
from pipeline.matching.comparisons import birth_date_levels
from pipeline.matching.comparisons.birth_date_levels import (
    DIFFERENT,
    PARTIAL,
    SAME_MONTH,
    SAME_YEAR,
    SOURCE,
    WHOLE,
    YEAR_OFF,
    YEARS_APART,
)
from pipeline.matching.comparisons.birth_date_rows import PARTIAL_BOUND, WHOLE_BOUND
from pipeline.matching.comparisons.levels import Comparison, ComparisonResult, Table
from pipeline.matching.comparisons.several import CHOICE_FEES, best_of_several, less_fees
from pipeline.matching.comparisons.types import PERSON
from pipeline.matching.fingerprint import EntityPrint
from pipeline.records.dates import format_birth_date

SHOWN = (SAME_MONTH, SAME_YEAR, YEAR_OFF, YEARS_APART, YEARS_APART, DIFFERENT)
"""The levels of whole dates that have the names of those of partial ones."""


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
    level = birth_date_levels.whole_level(x, y)
    return table.results[level]


def compare_partial(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Two birth dates of which at least one is known to the month or the year only: what both have is compared.

    Of several dates the comparison of birth dates takes the best pair, partial ones included.
    """
    x, y = a.birth_date, b.birth_date
    if x is None or y is None or (x.day and y.day):
        return None
    level = birth_date_levels.partial_level(x, y)
    return table.results[level]


def _compare_several(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Of all dates of both; a pair of which one is not known to the day has the bits of partial dates."""
    rows, columns = a.all_birth_dates, b.all_birth_dates
    if not rows or not columns or table.beside is None:
        return None
    grid = []
    for i, x in enumerate(rows):
        row = []
        for j, y in enumerate(columns):
            partial, level, choices = birth_date_levels.stated_level(x, y)
            bits = (table.beside if partial else table).bits[level]
            fee = CHOICE_FEES[min(choices, len(CHOICE_FEES)) - 1]
            row.append(ComparisonResult(less_fees(bits, fee), SHOWN[level] if partial else level, i, j))
        grid.append(row)
    return best_of_several(grid)


def date_value(entity: EntityPrint, index: int) -> str:
    """One of the dates as ISO 8601, as far as it is known, or the text that it came as."""
    dates = entity.all_birth_dates
    return format_birth_date(dates[index]) if dates else entity.birth_date_text


BIRTH_DATE = Comparison(
    "birth_date",
    "birth_date",
    N_("Date of birth"),
    N_("the date of birth"),
    WHOLE,
    SOURCE,
    compare_whole,
    date_value,
    several="birth_dates",
    beside="birth_date_partial",
    bound=WHOLE_BOUND,
    bounded=PERSON,
)
BIRTH_DATE_PARTIAL = Comparison(
    "birth_date_partial",
    "birth_date",
    N_("Partial date of birth"),
    N_("the partial date of birth"),
    PARTIAL,
    SOURCE,
    compare_partial,
    date_value,
    bound=PARTIAL_BOUND,
    bounded=PERSON,
)
