"""Training on made-up people whose errors are known, so that what it learns can be held against the truth."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.matching.comparisons.birth_date import BirthDateLevel
from pipeline.matching.comparisons.comparison import Comparison, ComparisonResult, Table
from pipeline.matching.fingerprint import EntityPrint
from pipeline.matching.model import Model
from pipeline.matching.model_file import COMPANION_PRIORS
from pipeline.matching.reference import reference_model
from pipeline.matching.score.scoring import score_cases
from pipeline.matching.training.expectation import (
    MOST_IN_CONFLICT,
    ClassSizes,
    CompanionShares,
    RulePairs,
    estimate_shares,
)
from pipeline.matching.training.learning import learn_type
from pipeline.matching.training.pairs import RULES, Budget
from pipeline.matching.training.run import Trained, key_rarity, train
from support.matching.prints import print_of
from support.records.builder import person

pytestmark = pytest.mark.xdist_group("learning")  # what is trained is trained once

BUDGET = Budget(random_pairs=40_000, pairs_per_rule=4_000, seed=3)
SYLLABLES = ["ba", "do", "ki", "lu", "me", "na", "ro", "shi", "ta", "vo", "zu", "pe"]


def quiet(_what: str, _total: int) -> Callable[[], None]:
    return lambda: None


def word(chance: random.Random, length: int) -> str:
    return "".join(chance.choice(SYLLABLES) for _ in range(length))


@pytest.fixture(scope="module")
def people() -> list[Any]:
    """300 people, each recorded twice.

    Of the second records a fifth has a wrong day of birth, a fifth another postcode, a tenth the wrong gender.
    """
    chance, found = random.Random(11), []
    towns = [word(chance, 3) for _ in range(12)]
    for _ in range(300):
        given, family = word(chance, 3), word(chance, 4)
        date = (chance.randint(1950, 1999), chance.randint(1, 12), chance.randint(1, 28))
        home = {"postcode": f"{chance.randint(10000, 10400)}", "city": chance.choice(towns), "country": "FR"}
        for copy in range(2):
            wrong = copy and chance.random() < 0.2
            day = (date[2] + 9) % 28 + 1 if wrong else date[2]
            moved = copy and chance.random() < 0.2
            address = {**home, "postcode": f"{chance.randint(10000, 10400)}"} if moved else home
            found.append(
                print_of(
                    type="person",
                    names=[{"given": given, "family": family}],
                    birth_date=f"{date[0]}-{date[1]:02d}-{day:02d}",
                    addresses=[address],
                    gender="female" if copy and chance.random() < 0.1 else "male",
                )
            )
    return found


@pytest.fixture(scope="module")
def trained(people: list[Any]) -> Trained:
    return train({"person": people}, "test", BUDGET, quiet)


def test_it_finds_the_true_share_of_pairs(trained: Trained) -> None:
    assert trained.learnt["person"].sizes.matches == pytest.approx(300, rel=0.1)


def test_of_pairs_left_out_it_knows_how_many_are_true(people: list[Any]) -> None:
    """By each rule 150 pairs are drawn, of birth dates a half, of postcodes a fifth; true ones are 300 all the same."""
    thinned = Budget(random_pairs=40_000, pairs_per_rule=150, seed=3)
    assert train({"person": people}, "test", thinned, quiet).learnt["person"].sizes.matches == pytest.approx(
        300, rel=0.15
    )


def test_it_learns_how_often_true_pairs_agree(trained: Trained) -> None:
    found = trained.learnt["person"]
    m = {column.comparison.name: found.m[k] for k, column in enumerate(found.columns) if column.tells_strangers}
    assert m["birth_date"][0] == pytest.approx(0.8, abs=0.06)
    assert m["gender"][0] == pytest.approx(0.9, abs=0.05)


def test_the_learnt_model_tells_true_pairs_from_false(trained: Trained, people: list[Any]) -> None:
    model = Model(trained.file)
    true = [score_cases((people[k],), (people[k + 1],), model) for k in range(0, 600, 2)]
    false = [score_cases((people[k],), (people[k + 3],), model) for k in range(0, 590, 2)]
    assert sum(bits >= 0 for bits in true) >= 294
    assert sum(bits >= 0 for bits in false) == 0


def test_it_is_deterministic(trained: Trained, people: list[Any]) -> None:
    assert train({"person": people}, "test", BUDGET, quiet).file == trained.file


class CountedWork:
    """A model that counts how often each comparison holds each pair of entities against each other."""

    def __init__(self) -> None:
        self.made: Counter[tuple[str, int, int]] = Counter()
        self.pairs_of_names = 0
        self.model = Model(reference_model("counted"))
        self.model.comparisons = {
            kind: tuple(replace(one, compare=self._count(one)) for one in some)
            for kind, some in self.model.comparisons.items()
        }

    def _count(self, comparison: Comparison) -> Callable[[EntityPrint, EntityPrint, Table], ComparisonResult | None]:
        def compare(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
            self.made[comparison.name, id(a), id(b)] += 1
            self.pairs_of_names += len(a.names) * len(b.names) * (comparison.name == "name")
            return comparison.compare(a, b, table)

        return compare


def test_a_pair_is_compared_once_however_often_it_is_drawn(people: list[Any]) -> None:
    """All pairs are drawn at random; those of one person meet by birth date, name and postcode as well."""
    counted, few = CountedWork(), people[:200]
    assert learn_type("person", few, counted.model, Budget(), quiet) is not None
    assert sum(name == "name" for name, _, _ in counted.made) == 200 * 199 // 2
    assert set(counted.made.values()) == {1}


@pytest.mark.parametrize("count", [60, 240])
def test_work_does_not_grow_with_records_nor_with_names(people: list[Any], count: int) -> None:
    """Each has the names of twelve others too, so that all meet; of any number of them as few pairs are compared."""
    names = [person.names for person in people]
    many = [
        msgspec.structs.replace(one, names=tuple(name for some in names[at : at + 13] for name in some))
        for at, one in enumerate(people[:count])
    ]
    counted, budget = CountedWork(), Budget(random_names=600, names_per_rule=200)
    learn_type("person", many, counted.model, budget, quiet)
    allowed = budget.random_names + len(RULES) * budget.names_per_rule
    assert 0.2 * allowed < counted.pairs_of_names < allowed + 13**2 * (1 + len(RULES))


def test_the_likelihood_rises_until_it_settles(trained: Trained) -> None:
    for fit in trained.learnt["person"].fits.values():
        assert fit.converged
        values = fit.log_likelihoods
        assert values[-1] >= values[0] - 0.5


@pytest.mark.rare
def test_a_field_without_data_keeps_its_reference_and_one_that_cannot_be_told_is_reported(
    people: list[Any],
) -> None:
    stray = print_of(type="person", names=[{"full": "Zbigniew Oczko"}], emails=["a.b@example.org"])
    other = print_of(type="person", names=[{"full": "Aino Virtanen"}], emails=["c.d@example.org"])
    found = train(
        {"person": [*people, stray, other]}, "test", Budget(random_pairs=200_000, pairs_per_rule=4_000, seed=3), quiet
    )
    assert "email" in found.kept
    assert all(level.source == "reference" for level in found.file.comparisons["email"].levels)
    assert all(level.source == "reference" for level in found.file.comparisons["vin"].levels)


def test_unseen_levels_are_marked(trained: Trained) -> None:
    levels = {level.level: level.source for level in trained.file.comparisons["birth_date"].levels}
    assert levels["same"].startswith("m: EM")
    assert levels["day_month_swapped"].startswith(("interpolated", "m: EM"))
    assert "interpolated" in " ".join(levels.values())


def test_frequent_towns_weigh_less(trained: Trained) -> None:
    terms = trained.file.comparisons["address"].terms
    assert len(terms) == 12
    assert min(terms.values()) < max(terms.values())


def test_too_few_records_teach_nothing(people: list[Any]) -> None:
    found = train({"person": people[:6], "vehicle": []}, "test", BUDGET, quiet)
    assert not found.learnt
    assert Model(found.file).prior == -1700


@pytest.fixture(scope="module")
def companies() -> list[Any]:
    """220 companies, each recorded twice; every other second record lacks a word of the name."""
    chance = random.Random(5)
    found: list[Any] = []
    for _ in range(220):
        words = [word(chance, length) for length in (2, 3, 4)]
        home = {"postcode": f"{chance.randint(10000, 10400)}", "city": "Ville", "country": "FR"}
        names = [{"full": " ".join(name)} for name in (words, words[chance.randint(0, 1) :])]
        found.extend(print_of(type="organisation", names=[name], addresses=[home]) for name in names)
    return found


@pytest.fixture(scope="module")
def of_both(people: list[Any], companies: list[Any]) -> Trained:
    return train({"person": people, "organisation": companies}, "test", BUDGET, quiet)


@pytest.mark.rare
def test_each_type_learns_its_own_names(of_both: Trained, trained: Trained) -> None:
    own, alone = of_both.file.own, trained.file.own
    assert own.keys() == {"person", "organisation"}
    assert own["person"]["name"].curve_source == alone["person"]["name"].curve_source
    assert own["organisation"]["name"].curve_source != alone["person"]["name"].curve_source
    assert all(level.source == "reference" for level in of_both.file.comparisons["name"].levels)
    assert "vessel" not in own


def test_a_type_that_cannot_tell_keeps_the_reference_names(people: list[Any], companies: list[Any]) -> None:
    found = train({"person": people, "organisation": companies[::2][:100]}, "test", BUDGET, quiet)
    assert found.file.own.keys() == {"person"}


@pytest.mark.rare
def test_companies_tell_how_many_there_are_of_a_group(of_both: Trained, trained: Trained) -> None:
    told = of_both.file.prior.companions
    assert told["household"] == trained.file.prior.companions["household"]
    assert trained.file.prior.companions["group"] == COMPANION_PRIORS["group"] != told["group"]


def test_keys_are_as_rare_as_so_many_cases_need(people: list[Any], trained: Trained) -> None:
    assert trained.file.key_rarity == key_rarity(len(people)) < key_rarity(50_000) < key_rarity(1_000_000)
    assert 3 * 2 ** (key_rarity(50_000) / 100) == pytest.approx(50_000, rel=0.01)
    assert (key_rarity(1), key_rarity(10**9)) == (800, 2000)
    served = train({"person": people[:6]}, "test", BUDGET, quiet, cases=1_000_000)
    assert served.file.key_rarity == key_rarity(1_000_000)
    assert train({"person": people[:6]}, "test", BUDGET, quiet, general=True).file.key_rarity == 1500


def test_pairs_whose_names_conflict_teach_nothing_of_one_person() -> None:
    """Twins at one door agree in all else: of one thing they count by 1 in 200 at most."""
    levels = np.zeros((50, 2), np.int16)
    agreeing = np.zeros(50, np.bool_)
    shares = [np.array([0.9, 0.1])] * 2, [np.array([0.01, 0.99])] * 2, [np.array([0.5, 0.5])] * 2

    def true_pairs(conflicting: NDArray[np.bool_]) -> float:
        m, u, h = shares
        pairs = RulePairs(levels, [0, 1], [0, 1], [0, 1], ClassSizes(0.1, 0.1, 0.003), conflicting)
        return estimate_shares(pairs, m, u, CompanionShares(h, h), 1.0).share

    assert true_pairs(agreeing) > 0.3
    assert true_pairs(~agreeing) <= MOST_IN_CONFLICT


FEW = Budget(random_pairs=30_000, pairs_per_rule=6_000, seed=2)
WRONG = 0.1
"""Of the second records, those with somebody else's date of birth."""


