"""The correlate stage: the homes and meeting places of some partitions (docs/streams.md tells the protocol).

Partition i of `fingerprints`, `pairs` and `watches` is a home, partition i of `postings` a meeting place. One lane runs
both, so what they send is one transaction with how far they have come. It is one module, since homes and meeting
places are opened, caught up and fed alike.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec
import numpy as np
from aiokafka import ConsumerRecord, TopicPartition
from numpy.typing import NDArray

from pipeline.access.hit_gate import exact_match
from pipeline.correlation import home_store
from pipeline.correlation.home_store import LmdbHomeStore, SourcePosition
from pipeline.correlation.homes import Arrival, ArrivedChunk, Home, take_arrivals_together
from pipeline.correlation.key_kinds import kind_of
from pipeline.correlation.matcher import SmallScreen
from pipeline.correlation.meeting_places import (
    MeetingCounts,
    MeetingPlace,
    PostedSketchScreen,
    PostingChunk,
    take_together,
)
from pipeline.correlation.meeting_store_on_disk import DiskMeetingStore
from pipeline.correlation.protocol import (
    Answer,
    Ask,
    CaseVersion,
    Follow,
    JudgedClaim,
    PairMessage,
    Posting,
    ProtocolError,
    ProtocolMessage,
    Watch,
    WatchMessage,
    decode_pair_message,
    encode_pair_message,
    target_partition,
)
from pipeline.correlation.steps import Steps, finish_steps
from pipeline.correlation.store_file import NO_OFFSET, StoreIdentity
from pipeline.errors import LiaisonError
from pipeline.matching.matcher import ModelMatcher
from pipeline.matching.model import Model
from pipeline.matching.screening.small_screening import SmallSketchScreen
from pipeline.settings import Settings
from pipeline.streams.catalogues import metrics, topics
from pipeline.streams.catalogues.topics import Topic
from pipeline.streams.kafka.admin import DeniedError, delete_records, read_ids
from pipeline.streams.kafka.connection import login_name
from pipeline.streams.kafka.reading import read_partitions
from pipeline.streams.registers import control
from pipeline.streams.registers.installation_secret import key_ring
from pipeline.streams.runtime import faults
from pipeline.streams.runtime.processor import After, ChunkResult, Processor, SourceSlice, Store
from pipeline.streams.runtime.source_queues import SliceLimits
from pipeline.streams.runtime.stage import Stage, StageFeed, rejoin_on_events
from pipeline.streams.runtime.stores import StorePlaces, reopen_store, reopen_unless
from pipeline.streams.runtime.transactions import AppliedPosition, Output
from pipeline.streams.runtime.worker_slots import claimed_slot
from pipeline.streams.stages.saved_searches import FEED, SavedSearchMatches, SavedSearchProcessor

log = logging.getLogger(__name__)

STAGE: Final = "correlate"

SOURCES: Final = (topics.FINGERPRINTS, topics.POSTINGS, topics.PAIRS, topics.WATCHES)
"""What a lane of the stage works through."""

PURGE_S: Final = 60.0
"""Pause between two deletions of what was applied of `pairs`."""

SLICES: Final = SliceLimits(records=1000, shared_s=0.1, lone_s=0.1)
"""All sources of a lane are its own, so that none has to be fair to another; and what is applied together costs less:
postings are arrays, and pairs are screened at once."""

T = TypeVar("T")

_encode = msgspec.json.Encoder().encode

_largest_met: dict[str, int] = {}
"""Cases of the largest hot block met since this process began, by kind of key."""


class OpenHome:
    """A home and its store, which is committed once for all sources of a transaction."""

    def __init__(self, home: Home, store: LmdbHomeStore) -> None:
        self.home, self.store = home, store
        self._positions = dict(store.positions)
        self._changing: set[str] = set()
        """Sources of which records were taken in that are not committed yet."""

    def note_records(self, source: str, count: int) -> None:
        """Count records of a source that are about to be taken in."""
        offset, records = self._positions.get(source, SourcePosition())
        self._positions[source] = SourcePosition(offset, records + count)
        self._changing.add(source)

    def commit_source(self, source: str, offset: int) -> None:
        """Note how far a source was applied; the last source of a transaction commits what came from all of them."""
        self._positions[source] = self._positions.get(source, SourcePosition())._replace(offset=offset)
        self._changing.discard(source)
        if not self._changing:
            self.store.commit(self._positions)


class HomeSource:
    """One source of a home, as a lane keeps its store. The three have one store; that of `fingerprints` owns it."""

    def __init__(self, held: OpenHome, source: str) -> None:
        self.home, self._held, self._source = held.home, held, source

    def note_records(self, count: int) -> None:
        """Count records that are about to be taken in."""
        self._held.note_records(self._source, count)

    @property
    def offset(self) -> int:
        """The offset of this source that the store stands for."""
        return self._held.store.positions.get(self._source, SourcePosition()).offset

    def commit(self, offset: int) -> None:
        """Commit what the home took in, with how far this source was applied."""
        self._held.commit_source(self._source, offset)

    def sync(self) -> None:
        """Sync the store, once for all sources."""
        if self._source == home_store.FINGERPRINTS:
            self._held.store.sync()

    def compact(self, after_s: float) -> None:
        """Compact the store, once for all sources."""
        if self._source == home_store.FINGERPRINTS:
            self._held.store.compact(after_s)

    def close(self) -> None:
        """Close the store, once for all sources."""
        if self._source == home_store.FINGERPRINTS:
            self._held.store.close()


class HeldPlace:
    """A meeting place with the store under it, as a lane keeps it."""

    def __init__(self, place: MeetingPlace, store: DiskMeetingStore) -> None:
        self.place, self._store = place, store
        self.commit, self.sync, self.compact, self.close = store.commit, store.sync, store.compact, store.close

    @property
    def offset(self) -> int:
        """The offset of `postings` that the store stands for."""
        return self._store.offset


class CorrelateProcessor(Processor):
    """The work of the stage in one generation."""

    slices = SLICES
    sets_aside = True

    def __init__(
        self, settings: Settings, places: StorePlaces, model: Model, generation: str, matches: SavedSearchMatches
    ) -> None:
        self._settings, self._places, self._matches = settings, places, matches
        self._generation = generation
        self._matcher = ModelMatcher(model, generation=generation, find_exact_match=exact_match)
        self._screen: SmallScreen = SmallSketchScreen(model, self._matcher.threshold)
        self._partitions = settings.correlate_partitions
        self._sources = {topic: topics.topic_name(settings, topic, generation=generation) for topic in SOURCES}
        self._fingerprints, self._postings, self._pairs, self._watches = (self._sources[topic] for topic in SOURCES)
        self._links = topics.topic_name(settings, topics.LINKS, generation=generation)
        self._rejected = topics.topic_name(settings, topics.REJECTED)

    # --- stores

    async def open_stores(
        self, applied: Mapping[TopicPartition, AppliedPosition]
    ) -> AsyncGenerator[tuple[TopicPartition, Store]]:
        """The home's store, for each of its sources, and the meeting place's, as of what was applied of each."""
        index = next(iter(applied)).partition
        at = {topic: TopicPartition(name, index) for topic, name in self._sources.items()}
        held = OpenHome(*await self._open_home(at, applied))
        for topic, source in _HOME_SOURCES.items():
            yield at[topic], HomeSource(held, source)
        postings = at[topics.POSTINGS]
        yield postings, await self._open_place(postings, applied[postings])

    async def _open_home(
        self, at: Mapping[Topic, TopicPartition], applied: Mapping[TopicPartition, AppliedPosition]
    ) -> tuple[Home, LmdbHomeStore]:
        """The home with its store: caught up from `fingerprints` and `watches`, or rebuilt from them."""
        due = {
            source: SourcePosition(applied[at[topic]].offset, applied[at[topic]].records)
            for topic, source in _HOME_SOURCES.items()
        }
        aside = {topic: applied[at[topic]].aside for topic in _HOME_SOURCES}
        fingerprints = at[topics.FINGERPRINTS]

        def is_ahead(store: LmdbHomeStore) -> bool:
            return any(position.offset > due[source].offset for source, position in store.positions.items())

        store = await asyncio.to_thread(reopen_unless, is_ahead, LmdbHomeStore, self._places, fingerprints)
        try:
            home = self._make_home(store, fingerprints.partition)
            if not await self._catch_up(home, at, due, aside):
                log.info("the store of %s-%d is too old to be caught up", fingerprints.topic, fingerprints.partition)
                store.close()
                shutil.rmtree(self._places.folder(fingerprints))
                store = await asyncio.to_thread(reopen_unless, is_ahead, LmdbHomeStore, self._places, fingerprints)
                home = self._make_home(store, fingerprints.partition)
                await self._catch_up(home, at, due, aside)
        except BaseException:
            store.close()
            raise
        return home, store

    def _make_home(self, store: LmdbHomeStore, partition: int) -> Home:
        return Home(store, partition, self._partitions, self._matcher, screen=self._screen, generation=self._generation)

    async def _catch_up(
        self,
        home: Home,
        at: Mapping[Topic, TopicPartition],
        due: Mapping[str, SourcePosition],
        aside: Mapping[Topic, frozenset[int]],
    ) -> bool:
        """Bring a store up to what is due, without sending anything; one without a position is rebuilt.

        What was set aside is left out, as it has led to nothing: its replay finds a store that does not know it.

        False where compaction has taken some of what came since: what it brought is not known.
        """
        store, source = home.store, at[topics.FINGERPRINTS]
        held = {name: store.positions.get(name, SourcePosition()) for name in due}
        if held == due:
            return True
        # 1. Noted before anything is committed: from here on the store may know less than one that was lost, or than
        #    one that worked in its place (docs/streams.md says what follows from it).
        begun, last = held[home_store.FINGERPRINTS], due[home_store.FINGERPRINTS]
        if begun.offset == NO_OFFSET < last.offset:
            log.info("rebuilding the store of %s-%d", source.topic, source.partition)
            store.rebuilt = True
        else:
            store.behind = True
        # 2. The fingerprints up to what was applied. What was read is committed on the way, since a backlog may be
        #    larger than memory, and its position at the end: after a crash this begins anew, and does no harm twice.
        records = begun.records
        if begun.offset < last.offset:
            async for chunk in read_partitions(self._settings, {source: begun.offset + 1}, {source: last.offset}):
                some = _leave_out(chunk, aside[topics.FINGERPRINTS])
                records += len(some)
                home.load_fingerprints(list(_readable_arrivals(some)))
                store.commit(store.positions)
        if begun.offset > NO_OFFSET and records != last.records:
            return False
        # 3. Who watches and what is followed, to the end of `watches`: compaction may have moved a record behind what
        #    was applied. Nothing of `pairs`: what was applied of it has been answered.
        watches = at[topics.WATCHES]
        async for chunk in read_partitions(self._settings, {watches: held[home_store.WATCHES].offset + 1}):
            home.load_watches(list(_readable_watches(_leave_out(chunk, aside[topics.WATCHES]))))
            store.commit(store.positions)
        store.commit(due)
        return True

    async def _open_place(self, source: TopicPartition, reached: AppliedPosition) -> HeldPlace:
        """The meeting place; each posting states all keys that its case has here, so a rebuild is a long catching up.

        In a thread, as to open a large store takes a while: the worker's heart beats on.
        """
        applied = reached.offset
        store = await asyncio.to_thread(reopen_store, self._make_meeting_store, self._places, source, applied)
        try:
            place = MeetingPlace(store, PostedSketchScreen(store, self._screen), observer=_observe_blocks)
            if store.offset < applied:
                log.info("catching up the store of %s-%d", source.topic, source.partition)
                async for some in read_partitions(self._settings, {source: store.offset + 1}, {source: applied}):
                    _load_postings(place, _leave_out(some, reached.aside))
                    store.commit(some[-1].offset)
                store.commit(applied)
        except BaseException:
            store.close()
            raise
        return HeldPlace(place, store)

    def _make_meeting_store(self, folder: Path, identity: StoreIdentity) -> DiskMeetingStore:
        return DiskMeetingStore(folder, identity, self._screen.words)

    # --- records

    def decide_records(self, source: TopicPartition, store: Any, records: Sequence[ConsumerRecord]) -> ChunkResult:
        """Apply records, all steps right after each other; as `decide_in_steps`."""
        return finish_steps(self.decide_in_steps(source, store, records))

    def decide_in_steps(
        self, source: TopicPartition, store: Any, records: Sequence[ConsumerRecord]
    ) -> Steps[ChunkResult]:
        """Apply records in order; one that can't be applied is our fault and is kept for replay.

        Judging pairs takes steps; all else is bounded by the size of a slice.
        """
        if isinstance(store, HeldPlace):
            return self.decide_slices([SourceSlice(source, store, records)])[0]
        result = ChunkResult()
        store.note_records(len(records))
        before = msgspec.structs.replace(store.home.counts)
        messages = yield from self._take_for_home(store.home, source, records, result)
        self._add_messages(source, messages, result)
        now = store.home.counts
        result.tally[metrics.BOUNDS_CHECKED] += now.bounds_checked - before.bounds_checked
        result.tally[metrics.BOUNDS_EXCEEDED] += now.bounds_exceeded - before.bounds_exceeded
        result.tally[metrics.PAIRS_CUT] += now.cut - before.cut
        if now.disordered > before.disordered:
            result.tally[metrics.BROKEN_INVARIANTS.labels("claim_order")] += now.disordered - before.disordered
            log.error("%s-%d: claims go back behind earlier ones about the same link", source.topic, source.partition)
        if now.answers > before.answers:
            counted = now.answers - before.answers, now.judged - before.judged
            log.debug("%s-%d to %d: %d pairs, the screen left %d", *_place(source, records), *counted)
        return result

    def _take_for_home(
        self, home: Home, source: TopicPartition, records: Sequence[ConsumerRecord], result: ChunkResult
    ) -> Steps[Sequence[ProtocolMessage]]:
        if source.topic == self._fingerprints:
            return self._take_all(home.take_fingerprints, self._decode_all(_decode_arrival, records, result), result)
        found = self._decode_all(_decode_message, records, result)
        if source.topic == self._watches:
            return self._take_all(home.take_watches, _only(found, Watch | Follow), result)
        answers = self._take_all(home.take_asks, _only(found, Ask), result)
        return [*answers, *(yield from self._judge_all(home, _only(found, Answer), result))]

    def keeps_last(self, source: TopicPartition) -> bool:
        """Watches are turned on and off; versions, and all that names them, have an order of their own."""
        return bool(source.topic == self._watches)

    def decides_together(self, source: TopicPartition) -> bool:
        """Fingerprints and postings: with many partitions few come to each, and few cost as much as a hundred."""
        return source.topic in (self._fingerprints, self._postings)

    def decide_slices(self, slices: Sequence[SourceSlice]) -> list[ChunkResult]:
        """Apply what came to several homes or meeting places; where that fails, what came to each alone."""
        topic = slices[0].source.topic
        try:
            if topic == self._postings:
                return self._take_postings_together(slices)
            if topic == self._fingerprints:
                return self._take_fingerprints_together(slices)
        except faults.TROUBLE:
            raise
        except Exception:
            log.debug("%s: slices are decided one by one, as one of them fails", topic)
        # Fingerprints have changed nothing. Postings may be stored already: they are taken in anew, and ask anew.
        alone = self._decide_postings if topic == self._postings else lambda one: self.decide_records(*one)
        return [alone(one) for one in slices]

    def _take_fingerprints_together(self, slices: Sequence[SourceSlice]) -> list[ChunkResult]:
        results = [ChunkResult() for _ in slices]
        found = [
            self._decode_all(_decode_arrival, one.records, result) for one, result in zip(slices, results, strict=True)
        ]
        chunks = [
            ArrivedChunk(one.store.home, [arrival for _, arrival in some])
            for one, some in zip(slices, found, strict=True)
        ]
        for one, messages, result in zip(slices, take_arrivals_together(chunks, self._screen), results, strict=True):
            one.store.note_records(len(one.records))
            self._add_messages(one.source, messages, result)
        return results

    def _take_postings_together(self, slices: Sequence[SourceSlice]) -> list[ChunkResult]:
        before = [msgspec.structs.replace(one.store.place.counts) for one in slices]
        chunks = [_posting_chunk(one.store.place, one.records) for one in slices]
        return [
            self._report_postings(one, counts, asks, ChunkResult(taken=_find_untaken(one.records, taken)))
            for one, counts, (asks, taken) in zip(slices, before, take_together(chunks, self._screen), strict=True)
        ]

    def _decide_postings(self, one: SourceSlice) -> ChunkResult:
        result = ChunkResult()
        place: MeetingPlace = one.store.place
        before = msgspec.structs.replace(place.counts)

        def take(found: Sequence[ConsumerRecord]) -> Sequence[ProtocolMessage]:
            chunk = _posting_chunk(place, found)
            return place.take_postings(chunk.cases, chunk.values)

        asks = self._take_all(take, [(record, record) for record in one.records if record.value is not None], result)
        return self._report_postings(one, before, asks, result)

    def _report_postings(
        self, one: SourceSlice, before: MeetingCounts, asks: Sequence[ProtocolMessage], result: ChunkResult
    ) -> ChunkResult:
        self._add_messages(one.source, asks, result)
        now = one.store.place.counts
        met, left = now.candidates - before.candidates, now.screened - before.screened
        result.tally[metrics.CANDIDATES] += met
        if met:
            log.debug("%s-%d to %d: met %d cases, the screen left %d", *_place(one.source, one.records), met, left)
        return result

    def _decode_all(
        self, decode: Callable[[ConsumerRecord], T], records: Iterable[ConsumerRecord], result: ChunkResult
    ) -> list[tuple[ConsumerRecord, T]]:
        found = []
        for record in records:
            try:
                if record.value is not None:
                    found.append((record, decode(record)))
            except (msgspec.DecodeError, ProtocolError) as error:
                self._keep_for_replay(record, error, result)
        return found

    def _take_all(
        self,
        take: Callable[[Sequence[T]], Sequence[ProtocolMessage]],
        found: Sequence[tuple[ConsumerRecord, T]],
        result: ChunkResult,
    ) -> Sequence[ProtocolMessage]:
        """Take all at once; where that fails, nothing has changed, and they are taken one by one."""
        try:
            return take([item for _, item in found]) if found else ()
        except faults.TROUBLE:
            raise
        except Exception as error:
            if len(found) == 1:
                self._keep_for_replay(found[0][0], error, result)
                return ()
        return [message for one in found for message in self._take_all(take, [one], result)]

    def _judge_all(
        self, home: Home, found: Sequence[tuple[ConsumerRecord, Answer]], result: ChunkResult
    ) -> Steps[Sequence[ProtocolMessage]]:
        """Judge all answers, in steps; as `_take_all`."""
        try:
            return (yield from home.judge_in_steps([answer for _, answer in found])) if found else ()
        except faults.TROUBLE:
            raise
        except Exception as error:
            if len(found) == 1:
                self._keep_for_replay(found[0][0], error, result)
                return ()
        messages: list[ProtocolMessage] = []
        for one in found:
            messages += yield from self._judge_all(home, [one], result)
        return messages

    def _keep_for_replay(self, record: ConsumerRecord, error: Exception, result: ChunkResult) -> None:
        log.error("%s-%d-%d can't be correlated", record.topic, record.partition, record.offset, exc_info=error)
        kept = faults.reject_failed(self._rejected, self._settings, record, faults.NOT_CORRELATED, error)
        result.outputs.append(kept)
        result.tally[metrics.FAULTS.labels(faults.NOT_CORRELATED)] += 1

    def _add_messages(self, source: TopicPartition, messages: Iterable[ProtocolMessage], result: ChunkResult) -> None:
        for message in messages:
            if isinstance(message, Posting):
                result.outputs.append(Output(self._postings, message.partition, message.case, message.value))
            elif isinstance(message, JudgedClaim):
                result.outputs += self._claim_outputs(source, message)
                result.tally[metrics.CLAIMS.labels(message.claim.state)] += 1
            else:
                topic = self._pairs if isinstance(message, Ask | Answer) else self._watches
                partition = target_partition(message, self._partitions)
                result.outputs.append(Output(topic, partition, *encode_pair_message(message)))

    def _claim_outputs(self, source: TopicPartition, judged: JudgedClaim) -> list[Output]:
        """A link's claim, or the notice of an alert's match."""
        claim = judged.claim
        if self._matches.concerns(claim):
            return self._matches.match_outputs(judged)
        log.debug("%s-%d: link %s is %s %s", source.topic, source.partition, claim.link, claim.state, claim.band)
        partition = topics.link_partition(claim.link, self._settings.case_partitions)
        return [Output(self._links, partition, f"{claim.link}|{claim.partition}".encode(), _encode(claim))]


_HOME_SOURCES: Final = {
    topics.FINGERPRINTS: home_store.FINGERPRINTS,
    topics.PAIRS: home_store.PAIRS,
    topics.WATCHES: home_store.WATCHES,
}
"""What the home's store calls its sources."""


