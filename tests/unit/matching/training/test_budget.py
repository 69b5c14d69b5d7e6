from __future__ import annotations

from pipeline.matching.training.budget import NAME_PAIRS, Budget
from support.matching.prints import print_of
from support.records.builder import person

WHOLE = Budget(random_pairs=10_000, pairs_per_rule=1_000, seed=3)


def test_entities_of_one_name_keep_the_whole_budget() -> None:
    assert WHOLE.fit_to_names([print_of(**person("Zbigniew Oczko"))] * 9 + [print_of(type="vehicle")]) == WHOLE


def test_with_many_names_as_many_pairs_of_names_are_compared() -> None:
    named = print_of(**person(names=[{"full": f"Zbigniew {family}"} for family in ("Oczko", "Solberg", "Virtanen")]))
    found = WHOLE.fit_to_names([named] * 4)
    assert found == Budget(round(NAME_PAIRS * 10_000 / 9), round(NAME_PAIRS * 1_000 / 9), seed=3)
