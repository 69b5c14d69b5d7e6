"""A process that a supervisor keeps: one that hangs is ended and started again."""

from __future__ import annotations

import asyncio
import logging
import sys
from pathlib import Path

import pytest

from pipeline.streams.runtime.stop_order import StopOrder
from pipeline.streams.workers import supervisor

LIFE = """
import pathlib, sys, time
from pipeline.streams.workers.worker import give_sign
give_sign()
lives = pathlib.Path(sys.argv[1])
lives.write_text(lives.read_text() + "x")
time.sleep(1000)
"""
"""A stage that gets on at first, and then stands still for ever: its process lives."""


async def test_a_process_that_hangs_is_ended_and_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(supervisor, "HUNG_S", 0.05)
    monkeypatch.setattr(supervisor, "FIRST_PAUSE_S", 0.0)
    lives, stop = tmp_path / "lives", StopOrder()
    lives.write_text("")
    with caplog.at_level(logging.WARNING):
        keeping = asyncio.create_task(supervisor.keep_running([sys.executable, "-c", LIFE, str(lives)], "intake", stop))
        async with asyncio.timeout(60):
            while len(lives.read_text()) < 2:
                await asyncio.sleep(0.01)
    stop.give_order(for_good=False)
    await keeping
    assert any("intake" in line.getMessage() and "hung" in line.getMessage() for line in caplog.records)


async def test_a_process_that_gives_no_sign_yet_is_only_starting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Standard input that no sign ever came through tells nothing: it may read a large store before it begins."""
    monkeypatch.setattr(supervisor, "HUNG_S", 0.0)
    stop = StopOrder()
    code = f"import pathlib; pathlib.Path({str(tmp_path / 'begun')!r}).touch(); input()"
    keeping = asyncio.create_task(supervisor.keep_running([sys.executable, "-c", code], "intake", stop))
    async with asyncio.timeout(60):
        while not (tmp_path / "begun").exists():
            await asyncio.sleep(0.01)
    assert not keeping.done()
    stop.give_order(for_good=False)
    await keeping
