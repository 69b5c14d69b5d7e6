"""`liaison ops accounting` while intake runs, while it does not, and where a receipt is wrong."""

from __future__ import annotations

import asyncio
import json

import msgspec
import pytest
from aiokafka import AIOKafkaProducer
from kafka.structs import OffsetAndMetadata, TopicPartition

from pipeline.records.messages import Receipt
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.admin import admin_client
from pipeline.streams.monitoring.lag import group_of
from support.installation.command import RunLiaison
from support.installation.installation import Installation
from support.installation.records import RecordMaker
from support.processes.starting import Start

pytestmark = [pytest.mark.engines, pytest.mark.timeout(240)]


async def say(installation: Installation, receipts: list[Receipt]) -> None:
    """Write receipts as no worker would."""
    name = topics.topic_name(installation.settings, topics.RECEIPTS, agency="fr-pj")
    async with AIOKafkaProducer(bootstrap_servers=installation.settings.kafka_url) as producer:
        for receipt in receipts:
            await producer.send_and_wait(name, msgspec.json.encode(receipt), key=b"x", partition=0)


@pytest.mark.rare
def test_each_agency_is_accounted_for_on_a_running_system(
    records: RecordMaker, installation: Installation, start_stage: Start, liaison: RunLiaison
) -> None:
    feed = [*records.feed(40), records.message("fr-pj", "bad")._replace(value=b"no JSON")]
    intake = start_stage("intake")
    installation.push(feed)
    done = liaison("accounting", "--json", "--wait", "90")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["balanced"] is True
    assert told["total"]["consumed"] == len(feed)
    assert told["total"]["rejected"] == told["agencies"]["fr-pj"]["rejected"] == {"not_json": 1}
    for agency, account in told["agencies"].items():
        sent = [message for message in feed if message.agency == agency]
        assert account["accepted"] + account["duplicate"] == len(sent) - (agency == "fr-pj")
        assert account["missing"] == account["repeated"] == account["contradicted"] == account["waiting"] == 0

    intake.kill()
    intake.wait()
    installation.push([records.message("be-fp", "later")])
    waiting = liaison("accounting", "--json")
    assert waiting.returncode == 0, "what intake has yet to consume is no fault"
    assert json.loads(waiting.stdout)["agencies"]["be-fp"]["waiting"] == 1
    late = liaison("accounting", "--wait", "1")
    assert late.returncode == 1
    assert "intake has not finished" in late.stderr

    position, receipt = next((p, r) for p, r in installation.receipts().items() if "cases.fr-pj" in p)
    other = "duplicate" if receipt.outcome == "accepted" else "accepted"
    asyncio.run(say(installation, [receipt, msgspec.structs.replace(receipt, outcome=other, reason="")]))
    wrong = liaison("accounting", "--json")
    assert wrong.returncode == 1
    french = json.loads(wrong.stdout)["agencies"]["fr-pj"]
    assert (french["repeated"], french["contradicted"]) == (2, 1), position
    assert "NOT BALANCED" in liaison("accounting").stdout


def test_a_position_that_was_passed_without_a_receipt_is_missing(
    records: RecordMaker, installation: Installation, liaison: RunLiaison
) -> None:
    [sent] = installation.push([records.message("fr-pj", "lost")])
    topic, partition, offset = sent.rsplit("-", 2)
    passed = {TopicPartition(topic, int(partition)): OffsetAndMetadata(int(offset) + 1, "", -1)}
    with admin_client(installation.settings) as client:
        client.alter_group_offsets(group_of(installation.settings, "intake"), passed)
    told = liaison("accounting", "--json")
    assert told.returncode == 1
    french = json.loads(told.stdout)["agencies"]["fr-pj"]
    assert (french["consumed"], french["missing"], french["accepted"]) == (1, 1, 0)