@cache
def learn_from_two_files(people: int = 400) -> tuple[Trained, float]:
    """The model of two files of names and dates that hold the same people once each, and the share of wrong dates."""
    chance, prints, countries, wrong = random.Random(7), [], [], 0
    for _ in range(people):
        given, family = ("".join(chance.choices(SYLLABLES, k=length)).capitalize() for length in (3, 4))
        for country in ("FR", "BE"):
            is_wrong = country == "BE" and chance.random() < WRONG
            wrong += is_wrong
            if country == "FR" or is_wrong:
                date = f"{chance.randint(1940, 1999)}-{chance.randint(1, 12):02d}-{chance.randint(1, 28):02d}"
            prints.append(print_of(**person(given=given, family=family, birth_date=date)))
            countries.append(country)
    by_country = {"person": countries}
    found = train({"person": prints}, "test", FEW, quiet, countries=by_country)
    return found, wrong / people


def test_how_often_dates_differ_is_learnt_where_names_and_dates_are_all_there_is() -> None:
    """Pairs that meet by their names leave the date alone, which fits any share of true pairs: the names must count."""
    trained, wrong = learn_from_two_files()
    found = trained.learnt["person"]
    m = next(found.m[k] for k, column in enumerate(found.columns) if column.comparison.name == "birth_date")
    assert m[0] == pytest.approx(1 - wrong, abs=0.02)
    assert m[BirthDateLevel.SAME_YEAR :].sum() == pytest.approx(wrong, abs=0.02)


def test_of_two_files_the_share_is_that_of_pairs_of_both() -> None:
    found, _ = learn_from_two_files()
    assert found.learnt["person"].possible == 400 * 400
    assert found.learnt["person"].sizes.matches == pytest.approx(400, rel=0.05)
    assert found.file.prior.bits == pytest.approx(-864, abs=10)
