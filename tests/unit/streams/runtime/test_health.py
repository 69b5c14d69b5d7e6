"""When a worker is alive and ready, by what was seen of it."""

from __future__ import annotations

import pytest

from pipeline.streams.runtime.health import (
    ENDLESS,
    ENDLESS_S,
    HANG,
    OUTSIDE_S,
    SILENT_S,
    STALL,
    STALLED_S,
    STORE_AHEAD,
    UNPROVEN,
    Health,
    HealthSample,
    LaneState,
    Remedies,
)

STEP_S = 5.0
LATE = STALLED_S + 2 * STEP_S


def sample(
    at: float, applied: int, lag: int | None, state: LaneState = LaneState.WORKING, outside: bool = False
) -> HealthSample:
    """A look at a worker of one partition."""
    return HealthSample(at, {"accepted-0": applied}, lag, frozenset({state}), outside)


def watched(*samples: tuple[int, int | None], state: LaneState = LaneState.WORKING, outside: bool = False) -> Health:
    """A worker seen with these (applied, lag), the last of them again and again until long after."""
    health = Health(0.0)
    at = 0.0
    for applied, lag in samples:
        at += STEP_S
        health.add_sample(sample(at, applied, lag, state, outside))
    while at < LATE:
        at += STEP_S
        health.add_sample(sample(at, *samples[-1], state, outside))
    return health


def test_nothing_applied_while_records_wait_fails_both_checks() -> None:
    stuck = watched((7, 1), (7, 90))
    assert stuck.why_restart(LATE) == stuck.why_not_ready(LATE) == STALL


def test_nothing_to_do_is_no_stall() -> None:
    idle = watched((7, 0))
    assert idle.why_restart(LATE) == idle.why_not_ready(LATE) == ""


def test_progress_is_health_however_great_the_lag() -> None:
    health = Health(0.0)
    for number in range(100):
        health.add_sample(sample(number * STEP_S, number, 1_000_000 + number))
    assert health.why_not_ready(99 * STEP_S) == ""


def test_a_stall_is_told_only_after_its_time() -> None:
    health = Health(0.0)
    health.add_sample(sample(0.0, 7, 5))
    health.add_sample(sample(STALLED_S, 7, 9))
    assert health.why_restart(STALLED_S) == ""
    assert health.why_restart(STALLED_S + 0.1) == STALL


def test_what_fails_for_long_is_not_restarted_and_not_ready() -> None:
    failing = watched((7, 90), state=LaneState.FAILING)
    assert failing.why_restart(LATE) == ""
    assert failing.why_not_ready(LATE) == STALL


def test_a_store_ahead_of_its_progress_is_not_ready_and_says_so_while_its_process_goes_on() -> None:
    ahead = watched((7, 90), state=LaneState.AHEAD)
    assert ahead.why_restart(LATE) == ""
    assert ahead.why_not_ready(LATE) == STORE_AHEAD


def test_what_waits_for_an_engine_names_it_and_says_for_how_long_and_what_to_do() -> None:
    """Each silence names the engine that is silent, and not the other one."""
    remedies = Remedies(kafka="see K", elasticsearch="see E")
    waits, lost = Health(0.0, remedies), Health(0.0, remedies)
    for at in (10.0, 20.0, 100.0):
        waits.add_sample(sample(at, 7, 90, outside=True))
        lost.add_sample(sample(at, 7, None))
    assert waits.why_restart(100.0) == lost.why_restart(100.0) == ""
    assert waits.why_not_ready(100.0) == "Elasticsearch has not answered for 90 s; see E"
    assert lost.why_not_ready(100.0) == "Kafka has not answered for 90 s; see K"
    waits.add_sample(sample(103.0, 7, 90))
    lost.add_sample(sample(103.0, 8, 90))
    assert "Elasticsearch" not in waits.why_not_ready(103.0)
    assert lost.why_not_ready(103.0) == ""


def test_bulk_requests_that_end_are_no_silence() -> None:
    health = Health(0.0)
    for number in range(20):
        health.add_sample(sample(number * OUTSIDE_S, number, 90, outside=True))
        assert health.why_not_ready(number * OUTSIDE_S) in ("", UNPROVEN)


def test_what_kafka_refuses_is_no_silence() -> None:
    health = Health(0.0)
    health.add_sample(HealthSample(1.0, {}, None, frozenset({LaneState.WORKING}), refusal="Kafka does not allow this"))
    assert health.why_not_ready(2.0) == "Kafka does not allow this"


def test_a_store_that_is_rebuilt_is_no_stall() -> None:
    rebuilding = watched((-1, 90), state=LaneState.STARTING)
    assert rebuilding.why_restart(LATE) == ""
    assert rebuilding.why_not_ready(LATE) == "stores are being read"


def test_a_worker_whose_loop_and_work_stand_still_hangs() -> None:
    health = watched((7, 0))
    assert health.why_restart(LATE + SILENT_S + STEP_S) == health.why_not_ready(LATE + SILENT_S + STEP_S) == HANG


