"""The derive stage: fingerprints of a generation that intake does not write itself, made from `accepted`.

It computes a new generation beside the active one, and keeps the former one up to date after a switch. What intake has
written itself since the generation was set up is told by the record's provenance and left out, so each version reaches
`fingerprints` once, in the order of `accepted`. Intake takes a partition over from it by its transactional id,
which fences this stage, brings `fingerprints` up to the end of `accepted`, and only then writes them itself.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final

import msgspec
from aiokafka import ConsumerRecord, TopicPartition

from pipeline.correlation.fingerprinting import derive_fingerprint
from pipeline.correlation.protocol import case_id, home_partition
from pipeline.matching.model import Model
from pipeline.records.messages import AcceptedRecord
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.admin import read_ids
from pipeline.streams.kafka.reading import read_partitions
from pipeline.streams.registers import control
from pipeline.streams.registers.control import Generation
from pipeline.streams.runtime import faults
from pipeline.streams.runtime.processor import After, ChunkResult, NullStore, Processor
from pipeline.streams.runtime.source_queues import SLICE_RECORDS
from pipeline.streams.runtime.stage import Stage, StageFeed, rejoin_on_events
from pipeline.streams.runtime.transactions import AppliedPosition, Output, Transactions
from pipeline.streams.runtime.worker_slots import claimed_slot

log = logging.getLogger(__name__)

STAGE: Final = "derive"

_accepted = msgspec.json.Decoder(AcceptedRecord)
_encoder = msgspec.json.Encoder()


class DeriveProcessor(Processor):
    """The work of the stage in one generation. It keeps nothing, so it says of no version that it is a case's first."""

    def __init__(self, settings: Settings, generation: Generation, model: Model) -> None:
        self._settings, self._model, self.generation, self._born = settings, model, generation.id, generation.born
        self._fingerprints = topics.topic_name(settings, topics.FINGERPRINTS, generation=generation.id)
        self._rejected = topics.topic_name(settings, topics.REJECTED)

    def decide_records(
        self, source: TopicPartition, store: NullStore, records: Sequence[ConsumerRecord]
    ) -> ChunkResult:
        """The fingerprints of accepted versions; one that can't be made is our fault and is kept for replay."""
        result = ChunkResult()
        for record in records:
            try:
                result.outputs += self._make_fingerprint(record)
            except faults.TROUBLE:
                raise
            except Exception as error:
                log.exception("%s-%d-%d has no fingerprint", record.topic, record.partition, record.offset)
                entry = faults.reject_failed(self._rejected, self._settings, record, faults.NOT_CORRELATED, error)
                result.outputs.append(entry)
        return result

    def _make_fingerprint(self, record: ConsumerRecord) -> Iterator[Output]:
        if record.value is None:
            return
        accepted = _accepted.decode(record.value)
        if accepted.provenance.generation == self.generation and not self._is_of_an_earlier_life(record):
            return
        value = _encoder.encode(derive_fingerprint(accepted, self._model))
        home = home_partition(case_id(accepted.case), self._settings.correlate_partitions)
        yield Output(self._fingerprints, home, record.key, value)

    def _is_of_an_earlier_life(self, record: ConsumerRecord) -> bool:
        """Whether a version came before the generation was set up; one set up by an older program never had another."""
        return bool(record.partition < len(self._born) and record.offset < self._born[record.partition])


async def derive_partition(
    settings: Settings, work: DeriveProcessor, source: TopicPartition, topic_ids: Mapping[str, str]
) -> int:
    """Derive all that a partition of `accepted` holds, in place of the stage; returns its last offset.

    The caller is the only one who writes to that partition. Raises ProducerFencedError where the stage takes it back
    meanwhile.
    """
    transactions = Transactions(settings, STAGE, work.generation, source.partition, topic_ids)
    try:
        reached = (await transactions.start_producer()).get(source, AppliedPosition()).offset
        async for records in read_partitions(settings, {source: reached + 1}):
            for start in range(0, len(records), SLICE_RECORDS):
                part = records[start : start + SLICE_RECORDS]
                reached = part[-1].offset
                if outputs := work.decide_records(source, NullStore(), part).outputs:
                    await transactions.commit(outputs, {source: AppliedPosition(reached)})
                await asyncio.sleep(0)
        return reached
    finally:
        await transactions.stop()


@asynccontextmanager
async def derive_stage(settings: Settings, wanted: str, after: After) -> AsyncIterator[Stage]:
    """The stage in one generation. Raises LiaisonError where topics are missing."""
    held = await control.read_control(settings)
    current = held.find_generation(wanted)
    settings, model = current.apply_to_settings(settings), current.compile_model()
    accepted = topics.topic_name(settings, topics.ACCEPTED)
    found = read_ids(settings, [accepted, topics.topic_name(settings, topics.FINGERPRINTS, generation=current.id)])
    work = DeriveProcessor(settings, current, model)
    with claimed_slot(settings, f"{STAGE}-{current.id}") as slot:
        made = Stage(settings, slot, [StageFeed(STAGE, [accepted], work, current.id)], found.topics, after)
        async with rejoin_on_events(made, control.changed_for(settings, held, wanted)):
            yield made
