"""The calibre of a weapon."""

from __future__ import annotations

from pipeline.locale import N_
from pipeline.matching.comparisons.levels import Comparison, ComparisonResult, Level, Table
from pipeline.matching.comparisons.texts import compare_exactly
from pipeline.matching.fingerprint import EntityPrint

LEVELS = (Level("same", 0.95, 0.15, 0.15), Level("different", 0.05, 0.85, 0.85))
SOURCE = (
    "m, u and h are judgement, not counts: a wrong calibre is rarely written down (5 of 100); strangers share one "
    "of some seven common calibres, and h is u, since companions' weapons are no more alike"
)


def compare(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Calibre of a weapon: same or different; a wrong one is rarely written down."""
    return compare_exactly(a.calibre, b.calibre, table)


CALIBRE = Comparison(
    "calibre",
    "calibre",
    N_("Calibre"),
    N_("the calibre"),
    LEVELS,
    SOURCE,
    compare,
    lambda entity, _index: entity.calibre,
)
