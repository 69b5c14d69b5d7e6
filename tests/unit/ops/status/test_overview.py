from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipeline.ops.status.overview import (
    SilentRecords,
    StorageSize,
    WaitingRecords,
    feeds_of,
    indices_of,
    measure_stores,
    silent_records_of,
    sum_lags,
)
from pipeline.ops.status.partition_lag import PartitionLag
from pipeline.records.agencies import Agency, AgencyState
from pipeline.streams.runtime.stores import LOCK

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_what_waits_is_added_up_by_stage_and_topic_the_most_first() -> None:
    lags = [
        PartitionLag("intake", "cases.fr-pj", 0, 0), PartitionLag("project-g1", "accepted", 0, 2),
        PartitionLag("project-g1", "accepted", 1, 3),
    ]  # fmt: skip
    assert sum_lags(lags) == [
        WaitingRecords("project-g1", "accepted", 5),
        WaitingRecords("intake", "cases.fr-pj", 0),
    ]


def test_a_feed_is_silent_after_a_day_or_without_any_record_and_a_removed_agency_has_none() -> None:
    registry = {
        "be-fp": Agency("be-fp", "BE"), "de-bka": Agency("de-bka", "DE"), "fr-pj": Agency("fr-pj", "FR"),
        "pl-kg": Agency("pl-kg", "PL", state=AgencyState.REMOVED),
    }  # fmt: skip
    hours = {"be-fp": (1, 30), "fr-pj": (25,)}
    events = [(name, (NOW - timedelta(hours=ago)).timestamp()) for name, all_ in hours.items() for ago in all_]
    found = [(feed.agency, feed.silent) for feed in feeds_of(registry, events, NOW)]
    assert found == [("de-bka", True), ("fr-pj", True), ("be-fp", False)]


def test_who_holds_silent_records_and_is_told_of_searches_for_them() -> None:
    def bucket(name: str, count: int, nameless: int = 0) -> dict[str, object]:
        return {"key": name, "doc_count": count, "nameless": {"doc_count": nameless}}

    held = [bucket("fr-pj", 3), bucket("es-gc", 2000, 1990), bucket("nl-np", 5)]
    assert silent_records_of(held, [bucket("es-gc", 41), bucket("pl-kg", 1)]) == [
        SilentRecords("es-gc", 2000, 1990, 41), SilentRecords("pl-kg", 0, 0, 1), SilentRecords("nl-np", 5, 0, 0),
        SilentRecords("fr-pj", 3, 0, 0),
    ]  # fmt: skip


def test_indices_come_by_size() -> None:
    def said(size: int, documents: int) -> dict[str, object]:
        return {"total": {"store": {"size_in_bytes": size}}, "primaries": {"docs": {"count": documents}}}

    assert indices_of({"links-1": said(2, 1), "cases-1": said(9, 4)}) == [
        StorageSize("cases-1", 9, 4),
        StorageSize("links-1", 2, 1),
    ]


def test_stores_are_added_up_by_stage_as_they_lie_on_disk(tmp_path: Path) -> None:
    for partition in range(2):
        folder = tmp_path / "worker-1" / "correlate" / "g1" / f"postings.g1-{partition}"
        folder.mkdir(parents=True)
        (folder / LOCK).touch()
        (folder / "data.mdb").write_bytes(b"x" * 4096)
    (found,) = measure_stores(tmp_path)
    assert found.name == "correlate"
    assert found.size >= 2 * 4096
    assert measure_stores(tmp_path / "nowhere") == []
