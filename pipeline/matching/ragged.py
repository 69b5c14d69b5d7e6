"""Ragged arrays: what each of some owners has, of which each has another number, laid flat behind each other."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Index = NDArray[np.int64]


class Ragged(NamedTuple):
    """Where what each of some owners has stands: `counts[i]` things from `starts[i]` on."""

    starts: Index
    counts: Index


def lay_out(counts: Index) -> Ragged:
    """The spans of owners that have so many things each."""
    return Ragged(counts.cumsum() - counts, counts)


def expand_pairs(rows: Index, columns: Index) -> tuple[Index, Index, Index]:
    """Every row with every column of each pair: `(pair, row, column)` as indices, sorted by pair, then row."""
    sizes = rows * columns
    pair = np.repeat(np.arange(len(sizes)), sizes)
    within = np.arange(len(pair)) - (np.cumsum(sizes) - sizes)[pair]
    width = columns[pair]
    row = within // width
    return pair, row, within - row * width


def expand_counts(counts: Index) -> tuple[Index, Index]:
    """Every item of each owner: `(owner, item)`, where `item` counts from 0 for each owner."""
    owner = np.repeat(np.arange(len(counts)), counts)
    return owner, np.arange(len(owner)) - (np.cumsum(counts) - counts)[owner]
