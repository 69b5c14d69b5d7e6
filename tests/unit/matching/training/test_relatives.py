from __future__ import annotations

from collections.abc import Callable
from functools import cache
from random import Random
from typing import Any

import numpy as np
import pytest

from pipeline.matching.alternatives import COMPANION_KINDS, HOUSEHOLD, LEAST_SHARE
from pipeline.matching.comparisons.birth_date import BirthDateLevel
from pipeline.matching.comparisons.catalogue import of_type
from pipeline.matching.comparisons.identifier import IDENTIFIER, IdentifierLevel
from pipeline.matching.comparisons.name.comparison import NAME
from pipeline.matching.comparisons.name.name_levels import NameLevel
from pipeline.matching.fingerprint import EntityPrint
from pipeline.matching.model import Model, load_model
from pipeline.matching.score.scoring import judge_cases
from pipeline.matching.training.columns import columns_of
from pipeline.matching.training.learning import Learnt, learn_type
from pipeline.matching.training.pairs import RULES, Budget, PairPopulation
from pipeline.matching.training.relatives import (
    ENOUGH_PAIRS,
    H_WEIGHT,
    MIN_COMPANIONS,
    MOST_WITHOUT,
    PairSample,
    are_without_relatives,
    count_partners,
    find_partners,
    learn_companion_shares,
    share_met,
    tell_partners,
)
from pipeline.matching.training.run import train
from support.matching.populations import BUDGET, GIVEN, POPULATIONS, SYLLABLES, record_population
from support.matching.prints import case_of, print_of
from support.records.builder import RawEntity, person

COLUMNS = [column for comparison in of_type("person") for column in columns_of(comparison, "person")]


@pytest.mark.parametrize(
    ("name", "equal", "pairs", "expected"),
    [
        (NameLevel.CONFLICT, 0.8, 2 * ENOUGH_PAIRS, True),
        (NameLevel.CONFLICT, 0.2, 2 * ENOUGH_PAIRS, False),
        (NameLevel.CONFLICT, 1.0, ENOUGH_PAIRS - 1, False),
        (NameLevel.SAME, 1.0, 2 * ENOUGH_PAIRS, False),
    ],
)
def test_birth_dates_of_pairs_at_one_door_whose_names_conflict_tell(
    name: int, equal: float, pairs: int, expected: bool
) -> None:
    levels = np.full((pairs, len(COLUMNS)), -1, np.int16)
    for k, column in enumerate(COLUMNS):
        if column.comparison.name == "name" and not column.banded:
            levels[:, k] = name
        elif column.comparison.name == "address":
            levels[:, k] = 0
        elif column.comparison.name == "birth_date":
            levels[:, k] = np.where(np.arange(pairs) < equal * pairs, BirthDateLevel.SAME, BirthDateLevel.DIFFERENT)
    assert are_without_relatives([levels], COLUMNS) is expected


pytestmark = pytest.mark.xdist_group("relatives")  # what is learnt is learnt once


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
    return float(np.mean([one is not None and one.level >= NameLevel.CONFLICT for one in found]))


@pytest.mark.parametrize("population", POPULATIONS)
def test_how_often_one_persons_names_conflict_is_learnt_beside_twins(population: str) -> None:
    found = learnt(population)
    m = next(found.m[k] for k, one in enumerate(found.columns) if one.comparison is NAME and not one.banded)
    assert float(m[NameLevel.CONFLICT :].sum()) == pytest.approx(share_in_conflict(population), abs=0.03)
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


HOUSEHOLDS = 100
REFERENCE = load_model().file.comparisons["identifier"].levels[IdentifierLevel.SAME].companions["household"]


def no_ticks(what: str, total: int) -> Callable[[], None]:
    return lambda: None


def household(random: Random, lent: float) -> list[RawEntity]:
    """Four people of one family name and door, each recorded twice; some have the number of another."""
    family = "".join(random.choice(SYLLABLES) for _ in range(3)).capitalize()
    door = {
        "house": f"{random.randint(1, 90)}",
        "street": f"Rue {family}",
        "postcode": f"{random.randint(10**4, 10**5)}",
    }
    numbers = [f"{random.randint(10**8, 10**9)}" for _ in range(4)]
    records = []
    for at, given in enumerate(random.sample(GIVEN, 4)):
        born = f"{random.randint(1940, 1999)}-{random.randint(1, 12):02d}-{random.randint(1, 28):02d}"
        for _ in range(2):
            number = random.choice(numbers) if random.random() < lent else numbers[at]
            records.append(
                person(
                    given=given,
                    family=family,
                    birth_date=born,
                    addresses=[{**door, "city": "Lyon"}],
                    identifiers=[{"type": "passport", "value": number, "country": "FR"}],
                )
            )
    return records


