"""Owners of silent cases are told that somebody searched for one: agency, time and purpose, never the query.

It is found out here, from the audit, by asking the index again: a request that meets a silent case does nothing that
one without it would not.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Final

import msgspec
from aiokafka import ConsumerRecord, TopicPartition

from pipeline.access.audit import ActKind, AuditEntry
from pipeline.access.notices import Notice, NoticeKind, notice_id
from pipeline.access.query_cipher import QueryCipher
from pipeline.errors import LiaisonError
from pipeline.index.queries import QueryLimits
from pipeline.index.questions import parse_question
from pipeline.index.reading import IndexReader
from pipeline.index.searching import SearchResult, search_cases
from pipeline.matching.bands import Band
from pipeline.matching.model import Model
from pipeline.matching.score.scoring import judge_score
from pipeline.records.handling import SILENT
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.runtime.processor import ChunkResult
from pipeline.streams.runtime.stateless_processor import NullStore, StatelessProcessor
from pipeline.streams.runtime.transactions import Output

log = logging.getLogger(__name__)

LIKELY: Final = frozenset({Band.CERTAIN, Band.PROBABLE})
"""Bands of a search that meant this case: anything weaker would tell owners of every namesake."""

EXACT: Final = frozenset({"number", "phone", "email"})
"""Reasons that name one thing whatever the matcher says."""

SILENT_ONLY: Final = ({"term": {"handling.code": SILENT}},)

_entries = msgspec.json.Decoder(AuditEntry)
_encoder = msgspec.json.Encoder()


class _Asked(msgspec.Struct):
    """What of an audited search is asked again."""

    question: str
    country: str = ""


class SilentSearchProcessor(StatelessProcessor):
    """Asks each audited search again among silent cases, before the notices of it go out with the progress."""

    def __init__(self, settings: Settings, reader: IndexReader, model: Model, cipher: QueryCipher) -> None:
        self._topic = topics.topic_name(settings, topics.NOTICES)
        self._reader, self._model, self._cipher = reader, model, cipher

    def decide_records(
        self, source: TopicPartition, store: NullStore, records: Sequence[ConsumerRecord]
    ) -> ChunkResult:
        """The searches among the entries, to be asked again."""
        return ChunkResult(documents=[entry for record in records if (entry := decode_search(record)) is not None])

    async def publish_effects(self, result: ChunkResult) -> Sequence[Output]:
        """The notices of each search. Raises LiaisonError while the index does not answer; then it is tried again."""
        found = [notice for entry in result.documents async for notice in self.notices(entry)]
        return [Output(self._topic, 0, notice.id.encode(), _encoder.encode(notice)) for notice in found]

    async def notices(self, entry: AuditEntry) -> AsyncIterator[Notice]:
        """Whom an audited search concerns: the owners, others than the searcher's own agency, of what it meant."""
        asked = self._decrypt_search(entry)
        if asked is None:
            return
        at = datetime.fromisoformat(entry.time)
        limits = QueryLimits(at.date(), filters=SILENT_ONLY)
        for result in await search_cases(
            self._reader, parse_question(asked.question), self._model, limits, asked.country
        ):
            if result.case.agency != entry.agency and self._is_meant(result):
                yield _make_notice(entry, result, at)

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

    def _is_meant(self, result: SearchResult) -> bool:
        likely = judge_score(result.score + self._model.prior).band in LIKELY
        return likely or bool(EXACT.intersection(result.met))


def decode_search(record: ConsumerRecord) -> AuditEntry | None:
    """The audited search in a record of `audit`; None for anything else."""
    try:
        entry = _entries.decode(record.value) if record.value is not None else None
    except msgspec.MsgspecError:
        log.exception("%s-%d-%d is no audit entry", record.topic, record.partition, record.offset)
        return None
    return entry if entry is not None and entry.kind is ActKind.SEARCH and entry.query else None


def _make_notice(entry: AuditEntry, result: SearchResult, at: datetime) -> Notice:
    name = notice_id("silent search", entry.chain, str(entry.sequence), result.case.case)
    owner, kind = result.case.agency, NoticeKind.SILENT_SEARCH
    return Notice(name, owner, kind, at, case=result.case.case, other_agency=entry.agency, purpose=entry.purpose)