def _decode_arrival(record: ConsumerRecord) -> Arrival:
    version = CaseVersion(encoded=record.value)
    return Arrival(version, version.fingerprint.first)


def _decode_message(record: ConsumerRecord) -> PairMessage | WatchMessage:
    return decode_pair_message(record.key or b"", record.value)


def _only(found: Iterable[tuple[ConsumerRecord, Any]], kind: Any) -> list[tuple[ConsumerRecord, Any]]:
    return [(record, message) for record, message in found if isinstance(message, kind)]


def _readable_arrivals(records: Iterable[ConsumerRecord]) -> Iterator[Arrival]:
    """What can't be read was kept in `rejected` when it came, and must not hold up a rebuild."""
    for record in records:
        if record.value is not None:
            with suppress(msgspec.DecodeError):
                yield _decode_arrival(record)


def _readable_watches(records: Iterable[ConsumerRecord]) -> Iterator[WatchMessage]:
    for record in records:
        if record.value is not None:
            with suppress(ProtocolError):
                message = _decode_message(record)
                if isinstance(message, Watch | Follow):
                    yield message


def _posting_chunk(place: MeetingPlace, records: Sequence[ConsumerRecord]) -> PostingChunk:
    found = [record for record in records if record.value is not None]
    return PostingChunk(place, [record.key for record in found], [record.value for record in found])


