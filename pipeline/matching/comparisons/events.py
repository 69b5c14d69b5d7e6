"""Events: distance and time gap as one joint level, and the method."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from pipeline.matching.comparisons.levels import Comparison, Found, Level, Table
from pipeline.matching.fingerprint import EntityPrint
from pipeline.records.normalised import Place

EVENT = frozenset({"event"})

WHEN_WHERE = (
    Level("same_spot_and_hour", 0.55, 2.0e-6, 2.0e-6),
    Level("near_spot_and_hours", 0.25, 5.0e-5, 5.0e-5),
    Level("same_town_and_day", 0.12, 1.0e-3, 1.0e-3),
    Level("same_area_and_days", 0.05, 8.0e-3, 8.0e-3),
    Level("apart", 0.03, 0.99, 0.99),
)
"""Metres and seconds below; u from events spread evenly over a year and a country of 500 by 500 km with its towns."""

BOUNDS = ((250.0, 3600), (2_000.0, 6 * 3600), (15_000.0, 24 * 3600), (60_000.0, 72 * 3600))

METHOD = (
    Level("same", 0.30, 0.004, 0.004),
    Level("similar", 0.30, 0.03, 0.03),
    Level("word_in_common", 0.20, 0.12, 0.12),
    Level("different", 0.20, 0.85, 0.85),
)
SIMILAR = 0.5
"""Share of the method's words in common."""

COORDINATES = (
    Level("same_spot", 0.80, 1.0e-6, 1.0e-6),
    Level("near", 0.15, 1.0e-4, 1.0e-4),
    Level("apart", 0.05, 0.999, 0.999),
)
SPOT_M, NEAR_M = 60.0, 500.0

EARTH_M = 6_371_000.0


def when_where(a: EntityPrint, b: EntityPrint, table: Table) -> Found | None:
    """Events: distance and time gap as one joint level, from the same spot and hour (250 m, 1 h) to the same area and
    days (60 km, 3 days); beyond that, apart. Both must be known on both sides."""
    if a.place is None or b.place is None or a.span is None or b.span is None:
        return None
    metres = distance_m(a.place, b.place)
    gap = max(0, a.span.start - b.span.end, b.span.start - a.span.end)
    level = next((k for k, (reach, seconds) in enumerate(BOUNDS) if metres <= reach and gap <= seconds), len(BOUNDS))
    return table.weights[level], level, 0, 0


def method(a: EntityPrint, b: EntityPrint, table: Table) -> Found | None:
    """Method of an event: same words, half of them, one of them, none."""
    if not a.method or not b.method:
        return None
    common = len(set(a.method).intersection(b.method))
    if a.method == b.method:
        level = 0
    elif common >= SIMILAR * max(len(a.method), len(b.method)):
        level = 1
    else:
        level = 2 if common else 3
    return table.weights[level], level, 0, 0


def coordinates(a: EntityPrint, b: EntityPrint, table: Table) -> Found | None:
    """Coordinates of an address: within 60 m, within 500 m, apart."""
    if a.place is None or b.place is None:
        return None
    metres = distance_m(a.place, b.place)
    level = 0 if metres <= SPOT_M else (1 if metres <= NEAR_M else 2)
    return table.weights[level], level, 0, 0


def distance_m(a: Place, b: Place) -> float:
    """Great-circle distance in metres (haversine)."""
    lat_a, lat_b = math.radians(a.latitude), math.radians(b.latitude)
    half = math.sin((lat_b - lat_a) / 2) ** 2
    half += math.cos(lat_a) * math.cos(lat_b) * math.sin(math.radians(b.longitude - a.longitude) / 2) ** 2
    return 2 * EARTH_M * math.asin(min(1.0, math.sqrt(half)))


def where_value(one: EntityPrint, _index: int) -> str:
    """Coordinates, and the start (UTC, ISO 8601) where there is one."""
    place = "" if one.place is None else f"{one.place.latitude:.5f}, {one.place.longitude:.5f}"
    return place if one.span is None else f"{place} @ {_iso(one.span.start)}"


def _iso(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return str(seconds)


EVENTS = (
    Comparison("when_where", EVENT, WHEN_WHERE, when_where, where_value),
    Comparison("method", EVENT, METHOD, method, lambda one, _index: ", ".join(one.method)),
    Comparison("coordinates", frozenset({"address"}), COORDINATES, coordinates, where_value),
)
