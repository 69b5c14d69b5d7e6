"""Reads what scorecards are made of: receipts, and the last version of each case."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import msgspec
from aiokafka import TopicPartition

from pipeline.errors import LiaisonError
from pipeline.ops.scorecard.policy import CountedReceipt, CountedVersion, Scorecard
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.reading import read_partitions
from pipeline.streams.kafka.since import offsets_since
from pipeline.streams.registers.registry import read_agencies

_judged = msgspec.json.Decoder(CountedReceipt).decode
_held = msgspec.json.Decoder(CountedVersion).decode


async def read_scorecards(settings: Settings, only: Collection[str], since: datetime) -> dict[str, Scorecard]:
    """The scorecards of registered agencies, of what came since a time. Raises LiaisonError for an unknown agency."""
    registered = list(await read_agencies(settings))
    if unknown := sorted(set(only) - set(registered)):
        raise LiaisonError(f"not registered: {', '.join(unknown)}")
    cards = {name: Scorecard() for name in only or registered}
    await _add_receipts(settings, cards, since)
    await _add_versions(settings, cards, since)
    return cards


async def _add_receipts(settings: Settings, cards: dict[str, Scorecard], since: datetime) -> None:
    sources = {
        partition: card
        for name, card in cards.items()
        for partition in _topic_partitions(settings, topics.RECEIPTS, agency=name)
    }
    async for records in read_partitions(settings, await offsets_since(settings, list(sources), since)):
        card = sources[TopicPartition(records[0].topic, records[0].partition)]
        for record in records:
            card.add_receipt(_judged(record.value))


async def _add_versions(settings: Settings, cards: dict[str, Scorecard], since: datetime) -> None:
    """A version that a later one has replaced may still be there: each partition's last ones are counted."""
    for partition in _topic_partitions(settings, topics.ACCEPTED):
        last: dict[bytes, CountedVersion] = {}
        async for records in read_partitions(settings, await offsets_since(settings, [partition], since)):
            for record in records:
                if record.value is not None and record.key.partition(b":")[0].decode() in cards:
                    last[record.key] = _held(record.value)
        for version in last.values():
            cards[version.case.partition(":")[0]].add_version(version)


def _topic_partitions(settings: Settings, topic: topics.Topic, *, agency: str = "") -> list[TopicPartition]:
    full = topics.topic_name(settings, topic, agency=agency)
    return [TopicPartition(full, p) for p in range(topics.partition_count(settings, topic))]
