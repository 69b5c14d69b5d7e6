"""How far each stage is behind, by consumer group, topic and partition."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from aiokafka import TopicPartition

from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.catalogues.topics import OF_A_GENERATION, Process
from pipeline.streams.kafka import admin
from pipeline.streams.kafka.positions import BlockedPartitionError, count_positions, records_after
from pipeline.streams.kafka.reading import plain_consumer, read_partitions
from pipeline.streams.registers.control import Generation, GenerationControl, read_control
from pipeline.streams.registers.registry import read_agencies

COUNTED: Final = 2000
"""Up to this many offsets behind, records are counted one by one: transaction markers take offsets too."""

PATIENCE_S: Final = 1.0
"""A partition whose next batch stays damaged for longer is told by its offsets."""

GroupPartition = tuple[str, TopicPartition]
"""A consumer group and a partition that it reads."""

Groups = Mapping[str, Mapping[TopicPartition, int]]
"""Offsets by consumer group and partition."""


@dataclass(frozen=True, order=True)
class Lag:
    """Records of one partition that a consumer group has not acknowledged yet."""

    group: str
    topic: str
    partition: int
    lag: int


async def measure_lag(settings: Settings) -> list[Lag]:
    """The lag of every partition that this installation's stages consume, for the agencies and generations registered.

    All zero means that the stages have come to rest: each stage's acknowledgement was read before the end of what it
    writes. Exact below COUNTED, else an upper bound. Raises LiaisonError.
    """
    names, held = list(await read_agencies(settings)), await read_control(settings)
    return await lag_of(settings, consumed_partitions(settings, names, held))


async def lag_of(settings: Settings, consumed: Mapping[str, Sequence[TopicPartition]]) -> list[Lag]:
    """The lag of some groups on the partitions that they consume; the groups are read in the order given."""
    return await lag_behind(settings, await asyncio.to_thread(committed_of, settings, consumed))


async def lag_behind(settings: Settings, committed: Groups) -> list[Lag]:
    """The lag of some groups whose acknowledged offsets have just been read: before the ends, so that 0 means rest."""
    ends = await ends_of(settings, [p for offsets in committed.values() for p in offsets])
    near = {
        (group, p): offset
        for group, offsets in committed.items()
        for p, offset in offsets.items()
        if 0 < ends[p] - offset <= COUNTED
    }
    counted = await _count_records(settings, near)
    return sorted(
        Lag(group, p.topic, p.partition, counted.get((group, p), max(0, ends[p] - offset)))
        for group, offsets in committed.items()
        for p, offset in offsets.items()
    )


def group_of(settings: Settings, stage: str, scope: str = "") -> str:
    """The consumer group of a stage, or of a stage in one generation."""
    return f"{settings.namespace}{stage}-{scope}" if scope else f"{settings.namespace}{stage}"


def consumed_partitions(
    settings: Settings, names: Iterable[str], held: GenerationControl
) -> dict[str, list[TopicPartition]]:
    """What each consumer group consumes, in the order of the flow."""
    agency_names = list(names)
    found = {group_of(settings, Process.INTAKE): _consumed_of_all(settings, Process.INTAKE, agency_names)}
    for generation in held.generations.values():
        found |= consumed_by(settings, generation, active=generation.id == held.active)
    return found | {
        group_of(settings, stage): _consumed_of_all(settings, stage, agency_names)
        for stage in (Process.NOTIFY, Process.ATTEST)
    }


def consumed_by(settings: Settings, generation: Generation, *, active: bool) -> dict[str, list[TopicPartition]]:
    """What the groups of one generation consume."""
    own = generation.apply_to_settings(settings)
    return {
        group_of(settings, stage, generation.id): [
            partition
            for topic in topics.CATALOGUE
            if stage in topic.consumers and (active or _is_of_every_generation(stage, topic))
            for partition in _all_partitions(own, topic, generation=generation.id)
        ]
        for stage in OF_A_GENERATION
        if stage is not Process.DERIVE or not active
    }


def _is_of_every_generation(stage: Process, topic: topics.Topic) -> bool:
    """Whether a stage consumes a topic in every generation; what is not of one, the active one's workers index."""
    return stage is not Process.PROJECT or topic.in_every_index


def _consumed_of_all(settings: Settings, stage: Process, names: Sequence[str]) -> list[TopicPartition]:
    """What a stage that is of no generation consumes, of all agencies."""
    return [
        partition
        for topic in topics.CATALOGUE
        if stage in topic.consumers
        for agency in (names if topic.scope is topics.Scope.AGENCY else ("",))
        for partition in _all_partitions(settings, topic, agency=agency)
    ]


def _all_partitions(
    settings: Settings, topic: topics.Topic, *, agency: str = "", generation: str = ""
) -> list[TopicPartition]:
    full = topics.topic_name(settings, topic, agency=agency, generation=generation)
    return [TopicPartition(full, p) for p in range(topics.partition_count(settings, topic))]


def committed_of(settings: Settings, consumed: Mapping[str, Iterable[TopicPartition]]) -> Groups:
    """Acknowledged offsets; 0 where nothing has been."""
    return read_acknowledged(settings, consumed)[1]


def read_acknowledged(
    settings: Settings, consumed: Mapping[str, Iterable[TopicPartition]]
) -> tuple[Mapping[str, str], Groups]:
    """The id of each topic that these groups consume, and after it the offsets that they have acknowledged."""
    found = admin.read_ids(settings, sorted({p.topic for partitions in consumed.values() for p in partitions}))
    with admin.admin_client(settings) as client:
        held = client.list_group_offsets(list(consumed))
        return found.topics, {
            group: dict.fromkeys(partitions, 0)
            | {
                TopicPartition(p.topic, p.partition): max(0, found.offset)
                for p, found in held.get(group, {}).items()
                if (p.topic, p.partition) in set(partitions)
            }
            for group, partitions in consumed.items()
        }


async def ends_of(settings: Settings, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
    """Return the end offset of each partition."""
    async with plain_consumer(settings, partitions) as consumer:
        ends: dict[TopicPartition, int] = await consumer.end_offsets(partitions)
        return ends


async def _count_records(settings: Settings, starts: Mapping[GroupPartition, int]) -> dict[GroupPartition, int]:
    """Records from each group's own offset on; a partition that several groups read is read once.

    One that can't be read, since its next batch is damaged, is left out.
    """
    lowest: dict[TopicPartition, int] = {}
    for (_, partition), offset in starts.items():
        lowest[partition] = min(offset, lowest.get(partition, offset))
    while True:
        counted = {reading: 0 for reading in starts if reading[1] in lowest}
        try:
            async for records in read_partitions(settings, lowest, patience_s=PATIENCE_S):
                source = TopicPartition(records[0].topic, records[0].partition)
                for reading in counted:
                    if reading[1] == source:
                        counted[reading] += count_positions(records_after(records, starts[reading] - 1))
        except BlockedPartitionError as error:
            del lowest[error.partition]
        else:
            return counted
