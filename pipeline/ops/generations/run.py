"""Generations: a new model or stop list is computed beside the old one, and readers are switched to it and back.

`build` makes a generation's topics and registers it; the workers of `worker all`, or ones pinned to it, then compute it
from `accepted`. `switch` is one event in `control`. `drop` removes one that is not active from everywhere.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
from aiokafka import ConsumerRecord, TopicPartition
from elasticsearch import ApiError, TransportError

from pipeline.correlation.crowded_blocks import MOST_BLOCKS, MOST_DRAWN, BlockSurvey, KeySieve
from pipeline.correlation.matcher import Matcher
from pipeline.correlation.stop_lists import StopCosts, StopProposal
from pipeline.engines.endpoints import elasticsearch_url
from pipeline.errors import LiaisonError
from pipeline.index import mappings
from pipeline.index.engine import connect
from pipeline.index.mappings import Indices
from pipeline.matching.fingerprint import Fingerprint
from pipeline.matching.model import Model
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka import admin
from pipeline.streams.kafka.producers import plain_producer
from pipeline.streams.kafka.reading import plain_consumer, read_partitions
from pipeline.streams.kafka.topic_plans import apply_plan
from pipeline.streams.monitoring.lag import consumed_by, group_of, lag_of
from pipeline.streams.registers.aliases import follow_active
from pipeline.streams.registers.control import (
    Generation,
    GenerationControl,
    activate_generation,
    new_generation,
    read_control,
    register_generation,
    remove_generation,
)
from pipeline.streams.runtime.stores import delete_generation, shared_root
from pipeline.streams.runtime.transactions import HITS_PUBLISHED, HOME, read_marker

ALLOWED_BEHIND: Final = 500
"""Records that a generation may be behind at a switch: under load it is never at the end; this is about a second."""

LEAVE_S: Final = 60.0
"""Workers of a dropped generation end within 15 s, dead ones leave their group within 10 s."""

POLL_S: Final = 1.0
"""Between two looks at workers and at how far they are; each asks Kafka."""


@dataclass(frozen=True)
class GenerationStatus:
    """One generation: records behind by stage, members by stage, and the share of `accepted` that it has seen."""

    id: str
    active: bool
    model: str
    stop_keys: int
    by: str
    time: str
    behind: dict[str, int]
    workers: dict[str, int]
    derived: float


async def build_generation(settings: Settings, model: Model, correlate_partitions: int = 0) -> Generation:
    """Register the generation of a model, to be computed by the workers; building one that is there changes nothing.

    Its topics have as many partitions as those of the active one unless told otherwise. Raises LiaisonError.
    """
    held = await read_control(settings)
    generation = new_generation(model, correlate_partitions or held.find_generation().correlate_partitions)
    if generation.id in held.generations:
        return held.generations[generation.id]
    await clean_generation(settings, generation.id)
    own = generation.apply_to_settings(settings)
    await asyncio.to_thread(apply_plan, own, topics.generation_plan(own, [generation.id]))
    await register_generation(settings, generation)
    return generation


async def read_statuses(settings: Settings) -> list[GenerationStatus]:
    """All registered generations, the active one first."""
    held = await read_control(settings)
    found = [
        await _read_status(settings, generation, active=generation.id == held.active)
        for generation in held.generations.values()
    ]
    return sorted(found, key=lambda status: (not status.active, status.time))


async def _read_status(settings: Settings, generation: Generation, *, active: bool) -> GenerationStatus:
    consumed = consumed_by(settings, generation, active=active)
    stages = {group: group.removeprefix(settings.namespace).removesuffix(f"-{generation.id}") for group in consumed}
    behind = dict.fromkeys(stages.values(), 0)
    for lag in await lag_of(settings, consumed):
        behind[stages[lag.group]] += lag.lag
    working = await asyncio.to_thread(admin.count_members, settings, list(consumed))
    total = await _count_accepted(settings)
    derived = 1 - behind["derive"] / total if total and "derive" in behind else 1.0
    file = generation.read_model_file()
    return GenerationStatus(
        id=generation.id,
        active=active,
        model=file.version,
        stop_keys=len(file.stop_keys),
        by=generation.by,
        time=generation.time,
        behind=behind,
        workers={stages[group]: count for group, count in working.items()},
        derived=max(0.0, derived),
    )


async def _count_accepted(settings: Settings) -> int:
    """Offsets that `accepted` spans."""
    name = topics.topic_name(settings, topics.ACCEPTED)
    partitions = [TopicPartition(name, p) for p in range(topics.partition_count(settings, topics.ACCEPTED))]
    async with plain_consumer(settings, partitions) as consumer:
        return sum((await consumer.end_offsets(partitions)).values())


async def switch_generation(settings: Settings, generation: str, *, force: bool = False) -> None:
    """Make a generation the active one; to the active one it only leads readers once more.

    Raises LiaisonError where it is not there, or, unless forced, is more than ALLOWED_BEHIND records behind.
    """
    held = await read_control(settings)
    target = held.find_generation(generation)
    if generation != held.active:
        behind = (await _read_status(settings, target, active=False)).behind
        if sum(behind.values()) > ALLOWED_BEHIND and not force:
            backlog = ", ".join(f"{stage} {count} records" for stage, count in behind.items() if count)
            raise LiaisonError(f"{generation} is behind ({backlog}); wait, or switch with --force")
        await activate_generation(settings, generation)
    await _switch_readers(settings)


async def _switch_readers(settings: Settings) -> None:
    try:
        async with connect(_with_elasticsearch_url(settings)) as client:
            await follow_active(settings, client)
    except (ApiError, TransportError) as error:
        raise LiaisonError("switched; readers follow as soon as Elasticsearch responds") from error


def _with_elasticsearch_url(settings: Settings) -> Settings:
    return settings.model_copy(update={"elasticsearch_url": elasticsearch_url(settings)})


async def drop_generation(settings: Settings, generation: str) -> list[str]:
    """Remove a generation from Kafka, Elasticsearch and this LIAISON_HOME; returns what was deleted.

    Safe to repeat. Raises LiaisonError for the active one, for one that others still go by, and where its workers do
    not leave in time.
    """
    held = await read_control(settings)
    await _refuse_in_use(settings, held, generation)
    await remove_generation(settings, generation)
    await _wait_for_worker_exit(settings, generation)
    gone = await clean_generation(settings, generation)
    try:
        async with connect(_with_elasticsearch_url(settings)) as client:
            return gone + await mappings.delete_indices(client, Indices(settings.namespace, generation))
    except (ApiError, TransportError) as error:
        raise LiaisonError("Elasticsearch is not responding; drop it again later") from error


async def _refuse_in_use(settings: Settings, held: GenerationControl, generation: str) -> None:
    if generation == held.active:
        raise LiaisonError(f"{generation} is active; switch to another generation first")
    if owners := await find_owners_left(settings, generation):
        raise LiaisonError(
            f"the switch from {generation} is not finished ({', '.join(owners)}): wait for the workers, and start "
            "those that do not run"
        )


async def _wait_for_worker_exit(settings: Settings, generation: str) -> None:
    """Return once the generation has no workers any more."""
    groups = [group_of(settings, stage, generation) for stage in STAGES]
    deadline = time.monotonic() + LEAVE_S
    while working := {g: n for g, n in (await asyncio.to_thread(admin.count_members, settings, groups)).items() if n}:
        if time.monotonic() > deadline:
            raise LiaisonError(f"workers of {generation} still run ({', '.join(working)}): stop them and drop it again")
        await asyncio.sleep(POLL_S)


STAGES: Final = ("derive", "correlate", "project")
"""The stages that work for one generation."""


async def clean_generation(settings: Settings, generation: str) -> list[str]:
    """Delete a generation's topics, groups, progress and local stores; returns what was deleted, by name.

    Only for one that is not registered and has no workers: what is left of an earlier life would be taken for progress.
    """
    gone = await asyncio.to_thread(_delete_from_kafka, settings, generation)
    await _forget_progress(settings, generation)
    gone += [str(folder) for folder in delete_generation(shared_root(settings), settings.namespace, generation)]
    return gone


def _delete_from_kafka(settings: Settings, generation: str) -> list[str]:
    with admin.admin_client(settings) as client:
        groups = {group["group_id"] for group in client.list_groups()}
        own = sorted(groups & {group_of(settings, stage, generation) for stage in STAGES})
        if own:
            client.delete_groups(own)
        held = sorted(topics.names_of_generation(settings, generation) & set(client.list_topics()))
        if held:
            client.delete_topics(held)
        return [*own, *held]


async def _forget_progress(settings: Settings, generation: str) -> None:
    keys = {
        (record.partition, record.key): record.value
        async for record in _read_progress(settings)
        if record.key.split(b"|")[:2] in [[stage.encode(), generation.encode()] for stage in STAGES]
    }
    async with plain_producer(settings) as producer:
        topic = topics.topic_name(settings, topics.PROGRESS)
        for (partition, key), value in keys.items():
            if value is not None:
                await producer.send_and_wait(topic, None, key=key, partition=partition)


async def find_owners_left(settings: Settings, generation: str) -> list[str]:
    """The indices that still go by a generation: where intake writes its fingerprints, or agencies were last told."""
    table = {record.key: record.value async for record in _read_progress(settings)}
    held = {key: value for key, value in table.items() if value is not None}
    indices = range(settings.case_partitions)
    notes = [(kind, index, read_marker(held, kind, index)) for kind in (HOME, HITS_PUBLISHED) for index in indices]
    return [
        f"{kind[0]} {index}"
        for kind, index, progress in notes
        if progress is not None and progress.generation == generation
    ]


async def _read_progress(settings: Settings) -> AsyncIterator[ConsumerRecord]:
    topic = topics.topic_name(settings, topics.PROGRESS)
    starts = {TopicPartition(topic, p): 0 for p in range(topics.PROGRESS_PARTITIONS)}
    async for records in read_partitions(settings, starts):
        for record in records:
            yield record


_decode = msgspec.json.Decoder(Fingerprint).decode


async def find_hot_keys(settings: Settings, generation: Generation, over: int) -> set[int]:
    """The blocking keys that more than `over` cases bear now. Raises LiaisonError for an older version's generation."""
    generation.compile_model()  # says so where its fingerprints lie elsewhere
    reading = _CaseReading(generation.apply_to_settings(settings), generation)
    survey = await reading.survey_keys(over, drawn=0, most=None)
    return {block.key for block in survey.find_blocks()}


