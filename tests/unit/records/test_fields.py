from __future__ import annotations

from pipeline.records.fields import place
from pipeline.records.normalised import GeoPoint
from pipeline.records.placeholders import PLACEHOLDERS


def test_positions_are_rounded_to_what_a_report_can_know() -> None:
    assert place(48.8500000001, 2.35) == GeoPoint(48.85, 2.35)


def test_half_a_position_and_null_island_are_none() -> None:
    assert place(48.85, None) is place(None, 2.35) is place(0, 0.0) is None
    assert place(0, 6.61) == GeoPoint(0, 6.61)


def test_no_placeholder_holds_a_digit() -> None:
    assert not any(char.isdigit() for text in PLACEHOLDERS for char in text), "phones with digits are not looked up"
