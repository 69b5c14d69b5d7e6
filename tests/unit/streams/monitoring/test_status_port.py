"""What a worker's own port answers."""

from __future__ import annotations

import logging
import socket
import time
from contextlib import AbstractContextManager
from pathlib import Path

import httpx
import pytest

from pipeline.streams.catalogues.metrics import LAG
from pipeline.streams.monitoring.status_port import StatusPort, read_targets, serve_status
from pipeline.streams.runtime.health import Health, HealthSample, LaneState
from pipeline.streams.runtime.metering import SLOWEST, SlowSlice
from support.ports import own_ports
from support.waiting import PATIENCE_S, WaitFor

HOST = "127.0.0.1"


def _url(port: StatusPort) -> str:
    return f"http://{HOST}:{port.number}"


def _serve(named: int, targets: Path) -> AbstractContextManager[StatusPort]:
    return serve_status(HOST, named, Health(0.0), lambda: 1.0, targets=targets)


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://{HOST}:{port}/healthz", timeout=PATIENCE_S).text == "ok\n"
    except httpx.TransportError:
        return False


def test_metrics_and_health_are_answered() -> None:
    health = Health(0.0)
    LAG.labels("intake", "cases.fr-pj", "0").set(12)
    with serve_status(HOST, 0, health, lambda: 1.0) as port, httpx.Client(base_url=_url(port)) as client:
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
        told = httpx.get(_url(port) + "/slowest").json()
    assert (told[0]["topic"], told[0]["partition"], told[0]["offset"], told[0]["decided_s"]) == (
        "postings.g",
        3,
        4711,
        9.5,
    )
    with serve_status(HOST, 0, None) as port:
        assert httpx.get(_url(port) + "/slowest").status_code == 404


def test_a_taken_port_is_no_reason_to_stand_still(caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        with serve_status(HOST, taken.getsockname()[1], Health(0.0)) as port:
            assert port.number != taken.getsockname()[1]
    assert "is taken" in caplog.text


def test_a_part_that_starts_says_in_one_line_where_its_metrics_are(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO), serve_status(HOST, 0, None) as port:
        pass
    assert [line.getMessage() for line in caplog.records] == [f"started; metrics at {_url(port)}/metrics"]


def test_a_named_port_is_taken_as_soon_as_its_former_process_leaves(tmp_path: Path, wait_for: WaitFor) -> None:
    """Else Prometheus finds nobody at the port that it was told, for as long as the process lives."""
    named = own_ports(1).start
    with _serve(named, tmp_path) as former:
        assert former.number == named
        assert read_targets(tmp_path) == []
        following = _serve(named, tmp_path)
        second = following.__enter__()
        assert read_targets(tmp_path) == [f"{HOST}:{second.number}"]
        assert _answers(second.number)
    try:
        wait_for(lambda: second.number == named and _answers(named))
        wait_for(lambda: read_targets(tmp_path) == [])
    finally:
        following.__exit__(None, None, None)
    assert not _answers(named)


def test_a_process_gives_way_to_the_one_that_is_to_have_the_port(tmp_path: Path, wait_for: WaitFor) -> None:
    named = own_ports(1).start
    with _serve(named, tmp_path) as former, _serve(named, tmp_path) as active:
        former.give_way()
        wait_for(lambda: active.number == named and former.number != named)
        wait_for(lambda: read_targets(tmp_path) == [f"{HOST}:{former.number}"])
        assert _answers(active.number)
        assert _answers(former.number)
        former.claim()  # active again: the port is another's until that one gives way
        active.give_way()
        wait_for(lambda: former.number == named and read_targets(tmp_path) == [f"{HOST}:{active.number}"])
    assert not list(tmp_path.iterdir())


def test_files_of_killed_processes_are_removed_and_strange_ones_tolerated(tmp_path: Path) -> None:
    gone, named = own_ports(2)
    (tmp_path / f"{gone}.json").write_text(f'[{{"targets":["{HOST}:{gone}"]}}]', encoding="utf-8")
    (tmp_path / "strange.json").write_text("{", encoding="utf-8")
    (tmp_path / "odd.json").write_text('[{"targets":["x:port"]}]', encoding="utf-8")
    with _serve(named, tmp_path):
        assert read_targets(tmp_path) == ["x:port"]


def test_a_folder_that_cannot_be_written_stops_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "file"
    file.touch()
    with _serve(0, file) as port:
        assert _answers(port.number)
    assert "no file tells Prometheus" in caplog.text
