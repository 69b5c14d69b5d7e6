"""The verdict on two names, where there is nothing else."""

from __future__ import annotations

import pytest

from pipeline.matching.names import bearer_decision, name_decision
from support.matching.prints import name_print


@pytest.mark.parametrize(
    ("one", "other", "verdict"),
    [
        ("John Smith", "John Smith", True),
        ("John Smith", "Smith, J.", True),
        ("Vladimir Putin", "Владимир Владимирович Путин", True),
        ("John Smith", "Peter Smith", False),
        ("Saif al-Din Hassan Taha al-Rawi", "Saif al-Din Hassan Taha al-Tikriti", False),
        ("unknown", "unknown", False),
    ],
)
def test_verdict(one: str, other: str, verdict: bool) -> None:
    assert name_decision(name_print(one), name_print(other))[1] is verdict


def test_the_score_of_a_name_with_itself_is_full() -> None:
    assert name_decision(name_print("Wang Wei"), name_print("Wang Wei")) == (100, True)


@pytest.mark.parametrize(
    ("one", "other", "entity_type", "verdict"),
    [
        ("Olaf Scholze", "Olaf Scholz", "person", True),
        ("Olaf Schulze", "Olaf Scholz", "person", False),
        ("William G. Frost", "Frost, William W", "person", False),
        ("Sea Star 5", "Sea Star 6", "vessel", False),
        ("Sea Star", "Sea Star 6", "vessel", False),
        ("Capital Partners IV", "Capital Partners V", "organisation", False),
        ("Management Company", "Westminster Management Company", "organisation", False),
        ("Siemens AG", "Siemens Aktiengesellschaft", "organisation", True),
        ("Владимир Путин", "Vladimir Putin", "person", True),
    ],
)
def test_bearers_are_told_apart_by_less_than_names(one: str, other: str, entity_type: str, verdict: bool) -> None:
    assert bearer_decision(name_print(one, entity_type), name_print(other, entity_type))[1] is verdict


def test_given_and_family_name_the_other_way_round_are_two_bearers() -> None:
    name = name_print(given="Friedrich", family="Hans")
    other = name_print(given="Hans", family="Friedrich")
    assert bearer_decision(name, other) == (0, False)
    assert bearer_decision(name, name) == (100, True)
