from __future__ import annotations

import pytest

from pipeline.matching.comparisons.distances import distance_m, where_value
from pipeline.matching.comparisons.when_where import LEVELS, compare
from pipeline.matching.model import Model
from pipeline.records.normalised import GeoPoint
from support.matching.prints import print_of


def test_distance_is_that_of_the_great_circle() -> None:
    paris, berlin = GeoPoint(48.8566, 2.3522), GeoPoint(52.52, 13.405)
    assert distance_m(paris, berlin) == pytest.approx(877_500, rel=0.002)
    assert distance_m(berlin, paris) == distance_m(paris, berlin)
    assert distance_m(paris, paris) == 0


@pytest.mark.parametrize(
    ("start", "latitude", "expected"),
    [
        ("2026-10-27T22:20:00Z", 48.8501, "same_spot_and_hour"),
        ("2026-10-28T01:20:00Z", 48.86, "near_spot_and_hours"),
        ("2026-10-28T12:00:00Z", 48.95, "same_town_and_day"),
        ("2026-10-29T12:00:00Z", 49.2, "same_area_and_days"),
        ("2026-10-27T22:20:00Z", 43.3, "apart"),
        ("2026-12-27T22:20:00Z", 48.8501, "apart"),
    ],
)
def test_place_and_time_are_one_joint_level(model: Model, start: str, latitude: float, expected: str) -> None:
    a = print_of(type="event", start="2026-10-27T22:00:00Z", latitude=48.85, longitude=2.35)
    b = print_of(type="event", start=start, latitude=latitude, longitude=2.35)
    found = compare(a, b, model.tables["when_where"])
    assert found is not None
    assert LEVELS[found.level].name == expected
    assert compare(b, a, model.tables["when_where"]) == found


def test_a_place_without_a_time_says_nothing(model: Model) -> None:
    a = print_of(type="event", latitude=48.85, longitude=2.35)
    assert compare(a, a, model.tables["when_where"]) is None


def test_the_value_is_for_people() -> None:
    event = print_of(type="event", start="2026-11-24T20:15:00Z", latitude=48.85, longitude=2.35)
    assert where_value(event, 0) == "48.85000, 2.35000 @ 2026-11-24T20:15:00Z"
