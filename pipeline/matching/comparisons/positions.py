"""Coordinates of an address, and where and when an event was."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from pipeline.locale import N_
from pipeline.matching.comparisons.comparison import Comparison, ComparisonLevel, ComparisonResult, Table
from pipeline.matching.fingerprint import EntityPrint
from pipeline.records.normalised import GeoPoint

EARTH_M = 6_371_000.0
"""Metres: the Earth's mean radius (IUGG, 6,371,009 m), rounded. On a sphere distances err by some 0.5% at most."""


def distance_m(a: GeoPoint, b: GeoPoint) -> float:
    """Great-circle distance in metres (haversine)."""
    lat_a, lat_b = math.radians(a.latitude), math.radians(b.latitude)
    half = math.sin((lat_b - lat_a) / 2) ** 2
    half += math.cos(lat_a) * math.cos(lat_b) * math.sin(math.radians(b.longitude - a.longitude) / 2) ** 2
    return 2 * EARTH_M * math.asin(min(1.0, math.sqrt(half)))


def where_value(entity: EntityPrint, _index: int) -> str:
    """Coordinates, and the start (UTC, ISO 8601) where there is one."""
    place = "" if entity.place is None else f"{entity.place.latitude:.5f}, {entity.place.longitude:.5f}"
    return place if entity.span is None else f"{place} @ {_iso(entity.span.start)}"


def read_where(value: str) -> tuple[GeoPoint, datetime | None] | None:
    """What `where_value` wrote: the place and the start; None for what it did not write so."""
    place, _, start = value.partition(" @ ")
    latitude, _, longitude = place.partition(", ")
    try:
        return GeoPoint(float(latitude), float(longitude)), datetime.fromisoformat(start) if start else None
    except ValueError:
        return None


def _iso(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return str(seconds)


class WhenWhereLevel(ComparisonLevel):
    """How near two events are."""

    SAME_SPOT_AND_HOUR = 0.55, 2.0e-6, 2.0e-6
    NEAR_SPOT_AND_HOURS = 0.25, 5.0e-5, 5.0e-5
    SAME_TOWN_AND_DAY = 0.12, 1.0e-3, 1.0e-3
    SAME_AREA_AND_DAYS = 0.05, 8.0e-3, 8.0e-3
    APART = 0.03, 0.99, 0.99


REACHES = {
    WhenWhereLevel.SAME_SPOT_AND_HOUR: (250.0, 3600),
    WhenWhereLevel.NEAR_SPOT_AND_HOURS: (2_000.0, 6 * 3600),
    WhenWhereLevel.SAME_TOWN_AND_DAY: (15_000.0, 24 * 3600),
    WhenWhereLevel.SAME_AREA_AND_DAYS: (60_000.0, 72 * 3600),
}
"""Metres and seconds within which two events have a level; beyond all they are apart."""


def compare_when_where(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Compare distance and time gap of two events in one joint level.

    From the same spot and hour (250 m, 1 h) to the same area and days (60 km, 3 days); beyond that, apart. Both must be
    known on both sides.
    """
    if a.place is None or b.place is None or a.span is None or b.span is None:
        return None
    metres = distance_m(a.place, b.place)
    gap = max(0, a.span.start - b.span.end, b.span.start - a.span.end)
    within = (level for level, (reach, seconds) in REACHES.items() if metres <= reach and gap <= seconds)
    return table.results[next(within, WhenWhereLevel.APART)]


WHEN_WHERE = Comparison(
    "when_where",
    "span",
    N_("Time and place"),
    N_("the time and place"),
    WhenWhereLevel,
    (
        "u: events spread evenly over a year and a country of 500 by 500 km with its towns, and h is u; m is "
        "judgement: more than half of the records of one event agree to 250 m and an hour, and 3 of 100 err beyond 60 "
        "km or 3 days"
    ),
    compare_when_where,
    where_value,
    also_reads=("place",),
)

SPOT_M, NEAR_M = 60.0, 500.0
"""Metres within which two positions are one spot, or near: choices, to which the shares of their source belong."""


class CoordinatesLevel(ComparisonLevel):
    """How near two addresses are."""

    SAME_SPOT = 0.80, 1.0e-6, 1.0e-6
    NEAR = 0.15, 1.0e-4, 1.0e-4
    APART = 0.05, 0.999, 0.999


def compare_coordinates(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Coordinates of an address: within 60 m, within 500 m, apart."""
    if a.place is None or b.place is None:
        return None
    metres = distance_m(a.place, b.place)
    if metres <= SPOT_M:
        return table.results[CoordinatesLevel.SAME_SPOT]
    return table.results[CoordinatesLevel.NEAR if metres <= NEAR_M else CoordinatesLevel.APART]


COORDINATES = Comparison(
    "coordinates",
    "place",
    N_("Coordinates"),
    N_("the coordinates"),
    CoordinatesLevel,
    (
        "m, u and h are judgement, not counts: positions of one address agree to 60 m in 4 of 5 and to 500 m in most "
        "others, as geocoders differ; strangers' addresses spread over a country, and h is u"
    ),
    compare_coordinates,
    where_value,
)
