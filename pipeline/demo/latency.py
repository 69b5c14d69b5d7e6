"""How soon the demo's cases are searchable."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec


class Latency(msgspec.Struct, frozen=True):
    """Seconds from sending to searchable: median, 95th percentile, and how many cases were measured."""

    p50: float
    p95: float
    cases: int

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Latency:
        """From what was measured; by nearest rank."""
        ordered = sorted(seconds)
        return cls(_rank(ordered, 0.50), _rank(ordered, 0.95), len(ordered))


def _rank(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
