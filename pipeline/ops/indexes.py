"""`liaison ops reindex` and `sweep`: the search indexes built anew, and cleared of what was withdrawn or has expired.

A reindex builds each index anew from Kafka beside the one in use, and moves the aliases at once.

    new index behind an alias of its own -> follow Kafka until nearly at its end -> block writes to the old index, which
    waits for those under way -> follow to the end -> move both aliases -> old index deleted once nobody reads it

All that the old index holds was in Kafka before, so the new one holds it too when it takes over: no search misses or
loses a document. The project stage waits while writes are blocked, a second or so. External versions make it harmless
to write anything twice, so a reindex that was killed is simply run again; until then the block may hold up the project
stage, and its lag tells.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer
from aiokafka import TopicPartition
from elasticsearch import ApiError, AsyncElasticsearch, TransportError

from pipeline.command_settings import from_environment
from pipeline.correlation.store_file import NO_OFFSET
from pipeline.engines.endpoints import elasticsearch_url
from pipeline.errors import LiaisonError
from pipeline.index.documents import order_key_of
from pipeline.index.engine import connect
from pipeline.index.fields import CATALOGUE
from pipeline.index.mappings import Indices, Layouts, has_indices, index_body, layouts_of, set_replicas
from pipeline.index.sweep import sweep_generation
from pipeline.index.writer import BulkWriter
from pipeline.ops.command_output import JsonArrayOption, JsonObjectOption
from pipeline.ops.operation import audit_operation
from pipeline.progress_bars import show_count
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.admin import read_ids
from pipeline.streams.kafka.reading import read_partitions
from pipeline.streams.registers.control import Generation, read_control
from pipeline.streams.registers.installation_secret import key_ring
from pipeline.streams.runtime import stores
from pipeline.streams.runtime.processor import NullStore, Processor
from pipeline.streams.runtime.stores import StorePlaces
from pipeline.streams.runtime.table_store import TableStore
from pipeline.streams.stages.document_publisher import DocumentPublisher
from pipeline.streams.stages.project import (
    DECISIONS,
    STAGE,
    LinkProjector,
    RecordIndexer,
    accepted_document,
    rejection_document,
)

NEAR: Final = 500
"""Records of a round after which the rest is quickly read: writes are blocked meanwhile."""

DRAINED_WITHIN_S: Final = 600.0
"""The old index is deleted when no search of it is open, at the latest after this; an export keeps one open."""

DRAIN_S: Final = 2.0
"""Between two looks at the old index, and before the first: a search that was on its way at the switch has begun by
then."""

CountWritten = Callable[[], None]


@dataclass(frozen=True)
class NextIndices(Indices):
    """The aliases that lead to the indices in the making."""

    def write_alias(self, kind: str) -> str:
        """The alias of an index in the making."""
        return f"{super().write_alias(kind)}-next"


@dataclass(frozen=True)
class RebuiltIndex:
    """One index made anew: how many records of Kafka it was made from, and how many documents it refused."""

    kind: str
    index: str
    replaced: str
    records: int
    refused: int


Open = Callable[[TopicPartition], Any]
"""Makes the empty store that a source partition's work begins with."""


class IndexFollower:
    """Writes what Kafka holds to the new indices, from the first record on and as often as it is told to."""

    def __init__(
        self,
        settings: Settings,
        works: Mapping[TopicPartition, Processor],
        open_store: Open,
        writing: DocumentPublisher,
        count: CountWritten,
    ) -> None:
        self._settings, self._works, self._open = settings, works, open_store
        self._writing, self._count = writing, count
        self._next = dict.fromkeys(works, 0)
        self._stores: dict[TopicPartition, Any] = {}
        self.records = 0
        self.refused = 0

    async def to_end(self) -> int:
        """Follow up to what is in Kafka when this is called; returns how many records there were."""
        before = self.records
        async for records in read_partitions(self._settings, self._next):
            source = TopicPartition(records[0].topic, records[0].partition)
            work = self._works[source]
            if source not in self._stores:
                self._stores[source] = self._open(source)
            result = work.decide_records(source, self._stores[source], records)
            self.refused += len(await self._writing.write_documents(result.documents))
            self._stores[source].commit(records[-1].offset)
            self._next[source] = records[-1].offset + 1
            self.records += len(records)
            self._count()
        return self.records - before

    async def nearly_to_end(self) -> None:
        """Follow until little was left to read."""
        while await self.to_end() > NEAR:
            pass

    def close(self) -> None:
        """Close the stores."""
        for store in self._stores.values():
            store.close()


