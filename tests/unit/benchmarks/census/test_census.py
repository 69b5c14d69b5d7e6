"""The census-like generator: the same bytes each time, truth by person, shares as in the table.

To accept a change of the yardstick: print `digest` of each census, and say in the commit why it had to change.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from functools import cache
from math import sqrt

import pytest

from benchmarks.census.census import AGENCIES, CENSUSES, NOISES, Census, make_census
from pipeline.records.validation import read

FROZEN = {
    "english-light": "c73671b13893819f",
    "english-heavy": "664ffc41472fdde4",
    "greek-light": "0bbf9a0a9203d6ed",
    "greek-heavy": "11d34da7e8fe8da7",
    "polish-light": "9b9e0da175a2efa1",
    "polish-heavy": "93d175ad0ddf4d53",
}
"""Begin of sha256 of the case records."""

UNCONDITIONAL = (
    "nobody", "given_typed_wrong", "family_typed_wrong", "swapped_names", "no_birth_date", "no_gender",
    "no_address", "no_postcode", "street_typed_wrong", "city_typed_wrong", "no_phone_words", "no_number",
    "no_birth_place",
)  # fmt: skip
"""Slips that may happen to every record."""

DEVIATIONS = 4.5
"""Standard deviations that a share may lie off: one of 78 shares in some thousand runs, and the seed is fixed."""


@cache
def census(name: str) -> Census:
    return make_census(name)


def digest(found: Census) -> str:
    text = json.dumps([found.cases(), sorted(found.truth())], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@pytest.mark.parametrize("name", CENSUSES)
def test_is_frozen(name: str) -> None:
    assert digest(census(name)) == FROZEN[name]


def test_another_seed_gives_other_people() -> None:
    assert digest(make_census("english-light", seed=2)) != FROZEN["english-light"]


@pytest.mark.parametrize("name", CENSUSES)
def test_all_cases_are_valid_records_with_their_rows_keys(name: str) -> None:
    found = census(name)
    cases = [read(json.dumps(event).encode()).case for event in found.cases()]
    assert [case.key for case in cases] == [row["unique_id"] for row in found.rows]
    assert all(len(case.entities) == 1 for case in cases)


@pytest.mark.parametrize("name", CENSUSES)
def test_truth_is_by_person(name: str) -> None:
    found = census(name)
    person = {row["unique_id"]: key for row, key in zip(found.rows, found.people, strict=True)}
    seen = Counter((row["source"], key) for row, key in zip(found.rows, found.people, strict=True))
    assert set(seen.values()) == {1}
    truth = found.truth()
    assert all(person[a] == person[b] and a.startswith(AGENCIES[0]) and b.startswith(AGENCIES[1]) for a, b in truth)
    assert len(truth) == sum((AGENCIES[1], key) in seen for agency, key in seen if agency == AGENCIES[0])


@pytest.mark.parametrize("name", CENSUSES)
def test_slips_are_as_often_as_the_table_says(name: str) -> None:
    found, noise = census(name), NOISES[name.partition("-")[2]]
    size = len(found.rows)
    for share in UNCONDITIONAL:
        expected = getattr(noise, share)
        assert abs(found.slips[share] / size - expected) <= DEVIATIONS * sqrt(expected * (1 - expected) / size), share


def test_empty_values_are_missing_not_empty() -> None:
    entities = [event["data"]["entities"][0] for event in census("greek-heavy").cases()]
    assert all(value not in ("", [], {}, None) for entity in entities for value in entity.values())
