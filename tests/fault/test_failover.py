"""How long a killed worker's partitions stay unread where another takes its place with its local stores: printed."""

from __future__ import annotations

import time
from typing import Any

import pytest

pytestmark = [pytest.mark.engines, pytest.mark.timeout(240)]


@pytest.mark.parametrize("stage", ["intake", "correlate", "project"])
def test_a_killed_worker_is_replaced(
    stage: str,
    records: Any,
    installation: Any,
    start_stage: Any,
    wait_for: Any,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The dead member leaves its group after the session timeout (10 s); then stores are opened and reading goes on."""
    feed = records.feed(60)
    half = len(feed) // 2
    workers = {name: start_stage(name) for name in ("intake", "correlate", "project")}
    installation.push(feed[:half])
    wait_for(lambda: installation.accounting().decided == half and installation.at_rest(), deadline_s=90)
    workers[stage].kill()
    workers[stage].wait()
    killed = time.monotonic()
    start_stage(stage)
    installation.push(feed[half:])
    wait_for(lambda: installation.accounting().decided == len(feed) and installation.at_rest(), deadline_s=120)
    taken = time.monotonic() - killed
    with capsys.disabled():
        print(f"\n{stage}: all partitions read again and everything applied {taken:.1f} s after SIGKILL")
    installation.holds(feed)
