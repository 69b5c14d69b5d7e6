"""What was rejected and why, from the topic `rejected`: listed, shown, sent again."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import msgspec
from aiokafka import TopicPartition

from pipeline.access.requester import Requester
from pipeline.errors import LiaisonError
from pipeline.ops.replay.resending import open_resender
from pipeline.records.hashing import partition_of
from pipeline.records.messages import Position, Reason, RejectedMessage, offsets_of
from pipeline.records.schemas import hide_names
from pipeline.records.validation import RefusedError
from pipeline.records.validation import read as read_record
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.reading import offsets_since, read_partitions
from pipeline.streams.runtime.faults import FAULTS

NOT_REPLAYED: Final = FAULTS | {Reason.UNREADABLE_BATCH}
"""Reasons that no sending again can mend."""

_decode = msgspec.json.Decoder(RejectedMessage).decode


@dataclass(frozen=True)
class RejectionFilter:
    """Which rejections; what is left empty does not matter."""

    reason: str = ""
    agency: str = ""
    since: datetime | None = None
    until: datetime | None = None
    positions: frozenset[str] = frozenset()

    def matches(self, message: RejectedMessage) -> bool:
        """Whether a rejection is one of these."""
        return (
            (not self.reason or message.reason == self.reason)
            and (not self.agency or message.agency == self.agency)
            and (not self.positions or _is_named(message, self.positions))
            and (self.since is None or datetime.fromisoformat(message.time) >= self.since)
            and (self.until is None or datetime.fromisoformat(message.time) < self.until)
        )


def _is_named(message: RejectedMessage, positions: frozenset[str]) -> bool:
    """Whether a rejection is of one of these positions; a batch that could not be read is of many."""
    topic, partition = message.position.topic, message.position.partition
    return any(f"{topic}-{partition}-{offset}" in positions for offset in message.offsets)


class Rejection(msgspec.Struct, frozen=True):
    """What is told of a rejection: everything but the original bytes. `size` is theirs.

    `last_offset`: that of a batch that could not be read, of which `position` is the first.
    """

    position: str
    time: str
    agency: str
    reason: str
    pointer: str
    message: str
    size: int
    origin: str
    last_offset: int | None = None

    @property
    def place(self) -> str:
        """Its position, or first..last."""
        return self.position if self.last_offset is None else f"{self.position}..{self.last_offset}"

    @property
    def messages(self) -> int:
        """How many messages were rejected."""
        return len(offsets_of(Position.parse(self.position), self.last_offset))


def redact_rejection(message: RejectedMessage) -> Rejection:
    """What may be told of a rejection to whoever operates: where the fault is by names that the schema knows alone."""
    return Rejection(
        position=str(message.position),
        time=message.time,
        agency=message.agency,
        reason=message.reason,
        pointer=hide_names(message.pointer),
        message=message.message,
        size=len(message.original or b""),
        origin=str(message.origin) if message.origin else "",
        last_offset=message.last_offset,
    )


async def read_rejected(settings: Settings, wanted: RejectionFilter) -> AsyncIterator[RejectedMessage]:
    """The rejections that Kafka still holds and that are wanted; a position rejected twice comes once."""
    seen: set[Position] = set()
    name = topics.topic_name(settings, topics.REJECTED)
    partitions = [TopicPartition(name, p) for p in range(settings.case_partitions)]
    async for records in read_partitions(settings, await offsets_since(settings, partitions, wanted.since)):
        for message in (_decode(record.value) for record in records if record.value is not None):
            if wanted.matches(message) and message.position not in seen:
                seen.add(message.position)
                yield message


async def list_rejections(settings: Settings, wanted: RejectionFilter) -> list[Rejection]:
    """What may be told of them, the latest first."""
    found = [redact_rejection(message) async for message in read_rejected(settings, wanted)]
    return sorted(found, key=lambda rejection: rejection.time, reverse=True)


async def read_original(settings: Settings, position: str, requester: Requester) -> RejectedMessage:
    """A rejection with its original bytes, for the agency that sent it.

    Raises LiaisonError: to everyone else a position that is another agency's is as one that is not there.
    """
    async for message in read_rejected(settings, RejectionFilter(positions=frozenset({position}))):
        if message.agency and message.agency == requester.agency:
            return message
    raise LiaisonError(f"no rejected message of {requester.agency or 'this agency'} at {position}")


@dataclass
class ReplaySummary:
    """How many rejections were sent again, by agency; `left` by reason what no sending again can mend."""

    sent: Counter[str] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)


async def replay_rejected(
    settings: Settings, wanted: RejectionFilter, *, dry: bool = False, on_sent: Callable[[], None] = lambda: None
) -> ReplaySummary:
    """Send rejected messages to their national topics again, in their order; each carries where it was first.

    What was sent again before and rejected anew is left out, unless its position is named: its first rejection is sent.
    Doing it twice is harmless, since what was accepted meanwhile becomes a duplicate. Faults of ours were accepted long
    ago: they are mended by a reindex or a new generation. What was too large to be kept can't be sent, and of a batch
    that could not be read no message is known: its agency sends it again. A `dry` run sends nothing.
    """
    replayed = ReplaySummary()
    async with open_resender(settings, dry=dry) as send:
        async for message in read_replayable(settings, wanted, replayed.left):
            topic = topics.topic_name(settings, topics.CASES, agency=message.agency)
            key, partition = route_rejected(message, settings.case_partitions)
            await send(topic, partition, key, message.original, message.origin or message.position)
            replayed.sent[message.agency] += 1
            on_sent()
    return replayed


async def read_replayable(
    settings: Settings, wanted: RejectionFilter, left: Counter[str]
) -> AsyncIterator[RejectedMessage]:
    """The rejections that a replay sends, in their order; `left` counts by reason those that it can't mend."""
    async for message in read_rejected(settings, wanted):
        if message.origin is not None and not wanted.positions:
            continue
        if message.reason in NOT_REPLAYED or (message.reason == Reason.TOO_LARGE and message.original is None):
            left[message.reason] += len(message.offsets)
        else:
            yield message


def route_rejected(message: RejectedMessage, partitions: int) -> tuple[bytes | None, int]:
    """Key and partition for another try: where the record says that it belongs, if it was misrouted and can be read."""
    key = message.key
    if message.reason == Reason.MISROUTED:
        try:
            key = read_record(message.original).case.key.encode()
        except RefusedError:
            key = message.key
    return key, message.position.partition if key is None else partition_of(key, partitions)


def count_by_reason(found: Iterable[Rejection]) -> dict[str, int]:
    """How many messages for each reason, the most frequent first."""
    counted: Counter[str] = Counter()
    for rejection in found:
        counted[rejection.reason] += rejection.messages
    return dict(counted.most_common())