def test_a_loop_that_does_not_turn_while_its_work_moves_is_alive() -> None:
    """371 seconds of judging one pair were taken for death, so that a cluster killed the worker before it was done."""
    done = 0
    health = Health(0.0, count_work=lambda: done)
    health.add_sample(sample(1.0, 7, 90))
    at = 1.0
    while at < 10 * SILENT_S:
        at, done = at + STEP_S, done + 1
        assert health.why_restart(at) == ""
    assert health.why_restart(at + SILENT_S) == ""
    assert health.why_restart(at + SILENT_S + STEP_S) == HANG


def test_records_that_wait_for_work_that_moves_are_no_stall_and_for_work_that_does_not_are_one() -> None:
    done = 0
    health = Health(0.0, count_work=lambda: done, find_step=lambda: ("pairs-3, offset 5", 1.0))
    at = 0.0
    while at < 10 * STALLED_S:
        at, done = at + STEP_S, done + 1
        health.add_sample(sample(at, 7, 90))
        assert health.why_restart(at) == ""
        assert not health.is_stalled(at)
    while at < 11 * STALLED_S + STEP_S:
        at += STEP_S
        health.add_sample(sample(at, 7, 90))
    assert health.why_restart(at) == f"{STALL}: pairs-3, offset 5"


def test_a_step_that_never_ends_is_told_however_others_go_on() -> None:
    at = 0.0
    health = Health(0.0, find_step=lambda: ("pairs-3, offset 5", at))
    for at in (STEP_S, ENDLESS_S):
        health.add_sample(sample(at, int(at), 90))
        assert health.why_restart(at) == ""
    at = ENDLESS_S + STEP_S
    health.add_sample(sample(at, int(at), 90))
    assert health.why_restart(at) == f"{ENDLESS}: pairs-3, offset 5"


def test_a_step_that_never_ends_is_told_though_it_holds_the_loop_and_its_work_moves() -> None:
    """What is compared for ever counts as work; samples don't come meanwhile."""
    at = 0.0
    health = Health(0.0, count_work=lambda: int(at), find_step=lambda: ("pairs-3, offset 5", at))
    health.add_sample(sample(0.0, 7, 90))
    while at < ENDLESS_S:
        assert health.why_restart(at) == ""
        at += STEP_S
    at = ENDLESS_S + STEP_S
    assert health.why_restart(at) == f"{ENDLESS}: pairs-3, offset 5"


def test_a_worker_that_hangs_says_at_which_records() -> None:
    health = Health(0.0, find_step=lambda: ("pairs-3, offset 5", SILENT_S))
    health.add_sample(sample(0.0, 7, 90))
    assert health.why_restart(SILENT_S + STEP_S) == f"{HANG}: pairs-3, offset 5"


@pytest.mark.parametrize(
    ("seen", "problem"),
    [
        (sample(1.0, 7, 0, LaneState.WAITING), "starting"),
        (sample(1.0, 7, None), "Kafka has not answered for 1 s"),
        (sample(1.0, 7, 3, LaneState.FAILING), "trying again after a failure"),
        (sample(1.0, 7, 0, LaneState.JOINING), "joining its consumer group"),
        (sample(1.0, 7, 3), UNPROVEN),
    ],
)
def test_why_a_worker_that_lives_is_not_ready(seen: HealthSample, problem: str) -> None:
    health = Health(0.0)
    health.add_sample(seen)
    assert health.why_restart(2.0) == ""
    assert health.why_not_ready(2.0) == problem


def test_a_worker_that_has_just_started_is_alive() -> None:
    health = Health(0.0)
    assert health.why_restart(1.0) == ""
    assert health.why_not_ready(1.0) == "starting"


def test_a_worker_that_crashes_again_and_again_is_never_ready() -> None:
    """Each life opens its stores, which shows what earlier ones applied, and ends before it applies anything."""
    for life in range(20):
        health = Health(life * 30.0)
        for seen in (
            sample(life * 30.0 + 5, -1, 0, LaneState.JOINING),
            sample(life * 30.0 + 10, -1, 90, LaneState.STARTING),
            sample(life * 30.0 + 15, 7, 90),
            sample(life * 30.0 + 25, 7, 90),
        ):
            health.add_sample(seen)
            assert health.why_not_ready(seen.at) != ""


@pytest.mark.parametrize("proof", [(8, 89), (7, 0)], ids=["something applied", "nothing to do"])
def test_a_worker_is_ready_once_it_has_shown_that_it_works(proof: tuple[int, int]) -> None:
    health = Health(0.0)
    health.add_sample(sample(5.0, 7, 90))
    assert health.why_not_ready(5.0) == UNPROVEN
    health.add_sample(sample(10.0, *proof))
    health.add_sample(sample(15.0, proof[0], 90))
    assert health.why_not_ready(15.0) == ""
    assert health.lag == 90


def test_a_worker_without_partitions_is_ready_once_its_group_has_given_it_none() -> None:
    health = Health(0.0)
    health.add_sample(HealthSample(5.0, {}, 0, frozenset({LaneState.JOINING})))
    assert health.why_not_ready(5.0) == "joining its consumer group"
    health.add_sample(HealthSample(10.0, {}, 0))
    assert health.why_not_ready(10.0) == ""