READINGS: Final = 3
"""How often each partition is read for a stop list: twice to find the keys, and once to see what these bring."""


async def propose_stop_list(
    settings: Settings,
    generation: Generation,
    matcher: Matcher,
    over: int,
    worth: int,
    on_partition: Callable[[], object] = lambda: None,
) -> tuple[StopProposal, ...]:
    """What leaving out the keys that more than `over` cases bear would save and cost, the largest blocks first.

    `worth` is how many pairs a link may cost (stop_lists.WORTH). `on_partition` is called each time that a partition of
    `fingerprints` was read: READINGS times for each at most.
    """
    reading = _CaseReading(generation.apply_to_settings(settings), generation, on_partition)
    survey = await reading.survey_keys(over, drawn=MOST_DRAWN, most=MOST_BLOCKS)
    blocks = survey.find_blocks()
    costs = StopCosts(blocks, matcher)
    if blocks:
        await reading.read_all(costs.add_cases)
    return costs.propose(worth)


class _CaseReading:
    """Reads all fingerprints of a generation: a case with all its versions is in one partition, its home."""

    def __init__(
        self, settings: Settings, generation: Generation, on_partition: Callable[[], object] = lambda: None
    ) -> None:
        self._settings, self._on_partition = settings, on_partition
        self._topic = topics.topic_name(settings, topics.FINGERPRINTS, generation=generation.id)

    async def survey_keys(self, over: int, drawn: int, most: int | None) -> BlockSurvey:
        """A survey of what all cases bear, in memory that grows with one partition's cases at most."""
        sieve = KeySieve()
        await self.read_all(sieve.add_cases)
        survey = BlockSurvey(sieve, over, drawn, most=most)
        await self.read_all(survey.add_cases, survey.settle_cases)
        return survey

    async def read_all(
        self, take: Callable[[Sequence[Fingerprint]], None], settle: Callable[[], None] = lambda: None
    ) -> None:
        """Give all cases to `take`, and call `settle` after each partition."""
        for partition in range(self._settings.correlate_partitions):
            async for records in read_partitions(self._settings, {TopicPartition(self._topic, partition): 0}):
                take([_decode(record.value) for record in records if record.value is not None])
            settle()
            self._on_partition()
