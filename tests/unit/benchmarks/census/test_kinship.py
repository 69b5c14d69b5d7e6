"""Who is related how, in a family of three generations."""

from __future__ import annotations

from datetime import date

import pytest

from benchmarks.census.households import Dwelling, Household, Inhabitant
from benchmarks.census.kinship import Kinship


def person(key: int, given: str, born: date, *parents: Inhabitant) -> Inhabitant:
    return Inhabitant(key, "m", given, "", "Makris", born, "Volos", ("tax_id", "1"), "", parents=parents)


@pytest.fixture
def kinship() -> Kinship:
    old = person(1, "Georgios", date(1940, 1, 2))
    father, mother = person(2, "Ioannis", date(1965, 3, 4), old), person(3, "Eleni", date(1967, 5, 6))
    first, second = (
        person(4, "Georgios", date(1995, 7, 8), mother, father),
        person(5, "Petros", date(1995, 7, 8), mother),
    )
    third, lodger = person(6, "Andreas", date(1999, 9, 1), mother, father), person(7, "Andreas", date(1970, 1, 1))
    found = Kinship()
    home = Household([father, mother, first, second, third, lodger], Dwelling("1", "", "", "", ""), "")
    home.couple = (mother, father)
    found.add_households([home, Household([old], Dwelling("2", "", "", "", ""), "")])
    return found


@pytest.mark.parametrize(
    ("a", "b", "relation"),
    [
        (4, 5, "twins"), (4, 6, "siblings"), (2, 3, "couple"), (2, 4, "parent and child"),
        (1, 4, "grandparent and grandchild of one name"), (6, 7, "household of one name"), (1, 3, "strangers"),
    ],
)  # fmt: skip
def test_relation_is_the_nearest_either_way(kinship: Kinship, a: int, b: int, relation: str) -> None:
    assert kinship.relation(a, b) == kinship.relation(b, a) == relation
