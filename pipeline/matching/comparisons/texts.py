"""Levels of short texts that an entity has one of: makes, models, colours, calibres."""

from __future__ import annotations

from rapidfuzz import fuzz

from pipeline.matching.comparisons.levels import ComparisonResult, Table

NEAR_WORD = 85
"""rapidfuzz ratio: one or two letters off."""


def compare_words(x: str, y: str, table: Table) -> ComparisonResult | None:
    """Levels 0 to 2: same, near, different."""
    if not x or not y:
        return None
    return table.results[0 if x == y else (1 if fuzz.ratio(x, y) >= NEAR_WORD else 2)]


def compare_exactly(x: str, y: str, table: Table) -> ComparisonResult | None:
    """Levels 0 and 1: same, different."""
    if not x or not y:
        return None
    return table.results[0 if x == y else 1]
