"""The notify stage: what was decided in, notices to agencies out; each is told once, in one transaction with progress.

It does not depend on the generation: whatever model runs beside another, nobody is told twice.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

import msgspec
from aiokafka import ConsumerRecord, TopicPartition

from pipeline.access.disclosure_threads import Disclosure
from pipeline.access.notices import Notice, disclosure_notice
from pipeline.access.query_cipher import QueryCipher, keys_in
from pipeline.correlation.key_ring import KeyRing
from pipeline.index.decisions import DecisionReader
from pipeline.index.engine import connect_for_reading
from pipeline.index.mappings import Indices
from pipeline.index.reading import IndexReader
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.admin import read_ids
from pipeline.streams.registers.control import read_control
from pipeline.streams.registers.installation_secret import key_ring
from pipeline.streams.runtime import faults
from pipeline.streams.runtime.processor import After, ChunkResult
from pipeline.streams.runtime.stage import ALL, AgentInput, Stage
from pipeline.streams.runtime.stateless_processor import NullStore, StatelessProcessor
from pipeline.streams.runtime.transactions import Output
from pipeline.streams.runtime.worker_slots import claimed_slot
from pipeline.streams.stages.shared_questions import SharedQueryProcessor, SharedQuestions, SharedSearchProcessor
from pipeline.streams.stages.silent_search_notifier import SilentSearchProcessor

log = logging.getLogger(__name__)

STAGE: Final = "notify"

DECISIONS: Final = "notify-disclosures"
SEARCHES: Final = "notify-searches"
QUERIES: Final = "notify-queries"
FEEDS: Final = {
    DECISIONS: topics.DISCLOSURES,
    SEARCHES: topics.AUDIT,
    QUERIES: topics.SUBSCRIPTIONS,
}
"""What each feed follows."""

_disclosures = msgspec.json.Decoder(Disclosure)
_encoder = msgspec.json.Encoder()


class NotifyProcessor(StatelessProcessor):
    """Tells what each record leads to, by a pure function."""

    def __init__(self, settings: Settings, make_notices: Callable[[bytes], Iterable[Notice]]) -> None:
        self._topic = topics.topic_name(settings, topics.NOTICES)
        self._make_notices = make_notices

    def decide_records(
        self, source: TopicPartition, store: NullStore, records: Sequence[ConsumerRecord]
    ) -> ChunkResult:
        """The notices of each record; one that can't be read is left out, since nobody could be told of it."""
        result = ChunkResult()
        for record in records:
            try:
                notices = list(self._make_notices(record.value)) if record.value is not None else []
            except faults.TROUBLE:
                raise
            except Exception:
                log.exception("%s-%d-%d can't be told of", record.topic, record.partition, record.offset)
                continue
            log.debug("%s-%d-%d: %d notices", record.topic, record.partition, record.offset, len(notices))
            result.outputs += [
                Output(self._topic, 0, notice.id.encode(), _encoder.encode(notice)) for notice in notices
            ]
        return result


class SearchNoticeProcessor(StatelessProcessor):
    """What an audited search leads to: what the gate may tell owners of silent cases, and who shares the same question.

    A topic has one feed in a stage, so both are one work.
    """

    def __init__(self, silent: SilentSearchProcessor, shared: SharedSearchProcessor) -> None:
        self._silent, self._shared = silent, shared

    def decide_records(
        self, source: TopicPartition, store: NullStore, records: Sequence[ConsumerRecord]
    ) -> ChunkResult:
        """The searches among the entries."""
        return self._silent.decide_records(source, store, records)

    async def publish_effects(self, result: ChunkResult) -> Sequence[Output]:
        """What both ask the gate. Raises LiaisonError while the index does not answer; then it is tried again."""
        return [*await self._silent.publish_effects(result), *await self._shared.publish_effects(result)]


def of_disclosure(ring: KeyRing, value: bytes) -> Iterable[Notice]:
    """Whom a value of `disclosures` concerns."""
    notice = disclosure_notice(_disclosures.decode(value), ring)
    if notice is not None:
        yield notice


@asynccontextmanager
async def notify_stage(settings: Settings, wanted: str, after: After) -> AsyncIterator[Stage]:
    """The stage, one group whatever generation lends its model. Raises LiaisonError where topics are missing."""
    disclosures, audit, subscriptions = (
        topics.topic_name(settings, FEEDS[feed]) for feed in (DECISIONS, SEARCHES, QUERIES)
    )
    found = read_ids(
        settings,
        [
            disclosures,
            audit,
            subscriptions,
            topics.topic_name(settings, topics.NOTICES),
            topics.topic_name(settings, topics.HIT_QUESTIONS),
        ],
    )
    model = (await read_control(settings)).find_generation(wanted).compile_model()
    async with connect_for_reading(settings) as client:
        reader = IndexReader(client, Indices(settings.namespace, ""))
        cipher = QueryCipher(keys_in(settings.audit_key_folder))
        ring = key_ring(settings)
        decisions = DecisionReader(client, Indices(settings.namespace, ""), ring)
        questions = SharedQuestions(decisions, model)
        silent = SilentSearchProcessor(settings, reader, model, cipher, ring)
        feeds = [
            AgentInput(DECISIONS, [disclosures], NotifyProcessor(settings, partial(of_disclosure, ring)), ALL),
            AgentInput(
                SEARCHES,
                [audit],
                SearchNoticeProcessor(silent, SharedSearchProcessor(settings, questions, cipher)),
                ALL,
            ),
            AgentInput(QUERIES, [subscriptions], SharedQueryProcessor(settings, questions, decisions), ALL),
        ]
        with claimed_slot(settings, STAGE) as slot:
            yield Stage(settings, slot, feeds, found.topics, after)
