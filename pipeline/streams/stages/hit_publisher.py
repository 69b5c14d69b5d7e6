"""Who tells agencies of links: the project stage of the active generation, which after a switch tells what differs.

A note of each index says which generation told last, and up to which offset of its `links`; it is written in the same
transactions as the hits. The lane that finds another generation in it fences that one's lane first, so that the note is
its last word, and then tells one hit for each link that an agency sees differently in the new generation.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime
from typing import Final, NamedTuple

import msgspec
from aiokafka import TopicPartition

from pipeline.access.hit_ledger import HitQuestion, question_id
from pipeline.access.notices import Notice, hit_told_notice, silent_link_notice
from pipeline.access.release import may_know, release_counterpart
from pipeline.access.requester import Purpose
from pipeline.correlation.claims import Claim, ClaimSide, ClaimState
from pipeline.correlation.hits import Hit
from pipeline.correlation.key_ring import KeyRing
from pipeline.correlation.projection import (
    CounterpartRelease,
    CounterpartView,
    GenerationDiff,
    RememberedLink,
    add_new,
    add_old,
    difference_hits,
)
from pipeline.correlation.store_file import NO_OFFSET
from pipeline.matching.bands import Band, ExactMatch
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.admin import read_ids
from pipeline.streams.kafka.reading import read_partitions
from pipeline.streams.runtime.stores import StorePlaces
from pipeline.streams.runtime.table_store import TableStore
from pipeline.streams.runtime.transactions import (
    HITS_PUBLISHED,
    Output,
    Progress,
    Transactions,
    marker_output,
    read_marker,
)
from pipeline.streams.stages.hit_gate import question_output
from pipeline.times import now

log = logging.getLogger(__name__)

CROSSED_AT_ONCE: Final = 5000
"""Links brought together between two commits of the table on disk: some 1.5 kB each wait in memory."""

_claims = msgspec.json.Decoder(Claim)
_differences = msgspec.json.Decoder(GenerationDiff)
_encoder = msgspec.json.Encoder()


class ViewChange(NamedTuple):
    """A hit, the claim that brings it, and what both agencies might see of the link before and after."""

    hit: Hit
    claim: Claim
    before: RememberedLink
    after: RememberedLink

    @property
    def side(self) -> str:
        """Which side of the link the agency that is told owns."""
        return "a" if self.hit.case == self.claim.a.case else "b"

    @property
    def own(self) -> ClaimSide:
        """That side."""
        return self.claim.a if self.side == "a" else self.claim.b

    @property
    def _views(self) -> tuple[CounterpartView | None, CounterpartView | None]:
        if self.side == "a":
            return self.before.told_a, self.after.told_a
        return self.before.told_b, self.after.told_b

    @property
    def is_hit_only(self) -> bool:
        """Whether its agency sees the other side as a hit, or did so before: then the gate tells it."""
        return any(view is not None and not view.full for view in self._views)

    def gate_question(self, at: datetime) -> HitQuestion:
        """What the gate is asked: see HitQuestion."""
        was, view = self._views
        before = self.before.order_a if self.side == "a" else self.before.order_b
        after = self.after.order_a if self.side == "a" else self.after.order_b
        return HitQuestion(
            id=question_id(self.claim.link, self.side),
            asker=self.hit.receiver,
            owner=self.hit.agency,
            asks=view.asks if view else "",
            hit=self.hit,
            full=view is not None and view.full,
            knew=was is not None and was.full,
            asker_changed=before < after,
            owner_notice=self._owner_notice(at) if view and not view.full else None,
            exact=view.exact if view else ExactMatch.NONE,
        )

    def _owner_notice(self, at: datetime) -> Notice | None:
        """What the owner of the other side is told, where they may know of this one, link or not; silence wins."""
        other, seen = (self.claim.b, self.after.told_b) if self.side == "a" else (self.claim.a, self.after.told_a)
        if seen is None and not may_know(self.claim, other, self.own):
            return None
        return hit_told_notice(other.case, self.hit.id, self.hit.receiver, Purpose.CORRELATION, at)


class HitPublisher:
    """What the lanes of a generation's project stage tell agencies; it counts the switches by index."""

    def __init__(self, settings: Settings, places: StorePlaces, stage: str, generation: str, ring: KeyRing) -> None:
        self._settings, self._places, self._stage = settings, places, stage
        self._generation, self._ring = generation, ring
        self._switches: dict[int, int] = {}

    def count_switches(self, index: int) -> int:
        """How many switches came before what is told now."""
        return self._switches.get(index, 0)

    def hit_output(self, hit: Hit) -> Output:
        """The record of a hit."""
        topic = topics.topic_name(self._settings, topics.HITS, agency=hit.receiver)
        return Output(topic, 0, hit.id.encode(), _encoder.encode(hit))

    def change_outputs(self, change: ViewChange) -> list[Output]:
        """The records that tell an agency of a link, or ask the gate to; with the notice where its side is silent."""
        notice = silent_link_notice(change.hit, change.own, now())
        if change.is_hit_only:
            question = change.gate_question(now())
            return [question_output(self._settings, msgspec.structs.replace(question, notice=notice))]
        if notice is None:
            return [self.hit_output(change.hit)]
        where = topics.topic_name(self._settings, topics.NOTICES)
        return [self.hit_output(change.hit), Output(where, 0, notice.id.encode(), _encoder.encode(notice))]

    def difference_output(self, change: ViewChange) -> Output:
        """The record that tells an agency what a switch of generation changes, or asks the gate to."""
        return (
            question_output(self._settings, change.gate_question(now()))
            if change.is_hit_only
            else self.hit_output(change.hit)
        )

    def marker_output(self, source: TopicPartition, offset: int) -> Output:
        """The note that what this generation sees of a partition of `links` up to an offset has been told."""
        topic_id = self._places.ids.topics[source.topic]
        progress = Progress(offset, topic_id, self._generation, self._switches[source.partition])
        return marker_output(self._settings, HITS_PUBLISHED, source.partition, progress)

    async def startup_outputs(self, source: TopicPartition, applied: int, table: Mapping[bytes, bytes]) -> list[Output]:
        """What is to be told before anything else where another generation told last, and the note of that."""
        index = source.partition
        last = read_marker(table, HITS_PUBLISHED, index)
        if last is not None and last.generation == self._generation:
            self._switches[index] = last.switches
            return []
        last = await self._last_word(last, index)
        self._switches[index] = 0 if last is None else last.switches + 1
        outputs = [self.difference_output(change) for change in await self._find_differences(source, applied, last)]
        log.info("links-%d: %d hits differ from what was told before", index, len(outputs))
        return [*outputs, self.marker_output(source, applied)]

    async def _last_word(self, last: Progress | None, index: int) -> Progress | None:
        """What the generation that told last had told, once it can tell no more."""
        if last is None:
            return None
        former = topics.topic_name(self._settings, topics.LINKS, generation=last.generation)
        found = read_ids(self._settings, [former])
        transactions = Transactions(self._settings, self._stage, last.generation, index, found.topics)
        try:
            await transactions.start_producer()
            return read_marker(transactions.table, HITS_PUBLISHED, index)
        finally:
            await transactions.stop()

    async def _find_differences(self, source: TopicPartition, applied: int, last: Progress | None) -> list[ViewChange]:
        folder = self._places.folder(source).with_name(f"{source.topic}-{source.partition}-switch")
        shutil.rmtree(folder, ignore_errors=True)
        table = TableStore(folder, self._places.identity(source))
        try:
            if last is not None:
                former = topics.topic_name(self._settings, topics.LINKS, generation=last.generation)
                before = TopicPartition(former, source.partition)
                await self._bring_up_to(table, before, last.offset, add_old, decode_former_claim)
            await self._bring_up_to(table, source, applied, add_new, decode_claim)
            differences, switch = (
                (_differences.decode(row) for _, row in table.rows()),
                self._switches[source.partition],
            )
            return [
                ViewChange(hit, difference.claim, difference.published, difference.seen)
                for difference in differences
                for hit in difference_hits(difference, self._ring, switch)
            ]
        finally:
            table.close()
            shutil.rmtree(folder)

    async def _bring_up_to(
        self,
        table: TableStore,
        source: TopicPartition,
        last: int,
        add: Callable[[GenerationDiff | None, Claim, CounterpartRelease], GenerationDiff],
        decode: Callable[[bytes], Claim | None],
    ) -> None:
        """Take the claims of a partition of `links` up to an offset into the table."""
        waiting = 0
        async for claim in self._read_claims(source, last, decode):
            key = bytes.fromhex(claim.link)
            held = table.get(key)
            table.put(
                key,
                _encoder.encode(add(None if held is None else _differences.decode(held), claim, release_counterpart)),
            )
            waiting += 1
            if waiting % CROSSED_AT_ONCE == 0:
                table.commit(NO_OFFSET)
        table.commit(NO_OFFSET)

    async def _read_claims(
        self, source: TopicPartition, last: int, decode: Callable[[bytes], Claim | None]
    ) -> AsyncIterator[Claim]:
        if last == NO_OFFSET:
            return
        async for records in read_partitions(self._settings, {source: 0}, {source: last}):
            for record in records:
                if record.value is not None and (claim := decode(record.value)):
                    yield claim


