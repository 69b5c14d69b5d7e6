"""Rarity and variants: constants of the package."""

from __future__ import annotations

from pipeline.matching.names.rarity import CEILING, FLOOR, rarity_of
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