@cache
def lending_records(lent: float) -> tuple[Any, ...]:
    random = Random(7)
    return tuple(print_of(**raw) for _ in range(HOUSEHOLDS) for raw in household(random, lent))


@cache
def learn_lending(lent: float) -> tuple[Model, Learnt]:
    budget = Budget(random_pairs=15_000, pairs_per_rule=4_000, seed=5)
    trained = train({"person": lending_records(lent)}, "lent", budget, no_ticks)
    return Model(trained.file), trained.learnt["person"]


def household_bits(lent: float) -> int:
    model, _ = learn_lending(lent)
    return model.tables["identifier"].bits[IdentifierLevel.SAME][HOUSEHOLD]


@pytest.mark.rare
def test_a_number_that_households_share_counts_less_against_them() -> None:
    assert household_bits(0.3) < REFERENCE < household_bits(0.0)


def test_the_share_learnt_is_about_the_one_in_the_records() -> None:
    """Of two of a household one number is both's where either lent the other's: 0.3 x 0.75 / 3 on either side."""
    _, found = learn_lending(0.3)
    counts = next(found.lent[k] for k in found.lent if found.columns[k].comparison is IDENTIFIER)
    assert 0.08 < counts[IdentifierLevel.SAME] / counts.sum() < 0.25


def test_two_of_a_household_with_a_lent_number_stay_apart() -> None:
    number = {"identifiers": [{"type": "passport", "value": "123456789", "country": "FR"}]}
    marc, julie = (
        person(given=given, family="Lefebvre", birth_date=born, **number)
        for given, born in (("Marc", "1980-05-03"), ("Julie", "1984-11-24"))
    )
    for lent in (0.0, 0.3):
        assert judge_cases(case_of(marc), case_of(julie, country="DE"), learn_lending(lent)[0]).probability < 0.5


@pytest.mark.parametrize("counts", [None, np.zeros(len(IDENTIFIER.levels))])
def test_without_such_pairs_the_reference_stays(counts: Any) -> None:
    assert learn_companion_shares(IDENTIFIER, "household", counts) == {}


def test_no_share_is_nothing() -> None:
    counts = np.zeros(len(IDENTIFIER.levels))
    counts[-1] = 1e9
    assert learn_companion_shares(IDENTIFIER, "household", counts)["household"][IdentifierLevel.SAME] == LEAST_SHARE


def test_few_pairs_move_the_reference_little() -> None:
    counts = np.zeros(len(IDENTIFIER.levels))
    counts[-1] = MIN_COMPANIONS
    reference = IdentifierLevel.SAME.h[COMPANION_KINDS.index("household")]
    expected = reference * H_WEIGHT / (MIN_COMPANIONS + H_WEIGHT)
    assert learn_companion_shares(IDENTIFIER, "household", counts)["household"][IdentifierLevel.SAME] == pytest.approx(
        expected
    )


NO_LEVELS = np.zeros((0, 0), np.int16)


def sample(rule: int, rows: list[int], scale: float = 1.0) -> PairSample:
    return PairSample(RULES[rule], np.array(rows, np.intp), NO_LEVELS, scale)


def test_how_rules_overlap_tells_how_many_pairs_met_by_none() -> None:
    """Of 100 true pairs one rule finds 60, another 50, independently: 20 are found by neither."""
    by_dates, by_names = list(range(60)), list(range(30)) + list(range(60, 80))
    rows = np.arange(80)
    assert share_met([sample(0, by_dates), sample(1, by_names)], rows, np.ones(80)) == pytest.approx(0.8)


def test_a_rule_that_drew_a_half_is_made_up_for() -> None:
    by_dates, by_names = list(range(60)), list(range(15)) + list(range(60, 70))
    rows = np.arange(70)
    found = share_met([sample(0, by_dates), sample(1, by_names, 2.0)], rows, np.ones(70))
    assert found == pytest.approx(0.8)


def test_one_rule_tells_nothing_of_who_did_not_meet() -> None:
    assert share_met([sample(0, [0, 1, 2])], np.arange(3), np.ones(3)) == 1.0
