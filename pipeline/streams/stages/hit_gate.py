"""The gate for hit-only answers in the stream: questions in, what their askers and the owners are told out.

One partition, one lane in the active generation's project stage, whatever generation asks: so there is one count of
each agency's answers a day, and one order. The ledger is in memory; a lane that opens reads it back from the questions
and from what it admitted, which went out in the transactions that moved its progress.

A question comes after what its case guesses with names (intake writes that with the version), so it is answered once
all that `hit_guesses` holds by then has been read. What guesses too much waits; its like is asked again when there is
room, whether or not a question waits for it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import Final, Protocol

import msgspec
from aiokafka import ConsumerRecord, TopicPartition

from pipeline.access.guesses import AskedGuesses, GuessLedger, RefusedGuess
from pipeline.access.hit_ledger import (
    REFUSED,
    TELLING_TIME,
    TOLD,
    Admission,
    GateAnswers,
    HitAllowance,
    HitLedger,
    HitQuestion,
    tells_nobody,
)
from pipeline.access.notices import NoticeKind, guesses_refused_notice
from pipeline.index.decisions import allowance_document
from pipeline.settings import Settings
from pipeline.streams.catalogues import metrics, topics
from pipeline.streams.kafka.reading import read_partitions, read_table
from pipeline.streams.registers import control
from pipeline.streams.runtime.faults import decode_own
from pipeline.streams.runtime.processor import ChunkResult, NullStore, Processor
from pipeline.streams.runtime.transactions import AppliedPosition, Output, ProducerFencedError
from pipeline.streams.stages.document_publisher import DocumentPublisher, document_of
from pipeline.times import now

log = logging.getLogger(__name__)

FEED: Final = "project-gate"
"""Begins as the stage does: its transactions are the stage's own by right."""

DAY_KEY: Final = b"day"
"""Key of a record without a question, which lets the ledger see that a day has begun, or that owners may be told."""

ASKED_AGAIN: Final = 2_000
"""Refused cases that are looked at with each chunk once there may be room: 0.1 s."""

LOOK_S: Final = 60.0
"""Pause between two looks at the date: so late at most what waits is answered on a new day."""

_decode = msgspec.json.Decoder(HitQuestion).decode
_admissions = msgspec.json.Decoder(Admission)
_allowances = msgspec.json.Decoder(HitAllowance)
_guesses = msgspec.json.Decoder(AskedGuesses)
_encoder = msgspec.json.Encoder()


def question_output(settings: Settings, question: HitQuestion) -> Output:
    """The record that asks a question."""
    return Output(topics.topic_name(settings, topics.HIT_QUESTIONS), 0, question.id.encode(), _encoder.encode(question))


class GuessSource(Protocol):
    """Where guesses are read."""

    async def catch_up(self, ledger: GuessLedger) -> None:
        """Take in all that there are now."""


class HeldLedger(NullStore):
    """The ledger as a lane keeps it beside one of its topics; nothing of it is on disk."""

    def __init__(self, offset: int) -> None:
        self.offset = offset

    def commit(self, offset: int) -> None:
        """What was applied up to an offset is in the ledger."""
        self.offset = offset


