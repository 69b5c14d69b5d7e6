from __future__ import annotations

import json

import msgspec
import pytest
import yaml
from typer.testing import CliRunner

from pipeline.cli.main import build_cli
from pipeline.ops.plan import (
    Constants,
    chart_values,
    count_candidates,
    count_partitions,
    count_postings,
    count_workers,
    format_cpu,
    format_size,
    plan_installation,
    read_constants,
)

CONSTANTS = Constants(
    keys=30,
    intake_us=500,
    correlate_us=400,
    posting_us=10,
    candidate_us=30,
    candidates=15,
    sparse_cases=3_000_000,
    project_us=100,
    message_bytes=1000,
    record_bytes=4000,
    posting_bytes=100,
    key_bytes=8,
    home_bytes=1500,
    row_bytes=100,
    entry_bytes=20,
    worker_mb=200,
    partition_mb=5,
    index_bytes=3000,
)


def test_a_case_is_known_to_the_partitions_that_own_its_keys() -> None:
    assert count_postings(30, 1) == 1
    assert count_postings(30, 4) == pytest.approx(4, abs=0.01)
    assert 25 < count_postings(30, 96) < 26
    assert count_postings(30, 1 << 20) == pytest.approx(30, abs=0.01)


def test_partitions_follow_the_cases_of_a_home_and_the_rate() -> None:
    assert count_partitions(1000, 1, CONSTANTS) == 4
    assert count_partitions(50_000_000, 1, CONSTANTS) == 64
    assert count_partitions(1_000_000_000, 1, CONSTANTS) == 1024
    assert count_partitions(1000, 10_000, CONSTANTS) == 32


def test_each_stage_has_two_workers_at_least_and_as_many_as_its_cpu_needs() -> None:
    cpu = {"intake": 0.001, "correlate": 0.002, "project": 0.0001}
    assert count_workers(1, cpu, 4) == {"intake": 2, "correlate": 2, "project": 2}
    assert count_workers(2000, cpu, 4) == {"intake": 4, "correlate": 8, "project": 2}
    assert count_workers(1, cpu, 1024)["correlate"] == 16


def test_a_plan_adds_up() -> None:
    plan = plan_installation(1_000_000, 1000, 3, CONSTANTS, partitions=1)
    assert plan.cpu_s == pytest.approx(0.00101)
    assert plan.cores == pytest.approx(2.02)
    assert plan.workers == {"intake": 2, "correlate": 2, "project": 2}
    assert plan.memory_bytes == pytest.approx(6 * 200e6 + 5e6)
    assert plan.stores_bytes == pytest.approx(1e6 * (1500 + 1.5 * 20 * 30 + 100))
    assert plan.kafka_bytes == pytest.approx(3 * 1e6 * (4000 + 100 + 8 * 30 + 1000))
    assert plan.index_bytes == pytest.approx(2 * 1e6 * 3000)
    assert plan.loading_s == pytest.approx(1010)


def test_a_case_meets_more_others_where_keys_may_get_no_rarer() -> None:
    assert [count_candidates(cases, CONSTANTS) for cases in (1000, 3_000_000, 30_000_000)] == [15, 15, 150]
    few, many = (plan_installation(cases, 100, 3, CONSTANTS, partitions=64) for cases in (1000, 30_000_000))
    assert many.cpu_s - few.cpu_s == pytest.approx(30e-6 * 135)


def test_national_topics_hold_a_week() -> None:
    none, one = (plan_installation(1_000_000_000, rate, 1, CONSTANTS, partitions=1).kafka_bytes for rate in (0, 1))
    assert one - none == pytest.approx(7 * 86_400 * 1000, rel=1e-3)


def test_what_a_machine_needs_does_not_grow_with_the_machines() -> None:
    """A case costs at 1,024 partitions little more than at 64: its keys are no more."""
    at = {partitions: plan_installation(10**9, 100, 3, CONSTANTS, partitions) for partitions in (64, 1024)}
    assert at[1024].cpu_s < 1.1 * at[64].cpu_s
    assert at[1024].stores_bytes < 1.25 * at[64].stores_bytes


def test_sizes_and_times_are_told_in_two_digits() -> None:
    assert [format_size(size) for size in (5e6, 1.234e9, 56.7e12, 8.9e15)] == ["5 MB", "1.2 GB", "57 TB", "8.9 PB"]
    assert [format_cpu(s) for s in (30, 90, 7200, 172_800)] == [
        "30 core-seconds",
        "1.5 core-minutes",
        "2 core-hours",
        "2 core-days",
    ]


def test_the_command_tells_what_the_functions_say() -> None:
    shown = CliRunner().invoke(build_cli(), ["ops", "plan", "--cases", "50e6", "--rate", "200", "--json"])
    assert shown.exit_code == 0, shown.output
    plan = plan_installation(50_000_000, 200, 3, read_constants())
    assert json.loads(shown.output) == json.loads(msgspec.json.encode(plan))


def test_the_command_prints_a_table() -> None:
    shown = CliRunner().invoke(build_cli(), ["ops", "plan", "--cases", "1e9", "--partitions", "1024"])
    assert shown.exit_code == 0, shown.output
    assert "1,000,000,000 cases held" in shown.output
    assert "1,024" in shown.output


def test_values_give_a_stage_what_it_needs_while_a_worker_is_away() -> None:
    plan = plan_installation(50_000_000, 10, 3, CONSTANTS)
    assert plan.workers["correlate"] == 2
    values = chart_values(plan, CONSTANTS)
    assert values["partitions"] == {"cases": 4, "correlate": 64}
    assert values["kafka"] == {"replicationFactor": 3}
    correlate = values["stages"]["correlate"]
    looked_up, lanes, private, batches = 50e6 * 30 * 20, 64 * 5e6, 200e6, 4 * (64 << 20)
    most, least = (
        _bytes(correlate["resources"]["limits"]["memory"]),
        _bytes(correlate["resources"]["requests"]["memory"]),
    )
    assert 0 <= most - (private + batches + lanes + looked_up) < 64 << 20
    assert 0 <= least - (private + (lanes + looked_up) / 2) < 64 << 20
    assert 0 <= _bytes(correlate["storage"]) - plan.stores_bytes < 1 << 30
    four = plan_installation(50_000_000, 10, 3, CONSTANTS, partitions=256)
    assert four.workers["correlate"] == 4
    assert _bytes(chart_values(four, CONSTANTS)["stages"]["correlate"]["storage"]) < plan.stores_bytes


def _bytes(text: str) -> int:
    return int(text[:-2]) * {"Mi": 1 << 20, "Gi": 1 << 30}[text[-2:]]


def test_values_are_printed_as_the_chart_takes_them() -> None:
    done = CliRunner().invoke(build_cli(), ["ops", "plan", "--cases", "5e6", "--values"])
    assert done.exit_code == 0
    held = yaml.safe_load(done.output)
    assert held["stages"]["correlate"]["resources"]["limits"] == {"memory": "2496Mi"}
    assert held["stages"]["intake"]["replicas"] == 2
