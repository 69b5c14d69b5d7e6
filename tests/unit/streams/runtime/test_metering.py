"""The records that took longest to decide."""

from __future__ import annotations

from pipeline.streams.runtime.metering import MINUTES_KEPT, SLOWEST_KEPT, SlowestRecords, SlowSlice

HOUR_S = 60.0 * MINUTES_KEPT


def slice_at(time: float, decided_s: float, offset: int = 0) -> SlowSlice:
    return SlowSlice(decided_s, 1.0, time, "correlate", "postings.g", 0, offset, 1)


def test_the_slowest_of_the_last_hour_are_told_slowest_first() -> None:
    slowest = SlowestRecords()
    for at in range(100):
        slowest.note_slice(slice_at(1_000.0 + at * 60, at / 100, at))
    now = 1_000.0 + 99 * 60
    assert [found.offset for found in slowest.list_slowest(now)] == list(range(99, 99 - SLOWEST_KEPT, -1))
    assert [found.offset for found in slowest.list_slowest(now + HOUR_S - 120)] == [99, 98]
    assert slowest.list_slowest(now + 2 * HOUR_S) == []


def test_a_burst_takes_no_more_memory_than_a_minute_may() -> None:
    slowest = SlowestRecords()
    for at in range(10_000):
        slowest.note_slice(slice_at(0.0, (at * 7919) % 10_000, at))
    assert [found.decided_s for found in slowest.list_slowest(0.0)] == [9_999.0 - at for at in range(SLOWEST_KEPT)]


def test_a_slice_has_no_field_for_content() -> None:
    assert SlowSlice.__struct_fields__ == (
        "decided_s", "waited_s", "time", "feed", "topic", "partition", "offset", "records",
    )  # fmt: skip