async def rebuild_indexes(
    settings: Settings, kinds: Iterable[str] = (), *, count: CountWritten = lambda: None
) -> list[RebuiltIndex]:
    """Make the active generation's indices of these kinds anew, or all of them.

    They have the shards and copies of the settings. Raises LiaisonError.
    """
    chosen = _choose_kinds(kinds)
    layouts_of(settings)
    generation = (await read_control(settings)).find_generation()
    own = generation.apply_to_settings(settings).model_copy(update={"elasticsearch_url": elasticsearch_url(settings)})
    try:
        with stores.scratch_folder(own, "reindex") as root:
            async with connect(own) as client:
                return [await _rebuild_index(own, root, client, generation, kind, count) for kind in chosen]
    except (ApiError, TransportError) as error:
        raise LiaisonError(f"Elasticsearch: {type(error).__name__}; run the command again") from error


async def update_replicas(settings: Settings, kinds: Iterable[str] = ()) -> list[str]:
    """Give the active generation's indices of these kinds, or all, the copies of the settings, in place.

    Returns the indices' names. Raises LiaisonError.
    """
    chosen, layouts = _choose_kinds(kinds), layouts_of(settings)
    indices = Indices(settings.namespace, (await read_control(settings)).find_generation().id)
    try:
        async with connect(settings) as client:
            for kind in chosen:
                await _find_index(client, indices.write_alias(kind))
            return [await set_replicas(client, indices, kind, layouts) for kind in chosen]
    except (ApiError, TransportError) as error:
        raise LiaisonError(f"Elasticsearch: {type(error).__name__}; run the command again") from error


def _choose_kinds(kinds: Iterable[str]) -> list[str]:
    """These kinds of index, or all. Raises LiaisonError for one that is not known."""
    chosen = list(kinds) or list(CATALOGUE)
    if unknown := sorted(set(chosen) - set(CATALOGUE)):
        raise LiaisonError(f"no such index: {', '.join(unknown)}; there are {', '.join(CATALOGUE)}")
    return chosen


async def _rebuild_index(
    settings: Settings, root: Path, client: AsyncElasticsearch, generation: Generation, kind: str, count: CountWritten
) -> RebuiltIndex:
    indices, following = Indices(settings.namespace, generation.id), NextIndices(settings.namespace, generation.id)
    old = await _find_index(client, indices.write_alias(kind))
    new = await _create_next_index(client, following.write_alias(kind), old, kind, layouts_of(settings))
    writing = DocumentPublisher(settings, BulkWriter(client, following))
    places = StorePlaces(
        root,
        STAGE,
        generation.id,
        read_ids(settings, [topics.topic_name(settings, topics.LINKS, generation=generation.id)]),
    )

    def open_store(source: TopicPartition) -> TableStore | NullStore:
        """What is remembered of each link, from nothing; of other documents nothing is."""
        return stores.reopen_store(TableStore, places, source, NO_OFFSET) if kind == "links" else NullStore()

    # The project stage's own work on each source partition; nobody is told of a link.
    topic, work = _make_processor(settings, generation, kind, writing, places)
    name = topics.topic_name(settings, topic, generation=generation.id)
    works = {TopicPartition(name, p): work for p in range(topics.partition_count(settings, topic))}
    follower = IndexFollower(settings, works, open_store, writing, count)
    try:
        await follower.nearly_to_end()
        await client.indices.add_block(index=old, block="write")
        try:
            await follower.to_end()
            await client.indices.refresh(index=new)
            await _move_aliases(client, indices, following, kind, old, new)
        except BaseException:
            await client.indices.put_settings(index=old, settings={"index.blocks.write": None})
            raise
    finally:
        follower.close()
        await writing.close()
    await _drop_index(client, old)
    return RebuiltIndex(kind, new, old, follower.records, follower.refused)


def _make_processor(
    settings: Settings, generation: Generation, kind: str, writing: DocumentPublisher, places: StorePlaces
) -> tuple[topics.Topic, Processor]:
    if kind == "cases":
        model, order_key = generation.compile_model(), order_key_of(key_ring(settings))
        make_case = partial(accepted_document, current=generation, model=model, order_key=order_key)
        return topics.ACCEPTED, RecordIndexer(topics.ACCEPTED, make_case, writing)
    if kind == "rejected":
        return topics.REJECTED, RecordIndexer(topics.REJECTED, rejection_document, writing)
    if kind == "links":
        return topics.LINKS, LinkProjector(settings, places, writing, key_ring(settings), None)
    topic = next(topic for topic in DECISIONS if topic.pattern == kind)
    make = DECISIONS[topic]
    return topic, RecordIndexer(topic, lambda record: make(record.value, record.offset), writing)


async def _find_index(client: AsyncElasticsearch, alias: str) -> str:
    """The index behind an alias. Raises LiaisonError where there is none."""
    if not await client.indices.exists_alias(name=alias):
        raise LiaisonError("no search index yet; start a worker first")
    (name,) = (await client.indices.get_alias(name=alias)).body
    return str(name)


