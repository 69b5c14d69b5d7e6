"""Generations: a new model or stop list is computed beside the old one, and readers are switched to it and back.

`build` makes a generation's topics and registers it; the workers of `worker all`, or ones pinned to it, then compute it
from `accepted`. `switch` is one event in `control`. `drop` removes one that is not active from everywhere.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Final

from aiokafka import TopicPartition
from elasticsearch import ApiError, TransportError

from pipeline.errors import LiaisonError
from pipeline.index import mappings
from pipeline.index.engine import connect
from pipeline.index.mappings import Indices
from pipeline.matching.model import Model
from pipeline.ops.generations.leftovers import STAGES, clean_generation, find_owners_left
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka import admin
from pipeline.streams.kafka.connection import elasticsearch_url
from pipeline.streams.kafka.reading import plain_consumer
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


async def build_generation(settings: Settings, model: Model, block_partitions: int = 0) -> Generation:
    """Register the generation of a model, to be computed by the workers; building one that is there changes nothing.

    It has as many partitions of `blocks` as the active one unless told otherwise. Raises LiaisonError.
    """
    held = await read_control(settings)
    generation = new_generation(model, block_partitions or held.find_generation().block_partitions)
    if generation.id in held.generations:
        return held.generations[generation.id]
    await clean_generation(settings, generation.id)
    own = generation.apply_to_settings(settings)
    await asyncio.to_thread(admin.apply_plan, own, topics.generation_plan(own, [generation.id]))
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
            raise LiaisonError(f"{generation} is behind ({_format_backlog(behind)}); wait, or switch with --force")
        await activate_generation(settings, generation)
    await _switch_readers(settings)


def _format_backlog(behind: dict[str, int]) -> str:
    return ", ".join(f"{stage} {count} records" for stage, count in behind.items() if count)


async def _switch_readers(settings: Settings) -> None:
    try:
        async with connect(_with_elasticsearch_url(settings)) as client:
            await follow_active(settings, client)
    except (ApiError, TransportError) as error:
        raise LiaisonError("switched; readers follow as soon as Elasticsearch responds") from error


def _with_elasticsearch_url(settings: Settings) -> Settings:
    return settings.model_copy(update={"elasticsearch_url": elasticsearch_url(settings)})


async def drop_generation(settings: Settings, generation: str, deadline_s: float = LEAVE_S) -> list[str]:
    """Remove a generation from Kafka, Elasticsearch and this LIAISON_HOME; returns what was deleted.

    Safe to repeat. Raises LiaisonError for the active one, for one that others still go by, and where its workers do
    not leave in time.
    """
    held = await read_control(settings)
    await _refuse_in_use(settings, held, generation)
    await remove_generation(settings, generation)
    await _wait_for_worker_exit(settings, generation, deadline_s)
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
        raise LiaisonError(f"the switch from {generation} is not finished ({', '.join(owners)}): start the workers")


async def _wait_for_worker_exit(settings: Settings, generation: str, deadline_s: float) -> None:
    """Return once the generation has no workers any more."""
    groups = [group_of(settings, stage, generation) for stage in STAGES]
    deadline = time.monotonic() + deadline_s
    while working := {g: n for g, n in (await asyncio.to_thread(admin.count_members, settings, groups)).items() if n}:
        if time.monotonic() > deadline:
            raise LiaisonError(f"workers of {generation} still run ({', '.join(working)}): stop them and drop it again")
        await asyncio.sleep(POLL_S)
