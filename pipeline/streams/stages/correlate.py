"""The correlate stage: fingerprints of one partition of `blocks` in, claims and alerts' notices out."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final

import msgspec
import numpy as np
from aiokafka import ConsumerRecord, TopicPartition
from numpy.typing import NDArray

from pipeline.access.hit_gate import exact_match
from pipeline.correlation.claims import Claim
from pipeline.correlation.correlator import Correlator, CorrelatorCounts
from pipeline.correlation.key_kinds import kind_of
from pipeline.correlation.lmdb_store import LmdbStore
from pipeline.correlation.store_file import NO_OFFSET
from pipeline.matching.fingerprint import Fingerprint
from pipeline.matching.matcher import ModelMatcher
from pipeline.matching.model import Model
from pipeline.settings import Settings
from pipeline.streams.catalogues import metrics, topics
from pipeline.streams.kafka.admin import read_ids
from pipeline.streams.kafka.reading import read_partitions
from pipeline.streams.registers import control
from pipeline.streams.registers.installation_secret import key_ring
from pipeline.streams.runtime import faults
from pipeline.streams.runtime.processor import After, ChunkResult, Processor
from pipeline.streams.runtime.stage import Stage, StageFeed, rejoin_on_events
from pipeline.streams.runtime.stores import StorePlaces, reopen_store
from pipeline.streams.runtime.transactions import AppliedPosition, Output
from pipeline.streams.runtime.worker_slots import claimed_slot
from pipeline.streams.stages.saved_searches import FEED, SavedSearchMatches, SavedSearchProcessor

log = logging.getLogger(__name__)

STAGE: Final = "correlate"

Asking = tuple[ConsumerRecord, Fingerprint]

_fingerprints = msgspec.json.Decoder(Fingerprint)
_claims = msgspec.json.Decoder(Claim)
_encoder = msgspec.json.Encoder()

_largest_met: dict[str, int] = {}
"""Cases of the largest hot block met since this process began, by kind of key."""


class HeldPartition:
    """A partition's correlator with the store under it, as a lane keeps it."""

    def __init__(self, correlator: Correlator, store: LmdbStore) -> None:
        self.correlator = correlator
        self.store = store
        self.commit, self.sync, self.compact, self.close = store.commit, store.sync, store.compact, store.close

    @property
    def offset(self) -> int:
        """The offset of `blocks` that the store stands for."""
        return self.store.offset


