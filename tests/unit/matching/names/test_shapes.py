from __future__ import annotations

import numpy as np

from pipeline.matching.names.prints import TokenPrint, token_print
from pipeline.matching.names.shapes import OPEN, find_alike, shape_of
from pipeline.matching.names.token_pairs import NOTHING, OTHER, PERSONAL

PEOPLE = (
    "mohamed", "muhammad", "bob", "robert", "petrov", "petrova", "christophe", "kristof", "maximilian", "max", "li",
    "müller", "mueller", "иван", "ivan",
)  # fmt: skip
FIRMS = (
    "international", "intl", "nordwind", "nordwinds", "gamma", "гамма", "trading", "commerce", "acme", "3m", "strauß",
    "strauss",
)  # fmt: skip


def _may_be_alike(one: TokenPrint, other: TokenPrint) -> bool:
    return bool(find_alike(*(np.array([shape_of(token)], np.uint64).T for token in (one, other))))


def test_words_that_agree_are_never_told_apart() -> None:
    for texts, kind, memory in ((PEOPLE, "given", PERSONAL), (FIRMS, "core", OTHER)):
        tokens = [token_print(text, kind) for text in texts]
        agreeing = [(x, y) for x in tokens for y in tokens if memory.judge(x, y) is not NOTHING]
        assert len(agreeing) > len(tokens)
        assert all(_may_be_alike(x, y) for x, y in agreeing)


def test_words_with_nothing_in_common_are_told_apart() -> None:
    assert not _may_be_alike(token_print("zbigniew", "given"), token_print("robert", "given"))
    assert not _may_be_alike(token_print("gamma", "core"), token_print("nordwind", "core"))


def test_initials_and_other_scripts_may_be_like_any() -> None:
    assert shape_of(token_print("b", "initial")) == shape_of(token_print("иван", "given")) == OPEN
