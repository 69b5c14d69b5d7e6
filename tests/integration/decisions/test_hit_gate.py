"""Pushed cases as questions on the real engines: within the budget told, beyond it deferred, and none dropped."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pipeline.access.hit_ledger import HitAllowance
from pipeline.access.notices import NoticeKind
from pipeline.index.decisions import DecisionReader
from pipeline.index.engine import connect
from pipeline.index.mappings import Indices
from pipeline.settings import Settings
from pipeline.streams.audit.decision_log import DecisionLog
from pipeline.streams.catalogues import topics
from support.correlation.key_rings import RING
from support.installation.fixtures import StartAll
from support.installation.installation import Installation
from support.installation.notices import read_notices
from support.installation.records import RecordMaker
from support.processes.starting import Start
from support.records.builder import person
from support.waiting import WaitFor

pytestmark = [pytest.mark.engines, pytest.mark.timeout(300)]

HIDDEN = {"code": "H2", "releasable_to": ["*"], "purposes": ["investigation", "correlation"]}
DAILY = 2


def told_owner(settings: Settings) -> list[str]:
    """The hit-only cases of which their owner was told that another agency knows, in order."""
    return [notice.case for notice in read_notices(settings) if notice.kind is NoticeKind.HIT_TOLD]


def admitted(settings: Settings, links: list[str]) -> set[str]:
    """The links that show to the agency of one of their sides."""

    async def asked() -> dict[str, str]:
        async with connect(settings) as client:
            reader = DecisionReader(client, Indices(settings.namespace, ""), RING)
            return await reader.read_admitted(f"{link}-{side}" for link in links for side in "ab")

    return {name.partition("-")[0] for name in asyncio.run(asked())}


def allow(settings: Settings, daily: int) -> None:
    """The owner allows the asker more."""
    now = datetime.now(UTC)
    made = HitAllowance("nl-np", "fr-pj", daily, now + timedelta(days=1), "chief", now)

    async def written() -> None:
        async with DecisionLog(settings) as log:
            await log.write(topics.HIT_ALLOWANCES, made.id, made)

    asyncio.run(written())


def test_pushed_cases_are_told_of_hits_within_the_budget_and_of_the_rest_once_the_owner_allows_more(
    records: RecordMaker,
    installation: Installation,
    start_all: StartAll,
    start_stage: Start,
    engine_environment: dict[str, str],
    wait_for: WaitFor,
) -> None:
    settings = installation.settings
    engine_environment["LIAISON_HIT_BUDGET"] = str(DAILY)
    people = [records.person() for _ in range(5)]
    guess = person(names=people[0]["names"], birth_date=people[0]["birth_date"][:4], id="p1")
    hidden = [records.message("nl-np", str(at), people=[one], handling=HIDDEN) for at, one in enumerate(people)]
    asking = [records.message("fr-pj", str(at), people=[one]) for at, one in enumerate(people)]
    asking.append(records.message("fr-pj", "guess", people=[guess]))
    workers = start_all()
    installation.push([*hidden, *asking])
    wait_for(lambda: installation.at_rest() and installation.accounting().decided == 11, deadline_s=120)
    links = sorted(installation.visible_links())

    def to_asker() -> list[Any]:
        return [hit for hit in installation.hits() if hit["receiver"] == "fr-pj"]

    wait_for(lambda: len(to_asker()) == DAILY)
    wait_for(lambda: len(admitted(settings, links)) == DAILY)
    workers[-1].kill()
    workers[-1].wait()
    start_stage("project")  # reads back what was told, and what waits
    allow(settings, 100)
    wait_for(lambda: len(to_asker()) == len(people), deadline_s=120)
    wait_for(lambda: len(admitted(settings, links)) == len(people))
    hits = to_asker()
    assert {hit["kind"] for hit in hits} == {"new"}
    assert len({hit["id"] for hit in hits}) == len({hit["case"] for hit in hits}) == len(people)
    assert "fr-pj:guess" not in {hit["case"] for hit in hits}
    wait_for(lambda: sorted(told_owner(settings)) == [f"nl-np:{at}" for at in range(5)])


@pytest.mark.rare
def test_of_cases_with_one_name_and_many_dates_three_are_told_of_hits_until_the_owner_allows_more(
    records: RecordMaker, installation: Installation, start_all: StartAll, start_stage: Start, wait_for: WaitFor
) -> None:
    people = [person("Ivan Petrov", id="p1", birth_date=f"198{at}-05-2{at}") for at in range(6)]
    hidden = [records.message("nl-np", str(at), people=[one], handling=HIDDEN) for at, one in enumerate(people)]
    asking = [records.message("fr-pj", str(at), people=[one]) for at, one in enumerate(people)]
    workers = start_all()
    installation.push([*hidden, *asking])
    wait_for(lambda: installation.at_rest() and installation.accounting().decided == 12, deadline_s=120)

    def told() -> set[str]:
        return {hit["case"] for hit in installation.hits() if hit["receiver"] == "fr-pj" and hit["kind"] == "new"}

    wait_for(lambda: len(told()) == 3)
    first = told()
    workers[-1].kill()
    workers[-1].wait()
    start_stage("project")  # reads back what was guessed and refused
    installation.push([records.message("nl-np", "7", people=[people[0]], handling=HIDDEN)])
    wait_for(lambda: installation.at_rest() and installation.accounting().decided == 13, deadline_s=120)
    assert told() == first
    allow(installation.settings, 100)
    wait_for(lambda: len(told()) == len(people), deadline_s=120)
