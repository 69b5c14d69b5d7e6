"""Transactions behind a network that delays, repeats and reorders requests: no chunk is torn, lost or doubled.

RUNS and SEED in the environment choose how many runs and from which seed on; a run's seed alone replays it
(`make test-transactions RUNS=1 SEED=…`).
"""

from __future__ import annotations

import os

import pytest

from pipeline.settings import Settings
from support.late_requests.runs import run_all

pytestmark = [pytest.mark.engines, pytest.mark.timeout(7200)]

RUNS = int(os.environ.get("RUNS") or 300)
SEED = int(os.environ.get("SEED") or 1)


async def test_every_chunk_takes_effect_once_and_as_a_whole(
    engine_settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    report = await run_all(engine_settings, SEED, RUNS)
    with capsys.disabled():
        print(f"\nseeds {SEED} to {SEED + RUNS - 1}, {report}")
    assert not report.broken
    assert not report.failed
    assert RUNS < 100 or sum(report.refused.values()) > RUNS // 10