def _find_untaken(records: Sequence[ConsumerRecord], taken: int) -> int | None:
    """Where the first record is that was not taken, after so many that were; None if all were.

    Records without a value are none of them.
    """
    postings = [at for at, record in enumerate(records) if record.value is not None]
    return postings[taken] if taken < len(postings) else None


def _load_postings(place: MeetingPlace, records: Sequence[ConsumerRecord]) -> None:
    """Take in postings; one that can't be read, which was kept in `rejected` when it came, is left out."""
    try:
        chunk = _posting_chunk(place, records)
        place.load_postings(chunk.cases, chunk.values)
    except ProtocolError:
        if len(records) > 1:
            for record in records:
                _load_postings(place, [record])


def _leave_out(records: Sequence[ConsumerRecord], aside: frozenset[int]) -> list[ConsumerRecord]:
    return [record for record in records if record.offset not in aside]


def _place(source: TopicPartition, records: Sequence[ConsumerRecord]) -> tuple[str, int, int]:
    """A chunk's position in a log line: topic and partition up to its last offset."""
    return source.topic, source.partition, records[-1].offset


def _observe_blocks(keys: NDArray[np.uint64], sizes: NDArray[np.int64]) -> None:
    """Tell of the blocks that cases met, by their kinds of key: a key itself would tell of a person."""
    metrics.BLOCK_SIZE.observe(keys, sizes)
    hot = np.flatnonzero(sizes >= metrics.HOT_BLOCK)
    for key, size in zip(keys[hot].tolist(), sizes[hot].tolist(), strict=True):
        kind = kind_of(key).name.lower()
        metrics.HOT_BLOCKS.labels(kind).inc()
        largest = _largest_met[kind] = max(size, _largest_met.get(kind, 0))
        metrics.LARGEST_BLOCK.labels(kind).set(largest)


