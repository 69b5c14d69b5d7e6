"""Alerts in the correlate stage: their fingerprints into `blocks`, their matches into `notices`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final

import msgspec
from aiokafka import ConsumerRecord, TopicPartition

from pipeline.access.hit_gate import names_person
from pipeline.access.notices import NoticeKind
from pipeline.access.subscriptions import Subscription, is_saved_search, match_notice, match_question
from pipeline.correlation.claims import Claim, is_expired
from pipeline.correlation.correlator import Correlator, target_partitions
from pipeline.correlation.key_ring import KeyRing
from pipeline.errors import LiaisonError
from pipeline.matching.fingerprint import Fingerprint, OwnerScope
from pipeline.matching.model import Model
from pipeline.search.probes import fingerprint_of
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.runtime import faults
from pipeline.streams.runtime.processor import ChunkResult, NullStore, StatelessProcessor
from pipeline.streams.runtime.transactions import Output
from pipeline.streams.stages.hit_gate import question_output
from pipeline.times import now

log = logging.getLogger(__name__)

FEED: Final = "subscribe"

_subscriptions = msgspec.json.Decoder(Subscription)
_encoder = msgspec.json.Encoder()


class SavedSearchProcessor(StatelessProcessor):
    """Values of `subscriptions` in, fingerprints by this generation's model out, to the owners of their keys."""

    def __init__(self, settings: Settings, model: Model, generation: str) -> None:
        self._partitions, self._model = settings.block_partitions, model
        self._blocks = topics.topic_name(settings, topics.BLOCKS, generation=generation)

    def decide_records(
        self, source: TopicPartition, store: NullStore, records: Sequence[ConsumerRecord]
    ) -> ChunkResult:
        """The fingerprint of each; one that can't be read is left out, since it asks for nothing."""
        return ChunkResult([output for record in records for output in self._query_outputs(record)])

    def _query_outputs(self, record: ConsumerRecord) -> list[Output]:
        try:
            subscription = _subscriptions.decode(record.value)
            made = fingerprint_of(subscription, self._model)
        except LiaisonError:
            log.warning("%s-%d-%d asks for nothing", record.topic, record.partition, record.offset)
            return []
        except faults.TROUBLE:
            raise
        except Exception:
            log.exception("%s-%d-%d is no alert", record.topic, record.partition, record.offset)
            return []
        value, key = _encoder.encode(made), made.case.encode()
        where = target_partitions(made, first=subscription.version == 1, partitions=self._partitions)
        return [Output(self._blocks, partition, key, value) for partition in sorted(where)]


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

    def match_outputs(self, claim: Claim, correlator: Correlator) -> Iterator[Output]:
        """The notice of a match, while its query lasts; of a hit-only or silent case what the gate is asked."""
        at = self._clock()
        held = [_find_held(side.case, correlator) for side in (claim.a, claim.b)]
        if not self._active or any(one is not None and is_expired(one.retain_until, at) for one in held):
            return
        scope = next((one.scope for one in held if one is not None and is_saved_search(one)), OwnerScope())
        notice = match_notice(claim, scope, self._ring, at)
        if notice is None or (notice.kind is NoticeKind.SILENT_SEARCH and not self._is_named(held)):
            return
        question = match_question(claim, notice, at)
        if question is not None:
            yield question_output(self._settings, question)
        else:
            yield Output(self._topic, 0, notice.id.encode(), _encoder.encode(notice))

    def _is_named(self, held: Iterable[Fingerprint | None]) -> bool:
        """Whether the alert of the two names somebody of the other."""
        prints = [one for one in held if one is not None]
        return any(
            names_person(query.entities, case.entities, self._model)
            for query in prints
            for case in prints
            if is_saved_search(query) and not is_saved_search(case)
        )


def _find_held(case: str, correlator: Correlator) -> Fingerprint | None:
    number = correlator.store.find_cases([case]).get(case)
    return None if number is None else correlator.store.get_case(number).fingerprint
