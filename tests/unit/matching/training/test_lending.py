"""How often a household's members have one number is learnt from pairs that other fields tell to be of a household."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from random import Random
from typing import Any

import numpy as np
import pytest

from pipeline.matching.alternatives import COMPANION_KINDS, HOUSEHOLD, LEAST_SHARE
from pipeline.matching.comparisons.catalogue import IDENTIFIER
from pipeline.matching.comparisons.identifier import SAME
from pipeline.matching.model import Model, load_model
from pipeline.matching.score.scoring import judge_cases
from pipeline.matching.training.budget import Budget
from pipeline.matching.training.learning import Learnt, learn_type
from pipeline.matching.training.lending import H_WEIGHT, MIN_COMPANIONS, learn_companion_shares
from pipeline.matching.training.run import train
from support.matching.populations import GIVEN, SYLLABLES
from support.matching.prints import case_of, print_of
from support.records.builder import RawEntity, person

pytestmark = pytest.mark.xdist_group("lending")  # what is trained is trained once

HOUSEHOLDS = 100
REFERENCE = load_model().file.comparisons["identifier"].levels[SAME].companions["household"]


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
def records(lent: float) -> tuple[Any, ...]:
    random = Random(7)
    return tuple(print_of(**raw) for _ in range(HOUSEHOLDS) for raw in household(random, lent))


@cache
def learnt(lent: float) -> tuple[Model, Learnt]:
    budget = Budget(random_pairs=15_000, pairs_per_rule=4_000, seed=5)
    model = Model(train({"person": records(lent)}, "lent", budget, no_ticks).file)
    found = learn_type("person", records(lent), load_model(), budget, no_ticks)
    assert found is not None
    return model, found


def household_bits(lent: float) -> int:
    model, _ = learnt(lent)
    return model.tables["identifier"].bits[SAME][HOUSEHOLD]


def test_a_number_that_households_share_counts_less_against_them() -> None:
    assert household_bits(0.3) < REFERENCE < household_bits(0.0)


def test_the_share_learnt_is_about_the_one_in_the_records() -> None:
    """Of two of a household one number is both's where either lent the other's: 0.3 x 0.75 / 3 on either side."""
    _, found = learnt(0.3)
    counts = next(found.lent[k] for k in found.lent if found.columns[k].comparison is IDENTIFIER)
    assert 0.08 < counts[SAME] / counts.sum() < 0.25


def test_two_of_a_household_with_a_lent_number_stay_apart() -> None:
    number = {"identifiers": [{"type": "passport", "value": "123456789", "country": "FR"}]}
    marc, julie = (
        person(given=given, family="Lefebvre", birth_date=born, **number)
        for given, born in (("Marc", "1980-05-03"), ("Julie", "1984-11-24"))
    )
    for lent in (0.0, 0.3):
        assert judge_cases(case_of(marc), case_of(julie, country="DE"), learnt(lent)[0]).probability < 0.5


@pytest.mark.parametrize("counts", [None, np.zeros(len(IDENTIFIER.levels))])
def test_without_such_pairs_the_reference_stays(counts: Any) -> None:
    assert learn_companion_shares(IDENTIFIER, "household", counts) == {}


def test_no_share_is_nothing() -> None:
    counts = np.zeros(len(IDENTIFIER.levels))
    counts[-1] = 1e9
    assert learn_companion_shares(IDENTIFIER, "household", counts)["household"][SAME] == LEAST_SHARE


def test_few_pairs_move_the_reference_little() -> None:
    counts = np.zeros(len(IDENTIFIER.levels))
    counts[-1] = MIN_COMPANIONS
    reference = IDENTIFIER.levels[SAME].h[COMPANION_KINDS.index("household")]
    expected = reference * H_WEIGHT / (MIN_COMPANIONS + H_WEIGHT)
    assert learn_companion_shares(IDENTIFIER, "household", counts)["household"][SAME] == pytest.approx(expected)
