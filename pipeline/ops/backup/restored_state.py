"""What a restore asks of the cluster before it begins, and what it leaves for the stages to go on from."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from aiokafka import TopicPartition

from pipeline.access.audit import Act, ActKind, ChainHeads, RequestRule
from pipeline.access.audit_verification import SILENCE
from pipeline.correlation.store_file import NO_OFFSET
from pipeline.errors import LiaisonError
from pipeline.index.engine import call_engine, connect
from pipeline.index.fields import CATALOGUE
from pipeline.ops.backup.files import BackupFolder, BackupManifest
from pipeline.ops.backup.run import KEPT
from pipeline.ops.generations.run import STAGES
from pipeline.ops.operation import operator_name
from pipeline.settings import Settings
from pipeline.streams.audit.audit_log import audit_log
from pipeline.streams.audit.audit_tail import read_entries
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka import admin
from pipeline.streams.kafka.chunks import SESSION_TIMEOUT_S
from pipeline.streams.kafka.producers import plain_producer
from pipeline.streams.kafka.reading import read_partitions
from pipeline.streams.monitoring.lag import ends_of, group_of
from pipeline.streams.registers.control import Generation, read_control
from pipeline.streams.runtime.stage import ALL
from pipeline.streams.runtime.transactions import HITS_PUBLISHED, Output, Progress, advance_progress, marker_output
from pipeline.streams.stages import attest, intake, notify
from pipeline.times import now

COPIED: Final = tuple(topic for topic in KEPT if topic is not topics.CONTROL)
"""Of `control` the active generation alone is set up anew."""


async def refuse_while_attended(settings: Settings, generation: Generation) -> None:
    """Raises LiaisonError while workers run: they would compute from a part, and tell agencies of it."""
    generations = {generation.id, *(await read_control(settings)).generations}
    groups = [group_of(settings, stage) for stage in (intake.STAGE, notify.STAGE, attest.STAGE)]
    groups += [group_of(settings, stage, each) for stage in STAGES for each in generations]
    working = await asyncio.to_thread(admin.count_members, settings, groups)
    if running := sorted(group for group, members in working.items() if members):
        raise LiaisonError(
            f"stop the workers first: {', '.join(running)} (one just stopped counts for some {SESSION_TIMEOUT_S:g} s)"
        )


async def refuse_unless_empty(settings: Settings, agencies: Iterable[str]) -> None:
    """Raises LiaisonError where Kafka or Elasticsearch holds anything of the installation."""
    counts = {topics.topic_name(settings, topic): topics.partition_count(settings, topic) for topic in COPIED}
    copied = [TopicPartition(name, partition) for name, count in counts.items() for partition in range(count)]
    ends = await ends_of(settings, [*copied, *_national_partitions(settings, agencies)])
    if held := sorted({partition.topic for partition, end in ends.items() if end}):
        raise LiaisonError(f"the installation is not empty ({', '.join(held)} hold records); restore into an empty one")
    async with connect(settings) as client:
        names = [f"{settings.namespace}{kind}*" for kind in CATALOGUE]
        indices = (await call_engine(client.indices.stats, index=names, metric="docs"))["indices"]
    if full := sorted(name for name, statistics in indices.items() if statistics["primaries"]["docs"]["count"]):
        raise LiaisonError(f"delete these indexes first (they are rebuilt from Kafka): {', '.join(full)}")


async def restore_progress(
    settings: Settings,
    folder: BackupFolder,
    manifest: BackupManifest,
    generation: Generation,
    agencies: Sequence[str],
    found: admin.ClusterIds,
) -> list[Output]:
    """The progress from which intake, notify and project go on; doing it twice changes nothing."""
    feed_positions = [await _restore_feed_position(settings, folder, manifest, feed, found) for feed in notify.FEEDS]
    return [
        *await _restart_national_topics(settings, agencies, found),
        *feed_positions,
        *_restore_switch_counts(settings, manifest, generation, found),
    ]


def _national_partitions(settings: Settings, agencies: Iterable[str]) -> list[TopicPartition]:
    names = [topics.topic_name(settings, topics.CASES, agency=agency) for agency in agencies]
    return [TopicPartition(name, p) for name in names for p in range(settings.case_partitions)]


async def _restart_national_topics(
    settings: Settings, agencies: Sequence[str], found: admin.ClusterIds
) -> list[Output]:
    """Let national topics begin behind an erased record, as if all they held had had its time.

    Intake then reads from `accepted` which version it knows of each case; at the very beginning of a topic it would
    take every version for a first one.
    """
    sources = _national_partitions(settings, agencies)
    if not sources:
        return []
    ends = await ends_of(settings, sources)
    async with plain_producer(settings) as producer:
        for topic, partition in (source for source in sources if not ends[source]):
            await producer.send_and_wait(topic, b"", partition=partition)
    await asyncio.to_thread(_erase_first, settings, sources)
    return [
        advance_progress(settings, intake.STAGE, ALL, partition, Progress(0, found.topics[partition.topic]))
        for partition in sources
    ]


def _erase_first(settings: Settings, sources: Sequence[TopicPartition]) -> None:
    with admin.admin_client(settings) as client:
        client.delete_records(dict.fromkeys(sources, 1))


async def _restore_feed_position(
    settings: Settings, folder: BackupFolder, manifest: BackupManifest, feed: str, found: admin.ClusterIds
) -> Output:
    """What notices have gone out of, by its place in the restored topic."""
    topic, last = notify.FEEDS[feed], manifest.told[feed]
    number = sum(
        record.offset <= last and record.value is not None for record in folder.read_records(manifest, topic.pattern, 0)
    )
    source = TopicPartition(topics.topic_name(settings, topic), 0)
    progress = Progress(await _find_offset(settings, source, number), found.topics[source.topic])
    return advance_progress(settings, feed, ALL, source, progress)


async def _find_offset(settings: Settings, source: TopicPartition, number: int) -> int:
    """The offset of the `number`th record of a partition, which nothing has been compacted in yet."""
    found, seen = NO_OFFSET, 0
    async for records in read_partitions(settings, {source: 0}):
        if seen < number <= seen + len(records):
            found = records[number - seen - 1].offset
        seen += len(records)
    return found


def _restore_switch_counts(
    settings: Settings, manifest: BackupManifest, generation: Generation, found: admin.ClusterIds
) -> list[Output]:
    """By what hits were numbered, so that those that come again bear the ids that they had."""
    links = found.topics[topics.topic_name(settings, topics.LINKS, generation=generation.id)]
    turns = enumerate(manifest.turns)
    return [
        marker_output(settings, HITS_PUBLISHED, index, Progress(NO_OFFSET, links, generation.id, turn))
        for index, turn in turns
    ]


async def record_restore(settings: Settings, manifest: BackupManifest) -> None:
    """Record the restore, with the last hash of every chain that the backup saw unended: it is no sign of tampering."""
    heads, times = ChainHeads(), dict[str, datetime]()
    async for entry in read_entries(settings):
        heads.add_entry(entry)
        times[entry.chain] = datetime.fromisoformat(entry.time)
    cut = find_unended_chains(heads(), times, datetime.fromisoformat(manifest.finished))
    async with audit_log(settings, now) as log:
        what = f"restore of backup {manifest.id}"
        await log.write(Act(ActKind.OPERATION, subject=operator_name(), object=what, rule=RequestRule.COMMAND))
        await log.write(Act(ActKind.CHECKPOINT, heads=cut, rule=RequestRule.TRAIL))


def find_unended_chains(heads: Mapping[str, str], times: Mapping[str, datetime], finished: datetime) -> dict[str, str]:
    """The audit chains, with their heads, whose writers were at work when the backup ended; not silent ones."""
    before = [time for time in times.values() if time <= finished]
    last = max(before, default=finished)
    return {chain: head for chain, head in heads.items() if last - SILENCE <= times[chain] <= finished}
