"""What a worker's own port answers."""

from __future__ import annotations

import logging
import socket
import time

import httpx
import pytest

from pipeline.streams.catalogues.metrics import LAG
from pipeline.streams.monitoring.status_port import serve_status
from pipeline.streams.runtime.health import Health, HealthSample, LaneState
from pipeline.streams.runtime.metering import SLOWEST, SlowSlice

HOST = "127.0.0.1"


def test_metrics_and_health_are_answered() -> None:
    health = Health(0.0)
    LAG.labels("intake", "cases.fr-pj", "0").set(12)
    with serve_status(HOST, 0, health, lambda: 1.0) as port, httpx.Client(base_url=f"http://{HOST}:{port}") as client:
        metrics = client.get("/metrics")
        assert 'liaison_lag_records{feed="intake",partition="0",topic="cases.fr-pj"} 12.0' in metrics.text
        assert client.get("/healthz").text == "ok\n"
        waiting = client.get("/readyz")
        assert (waiting.status_code, waiting.text) == (503, "starting\n")
        health.add_sample(HealthSample(1.0, {}, 0, frozenset({LaneState.WORKING})))
        ready = client.get("/readyz")
        assert (ready.status_code, ready.text) == (200, "ok; 0 records wait\n")
        assert client.get("/").status_code == 404


def test_a_worker_tells_its_slowest_records_by_position() -> None:
    SLOWEST.note_slice(SlowSlice(9.5, 12.0, time.time(), "correlate", "postings.g", 3, 4711, 1))
    with serve_status(HOST, 0, Health(0.0)) as port:
        told = httpx.get(f"http://{HOST}:{port}/slowest").json()
    assert (told[0]["topic"], told[0]["partition"], told[0]["offset"], told[0]["decided_s"]) == (
        "postings.g",
        3,
        4711,
        9.5,
    )
    with serve_status(HOST, 0, None) as port:
        assert httpx.get(f"http://{HOST}:{port}/slowest").status_code == 404


def test_a_taken_port_is_no_reason_to_stand_still(caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        with serve_status(HOST, taken.getsockname()[1], Health(0.0)) as port:
            assert port != taken.getsockname()[1]
    assert "is taken" in caplog.text


def test_a_part_that_starts_says_in_one_line_where_its_metrics_are(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO), serve_status(HOST, 0, None) as port:
        pass
    assert [line.getMessage() for line in caplog.records] == [f"started; metrics at http://{HOST}:{port}/metrics"]
