"""A standing query through the stages: it meets what is held and what comes, and makes no link."""

from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from aiokafka import TopicPartition

from pipeline.access.notices import Notice
from pipeline.access.requester import Grounds, Purpose, Requester, Role
from pipeline.access.subscriptions import Subscription, ended, made
from pipeline.settings import Settings
from pipeline.streams import topics
from pipeline.streams.decision_log import DecisionLog
from pipeline.streams.reading import read

pytestmark = [pytest.mark.engines, pytest.mark.timeout(240)]

BERT = Requester("bert", "be-fp", "BE", frozenset({Role.INVESTIGATOR}))
WHY = Grounds(Purpose.INVESTIGATION, "2026/1")


def write(settings: Settings, one: Subscription) -> None:
    async def written() -> None:
        async with DecisionLog(settings) as log:
            await log.write(topics.SUBSCRIPTIONS, one.id, one)

    asyncio.run(written())


def told(settings: Settings) -> list[str]:
    """The agencies whose cases were met, in order."""

    async def all_of_it() -> list[bytes]:
        start = {TopicPartition(topics.name(settings, topics.NOTICES), 0): 0}
        return [record.value async for records in read(settings, start) for record in records]

    return [msgspec.json.decode(value, type=Notice).other_agency for value in asyncio.run(all_of_it())]


def test_it_meets_what_is_held_and_what_comes_and_makes_no_link(
    records: Any, installation: Any, start_all: Any, wait_for: Any
) -> None:
    settings = installation.settings
    person = records.person()
    feed = [records.message("fr-pj", "1", people=[person]), records.message("nl-np", "1")]
    start_all()
    installation.push(feed)
    wait_for(lambda: installation.accounting().decided == 2 and installation.at_rest(), deadline_s=90)
    name = person["names"][0]
    question = f"{name['given']} {name['family']} born:{person['birth_date']} phone:{person['phones'][0]}"
    query = made(uuid.uuid4().hex, question, "", BERT, WHY, datetime.now(UTC))
    write(settings, query)
    wait_for(lambda: told(settings) == ["fr-pj"], deadline_s=90)
    later = [records.message("de-bk", "1", people=[person])]
    installation.push(later)
    wait_for(lambda: told(settings) == ["fr-pj", "de-bk"], deadline_s=90)
    write(settings, ended(query, datetime.now(UTC)))
    last = [records.message("nl-np", "2", people=[person])]
    wait_for(installation.at_rest, deadline_s=90)
    installation.push(last)
    wait_for(lambda: installation.accounting().decided == 4 and installation.at_rest(), deadline_s=90)
    assert told(settings) == ["fr-pj", "de-bk"]
    installation.holds([*feed, *later, *last])
