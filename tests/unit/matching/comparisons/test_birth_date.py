from __future__ import annotations

from typing import Any

import pytest

from pipeline.matching.comparisons.birth_date import partial_level, whole_level
from pipeline.matching.comparisons.birth_date_text import BIRTH_DATE_TEXT, MOST_READINGS, date_characters, readings
from pipeline.matching.model import Model
from pipeline.records.normalised import PartialDate
from support.matching.prints import print_of


@pytest.mark.parametrize(
    ("text", "other", "expected"),
    [
        ("1980-04-3l", "1980-04-31", "agrees"),
        ("19?0-04-3l", "1980-04-31", "agrees"),
        ("1980-O4-30", {"birth_date": "1980-04-30"}, "agrees"),
        ("30/04/l980", {"birth_date": "1980-04-30"}, "agrees"),
        ("19??-0?-30", {"birth_date": "1980-04-30"}, "agrees_in_part"),
        ("1980-04-38", {"birth_date": "1980-04-30"}, "look_alike_digit"),
        ("1930-04-30", {"birth_date_text": "I980-04-30"}, "look_alike_digit"),
        ("1980-04-32", {"birth_date": "1980-04-30"}, "one_character"),
        ("198z-01-14", {"birth_date": "1982-01-14"}, "agrees"),
        ("198z-01-14", {"birth_date": "1987-01-14"}, "agrees"),
        ("1963-21-04", {"birth_date": "1963-04-21"}, "agrees"),
        ("1963-21-04", "1963-04-2l", "agrees"),
        ("3.4.1980", {"birth_date": "1980-04-03"}, "agrees"),
        ("I9800430", {"birth_date": "1980-04-30"}, "agrees"),
        ("1971-12-38", {"birth_date": "1980-04-30"}, "different"),
        ("in spring", {"birth_date": "1980-04-30"}, None),
    ],
)
def test_unreadable_dates_are_compared_character_by_character(
    model: Model, text: str, other: Any, expected: str | None
) -> None:
    a = print_of(type="person", birth_date_text=text)
    b = print_of(type="person", **(other if isinstance(other, dict) else {"birth_date_text": other}))
    found = BIRTH_DATE_TEXT.compare(a, b, model.tables["birth_date_text"])
    mirrored = BIRTH_DATE_TEXT.compare(b, a, model.tables["birth_date_text"])
    assert (found and BIRTH_DATE_TEXT.levels.at(found.level).key) == expected
    assert mirrored == found


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
    assert whole_level(PartialDate(*x), PartialDate(*y)).key == expected
    assert whole_level(PartialDate(*y), PartialDate(*x)).key == expected


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
    assert partial_level(PartialDate(*x), PartialDate(*y)).key == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1980-o4-3l", ("1980o43l",)),
        ("19?0-04-30", ("19?00430",)),
        ("1963-21-04", ("19632104", "19630421")),
        ("30/04/1980", ("19800430", "19803004")),
        ("3.4.1980", ("19800403", "19800304")),
        ("in spring", ()),
        ("1980", ()),
        ("", ()),
    ],
)
def test_characters_in_the_order_of_a_date(text: str, expected: tuple[str, ...]) -> None:
    assert date_characters(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("198z-01-14", ((1982, 1, 14), (1987, 1, 14))),
        ("1963-21-04", ((1963, 4, 21),)),
        ("19?0-04-30", ((0, 4, 30),)),
        ("1980-??-30", ((1980, 0, 0),)),
        ("1980-02-45", ((1980, 0, 0),)),
        ("????-??-30", ()),
        ("1975-70-27", ((1975, 10, 27),)),
        ("70/27/1975", ((1975, 10, 27),)),
        ("1980-04-41", ((1980, 0, 0),)),
        ("1980-80-05", ((1980, 5, 30),)),
        ("in spring", ()),
    ],
)
def test_what_is_intact(text: str, expected: tuple[tuple[int, int, int], ...]) -> None:
    assert readings(text) == expected


def test_few_dates_are_read_of_one_text() -> None:
    assert len(readings("19ll-1l-1l")) <= MOST_READINGS
