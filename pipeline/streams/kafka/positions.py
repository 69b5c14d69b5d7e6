"""Which source positions a record stands for: its own, the first of a message that was sent again, or a whole range.

A record batch that can't be read is a marker among the records of its partition, with its range. An operator may order
that a damaged batch of a national topic be given up; topic `control` holds that order.

Where a message that an operator sent again was first is told by a Kafka header, which intake copies into its outcome.
It tells, it decides nothing but that a lower version is no rejection; so an agency that writes it itself gains nothing,
and one that names a position of another agency's topic has its message rejected (pipeline.records.intake).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import ClassVar, Final, Literal, TypeVar

import msgspec
from aiokafka import ConsumerRecord, TopicPartition

from pipeline.access.formats import LaterFormatError
from pipeline.errors import LiaisonError
from pipeline.records.messages import Position

T = TypeVar("T")


def decode_value(decode: Callable[[bytes], T], record: ConsumerRecord) -> T:
    """What a record's value holds. Raises what `decode` does; a LaterFormatError then says where the record stands."""
    try:
        return decode(record.value or b"")
    except LaterFormatError as error:
        position = Position(record.topic, record.partition, record.offset)
        raise LaterFormatError(error.found, str(position)) from None


@dataclass(frozen=True)
class UnreadableBatch:
    """Comes in place of a batch's records, as one of them: `offset` is the first, `last_offset` the last.

    `problem` says why. Only the national topics, which others write, hold such batches for their readers: in a topic
    of our own it is a fault (pipeline.streams.kafka.fetching). `timestamp` is Unix time in ms, as records have it.
    """

    topic: str
    partition: int
    offset: int
    last_offset: int
    timestamp: int
    problem: str
    timestamp_type: int = 0
    key: None = None
    value: None = None
    headers: tuple[()] = ()

    @property
    def positions(self) -> int:
        """How many source positions it stands for."""
        return self.last_offset - self.offset + 1


def last_offset_of(record: ConsumerRecord) -> int:
    """The last offset that a record stands for: its own, but for an unreadable batch."""
    return int(record.last_offset if isinstance(record, UnreadableBatch) else record.offset)


def count_positions(records: Iterable[ConsumerRecord]) -> int:
    """How many source positions some records stand for."""
    return sum(record.positions if isinstance(record, UnreadableBatch) else 1 for record in records)


def records_after(records: Iterable[ConsumerRecord], offset: int) -> list[ConsumerRecord]:
    """What lies behind an offset; of an unreadable batch that begins before it, the rest."""
    return [
        replace(record, offset=offset + 1)
        if isinstance(record, UnreadableBatch) and record.offset <= offset
        else record
        for record in records
        if last_offset_of(record) > offset
    ]


def records_up_to(records: Iterable[ConsumerRecord], offset: int) -> list[ConsumerRecord]:
    """What lies up to an offset, inclusive; of an unreadable batch that ends after it, the beginning."""
    return [
        replace(record, last_offset=min(offset, record.last_offset)) if isinstance(record, UnreadableBatch) else record
        for record in records
        if record.offset <= offset
    ]


class RejectedBatch(msgspec.Struct, frozen=True):
    """The offsets of a damaged batch, both included; `topic_id` tells the topic from a later one of its name."""

    SETTING: ClassVar[Literal["rejected_batch"]] = "rejected_batch"
    """Begins its key in `control`, and says of what sort its value is."""

    topic: str
    topic_id: str
    partition: int
    offset: int
    last_offset: int

    @property
    def key(self) -> str:
        """Its key in `control`: giving the order twice is as giving it once."""
        return f"{self.SETTING}|{self.topic}|{self.partition}|{self.offset}"

    def covers(self, offset: int) -> bool:
        """Whether an offset is one of these."""
        return self.offset <= offset <= self.last_offset


class _BatchOrder(msgspec.Struct):
    """What a value of `control` says of a batch."""

    batch: RejectedBatch


_decode = msgspec.json.Decoder(_BatchOrder).decode


def rejected_batches(table: Iterable[tuple[bytes, bytes]], topic: str, partition: int) -> list[RejectedBatch]:
    """The orders for a partition among keys and values of `control`."""
    prefix = f"{RejectedBatch.SETTING}|{topic}|{partition}|".encode()
    return [_decode(value).batch for key, value in table if key.startswith(prefix)]


class BlockedPartitionError(LiaisonError):
    """A batch that can't be read, or not now, keeps a reader of a partition from going on."""

    def __init__(self, partition: TopicPartition, offset: int, problem: object) -> None:
        super().__init__(
            f"{partition.topic} can't be read on at partition {partition.partition}, offset {offset}: {problem}"
        )
        self.partition = partition


HEADER: Final = "liaison-origin"

_POSITION = re.compile(rb"[A-Za-z0-9._-]{1,249}-[0-9]{1,9}-[0-9]{1,18}")
"""What Kafka takes for a topic's name, and numbers that fit its types: anyone who may write to the topic may write the
header, and a receipt that can't be written would stop intake."""

Headers = list[tuple[str, bytes]]


def origin_headers(origin: Position) -> Headers:
    """The headers of a message that is sent again."""
    return [(HEADER, str(origin).encode())]


def origin_of(record: ConsumerRecord) -> Position | None:
    """The first position of a message; None where it is its first, or where the header is not one of ours."""
    for name, value in record.headers:
        if name == HEADER:
            return Position.parse(value.decode()) if value and _POSITION.fullmatch(value) else None
    return None
