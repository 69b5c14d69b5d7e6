"""The columns of a training matrix: one comparison each, names as bands of their own bits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipeline.matching.alternatives import COMPANION_KINDS, GROUP, HOUSEHOLD, NAMED_AFTER
from pipeline.matching.comparisons.comparison import Comparison
from pipeline.matching.comparisons.name.name_levels import NameLevel
from pipeline.matching.fingerprint import EntityPrint
from pipeline.matching.model import Model
from pipeline.matching.names.name_pairs import MetNames, meet_names
from pipeline.matching.training.expectation import Levels
from pipeline.matching.training.pairs import RecordPair
from pipeline.records.entity_types import ENTITY_TYPES_BY_NAME

BAND = 250
"""Hundredths of a bit: width of a band of name bits."""

LOWEST, HIGHEST = -2000, 3500
"""Hundredths of a bit between which the bands lie: from the least that names weigh to 35 bits. Beyond, a band is
open."""
BANDS = (HIGHEST - LOWEST) // BAND
CENTRES = tuple(HIGHEST - BAND * k - BAND // 2 for k in range(BANDS))
"""Middle of each band, strongest first."""

MET_TOGETHER = 1000
"""Pairs of records whose names are bounded together, and held meanwhile."""


@dataclass(frozen=True, slots=True)
class TrainingColumn:
    """A comparison as training sees it, with its reference shares (m, u, h) as they ship, strongest level first.

    `h` is that of a household or a group, `h_named_after` that of those who bear one name; `companions` says which of
    the former two entities of the type have, "" for none.

    Names have two columns: the bands of their bits, which tell true pairs from strangers, and their levels, which tell
    them from companions. Every other comparison's levels do both.
    """

    comparison: Comparison
    names: tuple[str, ...]
    m: NDArray[np.float64]
    u: NDArray[np.float64]
    h: NDArray[np.float64]
    h_named_after: NDArray[np.float64]
    companions: str = ""
    banded: bool = False
    tells_strangers: bool = True

    @property
    def tells_companions(self) -> bool:
        """Whether its levels tell companions from true pairs."""
        return not self.banded


def columns_of(comparison: Comparison, entity_type: str) -> list[TrainingColumn]:
    """The column, or two, of a comparison; the reference of names takes their bits at face value."""
    names = tuple(level.key for level in comparison.levels)
    kinds = ENTITY_TYPES_BY_NAME[entity_type].companions
    kind = GROUP if COMPANION_KINDS[GROUP - 1] in kinds else HOUSEHOLD
    told = COMPANION_KINDS[kind - 1] if COMPANION_KINDS[kind - 1] in kinds else ""
    shares = ((level.m, level.u, *level.h) for level in comparison.levels)
    m, u, *h = map(np.array, zip(*shares, strict=True))
    found = TrainingColumn(comparison, names, m, u, h[kind - HOUSEHOLD], h[NAMED_AFTER - HOUSEHOLD], told)
    return [found] if comparison.name != "name" else [_bands(comparison), replace(found, tells_strangers=False)]


def normalise_shares(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The values as shares of their sum."""
    found: NDArray[np.float64] = values / values.sum()
    return found


def _bands(comparison: Comparison) -> TrainingColumn:
    """True pairs spread evenly over the positive bands, strangers over the others, so that bits are at face value."""
    centres = np.array(CENTRES) / 100
    m = normalise_shares(np.where(centres > 0, 1.0, 2.0**centres))
    u = normalise_shares(m * 2**-centres)
    return TrainingColumn(comparison, tuple(f"{centre:+.1f} bits" for centre in centres), m, u, u, u, banded=True)


def levels_of(
    pairs: Sequence[RecordPair],
    prints: Sequence[EntityPrint],
    columns: Sequence[TrainingColumn],
    model: Model,
    tick: Callable[[], None],
) -> Levels:
    """The matrix of levels of some pairs; `tick` is called once a pair.

    Each comparison is made once a pair, whatever columns it has. The best of several values is no single draw from a
    field's levels, so nothing is learnt from it.
    """
    matrix = np.full((len(pairs), len(columns)), -1, dtype=np.int16)
    held: list[MetNames] = []
    plan = [
        (comparison, model.tables[comparison.name], [(k, columns[k].banded) for k in places])
        for comparison, places in _places_of(columns)
        if comparison.name in model.tables
    ]
    for row, (i, j) in enumerate(pairs):
        if row % MET_TOGETHER == 0:
            some = [(prints[i].names, prints[j].names) for i, j in pairs[row : row + MET_TOGETHER]]
            held = meet_names([both for both in some if len(both[0]) * len(both[1]) > 1])
        for comparison, table, places in plan:
            a, b, several = prints[i], prints[j], comparison.several
            # of several values the best pair would be taken, or all would be taken together
            chosen = comparison.least > 1 or (bool(several) and bool(getattr(a, several) or getattr(b, several)))
            found = None if chosen else comparison.compare(a, b, table)
            if found is not None:
                for k, banded in places:
                    matrix[row, k] = band_of(found.weight) if banded else found.level
        tick()
    del held
    return matrix


def _places_of(columns: Sequence[TrainingColumn]) -> list[tuple[Comparison, list[int]]]:
    """Each comparison once, with the columns that it has."""
    found: dict[str, tuple[Comparison, list[int]]] = {}
    for k, column in enumerate(columns):
        found.setdefault(column.comparison.name, (column.comparison, []))[1].append(k)
    return list(found.values())


def find_conflicts(levels: Levels, columns: Sequence[TrainingColumn]) -> NDArray[np.bool_]:
    """The pairs of a matrix whose names conflict, or have nothing in common."""
    found = np.zeros(len(levels), np.bool_)
    for k, column in enumerate(columns):
        if column.comparison.name == "name" and not column.banded:
            found |= levels[:, k] >= NameLevel.CONFLICT
    return found


def band_of(bits: int) -> int:
    """The band of a name's bits; the outermost ones are open."""
    return min(max((HIGHEST - bits) // BAND, 0), BANDS - 1)
