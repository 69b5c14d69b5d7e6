from __future__ import annotations

from pipeline.matching.comparisons.name.best_names import level_of_bounded, levels_of_others, look_closer
from pipeline.matching.comparisons.name.name_levels import NameLevel
from pipeline.matching.names.name_pairs import MetNames
from support.matching.prints import name_print


def _bounded(one: MetNames) -> int:
    (bound,) = one.bounds
    return look_closer(one, (0, 0), level_of_bounded(one, bound))


def _whole(one: str, other: str) -> MetNames:
    return MetNames((name_print(one),), (name_print(other),))


def _parted(one: dict[str, str], other: dict[str, str]) -> MetNames:
    return MetNames((name_print(**one),), (name_print(**other),))


def _other(one: MetNames) -> int:
    [(cell, level)] = levels_of_others(one)
    assert cell == (0, 0)
    return level


def test_names_whose_words_agree_may_be_the_same() -> None:
    assert _bounded(_whole("Ivan Petrov", "Petrov Ivan")) == NameLevel.SAME


def test_words_that_contradict_leave_one_given_name_unless_they_resemble_each_other() -> None:
    assert _bounded(_whole("Zbigniew Oczko", "Zbigniew Petrov")) == NameLevel.GIVEN_DIFFERS
    assert _bounded(_whole("Stanislav Oczko", "Mstislav Oczko")) == NameLevel.ALIKE


def test_of_two_family_names_a_contradiction_may_be_a_marriage() -> None:
    parted = _parted({"given": "Anna", "family": "Oczko"}, {"given": "Anna", "family": "Petrov"})
    assert _bounded(parted) == NameLevel.FAMILY_DIFFERS


def test_names_without_a_word_in_common_differ_unless_words_resemble_each_other() -> None:
    assert _other(_whole("Zbigniew Oczko", "Ivan Petrov")) == NameLevel.DIFFERENT
    assert _other(_whole("Stanislav Oczko", "Mstislav Petrov")) == NameLevel.ALIKE


def test_a_given_and_a_family_name_may_be_parts_of_one_name() -> None:
    assert _other(_parted({"given": "Anna"}, {"family": "Petrov"})) == NameLevel.OTHER_PARTS


def test_a_patronymic_by_its_ending_contradicts_no_other_word() -> None:
    assert _other(_parted({"given": "Anna", "patronymic": "Ivanovna"}, {"family": "Oczko"})) == NameLevel.OTHER_PARTS


def test_equal_numbers_may_agree() -> None:
    assert _other(_whole("Juan II", "Pedro II")) == NameLevel.FAMILY_DIFFERS
