"""Tests of the screen; that no pair scores above its bound is a property test."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pipeline.matching.bounds.sketches import join_sketches, make_sketch
from pipeline.matching.model import Model
from pipeline.matching.screening.screening import MANY, Screen
from support.matching.prints import case_of

PHONE = "+33612345678"


@pytest.fixture(scope="module")
def may_link(model: Model) -> Any:
    """Whether the screen lets a pair of cases through, each given by its entities."""
    screen = Screen(model, 0.5)

    def asked(left: list[Any], right: list[Any]) -> bool:
        a, b = (join_sketches([make_sketch(case_of(*entities).entities)]) for entities in (left, right))
        return bool(screen(a, b)[0])

    return asked


def person(name: str, born: str = "1970-05-17", **more: object) -> dict[str, Any]:
    return {"type": "person", "names": [{"full": name}], "birth_date": born, **more}


def test_other_people_are_ruled_out(may_link: Any) -> None:
    assert not may_link([person("Zbigniew Oczko")], [person("Harald Lindqvist", "1981-05-17")])
    assert not may_link([person("Harald Lindqvist", "1981-05-17")], [person("Zbigniew Oczko")])


def test_one_person_is_not(may_link: Any) -> None:
    assert may_link([person("Zbigniew Oczko")], [person("Oczko Zbigniew")])


def test_a_phone_that_a_person_and_a_line_share_leaves_all_open(may_link: Any) -> None:
    assert may_link([person("Zbigniew Oczko", phones=[PHONE])], [{"type": "phone", "number": PHONE}])
    assert not may_link([person("Zbigniew Oczko", phones=[PHONE])], [{"type": "phone", "number": "+33698765432"}])


def named(given: str, family: str, born: str, **more: object) -> dict[str, Any]:
    return person("", born, phones=[PHONE], gender="male", **more) | {"names": [{"given": given, "family": family}]}


COLLEAGUE = named("Zbigniew", "Oczko", "1970-05-17")


@pytest.mark.parametrize(
    "other",
    [
        named("Harald", "Lindqvist", "1981-11-28"),
        named("Harald", "Lindqvist", "1970-05-03"),
        named("Zbigniew", "Lindqvist", "1981-11-28"),
        named("Harald", "Oczko", "1981-11-28"),
        person("Harald Lindqvist", "1981-11-28", phones=[PHONE], gender="male"),
    ],
    ids=["other names", "a month in common", "one given name", "one family name", "without parts"],
)
def test_colleagues_of_one_switchboard_are_ruled_out(model: Model, other: dict[str, Any]) -> None:
    a, b = (join_sketches([make_sketch(case_of(one).entities)]) for one in (COLLEAGUE, other))
    assert not Screen(model, 0.5)(a, b)[0]
    assert not Screen(model, 0.5)(b, a)[0]
    assert Screen(model, 1e-9)(a, b)[0]


@pytest.mark.parametrize(
    "other",
    [
        named("Zbigniew", "Oczko", "1981-05-17"),
        named("Oczko", "Zbigniew", "1970-05-17"),
        named("Zbigniew", "Oczka", "1970-05-17"),
        named("Z", "Oczko", "1970-05-17"),
        person("Zbigniewoczko", "1970-05-17", phones=[PHONE]),
    ],
    ids=["another year", "parts exchanged", "a slip", "an initial", "written together"],
)
def test_who_may_be_the_same_is_not(model: Model, other: dict[str, Any]) -> None:
    a, b = (join_sketches([make_sketch(case_of(one).entities)]) for one in (COLLEAGUE, other))
    assert Screen(model, 0.5)(a, b)[0]


@pytest.mark.parametrize(
    ("names", "may"),
    [
        (["Zenith Unity Kovacs"], True),
        (["Zenith Holding Unity Services Kovacs"], False),
        (["Unity Zenith", "Kovacs Holding"], False),
    ],
    ids=["beside each other", "apart", "in two names"],
)
def test_a_word_abbreviates_neighbouring_words_alone(model: Model, names: list[str], may: bool) -> None:
    """All have words that begin with its letters; the threshold is one that an acronym reaches by itself."""
    acronym, other = (
        join_sketches([make_sketch(case_of({"type": "organisation", "names": held}).entities)])
        for held in ([{"full": "Zuk Trading"}], [{"full": name} for name in names])
    )
    assert Screen(model, 1e-4)(acronym, other)[0] == may
    assert Screen(model, 1e-4)(other, acronym)[0] == may


@pytest.mark.parametrize(
    ("dates", "others", "may"),
    [
        (["1970", "1975"], ["1976", "1990"], True),
        (["1970", "1975"], ["1985", "1990"], False),
        (["1970-05-17", "1975"], ["1985-05-17", "1990"], True),
        (["1970-05-17", "1975"], ["1985-06-29", "1990"], False),
        (["1970-05-17", "1975"], ["1985", "1990"], False),
    ],
    ids=["a year apart", "years apart", "a day and month in common", "other days", "one side knows no day"],
)
def test_of_several_dates_the_nearest_years_and_days_count(
    may_link: Any, dates: list[str], others: list[str], may: bool
) -> None:
    a, b = ({"type": "person", "names": [{"full": "Jan Novak"}], "birth_dates": held} for held in (dates, others))
    assert may_link([a], [b]) is may


def test_a_case_without_a_sketch_is_never_ruled_out(may_link: Any) -> None:
    assert may_link([person("Zbigniew Oczko", birth_date_text="19?0-04-3l")], [person("Harald Lindqvist")])


def test_what_is_not_compared_for_a_type_rules_nothing_out(may_link: Any) -> None:
    def owner(born: str, vin: str) -> dict[str, Any]:
        return person("Zbigniew Oczko", born, identifiers=[{"type": "vin", "value": vin}])

    assert may_link([owner("1970-05-17", "WVWZZZ1JZXW000001")], [owner("1970-11-28", "1HGCM82633A004352")])


@pytest.mark.parametrize("threshold", [0.5, 0.01], ids=["few are left by other values", "all are"])
def test_many_pairs_are_told_as_each_is_alone(model: Model, threshold: float) -> None:
    names = ["Zbigniew Oczko", "Harald Lindqvist", "Oczko Zbigniew", "Anna Maria Kowalska"]
    born = ["1950-05-17", "1961-12-03", "1972-08-28", "1983-01-09", "1994-03-14"]
    people = [person(name, date, gender=gender) for name in names for date in born for gender in ("female", "male")]
    sketches = join_sketches([make_sketch(case_of(one).entities) for one in people])
    one, other = (part.ravel() for part in np.indices((len(people), len(people))))
    screen = Screen(model, threshold)
    alone = screen(sketches.take_cases(one), sketches.take_cases(other))
    assert 0 < alone.mean() < 1
    times = MANY // len(one) + 1
    many = screen(sketches.take_cases(np.tile(one, times)), sketches.take_cases(np.tile(other, times)))
    assert (many == np.tile(alone, times)).all()
