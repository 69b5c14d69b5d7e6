"""The coordinates of an address."""

from __future__ import annotations

from pipeline.locale import N_
from pipeline.matching.comparisons.distances import distance_m, where_value
from pipeline.matching.comparisons.levels import Comparison, ComparisonResult, Level, Table
from pipeline.matching.fingerprint import EntityPrint

LEVELS = (
    Level("same_spot", 0.80, 1.0e-6, 1.0e-6),
    Level("near", 0.15, 1.0e-4, 1.0e-4),
    Level("apart", 0.05, 0.999, 0.999),
)
SAME, NEAR, APART = range(3)
SOURCE = (
    "m, u and h are judgement, not counts: positions of one address agree to 60 m in 4 of 5 and to 500 m in most "
    "others, as geocoders differ; strangers' addresses spread over a country, and h is u"
)

SPOT_M, NEAR_M = 60.0, 500.0
"""Metres within which two positions are one spot, or near: choices, to which the shares of SOURCE belong."""


def compare(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Coordinates of an address: within 60 m, within 500 m, apart."""
    if a.place is None or b.place is None:
        return None
    metres = distance_m(a.place, b.place)
    return table.results[SAME if metres <= SPOT_M else (NEAR if metres <= NEAR_M else APART)]


COORDINATES = Comparison(
    "coordinates", "place", N_("Coordinates"), N_("the coordinates"), LEVELS, SOURCE, compare, where_value
)
