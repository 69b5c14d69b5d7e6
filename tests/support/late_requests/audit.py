"""Whether each run's chunks took effect once and as a whole, by what the topics hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec
from aiokafka import TopicPartition

from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.reading import read_partitions, read_table
from pipeline.streams.runtime.transactions import Progress
from support.late_requests.world import AT_ONCE, RECORDS, World, chunks


class Verdict(NamedTuple):
    """What became of a run's chunks, as the topics tell; all 0 is as it must be."""

    torn: int = 0
    """Chunks of which the two topics tell differently, or that are there in part."""
    lost: int = 0
    """Chunks that are in neither topic."""
    doubled: int = 0
    """Chunks that are in both topics more than once."""
    untrue: int = 0
    """1 where `progress` does not name the last record, or a record's count or place is wrong."""


async def audit(world: World, seeds: Iterable[int]) -> dict[int, Verdict]:
    """The verdict on each run, by its seed. Reads committed records only."""
    held: dict[tuple[int, str], list[tuple[int, int]]] = {}
    starts = {TopicPartition(topic, index): 0 for topic in world.targets for index in range(AT_ONCE)}
    async for records in read_partitions(world.settings, starts):
        for record in records:
            seed, offset = map(int, record.key.split(b"|"))
            held.setdefault((seed, record.topic), []).append((offset, int(record.value)))
    progress = topics.topic_name(world.settings, topics.PROGRESS)
    table = await read_table(world.settings, progress, range(topics.PROGRESS_PARTITIONS))
    reached = {int(key.split(b"|")[1]): msgspec.json.decode(value, type=Progress) for key, value in table.items()}
    return {
        seed: _verdict(world, seed, [held.get((seed, target), []) for target in world.targets], reached.get(seed))
        for seed in seeds
    }


def _verdict(world: World, seed: int, sides: Sequence[list[tuple[int, int]]], reached: Progress | None) -> Verdict:
    counts = [Counter(offset for offset, _ in side) for side in sides]
    torn = lost = doubled = 0
    for chunk in chunks(TopicPartition(world.source, 0), seed):
        seen = {count[record.offset] for record in chunk.value for count in counts}
        torn += len(seen) > 1
        lost += seen == {0}
        doubled += len(seen) == 1 and seen.pop() > 1
    true = reached is not None and (reached.offset, reached.records) == (RECORDS - 1, RECORDS)
    true = true and all(side == [(offset, offset + 1) for offset in range(RECORDS)] for side in sides)
    return Verdict(torn, lost, doubled, int(not true))
