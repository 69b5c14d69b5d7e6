"""The one catalogue of metrics: every instrument of a worker with its unit, its labels and a sentence.

No label holds personal data: topics bear an agency's name, a blocking key is told by its kind alone. What a transaction
does is counted once it is certain, so that what is done again after a failure is not counted twice; a process
counts from its own start, which Prometheus' rate() knows of. Conservation is never judged by these (accounting.py).
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter as Added
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.metrics_core import HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from pipeline.correlation.key_kinds import HASH_BITS, KIND_NUMBERS, KeyKind

if TYPE_CHECKING:  # the agency's client has no numpy, and counts no blocks
    import numpy as np
    from numpy.typing import NDArray


class LatestTime(Gauge):
    """Holds the latest of the times that it is told (Unix seconds), until its labels are removed."""

    def advance(self, time_s: float) -> None:
        """Set it, unless it holds a later time."""
        self.set(max(self._value.get(), time_s))


class BlockSizes(Collector):
    """Sizes by the kind of key: the key itself would tell of a person."""

    def __init__(self, name: str, documentation: str, bounds: Sequence[int], registry: CollectorRegistry) -> None:
        self._name, self._documentation, self._bounds = name, documentation, bounds
        self._counts = [[0] * (len(bounds) + 1) for _ in range(KIND_NUMBERS)]
        self._sums = [0] * KIND_NUMBERS
        registry.register(self)

    def observe(self, keys: NDArray[np.uint64], sizes: NDArray[np.int64]) -> None:
        """Count blocks by their keys and sizes."""
        for kind, size in zip((keys >> keys.dtype.type(HASH_BITS)).tolist(), sizes.tolist(), strict=True):
            self._counts[kind][bisect_left(self._bounds, size)] += 1
            self._sums[kind] += size

    def collect(self) -> Iterator[Metric]:
        """As Prometheus wants it: cumulative, with the bounds as labels."""
        family = HistogramMetricFamily(self._name, self._documentation, labels=["kind"])
        bounds = [*(str(float(bound)) for bound in self._bounds), "+Inf"]
        for kind in KeyKind:
            counts = list(accumulate(self._counts[kind]))
            family.add_metric([kind.name.lower()], list(zip(bounds, counts, strict=True)), float(self._sums[kind]))
        yield family


Tally = Added[Any]
"""Labelled counters with what to add to each."""

REGISTRY: Final = CollectorRegistry()
"""What a worker's port shows; the library's own default registry is left to others."""

ProcessCollector(registry=REGISTRY)

SECONDS: Final = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200)
"""From one transaction (15-30 ms) to a backlog of hours."""

CASES: Final = (1, 3, 10, 30, 100, 300, 1000, 3000, 10_000)
"""Sizes of a block; HOT_BLOCK is one of them."""

HOT_BLOCK: Final = 1000
"""A key of this many cases costs a millisecond or two at every case that bears it: one for the stop list."""

RECORDS: Final = Counter(
    "liaison_records",
    "Records of a source topic whose effects are certain.",
    ["feed", "topic"],
    registry=REGISTRY,
)
OUTCOMES: Final = Counter(
    "liaison_outcomes",
    "Source positions by what became of them: accepted, duplicate, or rejected with its reason.",
    ["agency", "outcome", "reason"],
    registry=REGISTRY,
)
FAULTS: Final = Counter(
    "liaison_faults",
    "Accepted records that failed by a fault of ours and are kept in `rejected`.",
    ["reason"],
    registry=REGISTRY,
)
INTERNAL_FAULTS: Final = Counter(
    "liaison_internal_faults",
    "Attempts at records that failed by a fault of ours before they had an outcome; they are tried again.",
    ["feed", "topic"],
    registry=REGISTRY,
)
BROKEN_INVARIANTS: Final = Counter(
    "liaison_broken_invariants",
    "Times that what must always hold did not: a store ahead of its progress (store_ahead), a record behind a "
    "later one (record_order), a claim about older versions than one before it (claim_order).",
    ["invariant"],
    registry=REGISTRY,
)
LAG: Final = Gauge(
    "liaison_lag_records",
    "Offsets that wait in a partition: not fetched, or fetched and not applied. Transaction markers count as well.",
    ["feed", "topic", "partition"],
    registry=REGISTRY,
)
LATENCY: Final = Histogram(
    "liaison_latency_seconds",
    "From a record's arrival in a stage's source topic to the certainty of its effects; the oldest of each 20 records.",
    ["feed"],
    buckets=SECONDS,
    registry=REGISTRY,
)
END_TO_END: Final = Histogram(
    "liaison_end_to_end_seconds",
    "From a case's arrival in its national topic to its document in Elasticsearch.",
    buckets=SECONDS,
    registry=REGISTRY,
)
LAST_EVENT: Final = LatestTime(
    "liaison_last_event_timestamp_seconds",
    "Kafka's time of the last record of a source partition, Unix seconds; 0 where it held none when it was taken.",
    ["topic", "partition"],
    registry=REGISTRY,
)
BLOCK_SIZE: Final = BlockSizes(
    "liaison_block_cases",
    "Cases listed under each blocking key that a case met, by the kind of key.",
    CASES,
    REGISTRY,
)
HOT_BLOCKS: Final = Counter(
    "liaison_hot_blocks",
    f"Times that a case met a key of {HOT_BLOCK} cases or more, by the kind of key.",
    ["kind"],
    registry=REGISTRY,
)
LARGEST_BLOCK: Final = Gauge(
    "liaison_largest_block_cases",
    f"Cases of the largest block of {HOT_BLOCK} or more that a case met since this worker began, by the kind of key.",
    ["kind"],
    registry=REGISTRY,
)
CANDIDATES: Final = Counter(
    "liaison_candidates",
    "Pairs looked at: other countries' cases that share a key with a case that came.",
    registry=REGISTRY,
)
BOUNDS_CHECKED: Final = Counter(
    "liaison_bounds_checked",
    "Pairs of a sample, one in 10,000 of those looked at, whose score was held to the bound that rules pairs out.",
    registry=REGISTRY,
)
BOUNDS_EXCEEDED: Final = Counter(
    "liaison_bounds_exceeded",
    "Those of them that scored more than the bound: links may be missing.",
    registry=REGISTRY,
)
PAIRS_CUT: Final = Counter(
    "liaison_pairs_cut",
    "Pairs judged by part of what both records say, since comparing all of it would take too many operations.",
    registry=REGISTRY,
)
CLAIMS: Final = Counter(
    "liaison_claims",
    "Claims about links by what they say: live (asserted) or retracted.",
    ["state"],
    registry=REGISTRY,
)
HITS: Final = Counter(
    "liaison_hits",
    "Hits sent to agencies by their kind: new, changed, retracted.",
    ["agency", "kind"],
    registry=REGISTRY,
)
HITS_DEFERRED: Final = Counter(
    "liaison_hits_deferred",
    "Hit-only answers that waited for a later day, since their agency's budget was spent.",
    ["agency"],
    registry=REGISTRY,
)
HITS_WITHDRAWN: Final = Counter(
    "liaison_hits_withdrawn",
    "Hit-only links that an agency withdrew or rewrote its own case of within a week of the hit.",
    ["agency"],
    registry=REGISTRY,
)
SILENT_SEARCHES_TOLD: Final = Counter(
    "liaison_silent_searches_told",
    "Notices to an agency that another one searched for a silent record of its own.",
    ["agency"],
    registry=REGISTRY,
)
BULK: Final = Counter(
    "liaison_bulk_documents",
    "Documents that Elasticsearch has answered for: written, stale (it holds a later version), refused.",
    ["result"],
    registry=REGISTRY,
)
REBALANCES: Final = Counter(
    "liaison_rebalances",
    "Assignments of partitions to this worker.",
    registry=REGISTRY,
)
LANES: Final = Gauge(
    "liaison_lanes",
    "Owned partition indices by state: starting (reading or rebuilding stores), working, failing (trying again), ahead "
    "(a store is, of its progress).",
    ["feed", "state"],
    registry=REGISTRY,
)
STORE: Final = Gauge(
    "liaison_store_bytes",
    "Bytes on disk of the local store of a source partition.",
    ["feed", "topic", "partition"],
    registry=REGISTRY,
)
BLOCKED: Final = Gauge(
    "liaison_blocked_partitions",
    "1 for each partition of this worker that can't be read on: its next batch is damaged, and fetched again.",
    ["topic", "partition"],
    registry=REGISTRY,
)
RECORDS_MISSED: Final = Counter(
    "liaison_records_missed",
    "Offsets that Kafka had deleted before this worker applied them: it went on at the first that was left.",
    ["topic", "partition"],
    registry=REGISTRY,
)
SET_ASIDE: Final = Gauge(
    "liaison_set_aside_records",
    "Records that this worker has set aside, as each alone ended a process twice: they wait for a replay.",
    ["feed"],
    registry=REGISTRY,
)
STABLE_OFFSET_AGE: Final = Gauge(
    "liaison_stable_offset_age_seconds",
    "How long the last stable offset of a partition has stood still below its end: the age of an open transaction.",
    ["topic", "partition"],
    registry=REGISTRY,
)
UNPURGED_AGE: Final = Gauge(
    "liaison_unpurged_age_seconds",
    "How long correlate has failed to delete from Kafka what it has applied of `pairs`; 0 where it does not fail.",
    registry=REGISTRY,
)
STALLED: Final = Gauge(
    "liaison_stalled",
    "1 while nothing is applied although records wait: what /healthz and /readyz judge by.",
    registry=REGISTRY,
)
WORKER: Final = Gauge(
    "liaison_worker_info",
    "1, with the stage that this worker runs.",
    ["stage"],
    registry=REGISTRY,
)
RESTARTS: Final = Counter(
    "liaison_worker_restarts",
    "Times that this worker was started anew: changed (an agency or a generation came or went), fenced, crashed, died.",
    ["stage", "reason"],
    registry=REGISTRY,
)


def add_to_counters(tally: Mapping[Counter, int]) -> None:
    """Add what has become certain: labelled counters with what to add to each."""
    for counter, added in tally.items():
        counter.inc(added)


__all__ = [
    "BLOCKED", "BLOCK_SIZE", "BOUNDS_CHECKED", "BOUNDS_EXCEEDED", "BROKEN_INVARIANTS", "BULK", "CANDIDATES", "CLAIMS",
    "END_TO_END",
    "FAULTS", "HITS", "HITS_DEFERRED", "HITS_WITHDRAWN", "HOT_BLOCK", "HOT_BLOCKS", "INTERNAL_FAULTS", "LAG", "LANES",
    "LARGEST_BLOCK", "LAST_EVENT", "LATENCY", "OUTCOMES", "REBALANCES", "RECORDS", "RECORDS_MISSED", "REGISTRY",
    "RESTARTS",
    "SET_ASIDE", "SILENT_SEARCHES_TOLD", "STABLE_OFFSET_AGE", "STALLED", "STORE", "UNPURGED_AGE", "WORKER", "Tally",
    "add_to_counters",
]  # fmt: skip
