"""Whether a worker makes progress: pure, from samples of what it has applied and what waits.

That a process lives says nothing: consumers have been seen to stop quietly. A worker is stalled once records have
waited for STALLED_S without one being applied. Waiting for Elasticsearch or Kafka stalls it too, yet a restart mends
neither, so such a worker is alive but not ready.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

STALLED_S: Final = 60.0
"""Without progress for this long: a rebalance takes at most 30 s, one slow transaction a few."""

SILENT_S: Final = 60.0
"""Without a sample for this long, the event loop itself hangs; samples come every few seconds."""

STALL: Final = "records wait and none has been applied for a minute"


class State(StrEnum):
    """What a lane is at; waiting is the worker's own, before it has lanes (for Elasticsearch, or a first agency)."""

    WAITING = "waiting"
    STARTING = "starting"
    WORKING = "working"
    FAILING = "failing"


@dataclass(frozen=True)
class Sample:
    """One look at a worker: `applied` changes with every record applied, `lag` counts what waits (None: unknown)."""

    at: float
    applied: Hashable
    lag: int | None
    states: frozenset[State] = frozenset()
    outside: bool = False
    """Whether an effect outside Kafka is under way; one that lasts waits for Elasticsearch."""


class Health:
    """Judges by the samples; times are any clock's that never goes back, in seconds."""

    def __init__(self, started: float) -> None:
        self._last: Sample | None = None
        self._seen = started
        self._progressed = started

    def observe(self, sample: Sample) -> None:
        """Take in a sample."""
        before, self._last, self._seen = self._last, sample, sample.at
        if before is None or before.applied != sample.applied or sample.lag == 0:
            self._progressed = sample.at

    def stalled(self, now: float) -> bool:
        """Whether records wait and none has been applied for too long; stores that are being rebuilt are no stall."""
        last = self._last
        if last is None or not last.lag or State.STARTING in last.states:
            return False
        return now - self._progressed > STALLED_S

    def alive(self, now: float) -> str:
        """Why the process should be restarted; empty while it should not."""
        if now - self._seen > SILENT_S:
            return "the worker has not looked at itself for a minute"
        excused = self._last is None or self._last.outside or State.FAILING in self._last.states
        return STALL if self.stalled(now) and not excused else ""

    def ready(self, now: float) -> str:
        """Why the worker does not do its work; empty while it does."""
        if problem := self.alive(now):
            return problem
        last = self._last
        if last is None or State.WAITING in last.states:
            return "waiting for Elasticsearch, or for a first agency"
        if last.lag is None:
            return "Kafka does not answer"
        if self.stalled(now):
            return STALL
        if State.FAILING in last.states:
            return "trying again after a failure"
        return "stores are being read" if State.STARTING in last.states else ""
