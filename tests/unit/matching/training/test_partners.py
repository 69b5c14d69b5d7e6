"""One person's names in conflict are told from two people's of a family, who have other records of their own."""

from __future__ import annotations

from functools import cache
from random import Random

import numpy as np
import pytest

from pipeline.matching.comparisons.catalogue import NAME
from pipeline.matching.comparisons.name.name_levels import CONFLICT
from pipeline.matching.fingerprint import EntityPrint
from pipeline.matching.model import load_model
from pipeline.matching.training.learning import Learnt, learn_type
from pipeline.matching.training.pairs import PairPopulation
from pipeline.matching.training.partners import MOST_WITHOUT, count_partners, find_partners, tell_partners
from support.matching.populations import BUDGET, POPULATIONS, record_population
from support.matching.prints import print_of
from support.records.builder import person

pytestmark = pytest.mark.xdist_group("partners")  # what is learnt is learnt once


@cache
def records(population: str) -> tuple[EntityPrint, ...]:
    """Each person's two records are neighbours."""
    return tuple(print_of(**raw) for raw in record_population(Random(11), population))


@cache
def learnt(population: str) -> Learnt:
    found = learn_type("person", records(population), load_model(), BUDGET, lambda _what, _total: lambda: None)
    assert found is not None
    return found


def share_in_conflict(population: str) -> float:
    """Of true pairs."""
    people, table = records(population), load_model().tables["name"]
    found = [NAME.compare(people[k], people[k + 1], table) for k in range(0, len(people), 2)]
    return float(np.mean([one is not None and one.level >= CONFLICT for one in found]))


@pytest.mark.parametrize("population", POPULATIONS)
def test_how_often_one_persons_names_conflict_is_learnt_beside_twins(population: str) -> None:
    found = learnt(population)
    m = next(found.m[k] for k, one in enumerate(found.columns) if one.comparison is NAME and not one.banded)
    assert float(m[CONFLICT:].sum()) == pytest.approx(share_in_conflict(population), abs=0.03)
    assert found.sizes.matches == pytest.approx(len(records(population)) / 2, rel=0.05)


def test_relatives_and_namesakes_are_counted() -> None:
    """Households of four, each recorded twice: six pairs of people, of records 24; one father in ten has a namesake."""
    with_relatives, without = learnt("households").sizes, learnt("strangers").sizes
    assert 90 * 24 * 0.7 < with_relatives.companions < 90 * 24 * 1.7
    assert without.companions < 5
    assert with_relatives.namesakes > 2 * without.namesakes


def test_a_pairs_records_have_partners_besides_each_other() -> None:
    pairs = np.array([(0, 1), (1, 2), (2, 4), (0, 3)])
    partners = np.array([(0, 1), (2, 3)])
    assert count_partners(pairs, partners, 5).tolist() == [0, 2, 1, 2]


def test_partners_share_two_sounds_and_a_date() -> None:
    people = [
        person(given="Marc", family="Lefebvre", birth_date="1990-05-03"),
        person(given="Mark", family="Lefevre", birth_date="1990-05-03"),
        person(given="Julien", family="Lefebvre", birth_date="1990-05-03"),
        person(given="Marc", family="Lefebvre", birth_date="1990-05-04"),
    ]
    prints = [print_of(**raw) for raw in people]
    assert find_partners(prints, PairPopulation(4)) == {(0, 1)}
    assert find_partners(prints, PairPopulation(4, ["FR", "FR", "BE", "BE"])) == set()


def test_too_few_partners_tell_nothing() -> None:
    levels = np.zeros(1000, np.int16)
    assert not tell_partners(levels)
    levels[: round(1000 * (1 - MOST_WITHOUT)) + 1] = 1
    assert tell_partners(levels)
