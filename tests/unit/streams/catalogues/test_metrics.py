"""The catalogue of metrics, and what a lane's meter tells it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from pipeline.correlation.key_kinds import KeyKind, make_key
from pipeline.streams.catalogues import metrics
from pipeline.streams.runtime.metering import Meter
from pipeline.streams.stages import correlate


def value(name: str, **labels: str) -> float:
    return metrics.REGISTRY.get_sample_value(name, labels) or 0.0


def record(offset: int, timestamp: int) -> Any:
    return SimpleNamespace(topic="ns-cases.fr-pj", partition=2, offset=offset, timestamp=timestamp)


def test_every_metric_bears_our_name_and_a_sentence() -> None:
    ours = [family for family in metrics.REGISTRY.collect() if not family.name.startswith("process_")]
    assert len(ours) > 15
    for family in ours:
        assert family.name.startswith("liaison_")
        assert family.documentation.endswith(".") or ":" in family.documentation


def test_no_label_could_hold_more_than_names_of_ours() -> None:
    """A case key, a blocking key or a name is nobody's label."""
    allowed = {
        "feed",
        "topic",
        "partition",
        "agency",
        "outcome",
        "reason",
        "kind",
        "state",
        "result",
        "stage",
        "invariant",
    }
    named = {label for instrument in vars(metrics).values() for label in getattr(instrument, "_labelnames", ())}
    assert named <= allowed


def test_what_is_certain_is_counted_with_its_delay() -> None:
    meter = Meter("meter-test", "ns-", lambda: 103.0)
    tally = metrics.Tally()
    tally[metrics.OUTCOMES.labels("meter-test", "accepted", "")] += 2
    meter.count_applied([([record(4, 100_000), record(5, 101_000)], 0.01)], tally)
    assert value("liaison_records_total", feed="meter-test", topic="cases.fr-pj") == 2
    assert value("liaison_outcomes_total", agency="meter-test", outcome="accepted", reason="") == 2
    assert value("liaison_latency_seconds_sum", feed="meter-test") == 3.0
    assert value("liaison_last_event_timestamp_seconds", topic="cases.fr-pj", partition="2") == 101.0


def test_a_backlog_does_not_set_back_when_the_last_record_came() -> None:
    meter = Meter("backlog-test", "ns-", lambda: 103.0)
    metrics.LAST_EVENT.labels("cases.backlog", "2").advance(102.0)
    backlog = SimpleNamespace(topic="ns-cases.backlog", partition=2, offset=4, timestamp=90_000)
    meter.count_applied([([backlog], 0.01)], metrics.Tally())
    assert value("liaison_last_event_timestamp_seconds", topic="cases.backlog", partition="2") == 102.0


def test_a_hot_block_is_told_by_its_kind_alone() -> None:
    before = value("liaison_hot_blocks_total", kind="phone_tail")
    counted = value("liaison_block_cases_count", kind="phone_tail")
    small = value("liaison_block_cases_bucket", kind="phone_tail", le="3.0")
    met = [make_key(KeyKind.PHONE_TAIL, f"canary {number}") for number in (5550123, 5550124, 5550125)]
    correlate._observe_blocks(np.array(met, np.uint64), np.array([metrics.HOT_BLOCK, metrics.HOT_BLOCK - 1, 2]))
    assert value("liaison_hot_blocks_total", kind="phone_tail") == before + 1
    assert value("liaison_block_cases_count", kind="phone_tail") == counted + 3
    assert value("liaison_block_cases_bucket", kind="phone_tail", le="3.0") == small + 1


def test_the_largest_block_met_is_told_by_its_kind_alone() -> None:
    one, other = (make_key(KeyKind.POSTCODE, f"canary {number}") for number in (1, 2))
    for size in (metrics.HOT_BLOCK - 1, 100_000, 20_000):
        correlate._observe_blocks(np.array([one, other], np.uint64), np.array([2, size]))
    assert value("liaison_largest_block_cases", kind="postcode") == 100_000
