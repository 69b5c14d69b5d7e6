"""`liaison ops transactions`: open transactions, and ending one that hangs.

Which partitions they keep readers from, and whether Kafka will end them.

Kafka's coordinator ends a transaction whose producer is gone within the time-out that it asked for. One hangs where a
partition holds an open transaction that no coordinator knows of; nothing but an operator's abort marker ends it.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Annotated, Any

import typer
from aiokafka import TopicPartition
from kafka.admin import AbortTransactionSpec, KafkaAdminClient

from pipeline.command_settings import from_environment
from pipeline.errors import LiaisonError
from pipeline.ops.command_output import JsonArrayOption
from pipeline.ops.operation import audit_operation
from pipeline.settings import Settings
from pipeline.streams.kafka.admin import admin_client


@dataclass(frozen=True, order=True)
class OpenTransaction:
    """An open transaction in one partition, from `start_offset` on; its last record came `idle_s` seconds ago.

    `transactional_id` is its coordinator's for that producer, empty where none knows it; `hanging`: Kafka won't end it.
    """

    topic: str
    partition: int
    start_offset: int
    producer_id: int
    producer_epoch: int
    transactional_id: str
    idle_s: float
    hanging: bool


def open_transactions(settings: Settings) -> list[OpenTransaction]:
    """Those in this installation's topics, by partition. Raises LiaisonError."""
    with admin_client(settings) as client:
        names = [name for name in client.list_topics() if name.startswith(settings.namespace)]
        described = client.describe_topics(names) if names else []
        partitions = [
            TopicPartition(topic["name"], each["partition_index"])
            for topic in described
            for each in topic["partitions"]
        ]
        return sorted(_find_open(client, partitions))


def _find_open(client: KafkaAdminClient, partitions: list[TopicPartition]) -> Iterator[OpenTransaction]:
    """Partitions are asked again after the coordinators: a transaction that ends in between would seem to hang."""
    first = _describe_producers(client, partitions)
    known = _find_coordinated(client)
    again = _describe_producers(client, sorted({partition for partition, _ in first}))
    now = time.time()
    for (partition, producer_id), state in first.items():
        still = again.get((partition, producer_id))
        if still is None or still.current_transaction_start_offset != state.current_transaction_start_offset:
            continue
        transactional_id, held = known.get(producer_id, ("", frozenset()))
        yield OpenTransaction(
            topic=partition.topic,
            partition=partition.partition,
            start_offset=state.current_transaction_start_offset,
            producer_id=producer_id,
            producer_epoch=state.producer_epoch,
            transactional_id=transactional_id,
            idle_s=round(max(0.0, now - state.last_timestamp / 1000), 1),
            hanging=partition not in held,
        )


def _describe_producers(
    client: KafkaAdminClient, partitions: list[TopicPartition]
) -> dict[tuple[TopicPartition, int], Any]:
    """The producers with an open transaction, by partition and id."""
    found = client.describe_producers(partitions) if partitions else {}
    return {
        (TopicPartition(p.topic, p.partition), state.producer_id): state
        for p, held in found.items()
        for state in held.active_producers
        if state.current_transaction_start_offset >= 0
    }


def _find_coordinated(client: KafkaAdminClient) -> dict[int, tuple[str, frozenset[TopicPartition]]]:
    """Transactional id, and partitions of the transaction under way, by producer id."""
    listed = [each.transactional_id for held in client.list_transactions().values() for each in held]
    return {
        each.producer_id: (name, frozenset(TopicPartition(p.topic, p.partition) for p in each.topic_partitions))
        for name, each in client.describe_transactions(listed).items()
    }


def abort_transaction(settings: Settings, topic: str, partition: int, producer_id: int) -> OpenTransaction:
    """Write the marker that ends a hanging transaction in a partition; its records are never seen.

    Raises LiaisonError where there is none, or where Kafka will end it itself.
    """
    where = f"{topic}-{partition}"
    for each in open_transactions(settings):
        if (each.topic, each.partition, each.producer_id) == (topic, partition, producer_id):
            if not each.hanging:
                raise LiaisonError(f"Kafka ends the transaction in {where} itself; nothing to do")
            with admin_client(settings) as client:
                client.abort_transaction(
                    AbortTransactionSpec(TopicPartition(topic, partition), producer_id, each.producer_epoch)
                )
            return each
    raise LiaisonError(
        f"producer {producer_id} has no open transaction in {where}; see `liaison ops transactions list`"
    )


def show_transactions(as_json: JsonArrayOption = False) -> None:
    """List open transactions by partition: open (Kafka ends them itself) or hanging (it does not)."""
    found = open_transactions(from_environment())
    if as_json:
        typer.echo(json.dumps([asdict(each) for each in found]))
        return
    for each in found:
        state = "hanging" if each.hanging else "open"
        typer.echo(
            f"{each.topic}\t{each.partition}\t{state}\tproducer {each.producer_id}\t{each.transactional_id or '-'}\t"
            f"from offset {each.start_offset}, last record {each.idle_s:,.0f} s ago"
        )
    typer.echo(f"{len(found)} open, {sum(each.hanging for each in found)} of them hanging")


def abort_hanging_transaction(
    topic: Annotated[str, typer.Argument(help="The topic, as listed.")],
    partition: Annotated[int, typer.Argument(help="The partition, as listed.")],
    producer_id: Annotated[int, typer.Option("--producer-id", help="The producer, as listed.")],
) -> None:
    """End a hanging transaction in a partition; its messages are never read."""
    settings = from_environment()

    async def done() -> OpenTransaction:
        async with audit_operation(settings, f"transactions abort {topic}-{partition} producer {producer_id}"):
            return await asyncio.to_thread(abort_transaction, settings, topic, partition, producer_id)

    ended = asyncio.run(done())
    typer.echo(f"{ended.topic}-{ended.partition}: ended the transaction from offset {ended.start_offset} on")