class HitGateProcessor(Processor):
    """The work of the gate: `hit_questions` and `hit_allowances` share one lane and one ledger.

    Nothing is due at the start: the next record, if only of the day, answers what waits.
    """

    def __init__(
        self,
        settings: Settings,
        generation: str,
        writing: DocumentPublisher,
        reader: GuessSource,
        tells_owners: Callable[[str, str], bool] = tells_nobody,
    ) -> None:
        self._settings, self._generation, self._writing, self._reader = settings, generation, writing, reader
        self._tells_owners = tells_owners
        self._asked, self._admitted, self._allowed, self._notices, self._guessed = (
            topics.topic_name(settings, topic)
            for topic in (
                topics.HIT_QUESTIONS,
                topics.HIT_ADMISSIONS,
                topics.HIT_ALLOWANCES,
                topics.NOTICES,
                topics.HIT_GUESSES,
            )
        )
        self._begin_anew()

    def _begin_anew(self) -> None:
        self.guesses = GuessLedger(keeping=True)
        self.ledger = HitLedger(self._settings.hit_budget, self._tells_owners, self.guesses)
        self._told: dict[str, date] = {}
        """The last day of which each agency was told what was refused to its cases."""

    async def open_store(self, source: TopicPartition, applied: AppliedPosition) -> HeldLedger:
        """The ledger as of what was applied. Raises ProducerFencedError where another generation is active."""
        if (await control.read_control(self._settings)).active != self._generation:
            raise ProducerFencedError("another generation has become the active one")
        if source.topic == self._asked:
            await self._restore_ledger(source, applied.offset)
        return HeldLedger(applied.offset)

    async def _restore_ledger(self, source: TopicPartition, applied: int) -> None:
        self._begin_anew()
        for value in (await read_table(self._settings, self._allowed)).values():
            self.ledger.set_allowance(_allowances.decode(value))
        for value in (await read_table(self._settings, self._admitted)).values():
            self.restore_admission(_admissions.decode(value))
        for question in (await self._last_questions(source, applied)).values():
            self.ledger.restore_question(question)

    def restore_admission(self, admission: Admission) -> None:
        """Take in what was admitted, counted or refused before, each id's last."""
        if admission.id.startswith(TOLD):
            self._told[admission.asker] = admission.time.date()
        elif admission.id.startswith(REFUSED):
            if admission.kinds:
                held = RefusedGuess(frozenset(admission.kinds), admission.offset, admission.refused.encode())
                self.guesses.restore_refused(admission.id.removeprefix(REFUSED), held)
        else:
            self.ledger.restore_admission(admission)

    async def _last_questions(self, source: TopicPartition, applied: int) -> dict[bytes, HitQuestion]:
        """The last question of each id that was applied, without notices' that were answered.

        What marks one of these answered comes after it, maybe after what was applied.
        """
        found: dict[bytes, HitQuestion] = {}
        async for records in read_partitions(self._settings, {source: 0}):
            for record in records:
                if not record.value:
                    found.pop(record.key, None)
                elif record.offset <= applied and (question := decode_own(_decode, record, "question")) is not None:
                    found[record.key] = question
        return found

    def decide_records(
        self, source: TopicPartition, store: HeldLedger, records: Sequence[ConsumerRecord]
    ) -> ChunkResult:
        """The records, to be answered once what was guessed before them is known."""
        return ChunkResult(documents=list(records))

    def _answer_record(self, record: ConsumerRecord) -> GateAnswers:
        at = _time_of(record)
        if record.topic == self._allowed and record.value:
            self.ledger.set_allowance(_allowances.decode(record.value))
        asks = record.topic == self._asked  # a mark of the day has no value
        question = decode_own(_decode, record, "question") if asks else None
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
        """Answer each question in its order, and index what owners allow, which holds from its place on.

        After a failure the lane opens anew, and with it the ledgers.
        """
        await self._reader.catch_up(self.guesses)
        records: list[ConsumerRecord] = result.documents
        last: dict[tuple[str, bytes], Output] = {}
        outputs = [*self._refusal_outputs(_time_of(records[0])), *self._notice_outputs(_time_of(records[-1]))]
        for record in records:
            for output in self._answer_outputs(self._answer_record(record), result):
                last[output.topic, output.key] = output  # of a count that is written several times only the last
        due = self.guesses.find_due(_time_of(records[-1]), ASKED_AGAIN)
        again = [Output(self._guessed, 0, _guesses.decode(value).agency.encode(), value) for value in due]
        allowed = [
            document_of(record, lambda held: allowance_document(held.value, held.offset))
            for record in records
            if record.topic == self._allowed and record.value
        ]
        return [*outputs, *last.values(), *again, *await self._writing.write_documents(allowed)]

    def _refusal_outputs(self, at: datetime) -> Iterator[Output]:
        """What is refused since the last time, and what no longer; questions that wait for that are looked at again."""
        changed, self.guesses.changed = self.guesses.changed, {}
        self.ledger.release_refused(changed)
        for about, agency in sorted(changed.items()):
            kept = Admission(f"{REFUSED}{about}", agency, agency, at)
            if held := self.guesses.refused.get(about):
                kinds, value = tuple(sorted(held.kinds)), held.value.decode()
                kept = msgspec.structs.replace(kept, kinds=kinds, refused=value, offset=held.offset)
            yield Output(self._admitted, 0, kept.id.encode(), _encoder.encode(kept))

    def _notice_outputs(self, at: datetime) -> Iterator[Output]:
        """Tell each agency once of a day that is over how many of its cases guessed too much."""
        for refused in reversed(self.guesses.refused_days()):
            if refused.cases and self._told.get(refused.agency, date.min) < refused.day < at.date():
                self._told[refused.agency] = refused.day
                notice = guesses_refused_notice(refused.agency, refused.day, refused.cases, at)
                yield Output(self._notices, 0, notice.id.encode(), _encoder.encode(notice))
                noted = datetime(refused.day.year, refused.day.month, refused.day.day, tzinfo=UTC)
                kept = Admission(f"{TOLD}{refused.agency}", refused.agency, refused.agency, noted)
                yield Output(self._admitted, 0, kept.id.encode(), _encoder.encode(kept))


def _time_of(record: ConsumerRecord) -> datetime:
    return datetime.fromtimestamp(record.timestamp / 1000, UTC)


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
