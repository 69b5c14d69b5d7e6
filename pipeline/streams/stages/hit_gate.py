"""The gate for hit-only answers in the stream: questions in, what their askers and the owners are told out.

One partition, one lane in the active generation's project stage, whatever generation asks: so there is one count of
each agency's answers a day, and one order. The ledger is in memory; a lane that opens reads it back from the questions
and from what it admitted, which went out in the transactions that moved its progress.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import Final

import msgspec
from aiokafka import ConsumerRecord, TopicPartition

from pipeline.access.hit_ledger import (
    Admission,
    GateAnswers,
    HitAllowance,
    HitLedger,
    HitQuestion,
    tells_nobody,
)
from pipeline.access.notices import NoticeKind
from pipeline.access.silent_searches import TELLING_TIME
from pipeline.index.decision_documents import allowance_document
from pipeline.index.document_making import DocumentWrite
from pipeline.settings import Settings
from pipeline.streams.catalogues import metrics, topics
from pipeline.streams.kafka.reading import read_partitions, read_table
from pipeline.streams.registers import control
from pipeline.streams.runtime.processor import ChunkResult, ProgressTable
from pipeline.streams.runtime.stateless_processor import NullStore
from pipeline.streams.runtime.transactions import AppliedPosition, Output, ProducerFencedError
from pipeline.streams.stages.document_publisher import DocumentPublisher, document_of
from pipeline.times import now

log = logging.getLogger(__name__)

FEED: Final = "project-gate"
"""Begins as the stage does: its transactions are the stage's own by right."""

DAY_KEY: Final = b"day"
"""Key of a record without a question, which lets the ledger see that a day has begun, or that owners may be told."""

LOOK_S: Final = 60.0
"""Pause between two looks at the date: so late at most what waits is answered on a new day."""

_questions = msgspec.json.Decoder(HitQuestion)
_admissions = msgspec.json.Decoder(Admission)
_allowances = msgspec.json.Decoder(HitAllowance)
_encoder = msgspec.json.Encoder()


def question_output(settings: Settings, question: HitQuestion) -> Output:
    """The record that asks a question."""
    return Output(topics.topic_name(settings, topics.HIT_QUESTIONS), 0, question.id.encode(), _encoder.encode(question))


class HeldLedger(NullStore):
    """The ledger as a lane keeps it beside one of its topics; nothing of it is on disk."""

    def __init__(self, offset: int) -> None:
        self.offset = offset

    def commit(self, offset: int) -> None:
        """What was applied up to an offset is in the ledger."""
        self.offset = offset


