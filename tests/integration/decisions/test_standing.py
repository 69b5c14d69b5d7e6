"""An alert through the stages: it meets what is held and what comes, and makes no link."""

from __future__ import annotations

import asyncio
import json
import uuid
from datetime import UTC, datetime

import msgspec
import pytest
from aiokafka import AIOKafkaProducer, TopicPartition

from pipeline.access.alerts import Alert, close_alert, make_alert
from pipeline.access.audit import Act, ActKind
from pipeline.access.hit_ledger import HitQuestion
from pipeline.access.notices import NoticeKind
from pipeline.access.query_cipher import QueryCipher, keys_in
from pipeline.access.requester import Grounds, Purpose, Requester
from pipeline.records.agencies import Agency
from pipeline.settings import Settings
from pipeline.streams.audit.audit_log import audit_log
from pipeline.streams.audit.decision_log import DecisionLog
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.connection import client_options
from pipeline.streams.kafka.reading import read_partitions
from pipeline.streams.registers.registry import change_agency
from support.access.requesters import make_requester
from support.installation.fixtures import StartAll
from support.installation.installation import Installation
from support.installation.notices import read_notices
from support.installation.records import RecordMaker
from support.processes.starting import Start
from support.waiting import WaitFor

pytestmark = [pytest.mark.engines, pytest.mark.timeout(240)]

BERT = make_requester("be-fp", subject="bert")
WHY = Grounds(Purpose.INVESTIGATION, "2026/1")


def write(settings: Settings, subscription: Alert) -> None:
    async def written() -> None:
        async with DecisionLog(settings) as log:
            await log.write(topics.SUBSCRIPTIONS, subscription.id, subscription)

    asyncio.run(written())


def search(settings: Settings, who: Requester, question: str) -> None:
    """Record a search as the API does before it answers."""
    at = datetime.now(UTC)
    query = QueryCipher(keys_in(settings.audit_key_folder)).encrypt(json.dumps({"question": question}), at)
    act = Act(
        ActKind.SEARCH, who.subject, who.agency, who.country, purpose="investigation", case_reference="1", query=query
    )

    async def written() -> None:
        async with audit_log(settings, lambda: datetime.now(UTC)) as log:
            await log.write(act)

    asyncio.run(written())


def be_told(settings: Settings, agency: str) -> None:
    """Let owners of silent records be told of an agency's searches."""

    def tell(entry: Agency) -> Agency:
        return msgspec.structs.replace(entry, owners_told=("investigation",))

    asyncio.run(change_agency(settings, agency, tell))


def held_searches(settings: Settings) -> list[HitQuestion]:
    """The searches for silent records that the gate holds."""
    found: dict[bytes, bytes] = {}

    async def read() -> None:
        async for records in read_partitions(settings, {TopicPartition(gate_topic(settings), 0): 0}):
            found.update({record.key: record.value for record in records})

    asyncio.run(read())
    asked = [msgspec.json.decode(value, type=HitQuestion) for value in found.values() if value]
    return [question for question in asked if question.due]


def ask_again(settings: Settings, question: HitQuestion) -> None:
    async def written() -> None:
        async with AIOKafkaProducer(**client_options(settings)) as producer:
            await producer.send_and_wait(
                gate_topic(settings), msgspec.json.encode(question), key=question.id.encode(), partition=0
            )

    asyncio.run(written())


def gate_topic(settings: Settings) -> str:
    return topics.topic_name(settings, topics.HIT_QUESTIONS)


def told(settings: Settings) -> list[str]:
    """The agencies whose cases were met, in order."""
    return [notice.other_agency for notice in read_notices(settings) if notice.kind is NoticeKind.SUBSCRIPTION_MATCH]


@pytest.mark.rare
def test_it_meets_what_is_held_and_what_comes_and_makes_no_link(
    records: RecordMaker, installation: Installation, start_all: StartAll, wait_for: WaitFor
) -> None:
    settings = installation.settings
    person = records.person()
    feed = [records.message("fr-pj", "1", people=[person]), records.message("nl-np", "1")]
    start_all()
    installation.push(feed)
    wait_for(lambda: installation.at_rest() and installation.accounting().decided == 2, deadline_s=90)
    name = person["names"][0]
    question = f"{name['given']} {name['family']} born:{person['birth_date']} phone:{person['phones'][0]}"
    query = make_alert(uuid.uuid4().hex, question, "", BERT, WHY, datetime.now(UTC))
    write(settings, query)
    wait_for(lambda: told(settings) == ["fr-pj"], deadline_s=90)
    later = [records.message("de-bk", "1", people=[person])]
    installation.push(later)
    wait_for(lambda: told(settings) == ["fr-pj", "de-bk"], deadline_s=90)
    write(settings, close_alert(query, datetime.now(UTC)))
    last = [records.message("nl-np", "2", people=[person])]
    wait_for(installation.at_rest, deadline_s=90)
    installation.push(last)
    wait_for(lambda: installation.at_rest() and installation.accounting().decided == 4, deadline_s=90)
    assert told(settings) == ["fr-pj", "de-bk"]
    installation.holds([*feed, *later, *last])


@pytest.mark.rare
def test_who_asks_the_same_and_what_a_silent_case_meets_is_told_once_and_of_searches_a_day_later(
    records: RecordMaker, installation: Installation, start_all: StartAll, start_stage: Start, wait_for: WaitFor
) -> None:
    settings = installation.settings
    person = records.person()
    silent = {"code": "H3", "releasable_to": ["*"], "purposes": ["investigation", "correlation"]}
    be_told(settings, BERT.agency)
    start_all()
    start_stage("notify")
    installation.push([records.message("fr-pj", "1", people=[person], handling=silent)])
    installation.push([records.message("nl-np", "1", people=[person])])
    anna = make_requester("fr-pj", subject="anna")
    for who in (anna, BERT):
        query = make_alert(uuid.uuid4().hex, "+33 6 12 34 56 79", "", who, WHY, datetime.now(UTC), shared=True)
        write(settings, query)
    wait_for(lambda: installation.at_rest() and installation.accounting().decided == 2, deadline_s=90)
    name = person["names"][0]
    named = f"{name['given']} {name['family']} born:{person['birth_date']}"
    for question in (person["phones"][0], named):
        search(settings, BERT, question)
    search(settings, make_requester("nl-np"), named)  # whose agency lets nobody be told

    def seen() -> list[tuple[str, str, str]]:
        told = {
            notice.id: notice for notice in read_notices(settings)
        }  # of two queries made at once each may meet the other
        return sorted((notice.kind.value, notice.agency, notice.other_agency) for notice in told.values())

    expected = [
        ("shared_interest", "be-fp", "fr-pj"), ("shared_interest", "fr-pj", "be-fp"), ("silent_link", "fr-pj", "nl-np"),
    ]  # fmt: skip
    wait_for(lambda: len(seen()) >= len(expected), deadline_s=90)
    wait_for(lambda: held_searches(settings), deadline_s=90)
    wait_for(installation.at_rest, deadline_s=90)
    assert seen() == expected
    [held] = held_searches(settings)
    assert (held.asker, held.owner) == ("be-fp", "fr-pj")
    ask_again(settings, msgspec.structs.replace(held, due=datetime.now(UTC)))  # as if its day were over
    wait_for(lambda: len(seen()) > len(expected), deadline_s=90)
    assert seen() == [*expected, ("silent_search", "fr-pj", "be-fp")]
    assert held_searches(settings) == []
