from __future__ import annotations

import pytest

from pipeline.matching.comparisons.damaged_dates import MOST_READINGS, date_characters, readings


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
