"""Name pairs for training and measuring, and the protocol that keeps test names out of training."""

from __future__ import annotations

import random
from collections.abc import Iterable
from pathlib import Path

import msgspec
from anyascii import anyascii

_SEED = 7
"""Any seed would do. With another one names on which the shipped models were trained come into the test split, so that
what is measured on it no longer holds of names that they never saw."""
_HELD_OUT = 2000
"""Pairs of each held-out split: a recall of .9 is known to .007 (standard deviation of a share of 2,000)."""
_MIN_TEST_LETTERS = 3
"""The fewest Latin letters of a held-out pair: shorter words are never measured. A choice."""


class NamePairs(msgspec.Struct, frozen=True):
    """(Latin, other script, count) triples; no folded Latin token of `dev` or `test` occurs in `train`."""

    train: tuple[tuple[str, str, int], ...]
    dev: tuple[tuple[str, str, int], ...]
    test: tuple[tuple[str, str, int], ...]


def read_pairs(path: Path) -> list[tuple[str, str, int]]:
    """Triples of a tab-separated file, blanks within the other script's word removed."""
    rows = (line.split("\t") for line in path.read_text("utf-8").splitlines())
    triples = ((row[0], row[1].replace(" ", ""), int(row[2])) for row in rows if len(row) == 3)
    return [triple for triple in triples if triple[0] and triple[1]]


def split_pairs(pairs: Iterable[tuple[str, str, int]]) -> NamePairs:
    """2,000 test pairs, 2,000 development pairs, and the rest without any of their Latin tokens; always the same."""
    shuffled = list(pairs)
    random.Random(_SEED).shuffle(shuffled)  # noqa: S311 - a fixed split, no secret
    test, rest = _hold_out(shuffled)
    dev, train = _hold_out(rest)
    return NamePairs(tuple(train), tuple(dev), tuple(test))


def _hold_out(pairs: list[tuple[str, str, int]]) -> tuple[list[tuple[str, str, int]], list[tuple[str, str, int]]]:
    held = [pair for pair in pairs if len(pair[0]) >= _MIN_TEST_LETTERS][:_HELD_OUT]
    tokens = {fold_latin(pair[0]) for pair in held}
    return held, [pair for pair in pairs if fold_latin(pair[0]) not in tokens]


def fold_latin(word: str) -> str:
    """The folded token that decides whether a name is held out."""
    return anyascii(word.lower()).lower()
