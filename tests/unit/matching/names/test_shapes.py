from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from itertools import product

import numpy as np
import pytest
from rapidfuzz.distance import Levenshtein

from pipeline.matching.names.prints import TokenPrint, token_print
from pipeline.matching.names.shapes import Shapes, are_alike
from pipeline.matching.names.token_pairs import OTHER, PERSONAL, UNLIKE, PairMemory
from pipeline.matching.names.transliteration.corridors import BY_SCRIPT
from support.matching.several_names import known_names

PEOPLE = (
    "mohamed", "muhammad", "bob", "robert", "petrov", "petrova", "christophe", "kristof", "maximilian", "max", "li",
    "müller", "mueller", "иван", "ivan", "محمد", "إيفان", "毛", "mao", "이반", "ю", "yu", "георгиос", "γεωργιος",
)  # fmt: skip
FIRMS = (
    "international", "intl", "nordwind", "nordwinds", "gamma", "гамма", "trading", "commerce", "acme", "3m", "strauß",
    "strauss",
)  # fmt: skip


def _alike_pairs(tokens: Sequence[TokenPrint]) -> set[tuple[int, int]]:
    """The pairs that may be alike, of all of these tokens."""
    some, others = np.indices((len(tokens), len(tokens))).reshape(2, -1)
    alike = are_alike(Shapes(tokens), some, others)
    return set(zip(some[alike].tolist(), others[alike].tolist(), strict=True))


def _may_be_alike(one: TokenPrint, other: TokenPrint) -> bool:
    return (0, 1) in _alike_pairs([one, other])


def test_words_that_agree_are_never_told_apart() -> None:
    for texts, kind, memory in ((PEOPLE, "given", PERSONAL), (FIRMS, "core", OTHER)):
        tokens = [token_print(text, kind) for text in texts]
        places = product(range(len(tokens)), repeat=2)
        agreeing = {(i, j) for i, j in places if memory.judge(tokens[i], tokens[j]) is not UNLIKE}
        assert len(agreeing) > len(tokens)
        assert agreeing <= _alike_pairs(tokens)


@pytest.mark.parametrize(("entity_type", "memory"), [("person", PERSONAL), ("organisation", OTHER)])
def test_no_words_of_known_names_that_agree_are_told_apart(entity_type: str, memory: PairMemory) -> None:
    found = {token.text: token for name in known_names(entity_type) for token in name.tokens}
    tokens = sorted(found.values(), key=lambda token: sha256(token.text.encode()).digest())[:240]
    alike = _alike_pairs(tokens)
    pairs = product(range(len(tokens)), repeat=2)
    agreeing = {(i, j) for i, j in pairs if memory.judge(tokens[i], tokens[j]) is not UNLIKE}
    assert len(tokens) < len(agreeing) < len(alike) < len(tokens) ** 2 / 2
    assert agreeing <= alike


def test_words_with_nothing_in_common_are_told_apart() -> None:
    assert not _may_be_alike(token_print("zbigniew", "given"), token_print("robert", "given"))
    assert not _may_be_alike(token_print("gamma", "core"), token_print("nordwind", "core"))


def test_an_initial_may_be_any_word() -> None:
    assert _may_be_alike(token_print("b", "initial"), token_print("robert", "given"))
    assert _may_be_alike(token_print("иван", "given"), token_print("b", "initial"))


def test_words_of_two_scripts_are_told_apart_by_their_spellings() -> None:
    ivan, mohamed = token_print("иван", "given"), token_print("محمد", "given")
    assert _may_be_alike(ivan, token_print("ivan", "given"))
    assert not _may_be_alike(ivan, token_print("mohamed", "given"))
    assert not _may_be_alike(token_print("ivan", "given"), mohamed)


def test_a_word_that_just_misses_its_corridors_limit_is_told_apart() -> None:
    mohamed, limit = token_print("محمد", "given"), BY_SCRIPT["Arabic"].alike
    assert max(Levenshtein.normalized_similarity("haj", form) for form in mohamed.forms) == limit
    assert not _may_be_alike(mohamed, token_print("haj", "given"))


def test_words_of_two_scripts_other_than_latin_are_told_apart_by_their_likely_forms() -> None:
    ivan = token_print("иван", "given")
    assert _may_be_alike(ivan, token_print("إيفان", "given"))
    assert not _may_be_alike(ivan, token_print("محمد", "given"))


def test_words_of_one_script_other_than_latin_may_be_alike_beside_those_of_two() -> None:
    tokens = [token_print(text, "given") for text in ("иван", "георгий", "محمد")]
    assert _alike_pairs(tokens) == {(0, 0), (0, 1), (1, 0), (1, 1), (2, 2)}
