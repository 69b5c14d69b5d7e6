"""One owned index of a stage: its producer, its stores, and the order of effects for each chunk.

    step (pure), in slices -> effects outside Kafka -> one transaction with all outputs and the progress -> store commit
    -> about once a second: store sync -> acknowledge to Faust

`Lane._carry_out` says why in this order. A crash between any two of them leaves `progress` as the truth: what it covers
is never emitted again, and a store that is behind is brought up to it without emitting. A store must never be ahead of
it: what it already holds would be decided as if it had been told, and is not. One that is stops its own partition.

A record that may have ended a process is taken alone in the same order of effects, which is why this is one module.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final, NamedTuple

from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from tenacity import AttemptManager

from pipeline.backoff import FIRST_PAUSE_S, reset_pauses, retrying
from pipeline.correlation.store_file import NO_OFFSET, StoreUnwritableError
from pipeline.errors import LiaisonError
from pipeline.streams.catalogues import metrics
from pipeline.streams.kafka.positions import last_offset_of, records_after
from pipeline.streams.runtime.attempts import MOST_ATTEMPTS, Suspect, SuspectBook
from pipeline.streams.runtime.deciding import Decider, Decision
from pipeline.streams.runtime.faults import FaultCount, InternalFaultError
from pipeline.streams.runtime.health import LaneState
from pipeline.streams.runtime.in_hand import HandNote, Hands
from pipeline.streams.runtime.metering import Meter
from pipeline.streams.runtime.processor import After, PendingSlices, Processor, Store
from pipeline.streams.runtime.source_queues import Chunk, FetchControl, Slice, SourceQueues
from pipeline.streams.runtime.transactions import AppliedPosition, Output, ProducerFencedError, Transactions

FindRecord = Callable[[TopicPartition, int, int], AsyncIterator[ConsumerRecord]]
"""Reads what Kafka holds of a partition, from an offset to another, both included."""


class LaneHost(NamedTuple):
    """The parts of a worker that its lanes share.

    `decider` decides for all of them. `note_lost` is called when a lane's index belongs to another worker, `after`
    behind each effect. `flow` pauses and resumes fetching, and `faults` counts records that failed inside.
    `erase_after_s` is how long after its erasure content may stay in a store's file. `pace_s` is how long after the
    beginning of one transaction a lane begins the next, unless that would be full. `hands` tells what the process has
    in hand, `hangs` whether its own health says that it should be restarted, and `read` reads records again.
    """

    decider: Decider
    note_lost: Callable[[], None]
    after: After
    erase_after_s: float
    flow: FetchControl
    faults: FaultCount
    pace_s: Callable[[], float]
    hands: Hands
    hangs: Callable[[], bool]
    read: FindRecord


@dataclass
class OpenStore:
    """A store and how far its source partition was applied."""

    store: Store
    applied: AppliedPosition


class LaneStores:
    """What a lane has open; empty before it starts and after it stops. `on_unwritable` hears that a disk is full."""

    def __init__(self, lane: str, partitions: Sequence[TopicPartition], on_unwritable: Callable[[], None]) -> None:
        self._lane, self._partitions, self._on_unwritable = lane, partitions, on_unwritable
        self._open: dict[TopicPartition, OpenStore] = {}
        self.lock = asyncio.Lock()
        """Held while stores are synced or closed: neither may begin within the other."""

    @property
    def complete(self) -> bool:
        """Whether the store of every partition is open."""
        return len(self._open) == len(self._partitions)

    def __getitem__(self, partition: TopicPartition) -> OpenStore:
        return self._open[partition]

    def add_store(self, partition: TopicPartition, store: Store, applied: AppliedPosition) -> None:
        """Take a store that was opened at what was applied."""
        self._open[partition] = OpenStore(store, applied)

    def applied_offsets(self) -> dict[TopicPartition, int]:
        """The last offset applied of each partition (-1: none); what is not open yet has applied none."""
        held = self._open
        return {p: held[p].applied.offset if p in held else NO_OFFSET for p in self._partitions}

    async def commit_stores(self, applied: Mapping[TopicPartition, AppliedPosition]) -> None:
        """Commit the stores; while the disk is full nothing more is consumed and nothing is lost."""
        for partition, reached in applied.items():
            held = self._open[partition]
            async for attempt in retrying(StoreUnwritableError, log, f"lane {self._lane}: the commit of a store"):
                with attempt:
                    self._commit_store(held.store, reached.offset)
            held.applied = reached

    def _commit_store(self, store: Store, offset: int) -> None:
        try:
            store.commit(offset)
        except StoreUnwritableError:
            self._on_unwritable()
            raise

    async def compact_stores(self, erase_after_s: float) -> None:
        """Write files anew that have held what was erased for so long."""
        for held in self._open.values():
            try:
                await asyncio.to_thread(held.store.compact, erase_after_s)
            except StoreUnwritableError as error:
                log.warning("lane %s: %s; what was erased stays in the file until there is room", self._lane, error)

    async def sync_stores(self) -> None:
        """Bring to the disk what was committed; the caller holds the lock. Raises what the disk does."""
        await asyncio.to_thread(self._sync_all)

    def _sync_all(self) -> None:
        for held in list(self._open.values()):
            held.store.sync()

    async def close(self) -> None:
        """Close all stores, once a sync that is under way has ended."""
        async with self.lock:
            closing, self._open = self._open, {}
            for held in closing.values():
                with contextlib.suppress(Exception):
                    held.store.close()


log = logging.getLogger(__name__)

MOST_RECORDS: Final = 1000
"""Records of one transaction: all source partitions share it in turn, a backlog does not make it endless."""

MOST_STEP_S: Final = 0.3
"""Deciding time of one transaction: bounds latency and what a crash makes to be done again, where records are slow."""

RENEWAL_LOOK_S: Final = 10.0
"""Pause between two looks at whether a store's file has to be written anew."""

