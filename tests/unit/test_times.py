"""Points in time as agencies and operators write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from pipeline.errors import LiaisonError
from pipeline.times import WITH_WEEKS, point_in_time

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30s", NOW - timedelta(seconds=30)),
        ("10m", NOW - timedelta(minutes=10)),
        ("2h", NOW - timedelta(hours=2)),
        ("7d", NOW - timedelta(days=7)),
        ("2026-11-24", datetime(2026, 11, 24, tzinfo=UTC)),
        ("2026-11-24T10:00", datetime(2026, 11, 24, 10, tzinfo=UTC)),
        ("2026-11-24T10:00+02:00", datetime(2026, 11, 24, 10, tzinfo=timezone(timedelta(hours=2)))),
    ],
)
def test_instants_and_how_long_ago(text: str, expected: datetime) -> None:
    assert point_in_time(text, NOW) == expected


@pytest.mark.parametrize("text", ["", "yesterday", "10", "10w", "-1m"])
def test_anything_else_is_no_time(text: str) -> None:
    with pytest.raises(LiaisonError, match="is not a time"):
        point_in_time(text, NOW)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2h", NOW - timedelta(hours=2)),
        ("7d", NOW - timedelta(days=7)),
        ("1w", NOW - timedelta(weeks=1)),
        ("90s", NOW - timedelta(seconds=90)),
        ("2026-11-24T10:00:00Z", NOW - timedelta(hours=2)),
        ("2026-11-24T11:00:00+01:00", NOW - timedelta(hours=2)),
        ("2026-11-24T10:00", NOW - timedelta(hours=2)),
        ("2026-11-24", NOW - timedelta(hours=12)),
    ],
)
def test_a_time_or_so_long_ago(text: str, expected: datetime) -> None:
    assert point_in_time(text, NOW, WITH_WEEKS) == expected


def test_what_is_no_time_is_refused_in_one_line() -> None:
    with pytest.raises(LiaisonError, match="'yesterday' is not a time"):
        point_in_time("yesterday", NOW, WITH_WEEKS)
