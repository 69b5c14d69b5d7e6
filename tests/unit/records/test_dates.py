from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.records import dates
from pipeline.records.normalised import BirthDate, PartialDate, TimeSpan


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


@pytest.mark.parametrize(
    ("text", "first", "last", "circa"),
    [
        ("1980-05-03", (1980, 5, 3), (1980, 5, 3), False),
        ("1980~", (1980, 0, 0), (1980, 0, 0), True),
        ("1980/1985", (1980, 0, 0), (1985, 0, 0), False),
        ("1980-05/1980-07~", (1980, 5, 0), (1980, 7, 0), True),
        ("1980-06/1980", (1980, 6, 0), (1980, 0, 0), False),
    ],
)
def test_birth_dates(text: str, first: tuple[int, ...], last: tuple[int, ...], circa: bool) -> None:
    found = dates.birth_date(text)
    assert re.match(dates.BIRTH_DATE, text)
    assert found == BirthDate(PartialDate(*first), PartialDate(*last), circa)
    assert found.exact == (first == last and not circa)
    assert dates.format_birth_date(found) == text


@pytest.mark.parametrize(
    "text", ["1980~/1985", "1980//1985", "/1985", "1980/", "~1980", "1980~~", "80/85", "1980-02-30/1981"]
)
def test_what_is_no_birth_date(text: str) -> None:
    assert not re.match(dates.BIRTH_DATE, text)
    with pytest.raises(ValueError, match="not a date"):
        dates.birth_date(text)


@pytest.mark.parametrize("text", ["1985/1980", "1980-06/1980-05", "1980-05-04/1980-05-03", "1981/1980-12-31~"])
def test_a_range_does_not_end_before_it_begins(text: str) -> None:
    assert dates.is_reversed(text)
    with pytest.raises(ValueError, match="before it begins"):
        dates.birth_date(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1980-05-03", "1980-05-03"), ("1980-05-03/1980-05-09", "1980-05"), ("1980-05/1980-07", "1980"),
        ("1980/1985", ""), ("1980-05~", "1980"), ("1980~", "1980"),
    ],
)  # fmt: skip
def test_what_all_of_a_range_has_in_common(text: str, expected: str) -> None:
    assert dates.shared_part(dates.birth_date(text)) == expected


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
