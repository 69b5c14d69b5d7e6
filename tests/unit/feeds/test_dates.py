from __future__ import annotations

import pytest

from pipeline.feeds.dates import stated_dates


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
    assert stated_dates(text, formats, "UTC") == stated


def test_a_time_of_day_takes_the_zones_offset_of_that_day() -> None:
    formats = ["%d/%m/%Y %H:%M"]
    assert stated_dates("01/07/2026 12:30", formats, "Europe/Paris") == {"2026-07-01T12:30:00+02:00"}
    assert stated_dates("01/12/2026 12:30", formats, "Europe/Paris") == {"2026-12-01T12:30:00+01:00"}


def test_an_offset_in_the_text_outdoes_the_zone() -> None:
    stated = stated_dates("2026-07-01T12:30:00+0300", ["%Y-%m-%dT%H:%M:%S%z"], "Europe/Paris")
    assert stated == {"2026-07-01T12:30:00+03:00"}
