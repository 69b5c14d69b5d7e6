"""Keys that too many cases bear: the candidates for a stop list, counted over what a generation holds."""

from __future__ import annotations

from collections import Counter

import msgspec
from aiokafka import TopicPartition

from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.reading import read_partitions
from pipeline.streams.registers.control import Generation


class _Keys(msgspec.Struct):
    """The part of a fingerprint that is counted."""

    keys: tuple[int, ...] = ()


async def hot_keys(settings: Settings, generation: Generation, over: int) -> set[int]:
    """The blocking keys that more than `over` cases bear now; each key is counted where its block is."""
    own = generation.apply_to_settings(settings)
    name = topics.topic_name(own, topics.BLOCKS, generation=generation.id)
    found: set[int] = set()
    for partition in range(own.block_partitions):
        found |= await _hot_keys(own, TopicPartition(name, partition), over)
    return found


async def _hot_keys(settings: Settings, source: TopicPartition, over: int) -> set[int]:
    """A case's later version takes the place of an earlier one."""
    decode = msgspec.json.Decoder(_Keys).decode
    held: dict[bytes, tuple[int, ...]] = {}
    async for records in read_partitions(settings, {source: 0}):
        for record in records:
            if record.value is not None:
                keys = decode(record.value).keys
                held[record.key] = tuple(k for k in keys if k % settings.block_partitions == source.partition)
    counted = Counter(key for keys in held.values() for key in keys)
    return {key for key, cases in counted.items() if cases > over}
