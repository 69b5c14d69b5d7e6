"""The project stage: accepted cases, links, rejections and decisions into Elasticsearch, and hits to the agencies.

Elasticsearch is written first and waited for, then the hits go out in the transaction that moves the progress: a crash
between the two writes the same documents again, under the same external versions.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Final

import msgspec
from aiokafka import ConsumerRecord, TopicPartition
from elasticsearch import ApiError, AsyncElasticsearch, TransportError

from pipeline.access.release import release_counterpart
from pipeline.backoff import retrying
from pipeline.correlation.claims import Claim
from pipeline.correlation.fingerprinting import derive_fingerprint
from pipeline.correlation.key_ring import KeyRing
from pipeline.correlation.projection import UNCLAIMED, RememberedLink, advance_link
from pipeline.engines.endpoints import elasticsearch_url
from pipeline.index import decisions, mappings
from pipeline.index.documents import DocumentWrite, case_document, link_document, order_key_of, rejected_document
from pipeline.index.engine import connect
from pipeline.index.mappings import Indices, layouts_of
from pipeline.index.writer import BulkWriter
from pipeline.matching.model import Model
from pipeline.records.agencies import Registry, tells_owners
from pipeline.records.messages import AcceptedRecord, RejectedMessage
from pipeline.settings import Settings
from pipeline.streams.audit.guess_log import GuessReader
from pipeline.streams.catalogues import metrics, topics
from pipeline.streams.kafka.admin import read_ids
from pipeline.streams.kafka.reading import read_partitions
from pipeline.streams.registers import control
from pipeline.streams.registers.aliases import follow_active
from pipeline.streams.registers.control import Generation
from pipeline.streams.registers.installation_secret import key_ring
from pipeline.streams.registers.registry import followed_agencies
from pipeline.streams.runtime.processor import After, ChunkResult, NullStore, Processor, ProgressTable
from pipeline.streams.runtime.stage import ALL, Stage, StageFeed, rejoin_on_events
from pipeline.streams.runtime.stores import StorePlaces, reopen_store
from pipeline.streams.runtime.table_store import TableStore
from pipeline.streams.runtime.transactions import AppliedPosition, Output, ProducerFencedError
from pipeline.streams.runtime.worker_slots import claimed_slot
from pipeline.streams.stages.document_publisher import DocumentPublisher, document_of
from pipeline.streams.stages.hit_gate import FEED, HitGateProcessor, days_marked
from pipeline.streams.stages.hit_publisher import HitPublisher, ViewChange

log = logging.getLogger(__name__)

STAGE: Final = "project"

_accepted = msgspec.json.Decoder(AcceptedRecord)
_rejected = msgspec.json.Decoder(RejectedMessage)
_claims = msgspec.json.Decoder(Claim)
_encoder = msgspec.json.Encoder()
_seen = msgspec.msgpack.Decoder(RememberedLink)
_seen_encoder = msgspec.msgpack.Encoder()


class RecordIndexer(Processor):
    """Indexes records that each make one document; repeated after a crash, since versions are external."""

    def __init__(
        self, topic: topics.Topic, document: Callable[[ConsumerRecord], DocumentWrite], writing: DocumentPublisher
    ) -> None:
        self._compacted, self._document, self._writing = topic.compacted, document, writing

    def decide_records(
        self, source: TopicPartition, store: NullStore, records: Sequence[ConsumerRecord]
    ) -> ChunkResult:
        """The records' documents; of a compacted topic only the last of each key counts."""
        held = [record for record in records if record.value is not None]
        if self._compacted:
            held = list({record.key: record for record in held}.values())
        return ChunkResult(documents=[document_of(record, self._document) for record in held])

    async def publish_effects(self, result: ChunkResult) -> Sequence[Output]:
        """Write the documents."""
        await self._writing.send_entries(await self._writing.write_documents(result.documents))
        return ()


def accepted_document(record: ConsumerRecord, current: Generation, model: Model, order_key: bytes) -> DocumentWrite:
    """The case document of a record of `accepted`, with the fingerprint of the generation."""
    accepted = _accepted.decode(record.value)
    if accepted.provenance.generation != current.id:
        own = msgspec.Raw(_encoder.encode(derive_fingerprint(accepted, model)))
        accepted = msgspec.structs.replace(accepted, fingerprint=own)
    return case_document(accepted, order_key)


def rejection_document(record: ConsumerRecord) -> DocumentWrite:
    """The document of a record of `rejected`."""
    return rejected_document(_rejected.decode(record.value))


