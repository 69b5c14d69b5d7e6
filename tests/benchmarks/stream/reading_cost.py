"""CPU a record of reading what was fetched: ours, within limits, beside aiokafka's own.

    PYTHONPATH=tests python tests/benchmarks/stream/reading_cost.py

Each row is the lowest of several rounds over the same fetched partition, and the ratio of ours to aiokafka's.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from typing import Any, cast

from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import READ_COMMITTED, PartitionRecords
from aiokafka.record.memory_records import MemoryRecords

from pipeline.streams.kafka.fetching import PartitionReader, ReadingPolicy
from pipeline.streams.kafka.record_batches import BatchLimits, BatchReader
from support.kafka.record_batches import made_batch, made_record

CODECS = {"none": 0, "gzip": 1, "snappy": 2, "lz4": 3, "zstd": 4}
SOURCE = TopicPartition("cases.fr-pj", 0)
ROUNDS = 40
LIMITS = BatchLimits(64 << 20, 100_000)


class NeverBlocked:
    """What a PartitionReader asks of a fetcher."""

    def __init__(self) -> None:
        self.reader = BatchReader(LIMITS)
        self.policy = ReadingPolicy(LIMITS, lambda _topic: True, None)  # type: ignore[arg-type]

    def rejection_at(self, _partition: TopicPartition, _offset: int) -> None:
        return None

    def block_partition(self, _partition: TopicPartition, _offset: int, error: Exception) -> None:
        raise error

    def unblock_partition(self, _partition: TopicPartition) -> None:
        return None


def fetched(codec: int, batches: int, records: int, size: int) -> bytes:
    """Batches of records that compress about as case records do."""
    draw = random.Random(1)
    words = [f"{draw.getrandbits(40):x}" for _ in range(2000)]
    made = b""
    for batch in range(batches):
        values = [
            json.dumps({draw.choice(words): draw.choice(words) for _ in range(size // 26)}) for _ in range(records)
        ]
        body = b"".join(made_record(at, b"fr-pj:%d" % at, value.encode()) for at, value in enumerate(values))
        made += made_batch(body, records, base=batch * records, codec=codec)
    return made


def theirs(data: bytes) -> Any:
    return PartitionRecords(SOURCE, MemoryRecords(data), [], 0, None, None, True, READ_COMMITTED)


def ours(data: bytes, fetcher: NeverBlocked = NeverBlocked()) -> Any:  # noqa: B008 - one fetcher reads many answers
    return PartitionReader(SOURCE, data, [], 0, READ_COMMITTED, cast(Any, fetcher))


def cost_us(read: Callable[[bytes], Any], data: bytes, records: int) -> float:
    """CPU a record of one round."""
    begun = time.process_time()
    assert sum(1 for _ in read(data)) == records
    return (time.process_time() - begun) / records * 1e6


def main() -> None:
    print("codec    batches x records x bytes    aiokafka us    ours us    ratio")
    for name, codec in CODECS.items():
        for batches, records, size in ((50, 10, 1000), (10, 100, 1000), (1, 1000, 1000), (10, 100, 4000)):
            data = fetched(codec, batches, records, size)
            costs = {read: [0.0] * 0 for read in (theirs, ours)}
            for _ in range(ROUNDS):
                for read, found in costs.items():
                    found.append(cost_us(read, data, batches * records))
            before, after = min(costs[theirs]), min(costs[ours])
            print(f"{name:8} {batches:7} x {records:7} x {size:5} {before:14.2f} {after:10.2f} {after / before:8.2f}")


if __name__ == "__main__":
    main()
