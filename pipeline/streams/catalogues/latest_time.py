"""A gauge of when something last happened, whoever tells it, in whatever order."""

from __future__ import annotations

from prometheus_client import Gauge


class LatestTime(Gauge):
    """Holds the latest of the times that it is told (Unix seconds), until its labels are removed."""

    def advance(self, time_s: float) -> None:
        """Set it, unless it holds a later time."""
        self.set(max(self._value.get(), time_s))
