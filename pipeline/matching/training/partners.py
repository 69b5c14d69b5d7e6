"""Who of a pair has met somebody else: what tells a person whose names conflict from two of one family.

Two brothers each have other records of their own; the two records of one person, of which one has a wrong given name,
mostly have none besides. Only training uses this: what a pair scores depends on its two records alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from pipeline.matching.comparisons.comparison import Comparison, Level
from pipeline.matching.fingerprint import EntityPrint
from pipeline.matching.names import sound_keys
from pipeline.matching.training.pairs import PairPopulation, RecordPair

MOST_PARTNERS = 20
"""Records that share two sounds and a date; where there are more, these say little of one person."""

MOST_WITHOUT = 0.97
"""Random pairs of whom neither has a partner, at most, for partners to tell whether names in conflict are one person's:
then one relative in 30 or more is known as such."""

LEVELS = (
    Level("none", 0.6, 0.6, 0.6, 0.6, 0.6),
    Level("one", 0.3, 0.3, 0.3, 0.3, 0.3),
    Level("both", 0.1, 0.1, 0.1, 0.1, 0.1),
)
PARTNERS = Comparison(
    "partners",
    "",
    "",
    "",
    LEVELS,
    "not compared: counted over the records",
    lambda _a, _b, _table: None,
    lambda _entity, _index: "",
)


def find_partners(prints: Sequence[EntityPrint], population: PairPopulation) -> set[RecordPair]:
    """The pairs i < j in question that share two sounds of a name and a birth date."""
    blocks: defaultdict[tuple[object, ...], list[int]] = defaultdict(list)
    for at, entity in enumerate(prints):
        for key in set(_strong_keys(entity)):
            blocks[key].append(at)
    few = (members for members in blocks.values() if 1 < len(members) <= MOST_PARTNERS)
    return {pair for members in few for pair in combinations(members, 2) if pair in population}


def count_partners(pairs: NDArray[np.int64], partners: NDArray[np.int64], records: int) -> NDArray[np.int16]:
    """Of how many of each pair's two records a partner is known besides the other: both arrays have pairs i < j."""
    degree = np.bincount(partners.ravel(), minlength=records)
    own = np.isin(pairs[:, 0] * records + pairs[:, 1], partners[:, 0] * records + partners[:, 1])
    found: NDArray[np.int16] = (degree[pairs] > own[:, None]).sum(axis=1).astype(np.int16)
    return found


def _strong_keys(entity: EntityPrint) -> Iterator[tuple[object, ...]]:
    """Two sounds of a name with a whole birth date."""
    dates = [one.first for one in entity.all_birth_dates if one.exact and one.first.day]
    for name in entity.names[:6] if dates else ():
        sounds = sorted({token.sounds[0] for token in sound_keys(name)[:4]})
        for pair in combinations(sounds, 2):
            yield from ((*pair, date.year, date.month, date.day) for date in dates)


def tell_partners(strangers: NDArray[np.int16]) -> bool:
    """Whether so many people have partners that having one says something, by the levels of random pairs."""
    return float((strangers == 0).mean()) <= MOST_WITHOUT
