"""Static membership on the real broker, with real worker processes: who comes back, who leaves, who is fenced."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from support.processes.starting import Start
from support.streams.echo import EachOnce, EchoTopics
from support.waiting import PATIENCE_S, WaitFor

pytestmark = [pytest.mark.engines, pytest.mark.rare]

NEVER = ("--session-s", "600")
"""A session that does not time out within a test: what happens does not wait for it, however slow the machine is."""

Read = dict[str, set[tuple[str, int]]]
ReadBy = Callable[[], Read]
SharedBy = Callable[..., Read]


@pytest.fixture
def read_by(echo: EchoTopics) -> ReadBy:
    """The partitions that each member's instance reads, of a group at rest; nothing of one that is rebalancing."""

    def read() -> Read:
        found = echo.admin.describe_groups([f"{echo.settings.namespace}echo"])[f"{echo.settings.namespace}echo"]
        if found["group_state"] != "Stable":
            return {}
        return {
            member["group_instance_id"]: {
                (one["topic"].removeprefix(echo.settings.namespace), partition)
                for one in member["member_assignment"]["assigned_partitions"]
                for partition in one["partitions"]
            }
            for member in found["members"]
        }

    return read


@pytest.fixture
def shared_by(read_by: ReadBy, wait_for: WaitFor) -> SharedBy:
    """Wait until so many members share the partitions; gives who reads which."""

    def wait(members: int, topics: int = 1) -> Read:
        def shared() -> Read:
            read = read_by()
            whole = len(read) == members and all(read.values()) and sum(map(len, read.values())) == 4 * topics
            return read if whole else {}

        return wait_for(shared)

    return wait


def assignments(tmp_path: Path, worker: int) -> int:
    """How often Kafka has assigned partitions to the worker that was started at this place, by its own log."""
    return (tmp_path / f"echo_stage-{worker}.log").read_text().count("Setting newly assigned partitions")


@pytest.mark.parametrize("ended_by", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("restarted", [0, 1], ids=["leader", "follower"])
def test_a_restart_within_the_session_timeout_moves_nothing(
    ended_by: int,
    restarted: int,
    echo: EchoTopics,
    start_echo: Start,
    each_once: EachOnce,
    shared_by: SharedBy,
    wait_for: WaitFor,
    tmp_path: Path,
) -> None:
    echo.push(500)
    workers = [start_echo(*NEVER)]
    shared_by(1)
    workers.append(start_echo(*NEVER))
    before = shared_by(2)
    other = 1 - restarted
    # Workers note an assignment a little after Kafka has made it; the first one, which had all at first, notes two.
    assigned = wait_for(lambda: max(0, assignments(tmp_path, other) - restarted))
    workers[restarted].send_signal(ended_by)
    workers[restarted].wait(PATIENCE_S)
    echo.push(500)
    start_echo(*NEVER)
    wait_for(lambda: echo.total() >= 4000)
    each_once(echo, 1000)
    assert shared_by(2) == before
    assert assignments(tmp_path, other) - restarted == assigned


def test_a_killed_workers_partitions_are_read_by_another_with_its_stores(
    echo: EchoTopics, start_echo: Start, each_once: EachOnce, shared_by: SharedBy, wait_for: WaitFor, tmp_path: Path
) -> None:
    echo.push(500)
    first, _ = start_echo(), start_echo()
    shared_by(2)
    wait_for(lambda: echo.total() >= 2000)
    first.kill()
    first.wait()
    echo.push(500)
    wait_for(lambda: echo.total() >= 4000)
    each_once(echo, 1000)
    assert len(shared_by(1)) == 1
    assert "taken from slot" in (tmp_path / "echo_stage-1.log").read_text()


def test_a_worker_that_ends_for_good_hands_its_partitions_over_at_once(
    echo: EchoTopics, start_echo: Start, shared_by: SharedBy, wait_for: WaitFor
) -> None:
    first, second = start_echo(*NEVER), start_echo(*NEVER)
    shared_by(2)
    first.send_signal(signal.SIGINT)
    first.send_signal(signal.SIGTERM)
    assert first.wait(PATIENCE_S) == 0
    shared_by(1)
    echo.push(100)
    wait_for(lambda: echo.total() >= 400)
    assert second.poll() is None


def test_a_worker_that_asks_for_other_topics_leaves_first(
    echo: EchoTopics, start_echo: Start, shared_by: SharedBy
) -> None:
    """Else the broker hands it its old assignment, and nobody reads the new topic."""
    first = start_echo(*NEVER)
    shared_by(1)
    for topics, more in ((2, ["--expiries"]), (1, [])):
        first.kill()
        first.wait()
        first = start_echo(*NEVER, *more)
        shared_by(1, topics)


def test_two_homes_do_not_fence_each_other(
    echo: EchoTopics, start_echo: Start, each_once: EachOnce, shared_by: SharedBy, wait_for: WaitFor
) -> None:
    echo.push(500)
    workers = [start_echo(*NEVER, "--machine", machine) for machine in ("a", "b")]
    read = shared_by(2)
    assert {instance.rsplit("-", 1)[1] for instance in read} == {"0"}, "both have the first slot of their homes"
    wait_for(lambda: echo.total() >= 2000)
    each_once(echo, 500)
    assert [worker.poll() for worker in workers] == [None, None]


def test_two_workers_given_one_slot_are_told_and_do_not_take_turns(
    echo: EchoTopics,
    start_echo: Start,
    each_once: EachOnce,
    read_by: ReadBy,
    shared_by: SharedBy,
    wait_for: WaitFor,
    tmp_path: Path,
) -> None:
    """As where a home was copied to another machine."""
    homes = echo.settings.home / "machines"
    first = start_echo("--machine", "a")
    shared_by(1)
    (homes / "b" / "workers").mkdir(parents=True)
    shutil.copy(homes / "a" / "workers" / "id", homes / "b" / "workers" / "id")
    second = start_echo("--machine", "b")
    assert first.wait(PATIENCE_S) == 1
    assert_told(tmp_path, 0, homes / "a")
    read = shared_by(1)
    assigned = assignments(tmp_path, 1)

    again = start_echo("--machine", "a")
    assert again.wait(PATIENCE_S) == 1
    assert_told(tmp_path, 2, homes / "a")
    echo.push(100)
    wait_for(lambda: echo.total() >= 400)
    assert (shared_by(1), assignments(tmp_path, 1)) == (read, assigned)
    assert second.poll() is None

    second.kill()
    second.wait()
    wait_for(lambda: not read_by())
    start_echo("--machine", "a")
    echo.push(100)
    wait_for(lambda: echo.total() >= 800)
    each_once(echo, 200)


def assert_told(tmp_path: Path, worker: int, home: Path) -> None:
    """The last line of the worker's log says what is wrong and what mends it."""
    lines = (tmp_path / f"echo_stage-{worker}.log").read_text().splitlines()
    assert lines[-1].startswith("another worker has the place of this one")
    assert f"{home} was copied" in lines[-1]
    assert "delete workers/id in the copy" in lines[-1]


def test_a_mended_copy_works_beside_the_original(
    echo: EchoTopics, start_echo: Start, shared_by: SharedBy, wait_for: WaitFor, tmp_path: Path
) -> None:
    homes = echo.settings.home / "machines"
    first = start_echo("--machine", "a")
    shared_by(1)
    shutil.copytree(homes / "a", homes / "b")
    (homes / "b" / "workers" / "id").unlink()
    second = start_echo("--machine", "b")
    shared_by(2)
    assert [first.poll(), second.poll()] == [None, None]