async def _create_next_index(client: AsyncElasticsearch, alias: str, old: str, kind: str, layouts: Layouts) -> str:
    """A new, empty index behind `alias`; what a reindex that was killed has left is deleted."""
    if await client.indices.exists_alias(name=alias):
        await client.indices.delete(index=",".join((await client.indices.get_alias(name=alias)).body))
    stem, _, number = old.rpartition("-")
    new = f"{stem}-{int(number) + 1}"
    body = index_body(kind, layouts)
    await client.options(ignore_status=404).indices.delete(index=new)
    await client.indices.create(index=new, aliases={alias: {"is_write_index": True}}, **body)
    return new


async def _move_aliases(
    client: AsyncElasticsearch, indices: Indices, following: Indices, kind: str, old: str, new: str
) -> None:
    """Everything that led to the old index leads to the new one, in one step."""
    held = (await client.indices.get_alias(index=old)).body[old]["aliases"]
    actions: list[dict[str, Any]] = [{"remove": {"index": new, "alias": following.write_alias(kind)}}]
    for alias in held:
        write = {"is_write_index": True} if alias == indices.write_alias(kind) else {}
        actions += [
            {"remove": {"index": old, "alias": alias}},
            {"add": {"index": new, "alias": alias, **write}},
        ]
    await client.indices.update_aliases(actions=actions)


async def _drop_index(client: AsyncElasticsearch, old: str) -> None:
    """Delete the old index once no search of it is under way."""
    deadline = time.monotonic() + DRAINED_WITHIN_S
    await asyncio.sleep(DRAIN_S)
    while time.monotonic() < deadline:
        search = (await client.indices.stats(index=old, metric="search"))["indices"][old]["total"]["search"]
        if not search["open_contexts"] and not search["query_current"]:
            break
        await asyncio.sleep(DRAIN_S)
    await client.indices.delete(index=old)


async def sweep_all(settings: Settings) -> int | None:
    """Sweep all registered generations; returns how many links were cleared, None before any has an index.

    Raises LiaisonError.
    """
    held = await read_control(settings)
    swept: int | None = None
    try:
        async with connect(settings.model_copy(update={"elasticsearch_url": elasticsearch_url(settings)})) as client:
            for generation in held.generations:
                indices = Indices(settings.namespace, generation)
                if await has_indices(client, indices):
                    swept = (swept or 0) + await sweep_generation(client, indices)
    except (ApiError, TransportError) as error:
        raise LiaisonError(
            f"Elasticsearch is not responding ({type(error).__name__}); run the command again later"
        ) from error
    return swept


def reindex(
    kind: Annotated[list[str] | None, typer.Option(help="Only this index (cases, links); repeatable.")] = None,
    replicas_only: Annotated[
        bool, typer.Option("--replicas-only", help="Only set LIAISON_INDEX_REPLICAS, in place.")
    ] = False,
    as_json: JsonArrayOption = False,
) -> None:
    """Rebuild the search indexes from Kafka and swap them in without downtime.

    Repairs an index whose mapping differs from the catalogue, that refused documents, or that was lost, and applies
    LIAISON_INDEX_SHARDS and LIAISON_INDEX_REPLICAS. If it is interrupted, run it again.
    """
    if replicas_only:
        _set_replicas(kind or (), as_json)
    else:
        _rebuild_indices(kind or (), as_json)


def _set_replicas(kinds: Sequence[str], as_json: bool) -> None:
    """Set the copies of the indices there are, and name these."""
    settings = from_environment()

    async def replicated() -> list[str]:
        async with audit_operation(settings, f"reindex --replicas-only {' '.join(kinds or ['all'])}"):
            return await update_replicas(settings, kinds)

    done = asyncio.run(replicated())
    typer.echo(json.dumps(done) if as_json else "\n".join(f"{index}: replicas set" for index in done))


def _rebuild_indices(kinds: Sequence[str], as_json: bool) -> None:
    """Build indices anew, and say from how much."""
    settings = from_environment()

    async def rebuilt() -> list[RebuiltIndex]:
        async with audit_operation(settings, f"reindex {' '.join(kinds or ['all'])}"):
            with show_count("fetches written") as count:
                return await rebuild_indexes(settings, kinds, count=count)

    done = asyncio.run(rebuilt())
    if as_json:
        typer.echo(msgspec.json.encode(done).decode())
        return
    for index in done:
        typer.echo(f"{index.kind}: {index.index} in place of {index.replaced}, from {index.records:,} records of Kafka")
        if index.refused:
            typer.echo(f"{index.kind}: {index.refused} documents were refused; see `liaison ops rejected list`")


def sweep_links(as_json: JsonObjectOption = False) -> None:
    """Remove evidence about withdrawn and expired cases that is left in links; safe while workers run.

    Example: liaison ops sweep
    """
    settings = from_environment()

    async def done() -> int | None:
        async with audit_operation(settings, "sweep"):
            return await sweep_all(settings)

    swept = asyncio.run(done())
    if as_json:
        typer.echo(json.dumps({"swept": swept or 0}))
    elif swept is None:
        typer.echo("there is no index yet, so there is nothing to clear")
    else:
        typer.echo(f"{swept} links cleared")
