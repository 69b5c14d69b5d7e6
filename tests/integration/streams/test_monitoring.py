"""What the workers' own ports say while records go through, and while they cannot."""

from __future__ import annotations

import re
from typing import Any

import pytest

from support.installation.fixtures import StartAll
from support.installation.installation import Installation
from support.installation.records import RecordMaker
from support.installation.status_ports import STAGES, Ports
from support.processes.starting import Start
from support.waiting import WaitFor

pytestmark = pytest.mark.engines


def test_what_went_through_is_counted_and_the_workers_are_ready(
    ports: Ports, records: RecordMaker, installation: Installation, start_all: StartAll, wait_for: WaitFor
) -> None:
    feed = [*records.feed(60), records.message("fr-pj", "bad")._replace(value=b"no JSON")]
    start_all()
    installation.push(feed)
    wait_for(lambda: installation.at_rest() and installation.accounting().decided == len(feed), deadline_s=90)
    wait_for(lambda: all(ports.status(stage, "/readyz") == 200 for stage in STAGES))
    counted = installation.accounting()

    def outcomes(**labels: str) -> float:
        return ports.total("intake", "liaison_outcomes_total", **labels)

    assert ports.total("intake", "liaison_records_total") == len(feed) == outcomes()
    assert outcomes(outcome="accepted") == counted.accepted
    assert outcomes(agency="fr-pj", outcome="rejected", reason="not_json") == 1
    assert ports.total("correlate", "liaison_claims_total", state="live") > 0
    assert ports.total("correlate", "liaison_block_cases_count", kind="phone_tail") > 0
    assert ports.total("project", "liaison_bulk_documents_total", result="written") > 0
    assert 0 < ports.total("project", "liaison_end_to_end_seconds_count") <= counted.accepted
    assert ports.total("project", "liaison_hits_total", kind="new") > 0
    wait_for(lambda: not any(ports.total(stage, "liaison_lag_records") for stage in STAGES))
    for stage in STAGES:
        assert ports.total(stage, "liaison_store_bytes") > 0
        assert ports.total(stage, "liaison_rebalances_total") >= 1
        assert ports.total(stage, "liaison_lanes", state="working") > 0
        assert ports.status(stage, "/healthz") == 200
    assert ports.total("intake", "liaison_last_event_timestamp_seconds", topic="cases.fr-pj") > 0
    shown = "".join(ports.metrics(stage) for stage in STAGES)
    keys = {message.case for message in feed}
    assert not keys & set(re.findall(r"[\w-]+:[\w-]+", shown))


def test_a_worker_without_agencies_is_alive_and_not_ready(
    ports: Ports, engine_settings: Any, start_stage: Start, wait_for: WaitFor
) -> None:
    import asyncio

    from pipeline.streams.provisioning.setup import apply_all

    asyncio.run(apply_all(engine_settings))
    start_stage("intake")
    wait_for(lambda: ports.status("intake", "/healthz") == 200)
    assert ports.status("intake", "/readyz") == 503
