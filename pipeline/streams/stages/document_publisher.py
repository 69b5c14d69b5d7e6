"""Documents made of records, and what becomes of those that the index will never take."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence

import msgspec
from aiokafka import AIOKafkaProducer, ConsumerRecord

from pipeline.access.formats import LaterFormatError
from pipeline.index.documents import DocumentWrite
from pipeline.index.writer import BulkWriter, WriteResult
from pipeline.settings import Settings
from pipeline.streams.catalogues import metrics, topics
from pipeline.streams.kafka.producers import plain_producer
from pipeline.streams.runtime import faults
from pipeline.streams.runtime.transactions import Output

log = logging.getLogger(__name__)


class PendingDocument(msgspec.Struct, frozen=True):
    """A document to index and the record that it is made from; without one, the record could not be read."""

    record: ConsumerRecord
    action: DocumentWrite | None
    error: str = ""


def document_of(record: ConsumerRecord, make: Callable[[ConsumerRecord], DocumentWrite | None]) -> PendingDocument:
    """The record's document, or why there is none: a record of ours that can't be read must not hold up the rest."""
    try:
        made = make(record)
        if log.isEnabledFor(logging.DEBUG):
            written = f"document of {made.kind}, version {made.version}" if made else "no document"
            log.debug("%s-%d-%d: %s", record.topic, record.partition, record.offset, written)
        return PendingDocument(record, made)
    except LaterFormatError as error:  # whoever looks at the index sees less until it is made anew
        log.error("%s-%d-%d is left out of the index: %s", record.topic, record.partition, record.offset, error)
        return PendingDocument(record, None, type(error).__name__)
    except faults.TROUBLE:
        raise
    except Exception as error:
        log.exception("%s-%d-%d can't be indexed", record.topic, record.partition, record.offset)
        return PendingDocument(record, None, type(error).__name__)


class DocumentPublisher:
    """Writes documents to the index; what it will never take goes to `rejected`."""

    def __init__(self, settings: Settings, writer: BulkWriter) -> None:
        self._settings, self._writer = settings, writer
        self._topic = topics.topic_name(settings, topics.REJECTED)
        self._producer: AIOKafkaProducer | None = None

    async def write_documents(self, documents: Sequence[PendingDocument]) -> list[Output]:
        """Write documents, however long Elasticsearch is away; returns the entries of `rejected` that are due."""
        outcome = await self._writer.write([d.action for d in documents if d.action is not None])
        _observe_outcome(outcome, documents)
        records = {id(d.action): d.record for d in documents if d.action is not None}
        refused = [(records[id(refusal.action)], refusal.error) for refusal in outcome.refused]
        unreadable = [(d.record, d.error) for d in documents if d.action is None]
        return [
            faults.reject_failed(self._topic, self._settings, record, faults.NOT_INDEXED, error)
            for record, error in (*refused, *unreadable)
        ]

    async def send_entries(self, outputs: Sequence[Output]) -> None:
        """Write entries outside a transaction: writing one twice is harmless."""
        if not outputs:
            return
        if self._producer is None:
            self._producer = plain_producer(self._settings)
            await self._producer.start()
        for output in outputs:
            await self._producer.send_and_wait(output.topic, output.value, key=output.key, partition=output.partition)

    async def close(self) -> None:
        """Close the producer."""
        if self._producer is not None:
            await self._producer.stop()


def _observe_outcome(outcome: WriteResult, documents: Sequence[PendingDocument]) -> None:
    """Tell what became of the documents, and how long cases took from their national topic."""
    metrics.BULK.labels("written").inc(outcome.written)
    metrics.BULK.labels("stale").inc(outcome.stale)
    metrics.BULK.labels("refused").inc(len(outcome.refused))
    faulty = len(outcome.refused) + sum(1 for d in documents if d.action is None)
    metrics.FAULTS.labels(faults.NOT_INDEXED).inc(faulty)
    now = time.time()
    for document in documents:
        if document.action is not None and document.action.arrived_ms:
            metrics.END_TO_END.observe(max(0.0, now - document.action.arrived_ms / 1000))
