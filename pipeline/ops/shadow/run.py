"""`liaison ops shadow`: a second model over the same accepted cases, beside everything that runs; nothing is written.

Fingerprints by that model go through a correlator of one partition, over a store of its own that goes with the command.
The links that it ends with are held against those that the active generation has asserted in `links`, read up to when
`accepted` had been read: links of cases that changed since then count on neither side.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import datetime
from typing import Final

import msgspec
from aiokafka import ConsumerRecord, TopicPartition

from pipeline.correlation.batch import TOGETHER
from pipeline.correlation.claims import Claim, ClaimState, without_evidence
from pipeline.correlation.correlator import Correlator
from pipeline.correlation.fingerprinting import derive_fingerprint
from pipeline.correlation.lmdb_store import LmdbStore
from pipeline.correlation.store_file import NO_OFFSET
from pipeline.correlation.visibility import CaseState, is_visible
from pipeline.errors import LiaisonError
from pipeline.matching.matcher import ModelMatcher
from pipeline.matching.model import Model, generation_id
from pipeline.ops.shadow.policy import ModelComparison, compare_links, link_of
from pipeline.records.messages import AcceptedRecord
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.admin import read_ids
from pipeline.streams.kafka.reading import read_partitions
from pipeline.streams.registers.control import Generation, read_control
from pipeline.streams.runtime import stores
from pipeline.streams.runtime.stores import StorePlaces

STAGE: Final = "shadow"

COMMITTED_AT_ONCE: Final = 2000
"""Cases between two commits of the store: they wait in memory."""

_accepted = msgspec.json.Decoder(AcceptedRecord).decode
_claim = msgspec.json.Decoder(Claim).decode

CountCompared = Callable[[], None]


async def compare_with_active(
    settings: Settings, model: Model, clock: Callable[[], datetime], count: CountCompared
) -> ModelComparison:
    """Compare a model with the active one over all that is accepted; `count` is told of each version.

    Raises LiaisonError for the active model itself, and KafkaError.
    """
    generation = (await read_control(settings)).find_generation()
    second = generation_id(model, generation.block_partitions)
    if second == generation.id:
        raise LiaisonError("this is the active model; choose another")
    accepted = topics.topic_name(settings, topics.ACCEPTED)
    with stores.scratch_folder(settings, STAGE) as root:
        places = StorePlaces(root, STAGE, second, read_ids(settings, [accepted]))
        with closing(stores.reopen_store(LmdbStore, places, TopicPartition(accepted, 0), NO_OFFSET)) as store:
            return await _Shadow(settings, generation, model, second, store, count).run(clock)


class _Shadow:
    """One comparison; its store knows every case as the second model sees it."""

    def __init__(
        self,
        settings: Settings,
        generation: Generation,
        model: Model,
        second: str,
        store: LmdbStore,
        count: CountCompared,
    ) -> None:
        self._settings, self._generation, self._model, self._second = settings, generation, model, second
        self._store, self._count = store, count
        self._correlator = Correlator(store, 0, 1, ModelMatcher(model), generation=second)
        self._claims: dict[str, Claim] = {}
        self._cases: set[str] = set()

    async def run(self, clock: Callable[[], datetime]) -> ModelComparison:
        """Both sides, as they are visible at the end."""
        await self._correlate_accepted()
        before = await self._read_active_claims()
        now = clock()
        return compare_links(
            self._generation.id,
            {link: link_of(claim) for link, claim in before.items() if self._is_visible(claim, now)},
            self._second,
            {link: link_of(claim) for link, claim in self._claims.items() if self._is_visible(claim, now)},
            len(self._cases),
        )

    async def _correlate_accepted(self) -> None:
        waiting = 0
        async for records in read_partitions(self._settings, self._first_offsets(topics.ACCEPTED)):
            for start in range(0, len(records), TOGETHER):
                self._correlate_record(records[start : start + TOGETHER])
            waiting += len(records)
            if waiting >= COMMITTED_AT_ONCE:
                self._store.commit(NO_OFFSET)
                waiting = 0

    def _correlate_record(self, records: Sequence[ConsumerRecord]) -> None:
        versions = [_accepted(record.value) for record in records if record.value is not None]
        self._cases.update(version.case for version in versions)
        for claims in self._correlator.receive_all([derive_fingerprint(version, self._model) for version in versions]):
            for claim in claims:
                self._remember(claim)
        for _ in records:
            self._count()

    def _remember(self, claim: Claim) -> None:
        if claim.state is ClaimState.LIVE:
            self._claims[claim.link] = without_evidence(claim)
        else:
            self._claims.pop(claim.link, None)

    async def _read_active_claims(self) -> dict[str, Claim]:
        """The live claims of the active generation, whichever partition made them; of several one that is visible."""
        found: dict[str, dict[bytes, Claim]] = {}
        async for records in read_partitions(self._settings, self._first_offsets(topics.LINKS, self._generation.id)):
            for record in records:
                if record.value is not None:
                    claim = _claim(record.value)
                    found.setdefault(claim.link, {})[record.key] = without_evidence(claim)
        return {link: max(claims.values(), key=_claim_order) for link, claims in found.items()}

    def _first_offsets(self, topic: topics.Topic, generation: str = "") -> dict[TopicPartition, int]:
        name = topics.topic_name(self._settings, topic, generation=generation)
        return {TopicPartition(name, p): 0 for p in range(topics.partition_count(self._settings, topic))}

    def _is_visible(self, claim: Claim, now: datetime) -> bool:
        return is_visible(claim, self._case_state(claim.a.case), self._case_state(claim.b.case), now)

    def _case_state(self, case: str) -> CaseState | None:
        number = self._store.find_cases([case]).get(case)
        if number is None:
            return None
        held = self._store.get_case(number).fingerprint
        return CaseState(held.hash, held.withdrawn, held.retain_until)


def _claim_order(claim: Claim) -> tuple[int, bool]:
    """The latest in versions; of equals, the one that asserts the link."""
    return claim.external_version, claim.state is ClaimState.LIVE
