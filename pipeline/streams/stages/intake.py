"""The intake stage: messages of the national topics in; receipts, rejections, accepted records and fingerprints out.

It alone writes to `accepted`, so it is also asked, by `expiries`, to end the versions whose retention is over.

An expiry ends a version by a mark in `accepted`, and by its fingerprint in `fingerprints`. The stage's
store has by case key the latest version that was accepted, as MessagePack.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final

import msgspec
from aiokafka import ConsumerRecord, TopicPartition

from pipeline.access.guesses import AskedGuesses, make_guesses
from pipeline.correlation.fingerprinting import expiry_mark, make_fingerprint
from pipeline.correlation.key_ring import KeyRing
from pipeline.correlation.protocol import case_id, home_partition
from pipeline.correlation.steps import Step, Steps, finish_steps
from pipeline.correlation.store_file import NO_OFFSET
from pipeline.matching.model import Model
from pipeline.records import expiry
from pipeline.records.agencies import Registry
from pipeline.records.intake import (
    AcceptedVersion,
    IntakeContext,
    IntakeDecision,
    SourceMessage,
    decide_message,
    known_from,
    make_accepted_record,
    reject_batch,
    rejection,
)
from pipeline.records.messages import AcceptedRecord, KnownVersion, Position, Reason, Receipt, RejectedMessage
from pipeline.records.validation import RecordProblem
from pipeline.settings import Settings
from pipeline.streams.catalogues import metrics, topics
from pipeline.streams.kafka.admin import read_ids
from pipeline.streams.kafka.positions import UnreadableBatch, origin_of
from pipeline.streams.kafka.reading import offsets_since, read_partitions
from pipeline.streams.registers import control
from pipeline.streams.registers.control import Generation
from pipeline.streams.registers.installation_secret import key_ring
from pipeline.streams.registers.registry import read_agencies, trusted_registry, wait_for_change
from pipeline.streams.registers.seals import is_sealed_expiry
from pipeline.streams.runtime import faults
from pipeline.streams.runtime.faults import InternalFaultError
from pipeline.streams.runtime.processor import After, ChunkResult, NullStore, Processor, ProgressTable
from pipeline.streams.runtime.stage import ALL, Stage, StageFeed, rejoin_on_events
from pipeline.streams.runtime.stores import StorePlaces, reopen_store
from pipeline.streams.runtime.table_store import TableStore
from pipeline.streams.runtime.transactions import (
    HOME,
    AppliedPosition,
    Output,
    Progress,
    advance_progress,
    marker_output,
    read_marker,
)
from pipeline.streams.runtime.worker_slots import claimed_slot
from pipeline.streams.stages import derive
from pipeline.times import now

_known: Final = msgspec.msgpack.Decoder(KnownVersion)
_known_encoder: Final = msgspec.msgpack.Encoder()


def find_known_version(store: TableStore, case: str) -> KnownVersion | None:
    """The version that is known of a case; None of a case that is new."""
    value = store.get(case.encode())
    return None if value is None else _known.decode(value)


def encode_known_version(known: KnownVersion) -> bytes:
    """The value that a store holds under the case's key."""
    return _known_encoder.encode(known)


FindStore = Callable[[str, int], TableStore | None]
"""The store of an agency's cases in a partition."""

_expiries: Final = msgspec.json.Decoder(expiry.Expiry)


