"""When a worker is alive and ready, by what was seen of it."""

from __future__ import annotations

from collections.abc import Hashable

import pytest

from pipeline.streams.health import SILENT_S, STALL, STALLED_S, Health, Sample, State

STEP_S = 5.0
LATE = STALLED_S + 2 * STEP_S


def watched(*samples: tuple[Hashable, int | None], state: State = State.WORKING, outside: bool = False) -> Health:
    """A worker seen with these (applied, lag), the last of them again and again until long after."""
    health = Health(0.0)
    at = 0.0
    for applied, lag in samples:
        at += STEP_S
        health.observe(Sample(at, applied, lag, frozenset({state}), outside))
    while at < LATE:
        at += STEP_S
        health.observe(Sample(at, *samples[-1], frozenset({state}), outside))
    return health


def test_nothing_applied_while_records_wait_fails_both_checks() -> None:
    stuck = watched((7, 1), (7, 90))
    assert stuck.alive(LATE) == stuck.ready(LATE) == STALL


def test_nothing_to_do_is_no_stall() -> None:
    idle = watched((7, 0))
    assert idle.alive(LATE) == idle.ready(LATE) == ""


def test_progress_is_health_however_great_the_lag() -> None:
    health = Health(0.0)
    for number in range(100):
        health.observe(Sample(number * STEP_S, number, 1_000_000 + number, frozenset({State.WORKING})))
    assert health.ready(99 * STEP_S) == ""


def test_a_stall_is_told_only_after_its_time() -> None:
    health = Health(0.0)
    health.observe(Sample(0.0, 7, 5, frozenset({State.WORKING})))
    health.observe(Sample(STALLED_S, 7, 9, frozenset({State.WORKING})))
    assert health.alive(STALLED_S) == ""
    assert health.alive(STALLED_S + 0.1) == STALL


@pytest.mark.parametrize(
    "waiting", [watched((7, 90), outside=True), watched((7, 90), state=State.FAILING)], ids=["outside", "failing"]
)
def test_what_waits_for_others_is_not_restarted_and_not_ready(waiting: Health) -> None:
    assert waiting.alive(LATE) == ""
    assert waiting.ready(LATE) == STALL


def test_a_store_that_is_rebuilt_is_no_stall() -> None:
    rebuilding = watched((-1, 90), state=State.STARTING)
    assert rebuilding.alive(LATE) == ""
    assert rebuilding.ready(LATE) == "stores are being read"


def test_a_worker_that_no_longer_looks_at_itself_hangs() -> None:
    health = watched((7, 0))
    assert health.alive(LATE + SILENT_S + STEP_S) == health.ready(LATE + SILENT_S + STEP_S) != ""


@pytest.mark.parametrize(
    ("sample", "problem"),
    [
        (Sample(1.0, None, 0, frozenset({State.WAITING})), "waiting for Elasticsearch, or for a first agency"),
        (Sample(1.0, 7, None, frozenset({State.WORKING})), "Kafka does not answer"),
        (Sample(1.0, 7, 3, frozenset({State.FAILING})), "trying again after a failure"),
    ],
)
def test_why_a_worker_that_lives_is_not_ready(sample: Sample, problem: str) -> None:
    health = Health(0.0)
    health.observe(sample)
    assert health.alive(2.0) == ""
    assert health.ready(2.0) == problem


def test_a_worker_that_has_just_started_is_alive() -> None:
    health = Health(0.0)
    assert health.alive(1.0) == ""
    assert health.ready(1.0) == "waiting for Elasticsearch, or for a first agency"
