from __future__ import annotations

import asyncio
import os
import resource
import sys
import threading
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from pipeline.settings import Settings
from pipeline.streams.monitoring.status_port import serve_status
from pipeline.streams.registers.control import GenerationControl
from pipeline.streams.runtime.health import HANG, SILENT_S, Health
from pipeline.streams.workers import worker
from support.ports import own_ports
from support.processes import warm
from support.waiting import WaitFor

HUNG = """
import asyncio, os, signal
from contextlib import asynccontextmanager
from types import SimpleNamespace
from pipeline.streams.workers import worker

class Stage:
    async def run(self, stop):
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.Event().wait()

@asynccontextmanager
async def built():
    yield Stage()

worker.ENDED_WITHIN_S = 0.1
asyncio.run(worker._run_monitored(built(), "intake", False, SimpleNamespace(stage=None)))
"""
"""A stage whose Kafka clients wait for a broker that is away, and do not hear that they are to end."""


def test_a_worker_that_hangs_ends_when_it_is_told_to(tmp_path: Path) -> None:
    script, errors = tmp_path / "hung.py", tmp_path / "errors"
    script.write_text(HUNG)
    with (tmp_path / "output").open("wb") as told, errors.open("wb") as complained:
        process = warm.start([sys.executable, str(script)], os.environ, told, complained)
    assert process.wait(timeout=60) == 1
    assert "could not end in good order" in errors.read_text()


def test_a_worker_may_hold_as_many_files_open_as_the_system_allows() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[0] // 2, before[1]))
    try:
        worker.allow_open_files()
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (before[1], before[1])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_health_is_watched_while_the_loop_is_busy(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """As long as its work moves, a worker gives signs of life; once it does not, it is told where it is at."""
    monkeypatch.setattr(worker, "LOOK_S", 0.001)
    signs, told = threading.Semaphore(0), threading.Event()
    now, done, moving = 0.0, 0, True

    def clock() -> float:
        nonlocal now, done
        now += SILENT_S / 2
        if moving:
            done += 1
        elif not signs.acquire(blocking=False) and caplog.records:
            told.set()
        return now

    with worker.health_watched(Health(0.0, count_work=lambda: done), signs.release, clock):
        for _ in range(20):
            signs.acquire()
        moving = False
        told.wait()
    assert [record.message for record in caplog.records] == [HANG]
    assert "most recent call first" in capfd.readouterr().err


async def test_a_stage_gives_its_port_to_the_active_generations_and_takes_it_once_it_is_that(
    monkeypatch: pytest.MonkeyPatch, wait_for: WaitFor
) -> None:
    states: asyncio.Queue[GenerationControl] = asyncio.Queue()

    async def follow(_: Settings) -> AsyncGenerator[GenerationControl]:
        while True:
            yield await states.get()

    monkeypatch.setattr(worker, "watch_control", follow)
    named = own_ports(1).start
    with serve_status("127.0.0.1", named, None) as port:
        following = asyncio.create_task(worker.yield_port(Settings(), "new", port))
        for active, has_it in (("old", False), ("new", True), ("old", False)):
            states.put_nowait(GenerationControl(active, {}))
            await asyncio.to_thread(wait_for, lambda wanted=has_it: (port.number == named) == wanted)
        following.cancel()
        await asyncio.wait([following])
