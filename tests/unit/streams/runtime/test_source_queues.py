"""Slices are taken in turn from a queue per source partition, and a full queue pauses its own partition alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from aiokafka import TopicPartition

from pipeline.streams.runtime.source_queues import RIVALS, SLICE_BYTES, SLICE_RECORDS, WAITING_CHUNKS, SourceQueues

FLOOD, OTHER, THIRD = (TopicPartition(f"cases.{name}", 0) for name in ("flood", "other", "third"))


@dataclass
class PausedPartitions:
    """The consumer's side: which partitions are paused."""

    paused: set[TopicPartition] = field(default_factory=set)

    def begin_of(self, partition: TopicPartition) -> int:
        return 0

    def pause_fetching(self, partition: TopicPartition) -> None:
        assert partition not in self.paused
        self.paused.add(partition)

    def resume_fetching(self, partition: TopicPartition) -> None:
        self.paused.remove(partition)


def chunk(first: int, count: int, size: int | None = None) -> Any:
    value = None if size is None else bytes(size)
    offsets = range(first, first + count)
    return SimpleNamespace(value=[SimpleNamespace(offset=offset, value=value) for offset in offsets])


def queues(flow: PausedPartitions | None = None) -> SourceQueues:
    return SourceQueues([FLOOD, OTHER, THIRD], flow or PausedPartitions())


def taken(held: SourceQueues, spent_s: float = 0.0) -> tuple[TopicPartition, list[int]] | None:
    """Take a slice, as a lane does that needs so long for it."""
    found = held.next_slice(0.0)
    if found is None:
        return None
    held.note_time(found.partition, spent_s)
    return found.partition, [record.offset for record in found.records]


def test_a_record_waits_for_one_slice_of_each_other_partition_however_long_their_queues_are() -> None:
    held = queues()
    for first in range(0, 5000, 500):
        held.put_chunk(FLOOD, chunk(first, 500))
    for _ in range(20):
        taken(held)
    held.put_chunk(OTHER, chunk(7, 1))
    held.put_chunk(THIRD, chunk(0, 1))
    assert {str(taken(held)) for _ in range(2)} == {str((OTHER, [7])), str((THIRD, [0]))}
    assert taken(held) is None, "theirs are not kept waiting for the flood: the transaction ends"
    held.settle_taken()
    found = taken(held)
    assert found is not None
    assert found[0] == FLOOD


def test_partitions_that_all_have_a_backlog_share_the_records_alike() -> None:
    held = queues()
    for partition in (FLOOD, OTHER, THIRD):
        for first in range(0, 1000, 500):
            held.put_chunk(partition, chunk(first, 500))
    counts = dict.fromkeys((FLOOD, OTHER, THIRD), 0)
    for _ in range(30):
        found = taken(held)
        assert found is not None
        counts[found[0]] += len(found[1])
    assert len(set(counts.values())) == 1
    assert counts[FLOOD] > 5 * SLICE_RECORDS


def test_slow_records_come_in_smaller_slices_and_fast_ones_in_larger_ones_again() -> None:
    held = queues()
    held.put_chunk(FLOOD, chunk(0, 500))
    sizes = [len(taken(held, RIVALS.shared_s / 2)[1]) for _ in range(7)]  # type: ignore[index]
    assert sizes == [1, 2, 4, 8, 16, 32, SLICE_RECORDS]
    sizes = [len(taken(held, 2 * RIVALS.shared_s)[1]) for _ in range(8)]  # type: ignore[index]
    assert sizes == [50, 25, 12, 6, 3, 1, 1, 1]


def test_a_slice_of_large_records_holds_few_of_them() -> None:
    held = queues()
    held.put_chunk(FLOOD, chunk(0, 63))
    while taken(held):
        pass
    held.settle_taken()
    held.put_chunk(FLOOD, chunk(63, 5, SLICE_BYTES // 2))
    assert taken(held) == (FLOOD, [63, 64])
    held.put_chunk(OTHER, chunk(0, 1))
    assert taken(held) == (OTHER, [0])
    held.put_chunk(THIRD, chunk(0, 2, 10 * SLICE_BYTES))
    assert taken(held) == (THIRD, [0])


def test_a_full_queue_pauses_its_own_partition_until_it_is_half_empty() -> None:
    flow = PausedPartitions()
    held = queues(flow)
    for number in range(WAITING_CHUNKS):
        assert flow.paused == set()
        held.put_chunk(FLOOD, chunk(number, 1))
    held.put_chunk(FLOOD, chunk(WAITING_CHUNKS, 1))
    held.put_chunk(OTHER, chunk(0, 1))
    assert flow.paused == {FLOOD}
    taken(held)
    taken(held)
    assert len(held.settle_taken()) == 2
    assert flow.paused == {FLOOD}
    while taken(held):
        pass
    assert flow.paused == {FLOOD}, "what is not settled still counts"
    held.settle_taken()
    assert flow.paused == set()


def test_what_was_not_settled_is_taken_again_and_only_whole_chunks_are_done() -> None:
    held = queues()
    first, second = chunk(0, 3), chunk(3, 3)
    held.put_chunk(FLOOD, first)
    held.put_chunk(FLOOD, second)
    assert [taken(held), taken(held)] == [(FLOOD, [0]), (FLOOD, [1, 2])]
    held.rewind_taken()
    assert taken(held) == (FLOOD, [0, 1, 2])
    assert held.settle_taken() == [first]
    assert held.settle_taken() == []
    held.rewind_taken()
    assert taken(held) == (FLOOD, [3, 4, 5])
    assert held.settle_taken() == [second]


def test_a_held_partition_waits_with_what_was_not_decided_while_others_go_on() -> None:
    held = queues()
    held.put_chunk(FLOOD, chunk(0, 3))
    held.put_chunk(OTHER, chunk(0, 1))
    assert taken(held) == (FLOOD, [0])
    assert taken(held) == (OTHER, [0])
    assert len(held.settle_taken()) == 1
    assert taken(held) == (FLOOD, [1, 2])
    held.hold_back(FLOOD, 1, until=5.0)
    assert (held.is_ready(4.9), held.next_release(4.9)) == (False, 5.0)
    assert held.next_slice(4.9) is None
    assert held.settle_taken() == []
    assert (held.is_ready(5.0), held.next_release(5.0)) == (True, None)
    found = held.next_slice(5.0)
    assert found is not None
    assert [record.offset for record in found.records] == [2]
    assert len(held.settle_taken()) == 1


def test_dropping_keeps_what_is_in_hand_and_lets_everything_be_fetched() -> None:
    flow = PausedPartitions()
    held = queues(flow)
    chunks = [chunk(number, 1) for number in range(WAITING_CHUNKS)]
    for one in chunks:
        held.put_chunk(FLOOD, one)
    taken(held)
    held.drop_waiting()
    assert flow.paused == set()
    assert held.settle_taken() == chunks[:1]
    assert taken(held) is None