class ExpiryDecider:
    """Decides what each message of `expiries` ends. The fingerprints are of the generation `current`."""

    def __init__(
        self, settings: Settings, registry: Registry, current: Generation, ring: KeyRing, clock: Callable[[], datetime]
    ) -> None:
        self._registry, self._ring, self._clock = registry, ring, clock
        self._generation, self._partitions = current.id, settings.correlate_partitions
        self.topic = topics.topic_name(settings, topics.EXPIRIES)
        self._accepted = topics.topic_name(settings, topics.ACCEPTED)
        self._guesses = topics.topic_name(settings, topics.HIT_GUESSES)
        self._fingerprints = topics.topic_name(settings, topics.FINGERPRINTS, generation=current.id)

    def decide_expiry(self, record: ConsumerRecord, find_store: FindStore) -> list[Output]:
        """Whatever is not a request of ours, or comes too late, ends nothing; retention asks again."""
        try:
            asked = _expiries.decode(record.value or b"")
        except msgspec.DecodeError as error:
            log.warning("%s-%d-%d ends nothing: %s", record.topic, record.partition, record.offset, error)
            return []
        if not is_sealed_expiry(asked, self._ring):
            log.warning("%s-%d-%d ends nothing: it bears no seal", record.topic, record.partition, record.offset)
            return []
        return list(self._make_outputs(asked, record, find_store(asked.agency, record.partition)))

    def _make_outputs(self, asked: expiry.Expiry, record: ConsumerRecord, store: TableStore | None) -> Iterator[Output]:
        """The mark in `accepted`, its fingerprint to the case's home, and that it guesses nothing more."""
        agency = self._registry.get(asked.agency)
        made = expiry.mark(asked, agency, find_known_version(store, asked.case)) if agency and store else None
        if made is None:
            return
        position = Position(record.topic, record.partition, record.offset)
        time, encoded = self._clock().isoformat(timespec="milliseconds"), _encoder.encode(expiry_mark(made))
        kept = expiry.accepted(made, asked, position, time, msgspec.Raw(encoded), self._generation)
        yield Output(self._accepted, record.partition, made.key.encode(), _encoder.encode(kept))
        home = home_partition(case_id(made.key), self._partitions)
        yield Output(self._fingerprints, home, made.key.encode(), encoded)
        yield Output(self._guesses, 0, asked.agency.encode(), _encoder.encode(AskedGuesses(asked.agency, made.key)))


log = logging.getLogger(__name__)

STAGE: Final = "intake"

REBUILT_AT_ONCE: Final = 20_000
"""Rows between two commits of a store that is being rebuilt: some 100 bytes each wait in memory."""

_encoder = msgspec.json.Encoder()
_accepted = msgspec.json.Decoder(AcceptedRecord)