async def _purge_applied(settings: Settings, stage: Stage, topic: str) -> None:
    """Delete from Kafka, again and again, what this worker's homes have applied of `pairs`; never ends.

    What could not be deleted now is deleted later: nobody reads it again but a fetcher, which skips what was applied.
    What was set aside stays, and with it what lies behind it, until it is replayed.
    """
    purged: dict[TopicPartition, int] = {}
    purged_at = time.monotonic()
    while True:
        await asyncio.sleep(PURGE_S)
        held = {
            owned.partition: min([owned.applied, *(offset - 1 for offset in owned.aside[:1])])
            for owned in stage.owned_partitions()
            if owned.partition.topic == topic
        }
        due = {partition: at + 1 for partition, at in held.items() if at > purged.get(partition, NO_OFFSET)}
        try:
            if due:
                await asyncio.to_thread(delete_records, settings, due)
                purged = held
            purged_at = time.monotonic()
            metrics.UNPURGED_AGE.set(0)
            continue
        except DeniedError:
            login = login_name(settings) or "this worker"
            log.warning(
                "what was applied of %s stays, with what it holds of cases: Kafka does not let %s delete it;"
                " `liaison ops credentials %s` gives its user this right",
                *(topic, login, STAGE),
            )
        except (LiaisonError, OSError) as error:
            log.warning("what was applied of %s stays for now: %s", topic, error)
        metrics.UNPURGED_AGE.set(time.monotonic() - purged_at)


