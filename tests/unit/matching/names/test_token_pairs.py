"""The cache of comparisons of tokens: together or alone, and from either side, they say the same."""

from __future__ import annotations

from itertools import combinations, product

import pytest

from pipeline.matching.names import token_pairs
from pipeline.matching.names.joined_words import Run, judge_runs
from pipeline.matching.names.prints import TokenPrint, token_print
from pipeline.matching.names.token_pairs import UNLIKE, PairMemory, TokenPair

GIVEN = ("ivan", "иван", "jean", "mohammed", "muhammad", "محمد", "محمود", "毛泽东", "mao", "אברהם", "k", "robert", "b")
CORE = ("intl", "international", "компания", "company", "ltd", "北京", "beijing", "nord", "norde")

each_kind = pytest.mark.parametrize(("kind", "texts"), [("given", GIVEN), ("core", CORE)])


def _print_tokens(kind: str, texts: tuple[str, ...]) -> list[TokenPrint]:
    return [token_print(text, "initial" if len(text) == 1 and text.isascii() else kind) for text in texts]


@each_kind
def test_many_are_compared_as_each_is(kind: str, texts: tuple[str, ...]) -> None:
    tokens = _print_tokens(kind, texts)
    pairs = [*product(tokens, tokens), *product(tokens[:3], tokens)]
    alone = [PairMemory().judge(x, y) for x, y in pairs]
    together = PairMemory()
    assert together.judge_all(pairs) == alone
    assert together.judge_all(pairs) == alone
    assert sum(pair is not UNLIKE for pair in alone) > len(tokens)


@each_kind
def test_a_comparison_is_made_once_for_both_sides(
    kind: str, texts: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = _print_tokens(kind, texts)
    pairs = list(combinations(tokens, 2))
    memory = PairMemory()
    forth = memory.judge_all(pairs)
    monkeypatch.setattr(token_pairs, "token_level", None)
    monkeypatch.setattr(token_pairs, "token_levels", None)
    expected = [one if one is UNLIKE else TokenPair(one.b, one.a, one.level, one.bits) for one in forth]
    assert [memory.judge(y, x) for x, y in pairs] == expected
    assert memory.judge_all([(y, x) for x, y in pairs]) == expected


def test_words_written_together_are_compared_as_each_is() -> None:
    words = [token_print(text, "given") for text in ("abdulrahman", "عبدالرحمن", "annamaria", "ivan", "jc")]
    runs = [
        Run(tuple(token_print(text, "given") for text in texts), ())
        for texts in (("abdul", "rahman"), ("عبد", "الرحمن"), ("anna", "maria"), ("jean", "claude"))
    ]
    held = list(product(words, runs))
    alone = [judge_runs([one], PairMemory())[0] for one in held]
    assert judge_runs(held, PairMemory()) == alone
    assert sum(pair is not UNLIKE for pair in alone) >= 5
