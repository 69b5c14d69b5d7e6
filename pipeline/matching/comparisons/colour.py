"""The colour of a vehicle, vessel or weapon."""

from __future__ import annotations

from pipeline.locale import N_
from pipeline.matching.comparisons.levels import Comparison, ComparisonResult, Level, Table
from pipeline.matching.comparisons.texts import compare_exactly
from pipeline.matching.fingerprint import EntityPrint

LEVELS = (Level("same", 0.80, 0.16, 0.16), Level("different", 0.20, 0.84, 0.84))
SOURCE = (
    "m, u and h are judgement, not counts: witnesses err on a colour in 1 of 5; strangers share one of some six "
    "common colours, and h is u, since companions' things are no more alike"
)


def compare(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Colour: same or different; witnesses err, so the contradiction is weak."""
    return compare_exactly(a.colour, b.colour, table)


COLOUR = Comparison(
    "colour", "colour", N_("Colour"), N_("the colour"), LEVELS, SOURCE, compare, lambda entity, _index: entity.colour
)
