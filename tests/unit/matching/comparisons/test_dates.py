from __future__ import annotations

from typing import Any

import pytest

from pipeline.matching.comparisons import dates
from pipeline.records.normalised import PartialDate


def named(levels: tuple[Any, ...], level: int | None) -> str | None:
    return None if level is None else str(levels[level].name)


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
        ((1985, 1, 1), (1994, 1, 1), "different"),
        ((1980, 5, 3), (1980, 11, 27), "same_year"),
        ((1980, 5, 3), (1981, 11, 27), "year_off_one"),
        ((1980, 5, 3), (1991, 11, 27), "different"),
    ],
)
def test_whole_dates_by_level(x: tuple[int, int, int], y: tuple[int, int, int], expected: str) -> None:
    assert named(dates.WHOLE, dates.whole_level(PartialDate(*x), PartialDate(*y))) == expected
    assert named(dates.WHOLE, dates.whole_level(PartialDate(*y), PartialDate(*x))) == expected


@pytest.mark.parametrize(
    ("x", "y", "expected"),
    [
        ((1980, 5, 0), (1980, 5, 3), "same_year_month"),
        ((1980, 0, 0), (1980, 5, 3), "same_year"),
        ((1980, 6, 0), (1980, 5, 3), "year_off_one"),
        ((1981, 0, 0), (1980, 5, 3), "year_off_one"),
        ((1990, 0, 0), (1980, 5, 3), "different"),
    ],
)
def test_partial_dates_compare_what_both_have(x: tuple[int, int, int], y: tuple[int, int, int], expected: str) -> None:
    assert named(dates.PARTIAL, dates.partial_level(PartialDate(*x), PartialDate(*y))) == expected


@pytest.mark.parametrize(
    ("text", "other", "expected"),
    [
        ("1980-04-3l", "1980-04-31", "agrees"),
        ("19?0-04-3l", "1980-04-31", "agrees"),
        ("1980-O4-30", {"birth_date": "1980-04-30"}, "agrees"),
        ("30/04/l980", {"birth_date": "1980-04-30"}, "agrees"),
        ("19??-0?-30", {"birth_date": "1980-04-30"}, "agrees_in_part"),
        ("1980-04-38", {"birth_date": "1980-04-30"}, "one_character"),
        ("1971-12-38", {"birth_date": "1980-04-30"}, "different"),
        ("in spring", {"birth_date": "1980-04-30"}, None),
    ],
)
def test_unreadable_dates_are_compared_character_by_character(
    print_of: Any, model: Any, text: str, other: Any, expected: str | None
) -> None:
    a = print_of(type="person", birth_date_text=text)
    b = print_of(type="person", **(other if isinstance(other, dict) else {"birth_date_text": other}))
    found = dates.birth_date_text(a, b, model.tables["birth_date_text"])
    mirrored = dates.birth_date_text(b, a, model.tables["birth_date_text"])
    assert named(dates.TEXT, found and found[1]) == expected
    assert (mirrored and mirrored[1]) == (found and found[1])
