"""Batches of librdkafka, in every codec: plain, idempotent and in transactions, each through intake."""

from __future__ import annotations

from typing import Any

import pytest
from confluent_kafka import KafkaError, Producer

from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from support.installation.installation import Installation
from support.installation.records import RecordMaker
from support.processes.starting import Start
from support.waiting import PATIENCE_S, WaitFor

pytestmark = [pytest.mark.engines, pytest.mark.rare]

CODECS = ("none", "gzip", "snappy", "lz4", "zstd")
CASES = 40


def producer(settings: Settings, codec: str, **options: Any) -> Producer:
    """One that gathers what is sent into few batches, at the partitions that intake expects."""
    return Producer(
        {
            "bootstrap.servers": settings.kafka_url,
            "compression.codec": codec,
            "partitioner": "murmur2_random",
            "linger.ms": 50,
            **options,
        }
    )


def send(settings: Settings, codec: str, records: RecordMaker, prefix: str, **options: Any) -> list[bytes]:
    """Send some cases and wait until they are acknowledged; returns their keys."""
    sent = producer(settings, codec, **options)
    failed: list[KafkaError] = []

    def note(error: KafkaError | None, _: object) -> None:
        if error is not None:
            failed.append(error)

    messages = [records.message("fr-pj", f"{prefix}-{codec}-{number}") for number in range(CASES)]
    if transactional := "transactional.id" in options:
        sent.init_transactions(PATIENCE_S)
        sent.begin_transaction()
    for message in messages:
        topic = topics.topic_name(settings, topics.CASES, agency=message.agency)
        sent.produce(topic, message.value, message.key, on_delivery=note)
    if transactional:
        sent.commit_transaction(PATIENCE_S)
    assert sent.flush(PATIENCE_S) == 0
    assert not failed
    return [message.case.encode() for message in messages]


def test_each_codec_is_taken_in_however_it_is_sent(
    records: RecordMaker, installation: Installation, start_stage: Start, wait_for: WaitFor
) -> None:
    settings, keys = installation.settings, []
    for codec in CODECS:
        keys += send(settings, codec, records, "plain", **{"enable.idempotence": False})
        keys += send(settings, codec, records, "idempotent", **{"enable.idempotence": True})
        transaction = f"{settings.namespace}{codec}"
        keys += send(settings, codec, records, "transactional", **{"transactional.id": transaction})
    start_stage("intake")
    wait_for(lambda: installation.accounting().decided == len(keys))
    receipts = installation.receipts().values()
    assert {receipt.case.encode(): receipt.outcome for receipt in receipts} == dict.fromkeys(keys, "accepted")
    assert installation.accounting().balanced
