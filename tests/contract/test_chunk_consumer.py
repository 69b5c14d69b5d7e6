"""What chunks, lanes and transactions promise together, shown on the real broker with real worker processes."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from support.processes.starting import Start
from support.streams.echo import EachOnce, EchoTopics
from support.waiting import PATIENCE_S, WaitFor

pytestmark = [pytest.mark.engines, pytest.mark.rare]

EFFECTS = ["publish", "transaction", "commit", "sync"]


def test_every_record_once_and_in_order(
    echo: EchoTopics, start_echo: Start, each_once: EachOnce, wait_for: WaitFor
) -> None:
    echo.push(2000)
    start_echo()
    wait_for(lambda: echo.total() >= 8000)
    each_once(echo, 2000)


@pytest.mark.parametrize("effect", EFFECTS)
def test_a_kill_after_any_effect_neither_loses_nor_doubles(
    effect: str, echo: EchoTopics, start_echo: Start, each_once: EachOnce, wait_for: WaitFor
) -> None:
    echo.push(1200)
    killed = start_echo("--kill-after", effect, "--times", "2")
    assert killed.wait(PATIENCE_S) == -signal.SIGKILL
    start_echo()
    wait_for(lambda: echo.total() >= 4800)
    each_once(echo, 1200)


def test_a_lost_store_is_brought_up_to_the_progress(
    echo: EchoTopics, start_echo: Start, each_once: EachOnce, wait_for: WaitFor
) -> None:
    echo.push(500)
    first = start_echo("--machine", "first")
    wait_for(lambda: echo.total() >= 2000)
    first.terminate()
    assert first.wait(PATIENCE_S) == 0
    echo.push(500)
    start_echo("--machine", "second")
    wait_for(lambda: echo.total() >= 4000)
    each_once(echo, 1000)


def test_a_rebalance_under_backlog(echo: EchoTopics, start_echo: Start, each_once: EachOnce, wait_for: WaitFor) -> None:
    echo.push(20000)
    first = start_echo()
    wait_for(lambda: echo.total() > 0)
    start_echo()
    wait_for(lambda: len(echo.admin.describe_groups([f"{echo.settings.namespace}echo"])) > 0)
    first.terminate()
    assert first.wait(PATIENCE_S) == 0
    wait_for(lambda: echo.total() >= 80000)
    each_once(echo, 20000)


def test_acknowledged_only_after_the_store_was_synced(
    echo: EchoTopics, start_echo: Start, wait_for: WaitFor, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    gate.touch()
    echo.push(100)
    start_echo("--gate", str(gate))
    wait_for(lambda: echo.total() >= 400)
    wait_for(lambda: sum(echo.acknowledged().values()) >= 300)
    assert echo.acknowledged() == {1: 100, 2: 100, 3: 100}, "partition 0 stands at the gate"
    gate.unlink()
    wait_for(lambda: sorted(echo.acknowledged().values()) == [100] * 4)


def test_a_stopped_worker_that_comes_back_harms_nothing(
    echo: EchoTopics, start_echo: Start, each_once: EachOnce, wait_for: WaitFor
) -> None:
    echo.push(5000)
    zombie = start_echo()
    wait_for(lambda: echo.total() > 0)
    zombie.send_signal(signal.SIGSTOP)
    start_echo()
    wait_for(lambda: echo.total() >= 20000)
    zombie.send_signal(signal.SIGCONT)
    echo.push(500)
    wait_for(lambda: echo.total() >= 22000)
    each_once(echo, 5500)


def test_positions_that_were_acknowledged_wrongly_are_skipped_or_fetched_by_progress(
    echo: EchoTopics, start_echo: Start, each_once: EachOnce, wait_for: WaitFor
) -> None:
    echo.push(300)
    first = start_echo()
    wait_for(lambda: sorted(echo.acknowledged().values()) == [300] * 4)
    first.terminate()
    assert first.wait(PATIENCE_S) == 0
    echo.rewind(100)
    echo.push(100)
    start_echo()
    wait_for(lambda: echo.total() >= 1600)
    each_once(echo, 400)
