"""Owners of silent cases may be told that somebody searched for one: the day, agency and purpose, never the query.

It is found out here, from the audit, by asking the index again: a request that meets a silent case does nothing that
one without it would not. Who may be told, and when, the gate decides (pipeline.access.hit_ledger).
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime

import msgspec
from aiokafka import ConsumerRecord, TopicPartition

from pipeline.access.audit import ActKind, AuditEntry
from pipeline.access.hit_gate import names_person
from pipeline.access.hit_ledger import searched_question
from pipeline.access.notices import Notice, searched_notice
from pipeline.access.query_cipher import QueryCipher
from pipeline.correlation.key_ring import KeyRing
from pipeline.errors import LiaisonError
from pipeline.index.queries import QueryLimits, silent_cases
from pipeline.index.reading import IndexReader
from pipeline.index.searching import search_cases
from pipeline.matching.model import Model
from pipeline.search.probes import make_query_probe, strict_question
from pipeline.search.questions import Question, parse_question
from pipeline.settings import Settings
from pipeline.streams.runtime.processor import ChunkResult
from pipeline.streams.runtime.stateless_processor import NullStore, StatelessProcessor
from pipeline.streams.runtime.transactions import Output
from pipeline.streams.stages.hit_gate import question_output
from pipeline.times import now

log = logging.getLogger(__name__)

_entries = msgspec.json.Decoder(AuditEntry)


class _Asked(msgspec.Struct):
    """What of an audited search is asked again."""

    question: str
    country: str = ""


class SilentSearchProcessor(StatelessProcessor):
    """Asks each audited search again among silent cases, and hands what it met to the gate with the progress."""

    def __init__(
        self,
        settings: Settings,
        reader: IndexReader,
        model: Model,
        cipher: QueryCipher,
        ring: KeyRing,
        clock: Callable[[], datetime] = now,
    ) -> None:
        self._settings, self._ring, self._clock = settings, ring, clock
        self._reader, self._model, self._cipher = reader, model, cipher

    def decide_records(
        self, source: TopicPartition, store: NullStore, records: Sequence[ConsumerRecord]
    ) -> ChunkResult:
        """The searches among the entries, to be asked again."""
        return ChunkResult(documents=[entry for record in records if (entry := decode_search(record)) is not None])

    async def publish_effects(self, result: ChunkResult) -> Sequence[Output]:
        """What the gate is to tell of each search.

        Raises LiaisonError while the index does not answer; then it is tried again.
        """
        found = [notice for entry in result.documents async for notice in self.notices(entry)]
        return [question_output(self._settings, searched_question(notice, self._clock())) for notice in found]

    async def notices(self, entry: AuditEntry) -> AsyncIterator[Notice]:
        """Whom an audited search concerns: the owners, others than the searcher's own agency, of whom it named."""
        asked = self._decrypt_search(entry)
        named = strict_question(parse_question(asked.question)) if asked else None
        if asked is None or named is None or not named.born:
            return
        person = Question(types=named.types, names=named.names, born=named.born)
        probe = make_query_probe(person, asked.country)
        at = datetime.fromisoformat(entry.time)
        limits = QueryLimits(at.date(), filters=(silent_cases(),))
        for result in await search_cases(self._reader, person, self._model, limits, asked.country):
            if result.case.agency != entry.agency and names_person(probe, result.entities, self._model):
                yield searched_notice(result.case.case, entry.agency, entry.purpose, at, self._ring)

    def _decrypt_search(self, entry: AuditEntry) -> _Asked | None:
        """The search's words; None once the month's key is gone, or where they ask for nothing."""
        at = datetime.fromisoformat(entry.time)
        try:
            asked = msgspec.json.decode(self._cipher.decrypt(entry.query, at), type=_Asked)
            parse_question(asked.question)
        except (LiaisonError, msgspec.MsgspecError, ValueError) as error:
            log.warning("an audited search can't be asked again: %s", type(error).__name__)
            return None
        return asked


def decode_search(record: ConsumerRecord) -> AuditEntry | None:
    """The audited search in a record of `audit`; None for anything else."""
    try:
        entry = _entries.decode(record.value) if record.value is not None else None
    except msgspec.MsgspecError:
        log.exception("%s-%d-%d is no audit entry", record.topic, record.partition, record.offset)
        return None
    return entry if entry is not None and entry.kind is ActKind.SEARCH and entry.query else None
