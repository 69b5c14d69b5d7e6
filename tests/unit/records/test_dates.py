from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.records import dates
from pipeline.records.normalised import PartialDate, TimeSpan


@given(st.integers(0, 9999), st.integers(0, 14), st.integers(0, 33))
def test_the_pattern_is_the_calendar(year: int, month: int, day: int) -> None:
    text = f"{year:04}-{month:02}-{day:02}"
    try:
        date(year, month, day)
        real = True
    except ValueError:
        real = False
    assert bool(re.match(dates.DAY, text)) == bool(re.match(dates.PARTIAL_DAY, text)) == real
    assert bool(re.match(dates.INSTANT, f"{text}T10:00:00Z")) == real


@pytest.mark.parametrize("text", ["2026-10-27T22:00:00Z", "2026-10-27T22:00:00.123456+02:00"])
def test_instants_need_an_offset(text: str) -> None:
    assert re.match(dates.INSTANT, text)
    for wrong in (text.rstrip("Z").split("+")[0], text.replace("T", " "), text.replace("22:00:00", "22:00:61")):
        assert not re.match(dates.INSTANT, wrong)


def test_partial_date() -> None:
    assert dates.partial_date("1980-05") == PartialDate(1980, 5, 0)
    for text in ("1980-5", "1980-05-01\n", "x"):
        with pytest.raises(ValueError, match="not a date"):
            dates.partial_date(text)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("1970", 0, 365 * 86400 - 1),
        ("1970-02", 31 * 86400, 59 * 86400 - 1),
        ("1970-01-02", 86400, 2 * 86400 - 1),
        ("1970-01-01T01:00:30+01:00", 30, 30),
    ],
)
def test_a_span_holds_all_seconds_that_a_text_may_mean(text: str, first: int, last: int) -> None:
    assert dates.span_of(text) == TimeSpan(first, last)
