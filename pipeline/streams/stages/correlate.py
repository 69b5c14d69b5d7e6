"""The correlate stage: fingerprints of one partition of `blocks` in, claims and standing queries' notices out."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final

import msgspec
import numpy as np
from aiokafka import ConsumerRecord, TopicPartition
from numpy.typing import NDArray

from pipeline.access.hit_gate import exact_band
from pipeline.correlation.claims import Claim
from pipeline.correlation.correlator import Correlator
from pipeline.correlation.kinds import kind_of
from pipeline.correlation.lmdb_store import LmdbStore
from pipeline.correlation.store_file import NO_OFFSET
from pipeline.matching.fingerprint import Fingerprint
from pipeline.matching.matcher import ModelMatcher
from pipeline.matching.model import Model
from pipeline.settings import Settings
from pipeline.streams.catalogues import metrics, topics
from pipeline.streams.kafka.admin import ids
from pipeline.streams.kafka.reading import read
from pipeline.streams.registers import control
from pipeline.streams.registers.installation_secret import key_ring
from pipeline.streams.runtime import faults
from pipeline.streams.runtime.stage import AgentInput, Stage, rejoining
from pipeline.streams.runtime.stores import Places, reopened
from pipeline.streams.runtime.transactions import AppliedPosition, Output
from pipeline.streams.runtime.work import After, ChunkResult, Table
from pipeline.streams.runtime.worker_slots import claimed_slot
from pipeline.streams.stages.standing import FEED, Matches, Subscribe

log = logging.getLogger(__name__)

STAGE: Final = "correlate"

Asking = tuple[ConsumerRecord, Fingerprint]

_fingerprints = msgspec.json.Decoder(Fingerprint)
_claims = msgspec.json.Decoder(Claim)
_encoder = msgspec.json.Encoder()


class HeldPartition:
    """A partition's correlator with the store under it, as a lane keeps it."""

    def __init__(self, correlator: Correlator, store: LmdbStore) -> None:
        self.correlator = correlator
        self.store = store
        self.commit, self.sync, self.renew, self.close = store.commit, store.sync, store.renew, store.close

    @property
    def offset(self) -> int:
        """The offset of `blocks` that the store stands for."""
        return self.store.offset


