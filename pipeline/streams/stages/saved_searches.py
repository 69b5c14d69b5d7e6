"""Alerts in the correlate stage: their fingerprints into `fingerprints`, their matches into `notices`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

import msgspec
from aiokafka import ConsumerRecord, TopicPartition

from pipeline.access.alerts import Alert, is_saved_search, match_notice, match_question
from pipeline.access.hit_gate import names_person
from pipeline.access.notices import Notice, NoticeKind
from pipeline.correlation.claims import Claim, is_expired
from pipeline.correlation.key_ring import KeyRing
from pipeline.correlation.protocol import JudgedClaim, case_id, home_partition
from pipeline.errors import LiaisonError
from pipeline.matching.fingerprint import Fingerprint
from pipeline.matching.handling import OwnerScope
from pipeline.matching.model import Model
from pipeline.search.probes import fingerprint_of
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.runtime import faults
from pipeline.streams.runtime.processor import ChunkResult, NullStore, Processor
from pipeline.streams.runtime.transactions import Output
from pipeline.streams.stages.hit_gate import question_output
from pipeline.times import now

log = logging.getLogger(__name__)

FEED: Final = "subscribe"

_alerts = msgspec.json.Decoder(Alert)
_encoder = msgspec.json.Encoder()


class SavedSearchProcessor(Processor):
    """Values of `subscriptions` in, fingerprints by this generation's model out, each to its home."""

    def __init__(self, settings: Settings, model: Model, generation: str) -> None:
        self._partitions, self._model = settings.correlate_partitions, model
        self._fingerprints = topics.topic_name(settings, topics.FINGERPRINTS, generation=generation)

    def decide_records(
        self, source: TopicPartition, store: NullStore, records: Sequence[ConsumerRecord]
    ) -> ChunkResult:
        """The fingerprint of each; one that can't be read is left out, since it asks for nothing."""
        return ChunkResult([output for record in records for output in self._query_outputs(record)])

    def _query_outputs(self, record: ConsumerRecord) -> list[Output]:
        try:
            alert = _alerts.decode(record.value)
            made = fingerprint_of(alert, self._model)
        except LiaisonError:
            log.warning("%s-%d-%d asks for nothing", record.topic, record.partition, record.offset)
            return []
        except faults.TROUBLE:
            raise
        except Exception:
            log.exception("%s-%d-%d is no alert", record.topic, record.partition, record.offset)
            return []
        made = msgspec.structs.replace(made, first=alert.version == 1)
        home = home_partition(case_id(made.case), self._partitions)
        position = record.topic, record.partition, record.offset
        log.debug("%s-%d-%d: version %d of an alert, to its home %d", *position, alert.version, home)
        return [Output(self._fingerprints, home, made.case.encode(), _encoder.encode(made))]


class SavedSearchMatches:
    """What becomes of claims about alerts: notices, from the active generation alone."""

    def __init__(
        self, settings: Settings, ring: KeyRing, model: Model, *, active: bool, clock: Callable[[], datetime] = now
    ) -> None:
        self._settings, self._topic = settings, topics.topic_name(settings, topics.NOTICES)
        self._ring, self._model, self._active, self._clock = ring, model, active, clock

    def concerns(self, claim: Claim) -> bool:
        """Whether a claim is about an alert, and so no link."""
        return is_saved_search(claim.a) or is_saved_search(claim.b)

    def match_outputs(self, judged: JudgedClaim) -> list[Output]:
        """The notice of a match; of a hit-only or silent case what the gate is asked."""
        at, claim, held = self._clock(), judged.claim, (judged.a, judged.b)
        outputs: list[Output] = []
        if not self._active:
            told = "is told by the active generation"
        elif any(is_expired(one.retain_until, at) for one in held):
            told = "is told to nobody, as one of the two is over"
        elif (notice := self._make_notice(claim, held, at)) is None:
            told = "is told to nobody"
        elif (question := match_question(claim, notice, at)) is not None:
            told, outputs = "is for the gate", [question_output(self._settings, question)]
        else:
            told, outputs = "is a notice", [Output(self._topic, 0, notice.id.encode(), _encoder.encode(notice))]
        log.debug("link %s: an alert's match %s", claim.link, told)
        return outputs

    def _make_notice(self, claim: Claim, held: Sequence[Fingerprint], at: datetime) -> Notice | None:
        """Whom a match concerns; the owner of a silent case only where the alert names somebody of it."""
        queries = [one for one in held if is_saved_search(one)]
        scope = queries[0].scope if queries else OwnerScope()
        notice = match_notice(claim, scope, self._ring, at)
        if notice is None or notice.kind is not NoticeKind.SILENT_SEARCH:
            return notice
        cases = [one for one in held if not is_saved_search(one)]
        named = any(names_person(q.entities, case.entities, self._model) for q in queries for case in cases)
        return notice if named else None
