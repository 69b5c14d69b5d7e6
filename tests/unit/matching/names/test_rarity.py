"""Rarity and variants: constants of the package."""

from __future__ import annotations

import pytest

from pipeline.matching.names.organisation_words import COINED, word_rarity
from pipeline.matching.names.rarity import (
    CEILING,
    FLOOR,
    is_place,
    learn_letters,
    letter_model,
    personal_rarity,
    rarity_of,
)
from pipeline.matching.names.spellings import are_variants


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


@pytest.mark.parametrize("word", ["alrosa", "mostotrest", "lenpromtransproyekt", "atomflot"])
def test_a_coined_word_is_rarer_than_any_known_one_and_bounded(word: str) -> None:
    assert CEILING < word_rarity(word, word) <= COINED


@pytest.mark.parametrize(
    "word", ["sverdlovskaya", "benghazi", "derna", "kumertauskaya", "plant", "trading", "orion", "cst"]
)
def test_words_of_places_and_known_or_short_words_are_not_coined(word: str) -> None:
    assert word_rarity(word, word) <= CEILING


@pytest.mark.parametrize("word", ["permskiy", "permskii", "uralskaya", "moskovskoe", "sverdlovskogo"])
def test_adjectives_of_places_are_of_places(word: str) -> None:
    assert is_place(word)
    assert not is_place("atomflot")


def test_a_longer_word_is_rarer() -> None:
    bits = letter_model().bits
    assert bits("ros") < bits("rosatom") < bits("rosatomflot") < bits("rosatomflotrosatomflot")


def test_every_word_counts_once_and_what_few_have_is_forgotten() -> None:
    words = ["banana", "bandana", "bandit", "qqq"]
    assert learn_letters(words, []) == learn_letters([*words, *words], [])
    assert learn_letters(words, []).bits("ban") < learn_letters(words, []).bits("qqq")


def test_a_model_of_nothing_still_answers() -> None:
    assert learn_letters([], []).bits("a" * 3000) > 0
    assert learn_letters([], []).bits("") > 0
