"""Agencies that come and go while two static workers of each stage run."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from pipeline.ops.agencies.removal import retire_agency
from pipeline.records.agencies import Agency, AgencyState
from pipeline.settings import Settings
from pipeline.streams.kafka.admin import count_members
from pipeline.streams.monitoring.lag import group_of
from pipeline.streams.provisioning.setup import apply_all
from pipeline.streams.registers import registry
from support.installation.fixtures import StartAll
from support.installation.installation import Installation
from support.installation.records import RecordMaker
from support.waiting import WaitFor

pytestmark = [pytest.mark.engines, pytest.mark.timeout(280), pytest.mark.rare]


def test_an_agency_is_added_to_and_removed_from_running_workers(
    engine_settings: Settings,
    make_installation: type[Installation],
    records: RecordMaker,
    start_all: StartAll,
    wait_for: WaitFor,
) -> None:
    installation = make_installation(engine_settings)
    asyncio.run(apply_all(engine_settings))
    asyncio.run(registry.register_agency(engine_settings, Agency("fr-pj", "FR")))
    workers = [*start_all(), *start_all()]
    intake = group_of(engine_settings, "intake")
    wait_for(lambda: count_members(engine_settings, [intake]) == {intake: 2})
    person = records.person()
    pushed = [records.message("fr-pj", str(number), people=[person]) for number in range(3)]
    pushed += [records.message("fr-pj", f"alone-{number}") for number in range(20)]
    installation.push(pushed)
    wait_for(lambda: installation.accounting().decided == len(pushed))

    asyncio.run(registry.register_agency(engine_settings, Agency("be-fp", "BE")))
    first = records.message("be-fp", "1", people=[person])
    (position,) = installation.push([first])
    wait_for(lambda: position in installation.receipts(), deadline_s=120)
    more = [records.message(agency, f"more-{number}") for agency in ("fr-pj", "be-fp") for number in range(20)]
    installation.push(more)
    pushed += [first, *more]
    wait_for(lambda: installation.at_rest() and installation.accounting().decided == len(pushed), 90)
    installation.holds(pushed)
    wait_for(lambda: count_members(engine_settings, [intake]) == {intake: 2})

    removed = asyncio.run(retire_agency(engine_settings, "be-fp", 90, lambda: datetime.now(UTC)))
    assert removed.cases == 21
    assert asyncio.run(registry.read_agencies(engine_settings))["be-fp"].state is AgencyState.REMOVED
    late = records.message("fr-pj", "late", people=[person])
    (position,) = installation.push([late])
    wait_for(lambda: position in installation.receipts(), 120)
    wait_for(installation.at_rest, 90)
    accounts = installation.accounting()
    assert accounts.balanced
    assert accounts.decided == len(pushed) + removed.cases + 1
    assert installation.visible_links() == {}
    assert [worker.poll() for worker in workers] == [None] * len(workers)
