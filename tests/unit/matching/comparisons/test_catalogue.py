from __future__ import annotations

from itertools import pairwise

import pytest

from pipeline.matching.comparisons.catalogue import CATALOGUE, COMPARISONS, SELECTORS, of_type
from pipeline.matching.comparisons.comparison import SUM_TOLERANCE, Comparison
from pipeline.matching.comparisons.persons import BIRTH_COUNTRY
from pipeline.matching.comparisons.positions import WHEN_WHERE, distance_m, where_value
from pipeline.matching.comparisons.things import METHOD
from pipeline.matching.explain.words import LEVELS, TOKEN_LEVELS
from pipeline.matching.explain.words import TYPES as TYPE_WORDS
from pipeline.matching.model import Model
from pipeline.records.entity_types import TYPES
from pipeline.records.normalised import GeoPoint
from support.matching.prints import print_of


@pytest.mark.parametrize("comparison", CATALOGUE, ids=lambda one: one.name)
def test_shares_sum_to_1_or_it_is_said_of_which_pairs_they_are(comparison: Comparison) -> None:
    shares = zip(*((level.m, level.u, *level.h) for level in comparison.levels), strict=True)
    sums_to_1 = all(abs(sum(some) - 1) <= SUM_TOLERANCE for some in shares)
    assert bool(comparison.conditional) != sums_to_1, f"{comparison.name}: `conditional`"


@pytest.mark.parametrize("comparison", CATALOGUE, ids=lambda one: one.name)
def test_reference_weights_fall_from_level_to_level(comparison: Comparison) -> None:
    assert all(stronger.weight >= weaker.weight for stronger, weaker in pairwise(comparison.levels))


@pytest.mark.parametrize("comparison", CATALOGUE, ids=lambda one: one.name)
def test_every_comparison_is_documented_and_worded(comparison: Comparison) -> None:
    assert len(comparison.documentation) > 40
    assert comparison.label
    assert comparison.phrase.islower() or comparison.name == "vin"
    lacking = [level.key for level in comparison.levels if level.key not in LEVELS]
    assert not lacking, f"pipeline/matching/explain/words.py: LEVELS lacks {lacking}"


def test_every_comparison_is_of_some_type() -> None:
    unused = sorted(COMPARISONS.keys() - {one.name for one in CATALOGUE})
    assert not unused, f"pipeline/records/entity_types.py: no row's `comparisons` names {unused}"


def test_every_type_has_comparisons_and_a_word() -> None:
    for kind in TYPES:
        assert of_type(kind)
        assert kind in TYPE_WORDS


def test_token_levels_are_worded() -> None:
    from pipeline.matching.names import LEVELS as NAME_LEVELS

    assert set(NAME_LEVELS) <= TOKEN_LEVELS.keys()


def test_selectors_are_what_names_a_thing_by_itself() -> None:
    assert {comparison.name for comparison in SELECTORS} == {"identifier", "phone", "email", "address", "vin", "plate"}


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("FR", "France", "same"),
        ("Burma", "Myanmar", "same"),
        ("FR", "DE", "different"),
        ("USSR", "Ukraine", None),
        ("Serbia", "Yugoslavia", None),
        ("USSR", "Poland", "different"),
        ("FR", "Atlantis", None),
        ("FR", None, None),
    ],
)
def test_countries_of_birth(model: Model, one: str, other: str | None, level: str | None) -> None:
    a, b = print_of(type="person", birth_country=one), print_of(type="person", birth_country=other)
    table = model.tables[BIRTH_COUNTRY.name]
    found = BIRTH_COUNTRY.compare(a, b, table)
    assert found == BIRTH_COUNTRY.compare(b, a, table)
    assert (found and BIRTH_COUNTRY.levels.at(found.level).key) == level


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Broken window", "same"), ("window broken, ladder", "similar"), ("window open", "similar"),
     ("window left open by owner", "word_in_common"), ("stolen keys", "different")],
)  # fmt: skip
def test_methods(model: Model, text: str, expected: str) -> None:
    a, b = print_of(type="event", method="window broken"), print_of(type="event", method=text)
    found = METHOD.compare(a, b, model.tables["method"])
    assert found is not None
    assert METHOD.levels.at(found.level).key == expected


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
    found = WHEN_WHERE.compare(a, b, model.tables["when_where"])
    assert found is not None
    assert WHEN_WHERE.levels.at(found.level).key == expected
    assert WHEN_WHERE.compare(b, a, model.tables["when_where"]) == found


def test_a_place_without_a_time_says_nothing(model: Model) -> None:
    a = print_of(type="event", latitude=48.85, longitude=2.35)
    assert WHEN_WHERE.compare(a, a, model.tables["when_where"]) is None


def test_the_value_is_for_people() -> None:
    event = print_of(type="event", start="2026-11-24T20:15:00Z", latitude=48.85, longitude=2.35)
    assert where_value(event, 0) == "48.85000, 2.35000 @ 2026-11-24T20:15:00Z"
