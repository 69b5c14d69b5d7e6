"""Runs of neighbouring words of many names, as arrays: how many letters each has, and which."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.matching.names.prints import MAX_ACRONYM

Marked = NDArray[np.bool_]
IntegerArray = NDArray[np.int32] | NDArray[np.int64]
Letters = NDArray[np.uint64]


class RunTable(NamedTuple):
    """Runs of two words and more, or of one with its particle: their first places, their words, all their letters.

    `least` and `most` are their numbers of letters in Latin forms.
    """

    starts: NDArray[np.intp]
    sizes: NDArray[np.intp]
    lengths: IntegerArray
    letters: Letters
    least: IntegerArray
    most: IntegerArray


def grow_runs(
    lengths: IntegerArray, letters: Letters, spans: IntegerArray, glued: Marked, ends: IntegerArray
) -> RunTable:
    """Runs of one place after the other, up to MAX_ACRONYM of them, of the letters of each place.

    `glued` marks places with a particle, `ends` gives for each the end of its name.
    """
    within = np.arange(len(lengths)) + np.arange(1, MAX_ACRONYM + 1)[:, None] <= ends
    within[0] = glued
    sizes, starts = np.nonzero(within)
    sizes += 1
    stops = starts + sizes
    sums = np.zeros((3, len(lengths) + 1), np.int64)
    np.cumsum([lengths, *spans], 1, out=sums[:, 1:])
    of_lengths, least, most = sums[:, stops] - sums[:, starts]
    both = np.stack([starts, stops], 1).ravel()
    of_letters = np.bitwise_or.reduceat(np.append(letters, np.uint64(0)), both)[::2] if len(starts) else letters[:0]
    return RunTable(starts, sizes, of_lengths, of_letters, least, most)