class IntakeProcessor(Processor):
    """The work of the stage: the generation enters the fingerprints that it writes, never its decisions."""

    sets_aside = True

    def __init__(
        self,
        settings: Settings,
        places: StorePlaces,
        registry: Registry,
        model: Model,
        current: Generation,
        ring: KeyRing,
        clock: Callable[[], datetime] = now,
    ) -> None:
        self._settings, self._places = settings, places
        self._registry, self._model, self._clock = registry, model, clock
        self._current, self._generation = current, current.id
        self._accepted = topics.topic_name(settings, topics.ACCEPTED)
        self._rejected = topics.topic_name(settings, topics.REJECTED)
        self._fingerprints = topics.topic_name(settings, topics.FINGERPRINTS, generation=current.id)
        self._guesses, self._ring = topics.topic_name(settings, topics.HIT_GUESSES), ring
        self._expiries = ExpiryDecider(settings, registry, current, ring, clock)
        self._stores: dict[TopicPartition, TableStore] = {}
        """By source partition; a lane has opened all of its own before it decides anything."""
        self._receipts = {name: topics.topic_name(settings, topics.RECEIPTS, agency=name) for name in registry}

    async def open_store(self, source: TopicPartition, applied: AppliedPosition) -> TableStore | NullStore:
        """The store at `applied`: caught up from the source while that still holds it, else from `accepted`.

        Also from there where a record in between was set aside: to decide on it again may end the process once more.
        """
        if source.topic == self._expiries.topic:
            return NullStore()
        store = reopen_store(TableStore, self._places, source, applied.offset)
        if store.offset < applied.offset:
            from_source = store.offset > NO_OFFSET and not any(offset > store.offset for offset in applied.aside)
            held = await offsets_since(self._settings, [source], None) if from_source else {}
            if held and held[source] <= store.offset + 1:
                starts, last = {source: store.offset + 1}, {source: applied.offset}
                async for records in read_partitions(self._settings, starts, last):
                    self.decide_records(source, store, records)
            else:
                await self._rebuild_store(source, store)
            store.commit(applied.offset)
        self._stores[source] = store
        return store

    async def startup_outputs(self, applied: Mapping[TopicPartition, int], table: ProgressTable) -> list[Output]:
        """Where another generation's fingerprints were written last: complete this one's, then note whose they are.

        The former one's derive stage goes on where this takes over.
        """
        index = next(iter(applied)).partition
        source = TopicPartition(self._accepted, index)
        topic_id = self._places.ids.topics[self._accepted]
        before = read_marker(table, HOME, index)
        if before is not None and (before.generation, before.topic_id) == (self._generation, topic_id):
            return []
        work = derive.DeriveProcessor(self._settings, self._current, self._model)
        end = await derive.derive_partition(self._settings, work, source, self._places.ids.topics)
        due = [marker_output(self._settings, HOME, index, Progress(end, topic_id, self._generation))]
        if before is not None and end > NO_OFFSET:
            due.append(
                advance_progress(self._settings, derive.STAGE, before.generation, source, Progress(end, topic_id))
            )
        return due

    async def _rebuild_store(self, source: TopicPartition, store: TableStore) -> None:
        log.info("rebuilding the store of %s-%d", source.topic, source.partition)
        own = f"{topics.agency_of(self._settings, topics.CASES, source.topic)}:".encode()
        waiting = 0
        async for records in read_partitions(self._settings, {TopicPartition(self._accepted, source.partition): 0}):
            for record in records:
                if record.key.startswith(own) and record.value is not None:
                    store.put(record.key, encode_known_version(known_from(_accepted.decode(record.value))))
                    waiting += 1
            if waiting >= REBUILT_AT_ONCE:
                store.commit(NO_OFFSET)
                waiting = 0

    def decide_records(self, source: TopicPartition, store: Any, records: Sequence[ConsumerRecord]) -> ChunkResult:
        """All messages, one right after the other; as `decide_in_steps`."""
        return finish_steps(self.decide_in_steps(source, store, records))

    def decide_in_steps(
        self, source: TopicPartition, store: Any, records: Sequence[ConsumerRecord]
    ) -> Steps[ChunkResult]:
        """One outcome for each message, in order; or the marks of versions that are over. A step for each.

        Raises InternalFaultError for the first that fails inside, which has changed nothing.
        """
        result = ChunkResult()
        context = IntakeContext(
            self._registry, self._settings.case_partitions, lambda key: find_known_version(store, key), self._clock
        )
        for decided, record in enumerate(records):
            yield Step.SHORT
            try:
                result.outputs += self._decide_message(record, context, store, result.tally)
            except (*faults.TROUBLE, KeyboardInterrupt, SystemExit):
                raise
            except BaseException as error:  # a panic of a library in Rust is no Exception
                position = Position(record.topic, record.partition, record.offset)
                raise InternalFaultError(position, error, result, decided) from error
        return result

    def _decide_message(
        self, record: ConsumerRecord, context: IntakeContext, store: Any, tally: metrics.Tally
    ) -> list[Output]:
        if record.topic == self._expiries.topic:
            return self._expiries.decide_expiry(record, self._find_store)
        agency = topics.agency_of(self._settings, topics.CASES, record.topic)
        position = Position(record.topic, record.partition, record.offset)
        message = SourceMessage(position, agency, record.key, record.value, record.timestamp, origin_of(record))
        if isinstance(record, UnreadableBatch):
            return self._rejected_batch(message, record, tally)
        return self._decide_outcome(message, context, store, tally)

    def _rejected_batch(self, first: SourceMessage, batch: UnreadableBatch, tally: metrics.Tally) -> list[Output]:
        """One receipt and one entry of `rejected` for all positions of a batch that can't be read."""
        time = self._clock().isoformat(timespec="milliseconds")
        decision = reject_batch(first, batch.last_offset, batch.problem, time)
        receipt = decision.receipt
        tally[metrics.OUTCOMES.labels(first.agency, receipt.outcome, receipt.reason)] += batch.positions
        return [self._receipt_output(first, receipt), *self._rejection_outputs(first, decision.rejected)]

    def _decide_outcome(
        self, message: SourceMessage, context: IntakeContext, store: TableStore, tally: metrics.Tally
    ) -> list[Output]:
        """The outputs of a message; the store is changed last, so that a failure leaves no trace."""
        decision = decide_message(message, context)
        made = list(self._accepted_outputs(decision.taken, decision.receipt, message, store)) if decision.taken else []
        if any(len(output.value) > topics.ACCEPTED.max_bytes - topics.MIB for output in made):
            decision, made = _too_large(message, context), []
        receipt = decision.receipt
        outputs = [self._receipt_output(message, receipt), *made, *self._rejection_outputs(message, decision.rejected)]
        if made and decision.taken is not None:
            store.put(decision.taken.case.key.encode(), encode_known_version(decision.taken.known))
        tally[metrics.OUTCOMES.labels(message.agency, receipt.outcome, receipt.reason)] += 1
        if log.isEnabledFor(logging.DEBUG):
            reason = f" ({receipt.reason})" if receipt.reason else ""
            told = message.position, receipt.version, receipt.outcome, reason, len(outputs)
            log.debug("%s: version %d is %s%s, %d outputs", *told)
        return outputs

    def _receipt_output(self, message: SourceMessage, receipt: Receipt) -> Output:
        position = message.position
        return Output(
            self._receipts[message.agency], position.partition, str(position).encode(), _encoder.encode(receipt)
        )

    def _rejection_outputs(self, message: SourceMessage, rejected: RejectedMessage | None) -> Iterator[Output]:
        if rejected is not None:
            position = message.position
            yield Output(self._rejected, position.partition, str(position).encode(), _encoder.encode(rejected))

    def _accepted_outputs(
        self, taken: AcceptedVersion, receipt: Receipt, message: SourceMessage, store: TableStore
    ) -> Iterator[Output]:
        """The accepted record, its fingerprint to the case's home, and what it guesses."""
        key = taken.case.key.encode()
        first = store.get(key) is None
        made = make_fingerprint(taken.case, taken.normalised, self._model, taken.hash, first=first)
        encoded = _encoder.encode(made)
        kept = make_accepted_record(taken, receipt, msgspec.Raw(encoded), self._generation, message.arrived_ms)
        yield Output(self._accepted, receipt.position.partition, key, _encoder.encode(kept))
        home = home_partition(case_id(taken.case.key), self._settings.correlate_partitions)
        yield Output(self._fingerprints, home, key, encoded)
        guesses = make_guesses(self._ring, taken.case.agency, made.entities, taken.case.key)
        if not (guesses.empty and first):
            yield Output(self._guesses, 0, taken.case.agency.encode(), _encoder.encode(guesses))

    def _find_store(self, agency: str, partition: int) -> TableStore | None:
        """The store of an agency's cases in a partition; None where another worker has it, or nobody."""
        cases = topics.topic_name(self._settings, topics.CASES, agency=agency)
        return self._stores.get(TopicPartition(cases, partition))


