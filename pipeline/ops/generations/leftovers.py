"""What a generation leaves in Kafka and on disk, and its removal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from aiokafka import AIOKafkaProducer, ConsumerRecord, TopicPartition

from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka import admin
from pipeline.streams.kafka.connection import client_options
from pipeline.streams.kafka.reading import read_partitions
from pipeline.streams.monitoring.lag import group_of
from pipeline.streams.runtime.stores import delete_generation, shared_root
from pipeline.streams.stages.stage_markers import HITS_PUBLISHED, HOME, read_marker

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
        planned = {topic.name for topic in topics.generation_plan(settings, [generation])}
        held = sorted(planned & set(client.list_topics()))
        if held:
            client.delete_topics(held)
        return [*own, *held]


async def _forget_progress(settings: Settings, generation: str) -> None:
    keys = {
        (record.partition, record.key): record.value
        async for record in _read_progress(settings)
        if record.key.split(b"|")[:2] in [[stage.encode(), generation.encode()] for stage in STAGES]
    }
    async with AIOKafkaProducer(**client_options(settings), enable_idempotence=True) as producer:
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
