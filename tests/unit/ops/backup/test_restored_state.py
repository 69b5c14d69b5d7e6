from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pipeline.ops.backup.restored_state import find_unended_chains

FINISHED = datetime(2026, 11, 25, 12, tzinfo=UTC)


def minutes_before(count: float) -> datetime:
    return FINISHED - timedelta(minutes=count)


def test_only_chains_that_were_at_work_when_the_backup_ended_are_said_to_be_whole() -> None:
    times = {"living": minutes_before(30), "quiet": minutes_before(31), "killed long ago": minutes_before(90)}
    heads = {name: name[0] for name in times} | {"own": "o"}
    times["own"] = FINISHED + timedelta(minutes=1)
    assert find_unended_chains(heads, times, FINISHED) == {"living": "l", "quiet": "q"}


def test_an_empty_trail_has_no_chains() -> None:
    assert find_unended_chains({}, {}, FINISHED) == {}