DECISIONS: Final[dict[topics.Topic, Callable[[bytes, int], DocumentWrite]]] = {
    topics.REVIEWS: decisions.review_document,
    topics.ASSIGNMENTS: decisions.assignment_document,
    topics.DISCLOSURES: decisions.disclosure_document,
    topics.SUBSCRIPTIONS: decisions.alert_document,
    topics.NOTICES: decisions.notice_document,
    topics.HIT_ADMISSIONS: decisions.admission_document,
    topics.HIT_ALLOWANCES: decisions.allowance_document,
    topics.FOLDERS: decisions.folder_document,
    topics.FOLDER_ITEMS: decisions.folder_item_document,
    topics.FOLDER_CHARTS: decisions.folder_chart_document,
    topics.FOLDER_VISITS: decisions.folder_visit_document,
    topics.AUDIT: decisions.audit_document,
}
"""Topics of what people decide, each with what makes documents of a value and its offset."""


def _decision_feeds(settings: Settings, writing: DocumentPublisher) -> list[StageFeed]:
    """A feed for each topic; what owners allow the gate reads, and indexes with what it makes of it."""
    return [
        _decision_feed(settings, writing, topic, make)
        for topic, make in DECISIONS.items()
        if topic is not topics.HIT_ALLOWANCES
    ]


def _decision_feed(
    settings: Settings, writing: DocumentPublisher, topic: topics.Topic, make: Callable[[bytes, int], DocumentWrite]
) -> StageFeed:
    work = RecordIndexer(topic, lambda record: make(record.value, record.offset), writing)
    return StageFeed(f"index-{topic.pattern}", [topics.topic_name(settings, topic)], work, ALL, transactional=False)


class LinkProjector(Processor):
    """Claims in, link documents and hits out; remembers what each link's agencies were told, or would have been.

    `hit_publisher` is None where another generation is active: then nobody is told of anything.
    """

    def __init__(
        self,
        settings: Settings,
        places: StorePlaces,
        writing: DocumentPublisher,
        ring: KeyRing,
        hit_publisher: HitPublisher | None,
    ) -> None:
        self._settings, self._places, self._writing = settings, places, writing
        self._ring, self._hit_publisher = ring, hit_publisher

    async def open_store(self, source: TopicPartition, applied: AppliedPosition) -> TableStore:
        """The store at `applied`, brought up to it from `links` without telling anyone again.

        Raises ProducerFencedError where the generation has become active, or is no longer: who tells is asked only once
        no one else can write to this index.
        """
        active = (await control.read_control(self._settings)).active == self._places.scope
        if active != (self._hit_publisher is not None):
            raise ProducerFencedError("another generation has become the active one")
        store = reopen_store(TableStore, self._places, source, applied.offset)
        if store.offset < applied.offset:
            async for records in read_partitions(self._settings, {source: store.offset + 1}, {source: applied.offset}):
                self.decide_records(source, store, records)
                store.commit(records[-1].offset)
            store.commit(applied.offset)
        return store

    async def startup_outputs(self, applied: Mapping[TopicPartition, int], table: ProgressTable) -> list[Output]:
        """After a switch: what agencies see differently in this generation."""
        if self._hit_publisher is None:
            return []
        [(source, offset)] = applied.items()
        return await self._hit_publisher.startup_outputs(source, offset, table)

    def decide_records(
        self, source: TopicPartition, store: TableStore, records: Sequence[ConsumerRecord]
    ) -> ChunkResult:
        """Advance each claim's link, in order."""
        result = ChunkResult()
        for record in records:
            if record.value is not None:
                document = document_of(record, lambda r: self._advance_link(r, store, result))
                if document.action is not None or document.error:
                    result.documents.append(document)
        return result

    def _advance_link(self, record: ConsumerRecord, store: TableStore, result: ChunkResult) -> DocumentWrite | None:
        claim = _claims.decode(record.value)
        key = bytes.fromhex(claim.link)
        held = store.get(key)
        switches = self._hit_publisher.count_switches(record.partition) if self._hit_publisher else 0
        before = UNCLAIMED if held is None else _seen.decode(held)
        step = advance_link(before, claim, self._ring, release_counterpart, switches)
        action = link_document(step.write.claim) if step.write is not None else None
        store.put(key, _seen_encoder.encode(step.seen))
        if self._hit_publisher is not None:
            for hit in step.hits:
                change = ViewChange(hit, claim, before, step.seen)
                result.outputs += self._hit_publisher.change_outputs(change)
                if not change.is_hit_only:
                    result.tally[metrics.HITS.labels(hit.receiver, hit.kind)] += 1
        return action

    async def publish_effects(self, result: ChunkResult) -> Sequence[Output]:
        """Write the documents; what was told is noted in the transaction that tells it."""
        outputs = await self._writing.write_documents(result.documents)
        if self._hit_publisher is not None:
            outputs += [self._hit_publisher.marker_output(source, offset) for source, offset in result.reached.items()]
        return outputs


