"""The model of a vehicle, vessel or weapon."""

from __future__ import annotations

from pipeline.locale import N_
from pipeline.matching.comparisons.levels import Comparison, ComparisonResult, Level, Table
from pipeline.matching.comparisons.texts import compare_words
from pipeline.matching.fingerprint import EntityPrint

LEVELS = (Level("same", 0.88, 0.02, 0.02), Level("near", 0.06, 0.01, 0.01), Level("different", 0.06, 0.97, 0.97))
SOURCE = (
    "m, u and h are judgement, not counts: records of one thing name its model alike in 88 of 100 and misspell it "
    "in 6; strangers share 1 of 50 common models, and h is u, since companions' things are no more alike"
)


def compare(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Model of a vehicle, vessel or weapon: same, near (one or two letters off), different."""
    return compare_words(a.model, b.model, table)


MODEL = Comparison(
    "model", "model", N_("Model"), N_("the model"), LEVELS, SOURCE, compare, lambda entity, _index: entity.model
)
