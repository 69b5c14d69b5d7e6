from __future__ import annotations

from typing import Any

import pytest

from pipeline.matching.comparisons.birth_date_text import LEVELS, compare
from pipeline.matching.model import Model
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
    found = compare(a, b, model.tables["birth_date_text"])
    mirrored = compare(b, a, model.tables["birth_date_text"])
    assert (found and LEVELS[found.level].name) == expected
    assert mirrored == found
