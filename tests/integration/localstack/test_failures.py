"""What `liaison up` does when it cannot, or may not, start something."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path

import psutil
import pytest

from pipeline.engines import run_files
from pipeline.localstack import stack
from pipeline.localstack.artifacts import WAITING_NOTICE
from pipeline.settings import Settings
from support.installation.command import Home, by_name, new_home
from support.ports import own_port
from support.waiting import PATIENCE_S, WaitFor

pytestmark = pytest.mark.rare

WAY_OUT = ("LIAISON_KAFKA_URL", "LIAISON_ELASTICSEARCH_URL", "deploy/compose.yaml")


def one_line(errors: str) -> str:
    """The single line with which a command failed, whether or not it first waited for another's download."""
    lines = [line for line in errors.splitlines() if line != WAITING_NOTICE]
    assert len(lines) == 1, errors
    return lines[0]


@pytest.mark.engines
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_up_leaves_no_orphan(home: Home, wait_for: WaitFor, ending: signal.Signals) -> None:
    with home.start("up") as up:
        wait_for(lambda: any(p.pid != up.pid for p in home.processes()), deadline_s=PATIENCE_S)
        up.send_signal(ending)
        _, errors = up.communicate(timeout=PATIENCE_S)
    assert up.returncode != 0
    assert "Traceback" not in errors
    assert home.processes() == []


def test_an_interrupted_fetch_ends_at_once_and_leaves_no_orphan(home: Home, wait_for: WaitFor) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        mirror = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with home.start("up", engine_cache=str(home.path / "cache"), engine_mirror=mirror) as up:
            silent.settimeout(PATIENCE_S)
            connection, _ = silent.accept()
            up.send_signal(signal.SIGINT)
            connection.close()
            _, errors = up.communicate(timeout=PATIENCE_S)
    assert up.returncode != 0
    assert "Traceback" not in errors
    assert home.processes() == []


@pytest.mark.engines
def test_two_homes_that_want_one_port_both_get_a_kafka_of_their_own(home: Home, tmp_path: Path) -> None:
    other = new_home(tmp_path / "other")
    wanted = {"kafka_port": str(own_port()), "elasticsearch_url": "http://127.0.0.1:1"}
    try:
        both = [place.start("up", "--json", **wanted) for place in (home, other)]
        ends = [(process.communicate(timeout=200), process.returncode) for process in both]
        assert [code for _, code in ends] == [0, 0], ends
        first, second = (by_name(output) for (output, _), _ in ends)
        assert first["kafka"]["url"] != second["kafka"]["url"]
        assert first["elasticsearch"]["state"] == "unreachable"
    finally:
        stack.stop_engines(Settings(home=other.path))


@pytest.mark.engines
def test_a_kafka_whose_controller_lost_its_port_is_started_again(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ports = iter([taken.getsockname()[1]] * 2)  # for its data folder, and for its start
        monkeypatch.setattr("pipeline.localstack.kafka.any_free", lambda: next(ports, 0) or own_port())
        settings = Settings(home=home.path, kafka_url="", elasticsearch_url="http://127.0.0.1:1", kafka_port=own_port())
        assert stack.start_engines(settings).kafka.endswith(f":{settings.kafka_port}")


@pytest.mark.engines
def test_an_engine_that_cannot_start_fails_in_one_line_and_takes_the_other_with_it(home: Home) -> None:
    done = home.run("up", elasticsearch_heap="1parsec")
    assert done.returncode == 1
    assert "Elasticsearch 9.5.3 ended while starting" in one_line(done.stderr)
    assert "LIAISON_ELASTICSEARCH_URL" in done.stderr
    assert home.processes() == []


def test_an_empty_cache_offline_names_the_ways_out(home: Home) -> None:
    done = home.run("up", engine_cache=str(home.path / "nothing"), offline="1")
    assert done.returncode == 1
    assert all(way in one_line(done.stderr) for way in WAY_OUT)
    assert home.processes() == []


def test_an_unreachable_repository_names_the_ways_out(home: Home) -> None:
    done = home.run("up", engine_cache=str(home.path / "nothing"), engine_mirror="http://127.0.0.1:1")
    assert done.returncode == 1
    assert all(way in one_line(done.stderr) for way in WAY_OUT)


def test_with_both_urls_set_nothing_is_started_nor_fetched(home: Home) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        states = home.up(kafka_url=address, elasticsearch_url=f"http://{address}", offline="1", engine_cache="/nowhere")
    assert {state["state"] for state in states.values()} == {"external"}
    assert home.processes() == []
    assert list(home.path.iterdir()) == []


def test_a_stranger_with_the_recorded_pid_is_left_alone(home: Home) -> None:
    run_file = home.path / "engines" / "kafka.run.json"
    run_file.parent.mkdir()
    (run_file.parent / "lock").touch()
    myself = psutil.Process()
    run_files.write_run(run_file, run_files.ProcessRun(os.getpid(), run_files.start_time_s(myself), 1))
    settings = Settings(home=home.path, kafka_url="", elasticsearch_url="")
    assert stack.engine_statuses(settings)[0].state == "killed"
    assert stack.stop_engines(settings) == []
    assert not run_file.exists()
