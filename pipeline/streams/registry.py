"""The agency registry: the compacted topic `agencies`, read whole."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import msgspec
from aiokafka import AIOKafkaProducer, TopicPartition

from pipeline.errors import LiaisonError
from pipeline.records.agencies import Agency
from pipeline.settings import Settings
from pipeline.streams import admin, topics
from pipeline.streams.connection import options
from pipeline.streams.reading import plain_consumer, read_table

WATCH_MS: Final = 1000
"""How long the broker holds back the answer to a watcher while nothing changes."""

_decode = msgspec.json.Decoder(Agency).decode
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_COUNTRY = re.compile(r"[A-Z]{2}")


async def agencies(settings: Settings) -> dict[str, Agency]:
    """All registered agencies by name, in the order of their names; empty before `topics apply`."""
    with admin.admin(settings) as client:
        topic = topics.name(settings, topics.AGENCIES)
        if topic not in client.list_topics():
            return {}
    return _decoded(await read_table(settings, topic))


def _decoded(table: Mapping[bytes, bytes]) -> dict[str, Agency]:
    return {agency.name: agency for agency in map(_decode, (table[key] for key in sorted(table)))}


async def add(settings: Settings, agency: Agency) -> admin.Applied:
    """Register an agency, after its topics and the installation's are there; registering it again is harmless.

    Raises LiaisonError for a name or country of the wrong form, or a name registered for another country.
    """
    _check(agency, await agencies(settings))
    applied = admin.apply(settings, topics.plan(settings, [agency.name], []))
    async with AIOKafkaProducer(**options(settings), enable_idempotence=True) as producer:
        topic = topics.name(settings, topics.AGENCIES)
        await producer.send_and_wait(topic, msgspec.json.encode(agency), key=agency.name.encode())
    return applied


def _check(agency: Agency, held: Mapping[str, Agency]) -> None:
    if not _NAME.fullmatch(agency.name):
        raise LiaisonError("an agency's name has 1 to 32 of a-z, 0-9 and -, and begins with a letter or digit")
    if not _COUNTRY.fullmatch(agency.country):
        raise LiaisonError("a country is an ISO 3166-1 alpha-2 code, such as FR")
    before = held.get(agency.name)
    if before is not None and before.country != agency.country:
        raise LiaisonError(f"{agency.name} is registered for {before.country}")


async def changed(settings: Settings, known: Mapping[str, Agency]) -> None:
    """Return as soon as the registry differs from what is known."""
    partition = TopicPartition(topics.name(settings, topics.AGENCIES), 0)
    table: dict[bytes, bytes] = {}
    async with plain_consumer(settings, [partition], fetch_wait_ms=WATCH_MS) as consumer:
        consumer.seek(partition, 0)
        while True:
            for record in (await consumer.getmany(timeout_ms=WATCH_MS)).get(partition, ()):
                table[record.key] = record.value
            high = consumer.highwater(partition)
            caught_up = high is not None and await consumer.position(partition) >= high
            if caught_up and _decoded(table) != known:
                return
