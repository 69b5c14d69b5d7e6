"""How likely strings are as words of organisations' names."""

from __future__ import annotations

import pytest

from pipeline.matching.names.letter_model import is_place, learn_letters, letter_model
from pipeline.matching.names.organisation_words import COINED, word_rarity
from pipeline.matching.names.rarity import CEILING


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