def _too_large(message: SourceMessage, context: IntakeContext) -> IntakeDecision:
    """The rejection of a message for the size of what it becomes."""
    problem = RecordProblem(Reason.TOO_LARGE, "", "its normalised form is over 15 MiB")
    return rejection(message, problem, context.now().isoformat(timespec="milliseconds"))


@asynccontextmanager
async def intake_stage(settings: Settings, wanted: str, after: After) -> AsyncIterator[Stage]:
    """The stage for the agencies registered now, of which there must be one; it joins anew when the registry changes.

    It writes the fingerprints of the active generation and joins anew when another becomes active. Raises LiaisonError
    where topics are missing.
    """
    read_ids(
        settings, [topics.topic_name(settings, topics.AGENCIES)]
    )  # aiokafka asks for a missing topic without a pause
    while not (registry := await read_agencies(settings)):
        log.info("no agency is registered yet; waiting")
        await wait_for_change(settings, {})
    held = await control.read_control(settings)
    current = held.find_generation(wanted)
    settings, model = current.apply_to_settings(settings), current.compile_model()
    cases = [topics.topic_name(settings, topics.CASES, agency=name) for name in registry]
    sources = [*cases, topics.topic_name(settings, topics.EXPIRIES)]
    written = [
        topics.topic_name(settings, topics.ACCEPTED),
        topics.topic_name(settings, topics.FINGERPRINTS, generation=current.id),
        topics.topic_name(settings, topics.HIT_GUESSES),
    ]
    found = read_ids(settings, [*sources, *written])
    with claimed_slot(settings, STAGE) as slot:
        trusted, ring = trusted_registry(settings, registry), key_ring(settings)
        work = IntakeProcessor(settings, StorePlaces(slot.stores, STAGE, ALL, found), trusted, model, current, ring)
        made = Stage(settings, slot, [StageFeed(STAGE, sources, work, ALL)], found.topics, after)
        async with rejoin_on_events(
            made, wait_for_change(settings, registry), control.changed_for(settings, held, wanted)
        ):
            yield made