@asynccontextmanager
async def correlate_stage(settings: Settings, wanted: str, after: After) -> AsyncIterator[Stage]:
    """The stage in one generation. Raises LiaisonError where topics are missing."""
    held = await control.read_control(settings)
    current = held.find_generation(wanted)
    settings, model = current.apply_to_settings(settings), current.compile_model()
    sources = [topics.topic_name(settings, topic, generation=current.id) for topic in SOURCES]
    subscriptions = topics.topic_name(settings, topics.SUBSCRIPTIONS)
    written = [
        topics.topic_name(settings, topics.LINKS, generation=current.id),
        topics.topic_name(settings, topics.NOTICES),
        topics.topic_name(settings, topics.HIT_QUESTIONS),
    ]
    found = read_ids(settings, [*sources, subscriptions, *written])
    matches = SavedSearchMatches(settings, key_ring(settings), model, active=held.active == current.id)
    with claimed_slot(settings, f"{STAGE}-{current.id}") as slot:
        work = CorrelateProcessor(
            settings, StorePlaces(slot.stores, STAGE, current.id, found), model, current.id, matches
        )
        feeds = [
            StageFeed(STAGE, sources, work, current.id),
            StageFeed(FEED, [subscriptions], SavedSearchProcessor(settings, model, current.id), current.id),
        ]
        made = Stage(settings, slot, feeds, found.topics, after)
        pairs = topics.topic_name(settings, topics.PAIRS, generation=current.id)
        purging = asyncio.create_task(_purge_applied(settings, made, pairs))
        try:
            async with rejoin_on_events(made, control.changed_for(settings, held, wanted)):
                yield made
        finally:
            purging.cancel()
            await asyncio.wait([purging])