class HitGateProcessor:
    """The work of the gate: `hit_questions` and `hit_allowances` share one lane and one ledger."""

    def __init__(
        self,
        settings: Settings,
        generation: str,
        writing: DocumentPublisher,
        tells_owners: Callable[[str, str], bool] = tells_nobody,
    ) -> None:
        self._settings, self._generation, self._writing = settings, generation, writing
        self._tells_owners = tells_owners
        self._asked, self._admitted, self._allowed, self._notices = (
            topics.topic_name(settings, topic)
            for topic in (topics.HIT_QUESTIONS, topics.HIT_ADMISSIONS, topics.HIT_ALLOWANCES, topics.NOTICES)
        )
        self.ledger = HitLedger(settings.hit_budget, tells_owners)

    async def open_store(self, source: TopicPartition, applied: AppliedPosition) -> HeldLedger:
        """The ledger as of what was applied. Raises ProducerFencedError where another generation is active."""
        if (await control.read_control(self._settings)).active != self._generation:
            raise ProducerFencedError("another generation has become the active one")
        if source.topic == self._asked:
            await self._restore_ledger(source, applied.offset)
        return HeldLedger(applied.offset)

    async def _restore_ledger(self, source: TopicPartition, applied: int) -> None:
        self.ledger = HitLedger(self._settings.hit_budget, self._tells_owners)
        for value in (await read_table(self._settings, self._allowed)).values():
            self.ledger.set_allowance(_allowances.decode(value))
        for value in (await read_table(self._settings, self._admitted)).values():
            self.ledger.restore_admission(_admissions.decode(value))
        for question in (await self._last_questions(source, applied)).values():
            self.ledger.restore_question(question)

    async def _last_questions(self, source: TopicPartition, applied: int) -> dict[bytes, HitQuestion]:
        """The last question of each id that was applied, without notices' that were answered.

        What marks one of these answered comes after it, maybe after what was applied.
        """
        found: dict[bytes, HitQuestion] = {}
        async for records in read_partitions(self._settings, {source: 0}):
            for record in records:
                if not record.value:
                    found.pop(record.key, None)
                elif record.offset <= applied and (question := _decode_question(record)) is not None:
                    found[record.key] = question
        return found

    async def startup_outputs(self, applied: Mapping[TopicPartition, int], table: ProgressTable) -> list[Output]:
        """Nothing is: the next record, if only of the day, answers what waits."""
        return []

    def decide_records(
        self, source: TopicPartition, store: HeldLedger, records: Sequence[ConsumerRecord]
    ) -> ChunkResult:
        """Answer each question in its order; what an owner allows holds from its place on."""
        result = ChunkResult()
        last: dict[tuple[str, bytes], Output] = {}
        for record in records:
            if source.topic == self._allowed and record.value:
                result.documents.append(document_of(record, _allowance_document))
            for output in self._answer_outputs(self._answer_record(source, record), result):
                last[output.topic, output.key] = output  # of a count that is written several times only the last
        result.outputs += last.values()
        return result

    def _answer_record(self, source: TopicPartition, record: ConsumerRecord) -> GateAnswers:
        at = datetime.fromtimestamp(record.timestamp / 1000, UTC)
        if source.topic == self._allowed and record.value:
            self.ledger.set_allowance(_allowances.decode(record.value))
        question = _decode_question(record) if source.topic == self._asked else None
        return self.ledger.pass_day(at) if question is None else self.ledger.submit_question(question, at)

    def _answer_outputs(self, answers: GateAnswers, result: ChunkResult) -> Iterator[Output]:
        for hit in answers.hits:
            topic = topics.topic_name(self._settings, topics.HITS, agency=hit.receiver)
            yield Output(topic, 0, hit.id.encode(), _encoder.encode(hit))
            result.tally[metrics.HITS.labels(hit.receiver, hit.kind)] += 1
        for notice in answers.notices:
            yield Output(self._notices, 0, notice.id.encode(), _encoder.encode(notice))
            if notice.kind is NoticeKind.SILENT_SEARCH:
                result.tally[metrics.SILENT_SEARCHES_TOLD.labels(notice.agency)] += 1
        for kept in answers.admissions:
            yield Output(self._admitted, 0, kept.id.encode(), _encoder.encode(kept))
        for name in answers.answered:
            yield Output(self._asked, 0, name.encode(), b"")
        for agency, count in answers.withdrawn.items():
            result.tally[metrics.HITS_WITHDRAWN.labels(agency)] += count
        for agency, count in answers.deferred.items():
            result.tally[metrics.HITS_DEFERRED.labels(agency)] += count

    async def publish_effects(self, result: ChunkResult) -> Sequence[Output]:
        """Index what owners allow; the rest goes to Kafka alone."""
        return await self._writing.write_documents(result.documents)


def _allowance_document(record: ConsumerRecord) -> DocumentWrite:
    return allowance_document(record.value, record.offset)


def _decode_question(record: ConsumerRecord) -> HitQuestion | None:
    """The question in a record; None for the mark of a day and for what can't be read."""
    if not record.value:
        return None
    try:
        return _questions.decode(record.value)
    except msgspec.MsgspecError:
        log.exception("%s-%d-%d is no question", record.topic, record.partition, record.offset)
        return None


@asynccontextmanager
async def days_marked(
    settings: Settings, writing: DocumentPublisher, clock: Callable[[], datetime] = now
) -> AsyncIterator[None]:
    """Mark each day, when it begins and at TELLING_TIME on it, while the context lasts; marks may come twice."""
    marking = asyncio.create_task(_mark_days(settings, writing, clock))
    try:
        yield
    finally:
        marking.cancel()
        await asyncio.wait([marking])


async def _mark_days(settings: Settings, writing: DocumentPublisher, clock: Callable[[], datetime]) -> None:
    topic, marked = topics.topic_name(settings, topics.HIT_QUESTIONS), (date.min, date.min)
    while True:
        at = clock().astimezone(UTC)
        reached = at.date(), (at - TELLING_TIME).date()
        if reached > marked:
            try:
                await writing.send_entries([Output(topic, 0, DAY_KEY, b"")])
                marked = reached
            except Exception:
                log.warning("the day could not be marked; trying again", exc_info=True)
        await asyncio.sleep(LOOK_S)