HOLD_S: Final = 5.0
"""Pause before a record that failed inside is tried again; only its own partition waits meanwhile."""

TAKING_BACK_S: Final = 2.0
"""A closing lane may take its attempt back for this long."""

CLOSING_S: Final = 5.0
"""A closing lane may finish its chunk for this long (a transaction takes some 30 ms), then it is cancelled."""


class Lane:
    """Runs the partitions of one index, which a stage owns together."""

    def __init__(
        self,
        name: str,
        work: Processor,
        transactions: Transactions | None,
        partitions: Sequence[TopicPartition],
        meter: Meter,
        host: LaneHost,
        note: HandNote,
    ) -> None:
        self.failing = False
        self.problem = ""
        """Why it tries again after a failure, where that can be said in words."""
        self.publishing = False
        """Whether an effect outside Kafka is under way."""
        self._name = name
        self._work = work
        self._transactions = transactions
        self._partitions = partitions
        self._meter = meter
        self._host = host
        self._note = note
        self._guarded = transactions is not None and work.sets_aside
        """Whether a record that ends the process is looked for."""
        self._book = SuspectBook()
        self._attempt: Suspect | None = None
        """The record that is taken alone, from before its attempt is written down until that is taken back."""
        self._looked, self._begun = time.monotonic(), -math.inf
        self._stores = LaneStores(name, partitions, self._note_failing)
        self._queues = SourceQueues(partitions, host.flow, work.slices)
        self._held: set[TopicPartition] = set()
        """Source partitions that stand still before a record that failed inside."""
        self._ahead: set[TopicPartition] = set()
        """Source partitions whose store is ahead of its progress; they stand still until it is opened anew."""
        self._done: list[Chunk] = []
        self._changed = asyncio.Condition()
        self._closing = False
        self._task = asyncio.create_task(self._run_until_closed(), name=f"lane {name}")

    @property
    def state(self) -> LaneState:
        """What the lane is at."""
        if self._ahead:
            return LaneState.AHEAD
        if self.failing or self._held:
            return LaneState.FAILING
        return LaneState.WORKING if self._stores.complete else LaneState.STARTING

    def applied_offsets(self) -> dict[TopicPartition, int]:
        """The last offset applied of each source partition (-1: none); what is not open yet has applied none."""
        return self._stores.applied_offsets()

    def set_aside(self) -> list[Suspect]:
        """The records that are passed over until an operator orders their replay."""
        return self._book.set_aside()

    def _note_failing(self) -> None:
        self.failing = True

    async def enqueue_chunk(self, chunk: Chunk) -> None:
        """Queue a chunk, behind those of its own partition only; a closing lane drops it: it will be fetched again."""
        async with self._changed:
            if not self._closing:
                self._queues.put_chunk(TopicPartition(chunk.message.topic, chunk.message.partition), chunk)
                self._changed.notify_all()

    async def _await_records(self) -> None:
        """Return once there is something to apply, when closing, or when nothing came for a while."""
        release = self._queues.next_release(now := time.monotonic())
        longest_s = RENEWAL_LOOK_S if release is None else min(RENEWAL_LOOK_S, release - now)
        async with self._changed:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(longest_s):
                    await self._changed.wait_for(lambda: self._closing or self._queues.is_ready(time.monotonic()))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._begun + self._host.pace_s() - time.monotonic()):
                    await self._changed.wait_for(lambda: self._closing or self._queues.holds(MOST_RECORDS))
        self._begun = time.monotonic()

    async def _run_until_closed(self) -> None:
        """Until closed: start, apply chunk after chunk, and start anew after any failure."""
        attempts = retrying(
            Exception, log, f"lane {self._name}", first_pause_s=FIRST_PAUSE_S, sleep=self._sleep_until_closing
        )
        async for attempt in attempts:
            with attempt:
                await self._run_once(attempt)

    async def _run_once(self, attempt: AttemptManager) -> None:
        """Start and apply chunk after chunk until closed. Raises whatever fails, once its effects are undone."""
        try:
            if not self._closing:
                await self._start_lane()
            while not self._closing:
                await self._await_chunk()
                self.failing, self.problem = False, ""
                reset_pauses(attempt)
        except ProducerFencedError as error:
            log.warning("lane %s: %s; rejoining", self._name, error)
            self._host.note_lost()
        except Exception as error:
            self.failing, self.publishing = True, False
            self.problem = str(error) if isinstance(error, LiaisonError) else ""
            log.exception("lane %s failed", self._name)
            self._note.let_go()
            await self._stop_lane()
            self._queues.rewind_taken()
            raise

    async def _sleep_until_closing(self, pause_s: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(pause_s), self._changed:
                await self._changed.wait_for(lambda: self._closing)

    async def _start_lane(self) -> None:
        # 1. The producer, which fences whoever had the index before: what is read of `progress` from here on is final.
        applied = await self._transactions.start_producer() if self._transactions else {}
        self._open_book()
        # 2. Each store, brought up to that progress: only now is it known how far. One that was held back since it was
        #    ahead is judged anew, since it may have been emptied.
        self._ahead.clear()
        reached = {
            partition: applied.get(partition, AppliedPosition())._replace(aside=self._offsets_aside(partition))
            for partition in self._partitions
        }
        for partition in self._partitions:
            self._queues.hold_back(partition, 0, 0.0)
        await self._open_stores(reached)
        # 3. What is due before the first record, once every store is open: it is decided from all of them. It goes out
        #    without progress, so it comes again after a crash, and must be the same then.
        if self._transactions is not None:
            due = await self._work.startup_outputs(self.applied_offsets(), self._transactions.table)
            if due:
                await self._transactions.commit(due, {})
                self._host.after(self._name, "beginning")

    def _open_book(self) -> None:
        """Read which records are suspected. What this process began itself has not ended it."""
        held = self._transactions
        if held is None or not self._guarded:
            return
        self._book = SuspectBook(held.topic, held.partition, held.prefix, held.topic_ids)
        self._book.load(held.table)
        if self._attempt is not None:
            self._book.take_back_attempt(self._attempt)
            self._attempt = None

    def _offsets_aside(self, partition: TopicPartition) -> frozenset[int]:
        return frozenset(one.offset for one in self.set_aside() if one.source == partition)

    async def _open_stores(self, reached: Mapping[TopicPartition, AppliedPosition]) -> None:
        try:
            async with contextlib.aclosing(self._work.open_stores(reached)) as stores:
                async for partition, store in stores:
                    self._stores.add_store(partition, store, reached[partition])
        except InternalFaultError as fault:  # on a record that has its outcome: the store can't do without it
            self._meter.count_failure(fault.position.topic)
            self._host.faults.note_failed(fault)
            raise

    async def _await_chunk(self) -> None:
        await self._await_records()
        await self._apply_slices()
        if not self._closing and time.monotonic() - self._looked >= RENEWAL_LOOK_S:
            await self._stores.compact_stores(self._host.erase_after_s)
            await self._replay_ordered()
            self._looked = time.monotonic()

    async def _apply_slices(self) -> None:
        """Apply what waits, for as long as a transaction may; then the record that is to be taken alone, if it comes.

        What comes meanwhile has its turn too. A lane that is told to close on the way leaves all of it undone.
        """
        async with self._host.hands.together():
            suspected = await self._apply_together()
        if suspected is not None and not self._closing:
            await self._apply_suspect(suspected)

    async def _apply_together(self) -> TopicPartition | None:
        """Decide slice by slice, of each source partition in turn; then their effects.

        Ends before a record that is to be taken alone, and tells of which partition it is.
        """
        decided, records = PendingSlices(), 0
        suspected = None
        while not self._closing and (taken := self._queues.next_slice(time.monotonic())) is not None:
            _require_order(taken)
            count = self._count_takable(taken.partition, taken.records)
            if count < len(taken.records):
                self._queues.hold_back(taken.partition, len(taken.records) - count, 0.0)
            if count == 0:
                suspected = taken.partition
                break
            some = taken.records[:count]
            if self._guarded:
                self._note.take(taken.partition.topic, some[0].offset, last_offset_of(some[-1]))
            await self._decide_slice(taken.partition, some, decided)
            records += count
            if count < len(taken.records) or records >= MOST_RECORDS or decided.spent_s >= MOST_STEP_S:
                break
        if not self._closing:
            await self._carry_out(decided)
            self._done += self._queues.settle_taken()
            self._note.let_go()
        return suspected

    # --- records that may have ended a process

    def _count_takable(self, partition: TopicPartition, records: Sequence[ConsumerRecord]) -> int:
        """How many of the records may be taken at once; 0 where the first of them is to be taken alone."""
        if not (self._guarded and (self._book or self._note.careful)):
            return len(records)
        applied = self._stores[partition].applied.offset
        self._note.careful.drop_applied(partition.topic, applied)
        if last_offset_of(records[0]) > applied and self._is_taken_alone(partition, records[0]):
            return 0
        alone = (at for at, record in enumerate(records) if at and self._is_taken_alone(partition, record))
        return min(self._note.careful.count_takable(partition.topic, records), next(alone, len(records)))

    def _is_taken_alone(self, partition: TopicPartition, record: ConsumerRecord) -> bool:
        held = self._book.is_suspected(Suspect(partition, record.offset))
        return held or self._note.careful.most_at(partition.topic, record.offset) == 1

    async def _apply_suspect(self, partition: TopicPartition) -> None:
        """Take a record alone, in this lane and in the process: where that ends with it, it was this record."""
        taken = self._queues.take_first(partition)
        _require_order(taken)
        record = taken.records[0]
        one = Suspect(partition, record.offset)
        decided = PendingSlices()
        if self._book.is_spent(one):
            self._pass_over(one, record, decided)
            await self._carry_out(decided)
        else:
            async with self._attempted(one) as begun:
                if not begun:
                    return
                self._note.take(partition.topic, record.offset, last_offset_of(record))
                await self._decide_slice(partition, [record], decided)
                if decided.reached:
                    decided.outputs += self._book.forget(one)
                    await self._carry_out(decided)
                    self._attempt = None
        self._done += self._queues.settle_taken()

    def _pass_over(self, one: Suspect, record: ConsumerRecord, decided: PendingSlices) -> None:
        """Let the partition go on behind a record that has had its attempts, without counting it as applied."""
        last = last_offset_of(record)
        decided.outputs += self._book.put_aside(one, last - record.offset + 1)
        decided.reached[one.source] = last
        log.error("%s-%d-%d is set aside: alone, it ended the process %d times", *one.source, one.offset, MOST_ATTEMPTS)

    @asynccontextmanager
    async def _attempted(self, one: Suspect) -> AsyncIterator[bool]:
        """Hold a record alone, its attempt written down before; False where the lane closes first.

        An attempt that has come to an end without its effects is taken back. Where that fails, the next start of this
        lane in this process does it, or else the attempt counts.
        """
        async with self._host.hands.alone():
            if self._closing:
                yield False
                return
            self._attempt = one
            await self._write_notes(self._book.begin_attempt(one))
            self._host.after(self._name, "attempt")
            yield True
            self._note.let_go()
            if self._attempt is not None:
                await self._write_notes(self._book.take_back_attempt(one))
                self._attempt = None

    async def _write_notes(self, notes: Sequence[Output]) -> None:
        if notes and self._transactions is not None:
            await self._transactions.commit(notes, {})

    async def _replay_ordered(self) -> None:
        """Apply what was set aside and an operator has ordered to be replayed, each record alone."""
        if self._transactions is None or not self._book.set_aside():
            return
        try:
            table = await self._transactions.reread_table()
        except (KafkaError, OSError) as error:
            log.warning("lane %s: orders can't be read: %r", self._name, error)
            return
        self._book.load(table)
        for one in self._book.due():
            await self._replay(one)

    async def _replay(self, one: Suspect) -> None:
        await self._write_notes(self._book.begin_replay(one))
        if self._book.is_spent(one):
            await self._write_notes(self._book.put_aside(one))
            log.error("%s-%d-%d is set aside again: its replay ended the process", *one.source, one.offset)
            return
        record = await self._read_again(one)
        if record is None:
            log.warning(
                "%s-%d-%d need not be replayed: Kafka holds it no more, or a later one", *one.source, one.offset
            )
            await self._write_notes(self._book.forget(one))
            return
        async with self._attempted(one) as begun:
            if begun:
                self._note.take(one.source.topic, one.offset, one.offset)
                await self._apply_again(one, record)

    async def _read_again(self, one: Suspect) -> ConsumerRecord | None:
        """The record; None where Kafka has removed it, or what came later makes it needless."""
        last = self._stores[one.source].applied.offset if self._work.keeps_last(one.source) else one.offset
        wanted = None
        async for record in self._host.read(one.source, one.offset, last):
            if record.offset == one.offset:
                wanted = record
            elif wanted is None or record.key == wanted.key:
                return None
        return wanted

    async def _apply_again(self, one: Suspect, record: ConsumerRecord) -> None:
        """Apply a record that was passed over, at the offset that is applied by now."""
        source = self._stores[one.source]
        # The store stands for no offset until it is certain that it holds the record: after a crash it is made anew.
        source.store.commit(NO_OFFSET)
        decided = PendingSlices()
        try:
            result, spent_s = await self._host.decider.decide(self._work, one.source, source.store, [record])
        except InternalFaultError as fault:
            self._meter.count_failure(one.source.topic)
            self._host.faults.note_failed(fault)
            source.store.commit(source.applied.offset)
            return
        decided.add_result(result)
        decided.reached[one.source] = source.applied.offset
        decided.counts[one.source] = 1
        decided.slices.append(([record], spent_s))
        decided.outputs += self._book.forget(one)
        await self._carry_out(decided)
        self._attempt = None
        log.warning("%s-%d-%d, which had been set aside, is applied", *one.source, one.offset)

    # --- slices

    async def _decide_slice(
        self, partition: TopicPartition, records: Sequence[ConsumerRecord], decided: PendingSlices
    ) -> None:
        source = self._stores[partition]
        if source.store.offset > source.applied.offset:
            self._stop_partition(partition, source, len(records))
            return
        position = decided.reached.get(partition, source.applied.offset)
        if records[0].offset <= position:
            records = records_after(records, position)
        if not records:
            return
        self._tell_missed(partition, position, records[0].offset, decided)
        (result, spent_s), records = await self._decide_records(partition, source.store, records)
        decided.add_result(result)
        decided.spent_s += spent_s
        self._queues.note_time(partition, spent_s)
        if records:
            decided.reached[partition] = last_offset_of(records[-1])
            decided.counts[partition] += len(records)
            decided.slices.append((records, spent_s))

    def _tell_missed(self, partition: TopicPartition, position: int, first: int, decided: PendingSlices) -> None:
        """Tell of records that Kafka had deleted before they were applied, as after a standstill beyond their keeping.

        A gap between two records says nothing: there are marks of transactions, and what compaction took.
        """
        begin = self._host.flow.begin_of(partition)
        if NO_OFFSET < position < begin - 1 and first >= begin:
            missed = begin - 1 - position
            log.error(
                "%s-%d: Kafka has deleted offsets %d to %d, which were not applied: what they said is lost here",
                *(*partition, position + 1, begin - 1),
            )
            decided.tally[metrics.RECORDS_MISSED.labels(partition.topic, str(partition.partition))] += missed

    async def _decide_records(
        self, partition: TopicPartition, store: Store, records: Sequence[ConsumerRecord]
    ) -> tuple[Decision, Sequence[ConsumerRecord]]:
        """What the records lead to, up to one that fails inside: from there on its partition waits, and no other."""
        begun = time.perf_counter()
        try:
            decision = await self._host.decider.decide(self._work, partition, store, records)
        except InternalFaultError as fault:
            self._hold_partition(partition, fault, len(records) - fault.decided)
            decision, records = Decision(fault.result, time.perf_counter() - begun), records[: fault.decided]
        else:
            self._held.discard(partition)
            self._host.faults.note_decided()
            if decision.result.taken is not None:
                self._queues.hold_back(partition, len(records) - decision.result.taken, 0.0)
                records = records[: decision.result.taken]
        return decision, records

    def _hold_partition(self, partition: TopicPartition, fault: InternalFaultError, undecided: int) -> None:
        """Try again later."""
        self._queues.hold_back(partition, undecided, time.monotonic() + HOLD_S)
        self._held.add(partition)
        self._meter.count_failure(partition.topic)
        self._host.faults.note_failed(fault)

    def _stop_partition(self, partition: TopicPartition, source: OpenStore, undecided: int) -> None:
        """Decide nothing more of a partition whose store is ahead of its progress, until the lane starts anew."""
        self._queues.hold_back(partition, undecided, math.inf)
        self._ahead.add(partition)
        metrics.BROKEN_INVARIANTS.labels("store_ahead").inc()
        log.error(
            "%s-%d: the store is ahead of its progress (%d, %d), so nothing more of this partition is decided; restart"
            " the worker, which makes the store anew from Kafka",
            *(partition.topic, partition.partition, source.store.offset, source.applied.offset),
        )

    async def _carry_out(self, decided: PendingSlices) -> None:
        """The effects of what was decided, in the one order in which a crash between any two of them loses nothing."""
        if not decided.reached:
            return
        # 1. Effects outside Kafka, which bear versions and so may come twice. They come before the progress says that
        #    they have: a crash after it would leave them undone for good. They may return further outputs.
        self.publishing = True
        outputs = [*decided.outputs, *await self._work.publish_effects(decided)]
        self.publishing = False
        self._host.after(self._name, "publish")
        # 2. One transaction with all outputs and the progress: readers see both or neither, so nothing is told twice.
        #    Whether it was committed after an answer that got lost is read from the progress itself.
        applied = {
            partition: AppliedPosition(offset, self._stores[partition].applied.records + decided.counts[partition])
            for partition, offset in decided.reached.items()
        }
        if self._transactions is not None:
            await self._transactions.commit(outputs, applied)
        self._host.after(self._name, "transaction")
        # 3. The stores, never before the progress: one that is behind is brought up to it from Kafka without emitting
        #    anything; from one that is ahead nobody could tell what was not told yet.
        await self._stores.commit_stores(applied)
        # 4. What is counted, once it can't be undone: what a failure makes be done again is not counted twice.
        self._meter.count_applied(decided.slices, decided.tally)
        self._host.after(self._name, "commit")

    async def acknowledge(self) -> None:
        """Sync the stores, then acknowledge what was committed before.

        In this order, since a chunk that was acknowledged is not fetched again: a power cut before the sync leaves the
        store behind, and what brings it up is read by the progress and not by what Faust holds.
        """
        async with self._stores.lock:
            done, self._done = self._done, []
            if not done:
                return
            try:
                await self._stores.sync_stores()
            except Exception:
                self.failing = True
                log.exception("lane %s: stores could not be synced; trying again", self._name)
                self._done = done + self._done
                return
        self._host.after(self._name, "sync")
        for chunk in done:
            chunk.ack()

    async def close(self) -> None:
        """Finish the chunk in hand, sync, acknowledge and close; what waits is dropped and fetched again."""
        self._closing = True
        async with self._changed:
            self._queues.drop_waiting()
            self._changed.notify_all()
        await asyncio.wait([self._task], timeout=CLOSING_S)
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        await self._put_down()
        await self.acknowledge()
        await self._stop_lane()

    async def _put_down(self) -> None:
        """Blame nothing for the end of a worker that was told to end, unless it is one that hangs."""
        if self._host.hangs():
            self._note.keep()
            return
        self._note.remove()
        if self._attempt is not None and self._transactions is not None:
            self._book.load(self._transactions.table)  # the end of the attempt may have been on its way
            with contextlib.suppress(Exception):
                async with asyncio.timeout(TAKING_BACK_S):
                    await self._write_notes(self._book.take_back_attempt(self._attempt))

    async def _stop_lane(self) -> None:
        if self._transactions is not None:
            await self._transactions.stop()
        await self._stores.close()


def _require_order(taken: Slice) -> None:
    """Let no record be passed over as applied since a later one came before it. Raises LiaisonError."""
    last = taken.before
    for record in taken.records:
        if record.offset <= last:
            metrics.BROKEN_INVARIANTS.labels("record_order").inc()
            raise LiaisonError(
                f"{taken.partition.topic}-{taken.partition.partition}: offset {record.offset} came behind {last};"
                " nothing more of this lane is decided until records come in order"
            )
        last = last_offset_of(record)