def decode_claim(value: bytes) -> Claim | None:
    """The claim; one that can't be read was refused when it came, and nothing was told of it."""
    try:
        return _claims.decode(value)
    except msgspec.MsgspecError:
        return None


RELEASED: Final = "released"
"""The state of a claim of PROTOCOL 1 whose partition had linked a pair that another one owned by then."""


class _Former(msgspec.Struct):
    """What only claims of earlier versions say: in which bands one of SCORING 3 or less told its sides of hits."""

    state: str = ""
    exact_a: Band = Band.NONE
    exact_b: Band = Band.NONE


def decode_former_claim(value: bytes) -> Claim | None:
    """A claim of the generation that told last, with what its agencies were told by.

    One of before equality has bands. They count as told here alone, so that a hit which rests on a likeness is taken
    back. One that stays is told again in the band of all hits: it counts as told to content that no record has.

    Of one that was released agencies were told as of any link, unless it has no hash of a side, which its partition had
    lost: then nothing was told of it.
    """
    try:
        told = _former.decode(value)
        if told.state == RELEASED:
            claim = msgspec.convert(msgspec.json.decode(value) | {"state": ClaimState.LIVE}, Claim)
        else:
            claim = _claims.decode(value)
    except msgspec.MsgspecError:
        return None
    if told.state == RELEASED and not (claim.a.hash and claim.b.hash):
        return None
    if told.exact_a:
        claim = msgspec.structs.replace(claim, a=_as_of_bands(claim.a), exact_a=ExactMatch.NAME)
    if told.exact_b:
        claim = msgspec.structs.replace(claim, b=_as_of_bands(claim.b), exact_b=ExactMatch.NAME)
    return claim


def _as_of_bands(side: ClaimSide) -> ClaimSide:
    """The side with another hash, unless it has none, which says that its record was lost."""
    return msgspec.structs.replace(side, hash=side.hash and f"{side.hash} by bands")


_former = msgspec.json.Decoder(_Former)
