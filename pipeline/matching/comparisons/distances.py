"""Places on the globe: how far apart, and how people read them."""

from __future__ import annotations

import math
from datetime import UTC, datetime

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
