from __future__ import annotations

import pytest

from pipeline.feeds.dates import DateReading, stated_dates


@pytest.mark.parametrize(
    ("text", "formats", "stated"),
    [
        ("03/04/1980", ["%d/%m/%Y"], {"1980-04-03"}),
        ("04/1980", ["%d/%m/%Y", "%m/%Y", "%Y"], {"1980-04"}),
        ("1980", ["%d/%m/%Y", "%m/%Y", "%Y"], {"1980"}),
        ("3 April 1980", ["%d %B %Y"], {"1980-04-03"}),
        ("30/02/1980", ["%d/%m/%Y"], set()),
        ("19?0", ["%Y"], set()),
        ("03/04/1980", ["%d/%m/%Y", "%m/%d/%Y"], {"1980-04-03", "1980-03-04"}),
        ("13/04/1980", ["%d/%m/%Y", "%m/%d/%Y"], {"1980-04-13"}),
        ("04/04/1980", ["%d/%m/%Y", "%m/%d/%Y"], {"1980-04-04"}),
    ],
)
def test_a_date_is_stated_at_its_formats_precision_or_not_at_all(
    text: str, formats: list[str], stated: set[str]
) -> None:
    assert stated_dates(text, DateReading(tuple(formats))) == stated


def test_a_text_that_says_about_without_end_is_no_date() -> None:
    reading = DateReading(("%Y",), about=("c.",))
    assert stated_dates("c. 1970", reading) == {"1970~"}
    assert stated_dates("c." * 50_000 + "1970", reading) == set()


def test_a_time_of_day_takes_the_zones_offset_of_that_day() -> None:
    reading = DateReading(("%d/%m/%Y %H:%M",), "Europe/Paris")
    assert stated_dates("01/07/2026 12:30", reading) == {"2026-07-01T12:30:00+02:00"}
    assert stated_dates("01/12/2026 12:30", reading) == {"2026-12-01T12:30:00+01:00"}


def test_an_offset_in_the_text_outdoes_the_zone() -> None:
    stated = stated_dates("2026-07-01T12:30:00+0300", DateReading(("%Y-%m-%dT%H:%M:%S%z",), "Europe/Paris"))
    assert stated == {"2026-07-01T12:30:00+03:00"}


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        ("12 Jun 1961", {"1961-06-12"}),
        ("circa 1961", {"1961~"}),
        ("1961 to 1963", {"1961/1963"}),
        ("Circa 1961-1963", {"1961/1963~"}),
        ("1961 to circa 1963", {"1961/1963~"}),
        ("circa", set()),
        ("1961 to", set()),
        ("between 1961", set()),
    ],
)
def test_words_tell_a_date_about_and_a_range(text: str, stated: set[str]) -> None:
    reading = DateReading(("%d %b %Y", "%Y"), about=("circa",), between=(" to ", "-"))
    assert stated_dates(text, reading) == stated


@pytest.mark.parametrize(
    ("text", "stated"),
    [("22443", {"1961-06-11"}), ("61", {"1900-03-01"}), ("1961", {"1905-05-14"}), ("60", set()), ("22443.5", set())],
)
def test_a_workbooks_serial_number_is_a_date_where_the_kit_says_so(text: str, stated: set[str]) -> None:
    assert stated_dates(text, DateReading(("serial",))) == stated
