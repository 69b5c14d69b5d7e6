from __future__ import annotations

import pytest

from pipeline.matching.comparisons import birth_date_levels
from pipeline.records.normalised import PartialDate


@pytest.mark.parametrize(
    ("x", "y", "expected"),
    [
        ((1980, 5, 3), (1980, 5, 3), "same"),
        ((1980, 1, 1), (1980, 1, 1), "same_first_january"),
        ((1980, 5, 3), (1980, 3, 5), "day_month_swapped"),
        ((1980, 5, 3), (1980, 5, 8), "one_digit"),
        ((1980, 5, 3), (1930, 5, 3), "one_digit"),
        ((1980, 5, 12), (1980, 5, 21), "one_digit"),
        ((1980, 5, 3), (1980, 5, 27), "same_year_month"),
        ((1985, 5, 3), (1958, 5, 3), "one_digit"),
        ((1985, 5, 3), (1994, 5, 3), "same_day_month"),
        ((1989, 1, 1), (1991, 1, 1), "years_apart"),
        ((1980, 5, 3), (1980, 11, 27), "same_year"),
        ((1980, 5, 3), (1981, 11, 27), "year_off_one"),
        ((1980, 5, 3), (1982, 11, 27), "years_apart"),
        ((1980, 5, 3), (1983, 11, 27), "different"),
    ],
)
def test_whole_dates_by_level(x: tuple[int, int, int], y: tuple[int, int, int], expected: str) -> None:
    assert birth_date_levels.WHOLE[birth_date_levels.whole_level(PartialDate(*x), PartialDate(*y))].name == expected
    assert birth_date_levels.WHOLE[birth_date_levels.whole_level(PartialDate(*y), PartialDate(*x))].name == expected


@pytest.mark.parametrize(
    ("x", "y", "expected"),
    [
        ((1980, 5, 0), (1980, 5, 3), "same_year_month"),
        ((1980, 0, 0), (1980, 5, 3), "same_year"),
        ((1980, 6, 0), (1980, 5, 3), "year_off_one"),
        ((1981, 0, 0), (1980, 5, 3), "year_off_one"),
        ((1982, 0, 0), (1980, 5, 3), "years_apart"),
        ((1983, 0, 0), (1980, 5, 3), "different"),
        ((1981, 0, 0), (1980, 0, 0), "year_off_one"),
        ((1982, 0, 0), (1980, 0, 0), "years_estimated"),
        ((1985, 0, 0), (1980, 1, 1), "years_estimated"),
        ((1986, 0, 0), (1980, 0, 0), "different"),
        ((1983, 0, 0), (1980, 5, 0), "different"),
    ],
)
def test_partial_dates_compare_what_both_have(x: tuple[int, int, int], y: tuple[int, int, int], expected: str) -> None:
    assert birth_date_levels.PARTIAL[birth_date_levels.partial_level(PartialDate(*x), PartialDate(*y))].name == expected
