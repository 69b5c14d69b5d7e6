"""Generations: a new model or stop list is computed beside the old one, and readers are switched to it and back.

`build` makes a generation's topics and registers it; the workers of `worker all`, or ones pinned to it, then compute it
from `accepted`. `switch` is one event in `control`. `drop` removes one that is not active from everywhere.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Final

import msgspec
from aiokafka import TopicPartition
from elasticsearch import ApiError, TransportError

from pipeline.correlation.kinds import kind_of
from pipeline.errors import LiaisonError
from pipeline.index import mappings
from pipeline.index.client import connect
from pipeline.index.mappings import Indices
from pipeline.matching.model import Model, ModelFile
from pipeline.ops.generations.leftovers import STAGES, clean, owners_named
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka import admin
from pipeline.streams.kafka.connection import elasticsearch_url
from pipeline.streams.kafka.reading import plain_consumer
from pipeline.streams.monitoring.lag import consumed_by, group_of, lag_of
from pipeline.streams.registers.aliases import follow
from pipeline.streams.registers.control import Control, Generation, activate, control, new, register, remove

ALLOWED_BEHIND: Final = 500
"""Records that a generation may be behind at a switch: under load it is never at the end; this is about a second."""

LEAVE_S: Final = 60.0
"""Workers of a dropped generation end within 15 s, dead ones leave their group within 10 s."""

POLL_S: Final = 1.0


@dataclass(frozen=True)
class Status:
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


async def build(settings: Settings, model: Model, block_partitions: int = 0) -> Generation:
    """Register the generation of a model, to be computed by the workers; building one that is there changes nothing.

    It has as many partitions of `blocks` as the active one unless told otherwise. Raises LiaisonError.
    """
    held = await control(settings)
    one = new(model, block_partitions or held.of().block_partitions)
    if one.id in held.generations:
        return held.generations[one.id]
    await clean(settings, one.id)
    own = one.settings(settings)
    await asyncio.to_thread(admin.apply, own, topics.generation_plan(own, [one.id]))
    await register(settings, one)
    return one


def stopping(file: ModelFile, keys: set[int]) -> Model:
    """The model with further keys on its stop list. Raises LiaisonError for what is no blocking key."""
    for key in keys:
        try:
            kind_of(key)
        except ValueError as error:
            raise LiaisonError("a blocking key is an integer as `liaison batch blocking-report` shows it") from error
    return Model(msgspec.structs.replace(file, stop_keys=tuple(sorted({*file.stop_keys, *keys}))))


async def status(settings: Settings) -> list[Status]:
    """All registered generations, the active one first."""
    held = await control(settings)
    found = [await _status(settings, one, active=one.id == held.active) for one in held.generations.values()]
    return sorted(found, key=lambda one: (not one.active, one.time))


async def _status(settings: Settings, one: Generation, *, active: bool) -> Status:
    consumed = consumed_by(settings, one, active=active)
    stages = {group: group.removeprefix(settings.namespace).removesuffix(f"-{one.id}") for group in consumed}
    behind = dict.fromkeys(stages.values(), 0)
    for lag in await lag_of(settings, consumed):
        behind[stages[lag.group]] += lag.lag
    working = await asyncio.to_thread(admin.members, settings, list(consumed))
    total = await _accepted(settings)
    derived = 1 - behind["derive"] / total if total and "derive" in behind else 1.0
    file = one.file()
    return Status(
        id=one.id,
        active=active,
        model=file.version,
        stop_keys=len(file.stop_keys),
        by=one.by,
        time=one.time,
        behind=behind,
        workers={stages[group]: count for group, count in working.items()},
        derived=max(0.0, derived),
    )


async def _accepted(settings: Settings) -> int:
    """Offsets that `accepted` spans."""
    name = topics.name(settings, topics.ACCEPTED)
    partitions = [TopicPartition(name, p) for p in range(topics.partitions(settings, topics.ACCEPTED))]
    async with plain_consumer(settings, partitions) as consumer:
        return sum((await consumer.end_offsets(partitions)).values())


async def switch(settings: Settings, generation: str, *, force: bool = False) -> None:
    """Make a generation the active one; to the active one it only leads readers once more.

    Raises LiaisonError where it is not there, or, unless forced, is more than ALLOWED_BEHIND records behind.
    """
    held = await control(settings)
    one = held.of(generation)
    if generation != held.active:
        behind = (await _status(settings, one, active=False)).behind
        if sum(behind.values()) > ALLOWED_BEHIND and not force:
            raise LiaisonError(f"{generation} is behind ({_told(behind)}); wait, or switch with --force")
        await activate(settings, generation)
    await _lead(settings)


def _told(behind: dict[str, int]) -> str:
    return ", ".join(f"{stage} {count} records" for stage, count in behind.items() if count)


async def _lead(settings: Settings) -> None:
    try:
        async with connect(_with_index(settings)) as client:
            await follow(settings, client)
    except (ApiError, TransportError) as error:
        raise LiaisonError("switched; readers follow as soon as Elasticsearch responds") from error


def _with_index(settings: Settings) -> Settings:
    return settings.model_copy(update={"elasticsearch_url": elasticsearch_url(settings)})


async def drop(settings: Settings, generation: str, deadline_s: float = LEAVE_S) -> list[str]:
    """Remove a generation from Kafka, Elasticsearch and this LIAISON_HOME; returns what was deleted.

    Safe to repeat. Raises LiaisonError for the active one, for one that others still go by, and where its workers do
    not leave in time.
    """
    held = await control(settings)
    await _refuse(settings, held, generation)
    await remove(settings, generation)
    await _left(settings, generation, deadline_s)
    gone = await clean(settings, generation)
    try:
        async with connect(_with_index(settings)) as client:
            return gone + await mappings.remove(client, Indices(settings.namespace, generation))
    except (ApiError, TransportError) as error:
        raise LiaisonError("Elasticsearch is not responding; drop it again later") from error


async def _refuse(settings: Settings, held: Control, generation: str) -> None:
    if generation == held.active:
        raise LiaisonError(f"{generation} is active; switch to another generation first")
    if owners := await owners_named(settings, generation):
        raise LiaisonError(f"the switch from {generation} is not finished ({', '.join(owners)}): start the workers")


async def _left(settings: Settings, generation: str, deadline_s: float) -> None:
    """Return once the generation has no workers any more."""
    groups = [group_of(settings, stage, generation) for stage in STAGES]
    deadline = time.monotonic() + deadline_s
    while working := {g: n for g, n in (await asyncio.to_thread(admin.members, settings, groups)).items() if n}:
        if time.monotonic() > deadline:
            raise LiaisonError(f"workers of {generation} still run ({', '.join(working)}): stop them and drop it again")
        await asyncio.sleep(POLL_S)
