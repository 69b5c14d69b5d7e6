"""A stage that copies `accepted` to `rejected`, for tests that run, kill and watch real worker processes.

Each output names its source offset and how many records its partition's store has seen, so that a record lost, doubled,
out of order, or a store that is not at its progress, all show.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from aiokafka import ConsumerRecord, TopicPartition

from pipeline.errors import LiaisonError
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka import chunks
from pipeline.streams.kafka.admin import read_ids
from pipeline.streams.kafka.reading import read_partitions
from pipeline.streams.runtime.processor import ChunkResult, Processor
from pipeline.streams.runtime.stage import Stage, StageFeed
from pipeline.streams.runtime.stop_order import StopOrder
from pipeline.streams.runtime.stores import StorePlaces
from pipeline.streams.runtime.table_store import TableStore
from pipeline.streams.runtime.transactions import AppliedPosition, Output
from pipeline.streams.runtime.worker_slots import claimed_slot

COUNT = b"count"


class GatedStore(TableStore):
    """Its sync waits while the gate file is there, if it has one."""

    gate: Path | None = None

    def sync(self) -> None:
        while self.gate is not None and self.gate.exists():
            time.sleep(0.01)
        super().sync()


class Echo(Processor):
    """Counts the records of a partition in its store and copies each with the count."""

    def __init__(self, settings: Settings, places: StorePlaces, gate: Path | None) -> None:
        self._settings, self._places, self._gate = settings, places, gate

    async def open_store(self, source: TopicPartition, applied: AppliedPosition) -> TableStore:
        store = GatedStore(self._places.folder(source), self._places.identity(source))
        store.gate = self._gate if source.partition == 0 else None
        if store.offset < applied.offset:
            async for records in read_partitions(self._settings, {source: store.offset + 1}, {source: applied.offset}):
                self.decide_records(source, store, records)
            store.commit(applied.offset)
        return store

    def decide_records(
        self, source: TopicPartition, store: TableStore, records: Sequence[ConsumerRecord]
    ) -> ChunkResult:
        count = int(bytes(store.get(COUNT) or b"0"))
        target = topics.topic_name(self._settings, topics.REJECTED)
        outputs = []
        for record in records:
            count += 1
            outputs.append(Output(target, source.partition, b"%d" % record.offset, b"%d" % count))
        store.put(COUNT, b"%d" % count)
        return ChunkResult(outputs)


def killer(effect: str, times: int) -> Callable[[str, str], None]:
    """Kill this process by SIGKILL right after the effect has happened this many times."""
    left = times

    def after(lane: str, done: str) -> None:
        nonlocal left
        left -= done == effect
        if done == effect and left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return after


async def main(arguments: argparse.Namespace) -> None:
    settings = Settings()
    if arguments.machine:
        settings = settings.model_copy(update={"home": settings.home / "machines" / arguments.machine})
    sources = [topics.topic_name(settings, topics.ACCEPTED)]
    if arguments.expiries:
        sources.append(topics.topic_name(settings, topics.EXPIRIES))
    found = read_ids(settings, sources)
    after = killer(arguments.kill_after, arguments.times) if arguments.kill_after else lambda lane, effect: None
    with claimed_slot(settings, "echo") as slot:
        places = StorePlaces(slot.stores, "echo", "all", found)
        feed = StageFeed("echo", sources, Echo(settings, places, arguments.gate), "all")
        stage = Stage(settings, slot, [feed], found.topics, after)
        stop = StopOrder()
        stop.follow_signals()
        await stage.run(stop)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--machine", default="")
    parser.add_argument("--kill-after", default="")
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--gate", type=Path)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    parser.add_argument("--expiries", action="store_true", help="read a second topic")
    parser.add_argument("--session-s", type=float, default=chunks.SESSION_TIMEOUT_S)
    given = parser.parse_args()
    vars(chunks)["SESSION_TIMEOUT_S"] = given.session_s
    try:
        asyncio.run(main(given))
    except LiaisonError as error:
        sys.exit(str(error))
