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
    sizes: IntegerArray
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
    places = np.arange(len(lengths))
    parts = []
    of_length, of_letters, of_spans = lengths, letters, spans
    for size in range(1, MAX_ACRONYM + 1):
        if size > 1:
            keep = places + size <= ends[places]
            places, last = places[keep], places[keep] + size - 1
            if not len(places):
                break
            of_length, of_letters = of_length[keep] + lengths[last], of_letters[keep] | letters[last]
            of_spans = of_spans[:, keep] + spans[:, last]
        taken = slice(None) if size > 1 else glued
        parts.append(
            (places[taken], np.full(len(places[taken]), size, np.int32), of_length[taken], of_letters[taken],
             *of_spans[:, taken])
        )  # fmt: skip
    return RunTable(*map(np.concatenate, zip(*parts, strict=True)))
