"""What a pair of cases can score at most, for the nine candidates of ten that are no link.

Everything but names is compared as it is; names, which cost more than all else, are only held to what their tokens
could give in any alignment (pipeline.matching.names.ceiling). A pair that falls short needs no score. One that does
not is scored in full, so that the links and their scores are the same with this as without it.
"""

from __future__ import annotations

from functools import lru_cache

from pipeline.matching.comparisons.levels import bend
from pipeline.matching.comparisons.names import most_name
from pipeline.matching.fingerprint import EntityPrint, Fingerprint
from pipeline.matching.model import Calibration, Model
from pipeline.matching.score.alternatives import against_both
from pipeline.matching.score.marks import cross_type_cells, same_type_cells
from pipeline.matching.score.scoring import COMPANIONABLE, EACH_PAIR, attempts, counted, probability_of

FARTHEST = 1 << 16
"""Hundredths of a bit beyond which no score goes."""

OPEN = FARTHEST
"""The ceiling of a pair with selectors across types, which is scored at once: it most often is a link."""


def falls_short(a: Fingerprint, b: Fingerprint, model: Model, threshold: float) -> bool:
    """Whether two cases' probability is below the threshold for certain; symmetric and pure."""
    return ceiling(a.entities, b.entities, model) < least_score(threshold, model.file.calibration)


def ceiling(a: tuple[EntityPrint, ...], b: tuple[EntityPrint, ...], model: Model) -> int:
    """Hundredths of a bit, prior included, that the score of two cases' entities never exceeds.

    Each entity of `a` is given the best of `b`, even if others find the same, and whatever values they share.
    """
    if cross_type_cells(a, b):
        return OPEN
    cells = same_type_cells(a, b)
    best: dict[int, int] = {}
    for i, j in cells:
        bits = counted(most_weight(a[i], b[j], model))
        if bits > best.get(i, 0):
            best[i] = bits
    return model.prior + sum(best.values()) + EACH_PAIR - attempts(len(cells))


def most_weight(a: EntityPrint, b: EntityPrint, model: Model) -> int:
    """Hundredths of a bit that scoring.weigh of two entities of one type never exceeds."""
    stranger = companion = 0
    for compare, table in model.nameless_plans[a.type]:
        found = compare(a, b, table)
        if found is not None:
            stranger += found[0]
            companion += table.companions[found[1]]
    if a.names and b.names:
        table = model.tables["name"]
        stranger += max(0, bend(most_name(a, b), table.curve))
        companion += max(table.companions)
    if a.type not in COMPANIONABLE:
        return stranger
    return against_both(stranger, companion + model.companion_offset)


@lru_cache(maxsize=64)
def least_score(threshold: float, calibration: Calibration) -> int:
    """The lowest score whose probability reaches the threshold."""
    low, high = -FARTHEST, FARTHEST
    while low < high:
        middle = (low + high) // 2
        if probability_of(middle, calibration) >= threshold:
            high = middle
        else:
            low = middle + 1
    return low
