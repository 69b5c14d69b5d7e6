"""How long the first waiting record of a partition has been there, as Kafka tells."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from pipeline.ops.status.partition_lag import measure_partition_lag
from support.installation.installation import Installation
from support.installation.records import RecordMaker
from support.processes.starting import Start
from support.waiting import WaitFor

pytestmark = pytest.mark.engines


def test_a_stage_that_stands_is_behind_by_the_age_of_its_first_record(
    records: RecordMaker, installation: Installation, start_stage: Start, wait_for: WaitFor
) -> None:
    installation.push([records.message("fr-pj", str(number)) for number in range(5)])
    later = datetime.now(UTC) + timedelta(minutes=5)
    found = asyncio.run(measure_partition_lag(installation.settings, later))
    behind = [lag for lag in found if lag.stage == "intake" and lag.topic == "cases.fr-pj" and lag.records]
    assert sum(lag.records for lag in behind) == 5
    assert all(lag.behind_s is not None and 290 < lag.behind_s < 900 for lag in behind)
    assert all(lag.behind_s is None for lag in found if not lag.records)
    start_stage("intake")
    wait_for(lambda: len(installation.receipts()) == 5)

    def caught_up() -> bool:
        now = asyncio.run(measure_partition_lag(installation.settings, datetime.now(UTC)))
        return not any(lag.records for lag in now if lag.stage == "intake")

    wait_for(caught_up)
