"""The make of a vehicle, vessel or weapon."""

from __future__ import annotations

from pipeline.locale import N_
from pipeline.matching.comparisons.levels import Comparison, ComparisonResult, Level, Table
from pipeline.matching.comparisons.texts import compare_words
from pipeline.matching.fingerprint import EntityPrint

LEVELS = (Level("same", 0.95, 0.08, 0.08), Level("near", 0.02, 0.005, 0.005), Level("different", 0.03, 0.91, 0.91))
SOURCE = (
    "m, u and h are judgement, not counts: records of one thing rarely differ in its make (3 of 100); strangers "
    "share one of a dozen common makes, and h is u, since companions' things are no more alike"
)


def compare(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Make of a vehicle, vessel or weapon: same, near (one or two letters off), different."""
    return compare_words(a.make, b.make, table)


MAKE = Comparison(
    "make", "make", N_("Make"), N_("the make"), LEVELS, SOURCE, compare, lambda entity, _index: entity.make
)
