"""Clocks that jump by more than a day, back and forth, under all stages: nothing follows the time of day."""

from __future__ import annotations

from functools import partial

import pytest

from support.installation.installation import Installation
from support.installation.records import RecordMaker
from support.installation.status_ports import STAGES
from support.processes.starting import Start
from support.waiting import WaitFor

pytestmark = [pytest.mark.engines, pytest.mark.timeout(280)]


def test_the_clocks_of_all_stages_jump(
    records: RecordMaker, installation: Installation, start_stage: Start, wait_for: WaitFor
) -> None:
    feed = records.feed(120)
    third = len(feed) // 3
    workers = [start_stage(stage, "--jump") for stage in STAGES]
    pushed = 0
    for part in (feed[:third], feed[third : 2 * third], feed[2 * third :]):
        installation.push(part)
        pushed += len(part)
        wait_for(partial(installation.has_decided, pushed), deadline_s=90)
    wait_for(installation.at_rest, deadline_s=90)
    installation.holds(feed)
    assert [worker.poll() for worker in workers] == [None, None, None]