class Correlate:
    """The work of the stage in one generation."""

    def __init__(self, settings: Settings, places: Places, model: Model, generation: str, matches: Matches) -> None:
        self._settings, self._places, self._matches = settings, places, matches
        self._generation = generation
        self._matcher = ModelMatcher(model, generation=generation, find_exact_band=exact_band)
        self._partitions = settings.block_partitions
        self._links = topics.name(settings, topics.LINKS, generation=generation)
        self._rejected = topics.name(settings, topics.REJECTED)

    async def open(self, source: TopicPartition, applied: AppliedPosition) -> HeldPartition:
        """The store as of what was applied: caught up from `blocks`, or rebuilt from it and its partition's links."""
        held = await self._opened(source, applied.offset)
        if NO_OFFSET < held.offset < applied.offset and not await self._caught_up(source, held, applied):
            held.close()
            held = await self._opened(source, NO_OFFSET)
        if held.offset == NO_OFFSET < applied.offset:
            await self._rebuild(source, held, applied)
        return held

    async def _opened(self, source: TopicPartition, applied: int) -> HeldPartition:
        """In a thread, as to read the lists takes most of a second for a million cases: the worker's heart beats on."""
        return self._held(source, await asyncio.to_thread(reopened, LmdbStore, self._places, source, applied))

    async def _caught_up(self, source: TopicPartition, held: HeldPartition, applied: AppliedPosition) -> bool:
        """Take in what came since. False where compaction has taken some of it: what links it brought is not known."""
        async for records in read(self._settings, {source: held.offset + 1}, {source: applied.offset}):
            self.step(source, held, records)
        if held.store.records != applied.records:
            log.info("the store of %s-%d is too old to be caught up", source.topic, source.partition)
            return False
        held.commit(applied.offset)
        return True

    def _held(self, source: TopicPartition, store: LmdbStore) -> HeldPartition:
        correlator = Correlator(
            store,
            source.partition,
            self._partitions,
            self._matcher,
            generation=self._generation,
            told=_met,
        )
        return HeldPartition(correlator, store)

    async def _rebuild(self, source: TopicPartition, held: HeldPartition, applied: AppliedPosition) -> None:
        log.info("rebuilding the store of %s-%d", source.topic, source.partition)
        async for records in read(self._settings, {source: 0}, {source: applied.offset}):
            held.correlator.load(list(_held_in(records)))
            held.commit(NO_OFFSET)
        held.correlator.adopt((await self._own_claims(source.partition)).values())
        held.store.records = applied.records
        held.commit(applied.offset)

    async def _own_claims(self, partition: int) -> dict[str, Claim]:
        """The last claim of this partition about each link: written before its producer was started."""
        own = f"|{partition}".encode()
        starts = {TopicPartition(self._links, p): 0 for p in range(self._settings.case_partitions)}
        claims: dict[str, Claim] = {}
        async for records in read(self._settings, starts):
            found = (_claims.decode(r.value) for r in records if r.key.endswith(own) and r.value is not None)
            claims |= {claim.link: claim for claim in found}
        return claims

    async def due(self, applied: Mapping[TopicPartition, int], table: Table) -> list[Output]:
        """Nothing is."""
        return []

    def step(self, source: TopicPartition, store: HeldPartition, records: Sequence[ConsumerRecord]) -> ChunkResult:
        """Take in fingerprints in order; one that can't be is our fault and is kept for replay."""
        result = ChunkResult()
        store.store.records += len(records)
        seen = store.correlator.counts.candidates
        waiting = self._readable(records, result)
        while waiting:
            waiting = self._taken(store.correlator, waiting, result)
        result.tally[metrics.CANDIDATES] += store.correlator.counts.candidates - seen
        return result

    def _readable(self, records: Sequence[ConsumerRecord], result: ChunkResult) -> Sequence[Asking]:
        found: list[Asking] = []
        for record in records:
            try:
                if record.value is not None:
                    found.append((record, _fingerprints.decode(record.value)))
            except msgspec.DecodeError as error:
                self._keep(record, error, result)
        return found

    def _taken(self, correlator: Correlator, waiting: Sequence[Asking], result: ChunkResult) -> Sequence[Asking]:
        """Take in all, or what is before the first that can't be; gives what is after it."""
        done = 0
        try:
            for claims in correlator.receive_all([fingerprint for _, fingerprint in waiting]):
                self._tell(claims, correlator, result)
                done += 1
        except faults.TROUBLE:
            raise
        except Exception as error:
            self._keep(waiting[done][0], error, result)
            return waiting[done + 1 :]
        return ()

    def _keep(self, record: ConsumerRecord, error: Exception, result: ChunkResult) -> None:
        log.error("%s-%d-%d can't be correlated", record.topic, record.partition, record.offset, exc_info=error)
        kept = faults.rejection(self._rejected, self._settings, record, faults.NOT_CORRELATED, error)
        result.outputs.append(kept)
        result.tally[metrics.FAULTS.labels(faults.NOT_CORRELATED)] += 1

    def _tell(self, claims: Sequence[Claim], correlator: Correlator, result: ChunkResult) -> None:
        for claim in claims:
            result.tally[metrics.CLAIMS.labels(claim.state)] += 1
        result.outputs += [output for claim in claims for output in self._outputs(claim, correlator)]

    def _outputs(self, claim: Claim, correlator: Correlator) -> list[Output]:
        """A link's claim, or the notice of a standing query's match."""
        if self._matches.concerns(claim):
            return list(self._matches.told(claim, correlator))
        return [self._output(claim)]

    def _output(self, claim: Claim) -> Output:
        partition = topics.link_partition(claim.link, self._settings.case_partitions)
        return Output(self._links, partition, f"{claim.link}|{claim.partition}".encode(), _encoder.encode(claim))

    async def publish(self, result: ChunkResult) -> Sequence[Output]:
        """Nothing goes anywhere but to Kafka."""
        return ()


def _met(keys: NDArray[np.uint64], sizes: NDArray[np.int64]) -> None:
    """Tell of the blocks that cases met, by their kinds of key: a key itself would tell of a person."""
    metrics.BLOCK_SIZE.observe(keys, sizes)
    for key in keys[sizes >= metrics.HOT_BLOCK].tolist():
        metrics.HOT_BLOCKS.labels(kind_of(key).name.lower()).inc()


def _held_in(records: Iterable[ConsumerRecord]) -> Iterator[Fingerprint]:
    """What can't be read was kept in `rejected` when it came, and must not hold up a rebuild."""
    for record in records:
        if record.value is not None:
            with suppress(msgspec.DecodeError):
                yield _fingerprints.decode(record.value)


@asynccontextmanager
async def stage(settings: Settings, wanted: str, after: After) -> AsyncIterator[Stage]:
    """The stage in one generation. Raises LiaisonError where topics are missing."""
    held = await control.control(settings)
    current = held.of(wanted)
    settings = current.settings(settings)
    blocks = topics.name(settings, topics.BLOCKS, generation=current.id)
    subscriptions = topics.name(settings, topics.SUBSCRIPTIONS)
    written = [
        topics.name(settings, topics.LINKS, generation=current.id),
        topics.name(settings, topics.NOTICES),
        topics.name(settings, topics.HIT_QUESTIONS),
    ]
    found, model = ids(settings, [blocks, subscriptions, *written]), current.compiled()
    matches = Matches(settings, key_ring(settings), active=held.active == current.id)
    with claimed_slot(settings, f"{STAGE}-{current.id}") as slot:
        work = Correlate(settings, Places(slot.stores, STAGE, current.id, found), model, current.id, matches)
        feeds = [
            AgentInput(STAGE, [blocks], work, current.id),
            AgentInput(FEED, [subscriptions], Subscribe(settings, model, current.id), current.id),
        ]
        made = Stage(settings, slot, feeds, found.topics, after)
        async with rejoining(made, control.changed_for(settings, held, wanted)):
            yield made
