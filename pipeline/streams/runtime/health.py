"""Whether a worker makes progress: pure, from samples of what it has applied and what waits, and a count of its work.

That a process lives says nothing: consumers have been seen to stop quietly. A worker is stalled once records have
waited for STALLED_S without one being applied, and the work in hand has not moved either. Work that takes long is no
reason to restart, which would begin it anew; nor is a loop that does not turn meanwhile. Waiting for Elasticsearch or
Kafka stalls a worker too, yet a restart mends neither, so such a worker is alive but not ready, and says which of them
it waits for, for how long, and what to do.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

STALLED_S: Final = 60.0
"""Without progress for this long: a rebalance takes at most 30 s, one slow transaction a few."""

SILENT_S: Final = 60.0
"""Without a sample for this long, the event loop does not turn; samples come every few seconds."""

ENDLESS_S: Final = 600.0
"""A step of work that lasts for this long does not end, whatever else moves: the longest takes some seconds of CPU."""

OUTSIDE_S: Final = 15.0
"""An effect outside Kafka that lasts for longer waits for Elasticsearch: a bulk request takes it a second or two."""

STORE_AHEAD: Final = "a store is ahead of its progress; restart the worker, which makes it anew from Kafka"

STALL: Final = "records wait and none has been applied for a minute, nor has the work in hand moved"

HANG: Final = "the event loop has not turned for a minute, nor has the work in hand moved"

ENDLESS: Final = "a step of the work in hand has not ended for ten minutes"

UNPROVEN: Final = "it has just started and has not applied anything yet"


class LaneState(StrEnum):
    """What a lane is at.

    Before it has lanes the worker itself waits (for Elasticsearch, or a first agency) or joins its consumer group.
    """

    WAITING = "waiting"
    JOINING = "joining"
    STARTING = "starting"
    WORKING = "working"
    FAILING = "failing"
    AHEAD = "ahead"
    """A store is ahead of its progress: its partition stands still, the others go on."""


@dataclass(frozen=True)
class HealthSample:
    """One look at a worker: `applied` is the last offset applied by partition, `lag` counts what waits (None: unknown).

    Without a lane there are no states.
    """

    at: float
    applied: Mapping[Hashable, int]
    lag: int | None
    states: frozenset[LaneState] = frozenset()
    outside: bool = False
    """Whether an effect outside Kafka is under way; one that lasts waits for Elasticsearch."""
    refusal: str = ""
    """What Kafka, which answers, refuses; where it is silent instead, lag is unknown and this is empty."""
    problem: str = ""
    """Why a lane tries again after a failure, where that is known in words."""


@dataclass(frozen=True)
class Remedies:
    """What an operator does about that for which a worker waits; `first` is what it needs before it begins."""

    first: str = "starting"
    kafka: str = ""
    elasticsearch: str = ""


class Health:
    """Judges by the samples; times are any clock's that never goes back, in seconds."""

    def __init__(
        self,
        started: float,
        remedies: Remedies = Remedies(),
        count_work: Callable[[], int] = lambda: 0,
        find_step: Callable[[], tuple[str, float]] = lambda: ("", 0.0),
    ) -> None:
        """`count_work` counts what the process has done so far, `find_step` says at which records it is, and how long.

        Both may be asked from any thread.
        """
        self._remedies, self._count_work, self._find_step = remedies, count_work, find_step
        self._counted, self._worked = 0, started
        self._last: HealthSample | None = None
        self._kafka_lost: float | None = None
        self._outside_since: float | None = None
        self._seen = started
        self._progressed = started
        self._proven = False
        """Whether it has applied something, or had nothing to do, since the process started: a worker in a crash loop
        never does."""

    def note_work(self, now: float) -> None:
        """Look whether the work in hand has moved; whoever does it may be too busy to look, so others ask."""
        if (counted := self._count_work()) != self._counted:
            self._counted, self._worked = counted, now

    def add_sample(self, sample: HealthSample) -> None:
        """Take in a sample."""
        self.note_work(sample.at)
        before, self._last, self._seen = self._last, sample, sample.at
        if before is None or before.applied != sample.applied or sample.lag == 0:
            self._progressed = sample.at
        self._kafka_lost = None if sample.lag is not None else self._kafka_lost or sample.at
        if not sample.outside or (before is not None and before.applied != sample.applied):
            self._outside_since = None
        elif self._outside_since is None:
            self._outside_since = sample.at
        if LaneState.WAITING in sample.states or LaneState.JOINING in sample.states:
            return
        self._proven |= sample.lag == 0 or (before is not None and _has_advanced(before, sample))

    def is_stalled(self, now: float) -> bool:
        """Whether records wait and none has been applied for too long; stores that are being rebuilt are no stall."""
        last = self._last
        if last is None or not last.lag or LaneState.STARTING in last.states:
            return False
        return now - max(self._progressed, self._worked) > STALLED_S

    def why_restart(self, now: float) -> str:
        """Why the process should be restarted: what has stood still; empty while it should not be."""
        self.note_work(now)
        last, (in_hand, step_s) = self._last, self._find_step()
        problem = ""
        if now - max(self._seen, self._worked) > SILENT_S:
            problem = HANG
        elif step_s > ENDLESS_S:
            problem = ENDLESS
        elif last is not None and not last.outside and last.states.isdisjoint({LaneState.FAILING, LaneState.AHEAD}):
            problem = STALL if self.is_stalled(now) else ""
        return f"{problem}: {in_hand}" if problem and in_hand else problem

    def why_not_ready(self, now: float) -> str:
        """Why the worker does not do its work; empty while it does."""
        if problem := self.why_restart(now):
            return problem
        last = self._last
        if last is None or LaneState.WAITING in last.states:
            return self._remedies.first
        if last.refusal:
            return last.refusal
        if self._kafka_lost is not None:
            return _describe_silence("Kafka", now - self._kafka_lost, self._remedies.kafka)
        if self._outside_since is not None and now - self._outside_since > OUTSIDE_S:
            return _describe_silence("Elasticsearch", now - self._outside_since, self._remedies.elasticsearch)
        if LaneState.AHEAD in last.states:
            return STORE_AHEAD
        if self.is_stalled(now):
            return STALL
        if LaneState.FAILING in last.states:
            return "trying again after a failure" + (f": {last.problem}" if last.problem else "")
        if LaneState.JOINING in last.states:
            return "joining its consumer group"
        if LaneState.STARTING in last.states:
            return "stores are being read"
        return "" if self._proven else UNPROVEN

    @property
    def lag(self) -> int:
        """The records that wait, as far as is known."""
        return (self._last.lag if self._last else None) or 0


def _describe_silence(engine: str, for_s: float, remedy: str) -> str:
    return f"{engine} has not answered for {for_s:.0f} s" + (f"; {remedy}" if remedy else "")


def _has_advanced(before: HealthSample, sample: HealthSample) -> bool:
    """Whether a partition went on that was open in both: one that has just been opened shows what was done before."""
    if LaneState.STARTING in before.states:
        return False
    return any(offset > before.applied.get(partition, offset) for partition, offset in sample.applied.items())
