"""Record batches that can't be read: the marker that stands for one among the records of its partition, with its range.

An operator may order that a damaged batch of a national topic be given up; topic `control` holds that order.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, Literal

import msgspec
from aiokafka import ConsumerRecord


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
    return [_rest_of_range(record, offset) for record in records if last_offset_of(record) > offset]


def records_up_to(records: Iterable[ConsumerRecord], offset: int) -> list[ConsumerRecord]:
    """What lies up to an offset, inclusive; of an unreadable batch that ends after it, the beginning."""
    return [
        replace(record, last_offset=min(offset, record.last_offset)) if isinstance(record, UnreadableBatch) else record
        for record in records
        if record.offset <= offset
    ]


def _rest_of_range(record: ConsumerRecord, offset: int) -> ConsumerRecord:
    if isinstance(record, UnreadableBatch) and record.offset <= offset:
        return replace(record, offset=offset + 1)
    return record


SETTING: Final[Literal["rejected_batch"]] = "rejected_batch"


class RejectedBatch(msgspec.Struct, frozen=True):
    """The offsets of a damaged batch, both included; `topic_id` tells the topic from a later one of its name."""

    topic: str
    topic_id: str
    partition: int
    offset: int
    last_offset: int

    @property
    def key(self) -> str:
        """Its key in `control`: giving the order twice is as giving it once."""
        return f"{SETTING}|{self.topic}|{self.partition}|{self.offset}"

    def covers(self, offset: int) -> bool:
        """Whether an offset is one of these."""
        return self.offset <= offset <= self.last_offset


class _BatchOrder(msgspec.Struct):
    """What a value of `control` says of a batch."""

    batch: RejectedBatch


_decode = msgspec.json.Decoder(_BatchOrder).decode


def rejected_batches(table: Iterable[tuple[bytes, bytes]], topic: str, partition: int) -> list[RejectedBatch]:
    """The orders for a partition among keys and values of `control`."""
    prefix = f"{SETTING}|{topic}|{partition}|".encode()
    return [_decode(value).batch for key, value in table if key.startswith(prefix)]
