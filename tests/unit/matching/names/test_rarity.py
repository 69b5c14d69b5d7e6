"""Rarity and variants: constants of the package."""

from __future__ import annotations

import pytest

from pipeline.matching.names.rarity import CEILING, FLOOR, personal_rarity, rarity_of
from pipeline.matching.names.variants import are_variants


def test_frequent_names_are_not_rare_in_any_culture() -> None:
    for name in ("john", "mohamed", "maria", "wang", "nguyen", "singh", "ivanov", "silva", "kim", "traore"):
        assert FLOOR <= rarity_of(name) < 1100


def test_unknown_names_are_as_rare_as_their_length_allows() -> None:
    assert rarity_of("qwzxy") == 100 + 260 * 5
    assert rarity_of("qwzxyqwzxy") == CEILING
    assert rarity_of("") == 0


def test_another_spelling_is_no_rarer_than_two_bits() -> None:
    assert rarity_of("muhammed") <= rarity_of("mohamed") + 210


def test_variants_are_symmetric_and_of_one_name() -> None:
    assert are_variants("bill", "william")
    assert are_variants("william", "bill")
    assert are_variants("osama", "usama")
    assert not are_variants("ivan", "john")


@pytest.mark.parametrize(
    ("full", "short"),
    [
        ("tadeusz", "tadek"),
        ("alexander", "sasha"),
        ("oleksandr", "sashko"),
        ("vasilios", "vassilis"),
        ("abdulqadir", "kaddour"),
        ("mehmet", "memo"),
        ("jan", "honza"),
    ],
)
def test_short_forms_of_many_languages_are_variants(full: str, short: str) -> None:
    assert are_variants(full, short)


def test_two_names_with_one_short_form_are_no_variants() -> None:
    assert are_variants("wiktor", "witek")
    assert are_variants("witold", "witek")
    assert not are_variants("wiktor", "witold")
    assert not are_variants("ahmad", "mahmoud")


def test_a_patronymic_is_as_common_as_the_name_of_the_father() -> None:
    for word, father in (("vladimirovich", "vladimir"), ("sergeevich", "sergey"), ("yurevna", "yuri")):
        assert personal_rarity(word) == rarity_of(father) < rarity_of(word)
    assert personal_rarity("zzzovich") == rarity_of("zzzovich")
    assert personal_rarity("vladimir") == rarity_of("vladimir")
