"""Positions on the earth."""

from __future__ import annotations

from pipeline.records.normalised import GeoPoint

DECIMALS = 6
"""A millionth of a degree is 11 cm: more than any report knows."""


def place(latitude: float | None, longitude: float | None) -> GeoPoint | None:
    """The position, rounded; None where half of it is missing or both are 0, which devices send when they know none."""
    if latitude is None or longitude is None or (latitude == 0 and longitude == 0):
        return None
    return GeoPoint(round(latitude, DECIMALS), round(longitude, DECIMALS))