class CorrelateProcessor(Processor):
    """The work of the stage in one generation."""

    def __init__(
        self, settings: Settings, places: StorePlaces, model: Model, generation: str, matches: SavedSearchMatches
    ) -> None:
        self._settings, self._places, self._matches = settings, places, matches
        self._generation = generation
        self._matcher = ModelMatcher(model, generation=generation, find_exact_match=exact_match)
        self._partitions = settings.block_partitions
        self._links = topics.topic_name(settings, topics.LINKS, generation=generation)
        self._rejected = topics.topic_name(settings, topics.REJECTED)

    async def open_store(self, source: TopicPartition, applied: AppliedPosition) -> HeldPartition:
        """The store as of what was applied: caught up from `blocks`, or rebuilt from it and its partition's links."""
        held = await self._open_partition(source, applied.offset)
        if NO_OFFSET < held.offset < applied.offset and not await self._caught_up(source, held, applied):
            held.close()
            held = await self._open_partition(source, NO_OFFSET)
        if held.offset == NO_OFFSET < applied.offset:
            await self._rebuild_partition(source, held, applied)
        return held

    async def _open_partition(self, source: TopicPartition, applied: int) -> HeldPartition:
        """In a thread, as to read the lists takes most of a second for a million cases: the worker's heart beats on."""
        return self._hold_partition(
            source, await asyncio.to_thread(reopen_store, LmdbStore, self._places, source, applied)
        )

    async def _caught_up(self, source: TopicPartition, held: HeldPartition, applied: AppliedPosition) -> bool:
        """Take in what came since. False where compaction has taken some of it: what links it brought is not known."""
        with held.correlator.catching_up():
            async for records in read_partitions(self._settings, {source: held.offset + 1}, {source: applied.offset}):
                self.decide_records(source, held, records)
        if held.store.records != applied.records:
            log.info("the store of %s-%d is too old to be caught up", source.topic, source.partition)
            return False
        held.commit(applied.offset)
        return True

    def _hold_partition(self, source: TopicPartition, store: LmdbStore) -> HeldPartition:
        correlator = Correlator(
            store,
            source.partition,
            self._partitions,
            self._matcher,
            generation=self._generation,
            observer=_observe_blocks,
        )
        return HeldPartition(correlator, store)

    async def _rebuild_partition(self, source: TopicPartition, held: HeldPartition, applied: AppliedPosition) -> None:
        log.info("rebuilding the store of %s-%d", source.topic, source.partition)
        async for records in read_partitions(self._settings, {source: 0}, {source: applied.offset}):
            held.correlator.load_versions(list(_held_in(records)))
            held.commit(NO_OFFSET)
        held.correlator.adopt_claims((await self._own_claims(source.partition)).values())
        held.store.records = applied.records
        held.commit(applied.offset)

    async def _own_claims(self, partition: int) -> dict[str, Claim]:
        """The last claim of this partition about each link: written before its producer was started."""
        own = f"|{partition}".encode()
        starts = {TopicPartition(self._links, p): 0 for p in range(self._settings.case_partitions)}
        claims: dict[str, Claim] = {}
        async for records in read_partitions(self._settings, starts):
            found = (_claims.decode(r.value) for r in records if r.key.endswith(own) and r.value is not None)
            claims |= {claim.link: claim for claim in found}
        return claims

    def decide_records(
        self, source: TopicPartition, store: HeldPartition, records: Sequence[ConsumerRecord]
    ) -> ChunkResult:
        """Take in fingerprints in order; one that can't be is our fault and is kept for replay."""
        result = ChunkResult()
        store.store.records += len(records)
        before = msgspec.structs.replace(store.correlator.counts)
        waiting = self._decode_readable(records, result)
        while waiting:
            waiting = self._correlate_waiting(store.correlator, waiting, result)
        now = store.correlator.counts
        result.tally[metrics.CANDIDATES] += now.candidates - before.candidates
        result.tally[metrics.BOUNDS_CHECKED] += now.bounds_checked - before.bounds_checked
        result.tally[metrics.BOUNDS_EXCEEDED] += now.bounds_exceeded - before.bounds_exceeded
        if now.disordered > before.disordered:
            result.tally[metrics.BROKEN_INVARIANTS.labels("claim_order")] += now.disordered - before.disordered
            log.error("%s-%d: claims go back behind earlier ones about the same link", source.topic, source.partition)
        return result

    def _decode_readable(self, records: Sequence[ConsumerRecord], result: ChunkResult) -> Sequence[Asking]:
        found: list[Asking] = []
        for record in records:
            try:
                if record.value is not None:
                    found.append((record, _fingerprints.decode(record.value)))
            except msgspec.DecodeError as error:
                self._keep_for_replay(record, error, result)
        return found

    def _correlate_waiting(
        self, correlator: Correlator, waiting: Sequence[Asking], result: ChunkResult
    ) -> Sequence[Asking]:
        """Take in all, or what is before the first that can't be; gives what is after it."""
        done, counts = 0, msgspec.structs.replace(correlator.counts)
        try:
            for claims in correlator.receive_all([fingerprint for _, fingerprint in waiting]):
                record = waiting[done][0]
                result.outputs += [out for claim in claims for out in self._claim_outputs(record, claim, correlator)]
                result.tally.update(metrics.CLAIMS.labels(claim.state) for claim in claims)
                if log.isEnabledFor(logging.DEBUG):
                    counts = _tell_counts(record, counts, correlator.counts, claims)
                done += 1
        except faults.TROUBLE:
            raise
        except Exception as error:
            self._keep_for_replay(waiting[done][0], error, result)
            return waiting[done + 1 :]
        return ()

    def _keep_for_replay(self, record: ConsumerRecord, error: Exception, result: ChunkResult) -> None:
        log.error("%s-%d-%d can't be correlated", record.topic, record.partition, record.offset, exc_info=error)
        kept = faults.reject_failed(self._rejected, self._settings, record, faults.NOT_CORRELATED, error)
        result.outputs.append(kept)
        result.tally[metrics.FAULTS.labels(faults.NOT_CORRELATED)] += 1

    def _claim_outputs(self, record: ConsumerRecord, claim: Claim, correlator: Correlator) -> list[Output]:
        """A link's claim, or the notice of an alert's match."""
        if self._matches.concerns(claim):
            return self._matches.match_outputs(record, claim, correlator)
        partition = topics.link_partition(claim.link, self._settings.case_partitions)
        return [Output(self._links, partition, f"{claim.link}|{claim.partition}".encode(), _encoder.encode(claim))]


