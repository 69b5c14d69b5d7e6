"""When and where an event was: distance and time gap as one joint level."""

from __future__ import annotations

from pipeline.locale import N_
from pipeline.matching.comparisons.distances import distance_m, where_value
from pipeline.matching.comparisons.levels import Comparison, ComparisonResult, Level, Table
from pipeline.matching.fingerprint import EntityPrint

LEVELS = (
    Level("same_spot_and_hour", 0.55, 2.0e-6, 2.0e-6),
    Level("near_spot_and_hours", 0.25, 5.0e-5, 5.0e-5),
    Level("same_town_and_day", 0.12, 1.0e-3, 1.0e-3),
    Level("same_area_and_days", 0.05, 8.0e-3, 8.0e-3),
    Level("apart", 0.03, 0.99, 0.99),
)
SOURCE = (
    "u: events spread evenly over a year and a country of 500 by 500 km with its towns, and h is u; m is "
    "judgement: more than half of the records of one event agree to 250 m and an hour, and 3 of 100 err beyond 60 "
    "km or 3 days"
)

BOUNDS = ((250.0, 3600), (2_000.0, 6 * 3600), (15_000.0, 24 * 3600), (60_000.0, 72 * 3600))
"""Metres and seconds of each level but the last."""


def compare(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Compare distance and time gap of two events in one joint level.

    From the same spot and hour (250 m, 1 h) to the same area and days (60 km, 3 days); beyond that, apart. Both must be
    known on both sides.
    """
    if a.place is None or b.place is None or a.span is None or b.span is None:
        return None
    metres = distance_m(a.place, b.place)
    gap = max(0, a.span.start - b.span.end, b.span.start - a.span.end)
    level = next((k for k, (reach, seconds) in enumerate(BOUNDS) if metres <= reach and gap <= seconds), len(BOUNDS))
    return table.results[level]


WHEN_WHERE = Comparison(
    "when_where",
    "span",
    N_("Time and place"),
    N_("the time and place"),
    LEVELS,
    SOURCE,
    compare,
    where_value,
    also_reads=("place",),
)
