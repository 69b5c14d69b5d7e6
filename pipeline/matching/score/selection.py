"""Which pairs of entities of two cases are compared where all of them would take too many operations (matching.work).

Those with the highest upper bounds come first, that is those that may have most in common, until what they take at
most is used up. That depends on the two cases and the model alone: not on the order in which either states its
entities, nor on which of the two comes first, nor on any third.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product

import msgspec
import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from pipeline.matching.encoded import BitsOfRows
from pipeline.matching.fingerprint import Entities, EntityPrint
from pipeline.matching.ragged import Index
from pipeline.matching.work import COSTS, MOST_OF_CASES, MOST_OF_NAMES, Sizes, sizes_of

Cells = Sequence[tuple[int, int]]
"""Pairs of entities of two cases, as indices."""

_WORDS = slice(1, 3)
"""The kinds of values (work.Sizes) that are words of names."""


def select_cells(a: Entities, b: Entities, cells: Cells, ranks: BitsOfRows) -> Index:
    """The cells that are compared, by their numbers, as many as take MOST_OF_CASES at most, but one at least.

    Those of the highest ranks come first, of equal ones those whose names share the rarest words. Others are told
    apart by what their entities say, and two that say the same are taken together.
    """
    if not cells:
        return np.zeros(0, np.int64)
    at, other = np.array(cells, np.int64).reshape(-1, 2).T
    costs = _cost_cells(sizes_of(a), sizes_of(b), at, other)
    place = {text: nth for nth, text in enumerate(sorted({content_of(one) for one in (*a, *b)}))}
    of_a, of_b = (np.array([place[content_of(one)] for one in side], np.int64) for side in (a, b))
    keys = np.stack([
        -ranks.astype(np.int64), -_share_words(a, b)[at, other],
        np.minimum(of_a[at], of_b[other]), np.maximum(of_a[at], of_b[other]),
    ])  # fmt: skip
    order = np.lexsort(keys[::-1])
    last = np.append((keys[:, order[1:]] != keys[:, order[:-1]]).any(0), np.True_)
    within = np.cumsum(costs[order])[last] <= MOST_OF_CASES
    within[:1] = True
    kept: Index = order[np.repeat(within, np.diff(np.flatnonzero(last), prepend=-1))]
    return kept


def pairs_of_one_type(a: Entities, b: Entities) -> list[tuple[int, int]]:
    """All pairs of entities of one type, as indices."""
    return [(i, j) for i, j in product(range(len(a)), range(len(b))) if a[i].type == b[j].type]


def pairs_across_types(a: Entities, b: Entities) -> list[tuple[int, int]]:
    """The pairs of different types that share a selector, as indices. Most cases hold persons alone, and have none."""
    if len({entity.type for entity in (*a, *b)}) == 1:
        return []
    filled_a = [(i, entity.type, found) for i, entity in enumerate(a) if (found := entity.selectors)]
    if not filled_a:
        return []
    filled_b = [(j, entity.type, found) for j, entity in enumerate(b) if (found := entity.selectors)]
    return [(i, j) for i, kind, p in filled_a for j, other, q in filled_b if kind != other and not p.isdisjoint(q)]


def select_across(a: Entities, b: Entities, cells: Cells) -> list[tuple[int, int]]:
    """The pairs of entities of two types that are compared, in their order: those that share most selectors first."""
    selectors = [[one.selectors for one in side] for side in (a, b)]
    shared = np.array([len(selectors[0][i] & selectors[1][j]) for i, j in cells], np.int32)
    some, others = (tuple(structs.replace(one, names=()) for one in side) for side in (a, b))
    return [cells[at] for at in sorted(select_cells(some, others, cells, shared).tolist())]


def _share_words(a: Entities, b: Entities) -> NDArray[np.int64]:
    """Hundredths of a bit of the words that sound alike in names of both, for each entity with each of the others."""
    sides = tuple([{t.sound: t.rarity for name in one.names for t in name.tokens} for one in side] for side in (a, b))
    of_a, of_b = (set[str]().union(*side) for side in sides)
    place = {sound: nth for nth, sound in enumerate(sorted(of_a & of_b))}
    rarest = np.full(len(place), 1 << 16, np.int64)
    held = []
    for side in sides:
        has = np.zeros((len(side), len(place)))
        for row, one in enumerate(side):
            for sound in one.keys() & place.keys():
                has[row, place[sound]] = 1
                rarest[place[sound]] = min(rarest[place[sound]], one[sound])
        held.append(has)
    found: NDArray[np.int64] = (held[0] * rarest @ held[1].T).astype(np.int64)
    return found


def _cost_cells(a: Sizes, b: Sizes, at: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.int64]:
    """Operations that each cell takes at most; names take MOST_OF_NAMES at most (work.compared_names)."""
    words, without = COSTS.copy(), COSTS.copy()
    without[_WORDS, _WORDS] = 0
    words -= without
    found: NDArray[np.int64] = np.minimum((a @ words @ b.T)[at, other], MOST_OF_NAMES)
    found += (a @ without @ b.T)[at, other]
    return found


def content_of(entity: EntityPrint) -> bytes:
    """The content of an entity as bytes, to order equally strong ties whatever the order of the entities."""
    return msgspec.json.encode(entity)


def contents_of(a: Entities, b: Entities, cell: tuple[int, int]) -> tuple[bytes, ...]:
    """What orders equally strong ties, whatever the order of entities and whichever case is `a`."""
    one, other = content_of(a[cell[0]]), content_of(b[cell[1]])
    return min(one, other), max(one, other), one


def by_content(entities: Entities, indices: Iterable[int]) -> tuple[list[int], list[bytes]]:
    """The indices, sorted by the content of their entities, and that."""
    found = sorted((content_of(entities[at]), at) for at in {*indices})
    return [at for _, at in found], [content for content, _ in found]