def _tell_counts(
    record: ConsumerRecord, before: CorrelatorCounts, now: CorrelatorCounts, claims: Sequence[Claim]
) -> CorrelatorCounts:
    """Log what a record met and led to; gives the counts to begin the next record's from."""
    claimed = Counter(f"{claim.state} {claim.band}".rstrip() for claim in claims)
    log.debug(
        "%s-%d-%d: met %d cases, the screens left %d, %d judged, claims: %s",
        record.topic,
        record.partition,
        record.offset,
        now.candidates - before.candidates,
        now.screened - before.screened,
        now.judged - before.judged,
        ", ".join(f"{what} {count}" for what, count in claimed.items()) or "none",
    )
    return msgspec.structs.replace(now)


def _observe_blocks(keys: NDArray[np.uint64], sizes: NDArray[np.int64]) -> None:
    """Tell of the blocks that cases met, by their kinds of key: a key itself would tell of a person."""
    metrics.BLOCK_SIZE.observe(keys, sizes)
    hot = np.flatnonzero(sizes >= metrics.HOT_BLOCK)
    for key, size in zip(keys[hot].tolist(), sizes[hot].tolist(), strict=True):
        kind = kind_of(key).name.lower()
        metrics.HOT_BLOCKS.labels(kind).inc()
        largest = _largest_met[kind] = max(size, _largest_met.get(kind, 0))
        metrics.LARGEST_BLOCK.labels(kind).set(largest)


def _held_in(records: Iterable[ConsumerRecord]) -> Iterator[Fingerprint]:
    """What can't be read was kept in `rejected` when it came, and must not hold up a rebuild."""
    for record in records:
        if record.value is not None:
            with suppress(msgspec.DecodeError):
                yield _fingerprints.decode(record.value)


@asynccontextmanager
async def correlate_stage(settings: Settings, wanted: str, after: After) -> AsyncIterator[Stage]:
    """The stage in one generation. Raises LiaisonError where topics are missing."""
    held = await control.read_control(settings)
    current = held.find_generation(wanted)
    settings = current.apply_to_settings(settings)
    blocks = topics.topic_name(settings, topics.BLOCKS, generation=current.id)
    subscriptions = topics.topic_name(settings, topics.SUBSCRIPTIONS)
    written = [
        topics.topic_name(settings, topics.LINKS, generation=current.id),
        topics.topic_name(settings, topics.NOTICES),
        topics.topic_name(settings, topics.HIT_QUESTIONS),
    ]
    found, model = read_ids(settings, [blocks, subscriptions, *written]), current.compile_model()
    matches = SavedSearchMatches(settings, key_ring(settings), model, active=held.active == current.id)
    with claimed_slot(settings, f"{STAGE}-{current.id}") as slot:
        work = CorrelateProcessor(
            settings, StorePlaces(slot.stores, STAGE, current.id, found), model, current.id, matches
        )
        feeds = [
            StageFeed(STAGE, [blocks], work, current.id),
            StageFeed(FEED, [subscriptions], SavedSearchProcessor(settings, model, current.id), current.id),
        ]
        made = Stage(settings, slot, feeds, found.topics, after)
        async with rejoin_on_events(made, control.changed_for(settings, held, wanted)):
            yield made
