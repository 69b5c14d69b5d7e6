"""What was written to each topic, as Kafka tells."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from pipeline.ops.status.throughput import SPANS, measure_throughput
from support.installation.installation import Installation
from support.installation.records import RecordMaker
from support.processes.starting import Start
from support.waiting import WaitFor

pytestmark = pytest.mark.engines


def test_each_record_counts_in_the_span_in_which_it_was_taken_in(
    records: RecordMaker, installation: Installation, start_stage: Start, wait_for: WaitFor
) -> None:
    before = datetime.now(UTC)
    installation.push([records.message("fr-pj", str(number)) for number in range(5)])
    installation.push([records.message("be-fp", "1")])
    start_stage("intake")
    wait_for(lambda: len(installation.receipts()) == 6)
    now = datetime.now(UTC) + timedelta(seconds=1)
    told = asyncio.run(measure_throughput(installation.settings, now, timedelta(minutes=10)))
    assert (len(told.begins), told.span_s) == (SPANS, 20.0)
    assert (told.begins[0], told.begins[-1]) == (now - timedelta(minutes=10), now - timedelta(seconds=20))
    counts = {rate.topic: rate.counts for rate in told.rates}
    assert [sum(rate.counts) for rate in told.rates] == sorted((sum(rate.counts) for rate in told.rates), reverse=True)
    assert counts["cases.fr-pj"] == counts["receipts.fr-pj"]
    assert sum(counts["cases.fr-pj"]) >= 5 > sum(counts["cases.be-fp"]) >= 1, "markers of transactions count as well"
    span = timedelta(seconds=told.span_s)
    earlier = [count for begin, count in zip(told.begins, counts["cases.be-fp"], strict=True) if begin + span < before]
    assert earlier == [0] * len(earlier), "nothing was taken in before it was sent"
    assert sum(counts["hits.fr-pj"]) == sum(counts["cases.de-bk"]) == 0
    assert not {"agencies", "control", "progress"} & counts.keys()
    assert sum(asyncio.run(measure_throughput(installation.settings, now + timedelta(hours=2))).rates[0].counts) == 0
