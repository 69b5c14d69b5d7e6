"""The place of a record batch that can't be read: one marker among the records of its partition, with its range."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

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
