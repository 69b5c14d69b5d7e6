"""Tests of outlines: what they tell apart, the levels tell apart too."""

from __future__ import annotations

from itertools import combinations

import pytest

from pipeline.matching.names import levels
from pipeline.matching.names.prints import TokenPrint, token_print
from pipeline.matching.names.rarity import known_rarities
from pipeline.matching.names.spellings import far_apart, outline_of
from pipeline.matching.names.token_levels import token_level
from pipeline.matching.names.token_pairs import UNLIKE, PairMemory

TOKENS = [token_print(text, "name") for text in sorted(known_rarities())[::97]]


def test_tokens_that_their_outlines_tell_apart_reach_no_level() -> None:
    memory = PairMemory()
    apart = [(x, y) for x, y in combinations(TOKENS, 2) if memory.judge(x, y) is UNLIKE]
    assert len(apart) > 0.9 * len(TOKENS) * (len(TOKENS) - 1) / 2
    assert not [(x.text, y.text) for x, y in apart if worth(x, y)]


def worth(x: TokenPrint, y: TokenPrint) -> int:
    level = token_level(x, y).level
    return 0 if level == levels.DIFFERENT else levels.level_bits(level, min(x.rarity, y.rarity))


def test_most_outlines_are_far_apart() -> None:
    outlines = [token.outline for token in TOKENS if token.outline]
    pairs = list(combinations(outlines, 2))
    assert sum(far_apart(one, other) for one, other in pairs) > 0.7 * len(pairs)


@pytest.mark.parametrize(("one", "other"), [("petrov", "petrow"), ("bill", "william"), ("maria", "maria")])
def test_two_edits_and_variants_are_never_far(one: str, other: str) -> None:
    assert not far_apart(outline_of(one), outline_of(other))


@pytest.mark.parametrize("form", ["", "a", "ig0r", "张伟"])
def test_nothing_is_told_of_what_is_no_word_of_letters(form: str) -> None:
    assert outline_of(form) == 0


@pytest.mark.parametrize("kind", ["core", "initial"])
def test_words_of_other_rules_have_no_outline(kind: str) -> None:
    assert token_print("nordwind", kind).outline == 0