@asynccontextmanager
async def project_stage(settings: Settings, wanted: str, after: After) -> AsyncIterator[Stage]:
    """The stage in one generation. Raises LiaisonError where topics are missing."""
    held = await control.read_control(settings)
    current = held.find_generation(wanted)
    settings, model, ring = current.apply_to_settings(settings), current.compile_model(), key_ring(settings)
    accepted = topics.topic_name(settings, topics.ACCEPTED)
    links = topics.topic_name(settings, topics.LINKS, generation=current.id)
    gated = (topics.HIT_QUESTIONS, topics.HIT_GUESSES)
    shared = [topics.topic_name(settings, topic) for topic in (topics.REJECTED, *gated, *DECISIONS)]
    found = read_ids(settings, [accepted, links, *shared])
    client_settings = settings.model_copy(update={"elasticsearch_url": elasticsearch_url(settings)})
    with claimed_slot(settings, f"{STAGE}-{current.id}") as slot:
        async with connect(client_settings) as client:
            indices = Indices(settings.namespace, current.id)
            await _prepare_indices(settings, client, indices)
            writing, reader = DocumentPublisher(settings, BulkWriter(client, indices)), GuessReader(settings)
            cases = RecordIndexer(
                topics.ACCEPTED,
                partial(accepted_document, current=current, model=model, order_key=order_key_of(ring)),
                writing,
            )
            places = StorePlaces(slot.stores, STAGE, current.id, found)
            hit_publisher = (
                HitPublisher(settings, places, STAGE, current.id, ring) if current.id == held.active else None
            )
            feeds = [
                StageFeed("index-cases", [accepted], cases, current.id, transactional=False),
                StageFeed(STAGE, [links], LinkProjector(settings, places, writing, ring, hit_publisher), current.id),
            ]
            try:
                async with AsyncExitStack() as contexts:
                    if hit_publisher is not None:
                        agencies = await contexts.enter_async_context(followed_agencies(settings))
                        feeds += _shared_feeds(settings, current.id, writing, reader, agencies)
                    made = Stage(settings, slot, feeds, found.topics, after)
                    changes = control.changed_for(settings, held, current.id)
                    await contexts.enter_async_context(rejoin_on_events(made, changes))
                    if hit_publisher is not None:
                        await contexts.enter_async_context(days_marked(settings, writing))
                    yield made
            finally:
                await writing.close()
                await reader.close()


def _shared_feeds(
    settings: Settings,
    generation: str,
    writing: DocumentPublisher,
    reader: GuessReader,
    agencies: Callable[[], Registry],
) -> list[StageFeed]:
    """What is not of a generation: the active one's workers index it."""

    def may_tell(name: str, purpose: str) -> bool:
        return tells_owners(agencies(), name, purpose)

    rejected, *gated = (
        topics.topic_name(settings, topic) for topic in (topics.REJECTED, topics.HIT_QUESTIONS, topics.HIT_ALLOWANCES)
    )
    rejections = RecordIndexer(topics.REJECTED, rejection_document, writing)
    return [
        StageFeed("index-rejected", [rejected], rejections, ALL, transactional=False),
        *_decision_feeds(settings, writing),
        StageFeed(FEED, gated, HitGateProcessor(settings, generation, writing, reader, may_tell), ALL),
    ]


async def _prepare_indices(settings: Settings, client: AsyncElasticsearch, indices: Indices) -> None:
    """Indices and aliases, once Elasticsearch is there to hold them; readers are led to the active generation.

    Raises LiaisonError for shards or copies that can't be used.
    """
    layouts = layouts_of(settings)
    async for attempt in retrying((ApiError, TransportError), log, "preparing the indices"):
        with attempt:
            for difference in await mappings.apply_mappings(client, indices, layouts):
                log.warning("index: %s", difference)
            await follow_active(settings, client)
