"""Numbers as rows of sketches hold them: both ends of two of each entity, hashed.

One edit leaves one end of a long enough number as it is. So two numbers whose ends both differ are two edits apart or
more, which is what bounds their comparisons: none of them may call numbers near that are further apart (MOST_EDITS).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.matching.comparisons.bounds import States
from pipeline.matching.comparisons.hashes import hash_text

MOST_EDITS = 1
"""Edits, or exchanges of neighbours, of two numbers that are near."""

NUMBERS_KEPT = 2
"""Numbers of an entity of which a row holds both ends; more are left open."""

END_BITS = 16
MOST_END = (1 << END_BITS) - 2
ANY_NUMBER = (1 << 2 * END_BITS) - 1
"""In place of both ends: nothing is known of the numbers."""

WHOLE, HALVED, APART, UNKNOWN = range(4)
"""Two numbers may agree whole, at one end, or not at all; or a side has none."""

_END = np.uint32((1 << END_BITS) - 1)


def encode_ends(values: list[tuple[str, str]]) -> tuple[int, int]:
    """Beginning and end of each number, not all of whose bits are set; 0 for none."""
    if len(values) > NUMBERS_KEPT:
        return ANY_NUMBER, ANY_NUMBER
    found = [1 + hash_text(one, MOST_END) << END_BITS | 1 + hash_text(other, MOST_END) for one, other in values]
    first, second = (*found, 0, 0)[:NUMBERS_KEPT]
    return first, second


def compare_ends(one: NDArray[np.uint32], other: NDArray[np.uint32]) -> States:
    """WHOLE, HALVED, APART or UNKNOWN, by the ends of two entities' numbers: (NUMBERS_KEPT, pairs) of each."""
    whole, alike = np.zeros((2, one.shape[1]), np.bool_)
    for mine in filter(np.any, one):
        known = mine != 0
        for theirs in filter(np.any, other):
            apart = mine ^ theirs
            alike |= ((apart <= _END) | (apart & _END == 0)) & known
            whole |= (apart == 0) & known
    state = np.where(whole, WHOLE, np.where(alike, HALVED, APART))
    state[(one[0] == ANY_NUMBER) | (other[0] == ANY_NUMBER)] = WHOLE
    return np.where((one[0] == 0) | (other[0] == 0), UNKNOWN, state)
