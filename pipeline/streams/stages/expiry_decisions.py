"""Ends versions whose retention is over: a mark in `accepted`, and its fingerprint to every partition of `blocks`.

Retention asks by the topic `expiries`; intake alone writes `accepted`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final

import msgspec
from aiokafka import ConsumerRecord

from pipeline.access.guesses import AskedGuesses
from pipeline.correlation.fingerprinting import expiry_mark
from pipeline.correlation.key_ring import KeyRing
from pipeline.records import expiry
from pipeline.records.agencies import Registry
from pipeline.records.messages import Position
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.registers.control import Generation
from pipeline.streams.registers.seals import is_sealed_expiry
from pipeline.streams.runtime.table_store import TableStore
from pipeline.streams.runtime.transactions import Output
from pipeline.streams.stages.known_versions import find_known_version

log = logging.getLogger(__name__)

FindStore = Callable[[str, int], TableStore | None]
"""The store of an agency's cases in a partition."""

_expiries: Final = msgspec.json.Decoder(expiry.Expiry)
_encoder: Final = msgspec.json.Encoder()


class ExpiryDecider:
    """Decides what each message of `expiries` ends. The fingerprints are of the generation `current`."""

    def __init__(
        self, settings: Settings, registry: Registry, current: Generation, ring: KeyRing, clock: Callable[[], datetime]
    ) -> None:
        self._registry, self._ring, self._clock = registry, ring, clock
        self._generation, self._block_partitions = current.id, settings.block_partitions
        self.topic = topics.topic_name(settings, topics.EXPIRIES)
        self._accepted = topics.topic_name(settings, topics.ACCEPTED)
        self._guesses = topics.topic_name(settings, topics.HIT_GUESSES)
        self._blocks = topics.topic_name(settings, topics.BLOCKS, generation=current.id)

    def decide_expiry(self, record: ConsumerRecord, find_store: FindStore) -> list[Output]:
        """Whatever is not a request of ours, or comes too late, ends nothing; retention asks again."""
        try:
            asked = _expiries.decode(record.value or b"")
        except msgspec.DecodeError as error:
            log.warning("%s-%d-%d ends nothing: %s", record.topic, record.partition, record.offset, error)
            return []
        if not is_sealed_expiry(asked, self._ring):
            log.warning("%s-%d-%d ends nothing: it bears no seal", record.topic, record.partition, record.offset)
            return []
        return list(self._make_outputs(asked, record, find_store(asked.agency, record.partition)))

    def _make_outputs(self, asked: expiry.Expiry, record: ConsumerRecord, store: TableStore | None) -> Iterator[Output]:
        """The mark in `accepted`, its fingerprint to every partition of `blocks`, and that it guesses nothing more."""
        agency = self._registry.get(asked.agency)
        made = expiry.mark(asked, agency, find_known_version(store, asked.case)) if agency and store else None
        if made is None:
            return
        position = Position(record.topic, record.partition, record.offset)
        time, encoded = self._clock().isoformat(timespec="milliseconds"), _encoder.encode(expiry_mark(made))
        kept = expiry.accepted(made, asked, position, time, msgspec.Raw(encoded), self._generation)
        yield Output(self._accepted, record.partition, made.key.encode(), _encoder.encode(kept))
        for target in range(self._block_partitions):
            yield Output(self._blocks, target, made.key.encode(), encoded)
        yield Output(self._guesses, 0, asked.agency.encode(), _encoder.encode(AskedGuesses(asked.agency, made.key)))
