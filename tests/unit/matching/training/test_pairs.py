"""Pairs to learn from: as many as may be compared, however many names entities have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from random import Random
from statistics import fmean, pstdev

import pytest

from pipeline.matching.fingerprint import EntityPrint
from pipeline.matching.training.pairs import (
    RULES,
    BlockingRule,
    Budget,
    PairPopulation,
    RecordPair,
    blocked_pairs,
    merge_samples,
    random_pairs,
)
from support.matching.populations import SYLLABLES
from support.matching.prints import print_of
from support.records.builder import person

[SOUNDS] = [rule for rule in RULES if rule.name == "two name sounds"]


def with_names(*counts: int) -> list[EntityPrint]:
    """People of so many names each; all have the family name in common, and the first given name."""
    found = []
    for count in counts:
        given = ["Zbigniew", *(f"{one}{other}ek".capitalize() for one, other in combinations(SYLLABLES, 2))]
        found.append(print_of(**person(names=[{"given": name, "family": "Oczko"} for name in given[:count]])))
    return found


def pairs_of_names(prints: Sequence[EntityPrint], pairs: Sequence[RecordPair]) -> int:
    return sum(len(prints[i].names) * len(prints[j].names) for i, j in pairs)


def budget(pairs: int, names: int = 10**6, seed: int = 1) -> Budget:
    return Budget(pairs, names, pairs, names, seed)


def test_of_one_name_all_pairs_are_drawn_up_to_the_number_wanted() -> None:
    prints = [*with_names(*[1] * 30), print_of(type="person", nationalities=["FR"])]
    assert random_pairs(prints, budget(465), Random(1)) == list(combinations(range(31), 2))
    assert len(random_pairs(prints, budget(464), Random(1))) == 464
    assert blocked_pairs(prints, SOUNDS, budget(435), Random(1)) == (list(combinations(range(30), 2)), 1.0)
    some, scale = blocked_pairs(prints, SOUNDS, budget(100), Random(1))
    assert (len(some), scale) == (100, 4.35)


@pytest.mark.parametrize("most", [80, 240])
def test_of_many_names_pairs_are_drawn_until_their_names_are_as_many_as_may_be_compared(most: int) -> None:
    prints = with_names(*[3, 1, 6] * 10)
    blocked, scale = blocked_pairs(prints, SOUNDS, budget(400, most), Random(1))
    assert scale == pytest.approx(435 / len(blocked))
    for drawn in (random_pairs(prints, budget(400, most), Random(1)), blocked):
        assert drawn == sorted(set(drawn))
        assert most <= pairs_of_names(prints, drawn) < most + 36


def test_one_pair_is_drawn_however_many_names_it_has() -> None:
    prints = with_names(20, 20)
    assert random_pairs(prints, budget(5, 5), Random(1)) == blocked_pairs(prints, SOUNDS, budget(5, 5), Random(1))[0]
    assert random_pairs(prints, budget(5, 5), Random(1)) == [(0, 1)]


def test_the_same_pairs_are_drawn_again_and_others_by_another_seed() -> None:
    prints = with_names(*[3, 1, 6] * 10)
    by_seed = []
    for seed in (4, 5):
        first, again = (blocked_pairs(prints, SOUNDS, budget(50, seed=seed), Random(seed)) for _ in range(2))
        assert first == again
        assert random_pairs(prints, budget(50), Random(seed)) == random_pairs(prints, budget(50), Random(seed))
        by_seed.append(first)
    assert by_seed[0] != by_seed[1]


def test_what_a_rule_draws_each_other_draws_that_leaves_out_no_more() -> None:
    """By sounds all of 30 meet and 100 of 435 pairs are drawn, by number the first 20 and 90 of 190."""
    prints = with_names(*[1] * 30)
    first = frozenset(map(id, prints[:20]))
    number = BlockingRule("number", frozenset(), lambda entity: iter([(1,)] if id(entity) in first else []))
    few, _ = blocked_pairs(prints, SOUNDS, budget(100), Random(1))
    more, _ = blocked_pairs(prints, number, budget(90), Random(2))
    of_both = {pair for pair in few if max(pair) < 20}
    assert len(of_both) > 30
    assert of_both <= set(more)


def test_drawn_pairs_are_of_all_records_alike() -> None:
    prints = with_names(*[1] * 80)
    drawn, _ = blocked_pairs(prints, SOUNDS, budget(790), Random(1))
    counts = [sum(record in pair for pair in drawn) for record in range(80)]
    assert fmean(counts) == 2 * 790 / 80
    assert pstdev(counts) < 1.5 * (fmean(counts) * 0.75) ** 0.5


def test_a_rule_by_which_none_meet_draws_none() -> None:
    nowhere = BlockingRule("nowhere", frozenset(), lambda entity: iter([(id(entity),)]))
    assert blocked_pairs(with_names(1, 2, 3), nowhere, budget(10), Random(1)) == ([], 1.0)


def test_samples_are_merged_without_losing_which_pairs_each_has() -> None:
    samples = [[(0, 1), (2, 5)], [(1, 3), (2, 5)], []]
    distinct, rows = merge_samples(samples)
    assert distinct == [(0, 1), (1, 3), (2, 5)]
    assert [[distinct[row] for row in some] for some in rows] == samples


def test_pairs_of_two_countries_are_drawn_evenly() -> None:
    countries = ["FR", "FR", "BE", "FR", "NL", "BE"]
    population, chance = PairPopulation(6, countries), Random(1)
    wanted = [(i, j) for i in range(6) for j in range(i + 1, 6) if countries[i] != countries[j]]
    assert list(population) == wanted
    assert population.possible == len(wanted) == 11
    drawn = Counter(population.draw(chance) for _ in range(11_000))
    assert drawn.keys() == set(wanted)
    assert all(count == pytest.approx(1000, rel=0.15) for count in drawn.values())


def test_of_one_country_all_pairs_are_in_question() -> None:
    assert PairPopulation(4, ["FR"] * 4).possible == PairPopulation(4).possible == 6
    assert (0, 1) in PairPopulation(4, ["FR"] * 4)
