from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from pipeline.errors import LiaisonError
from pipeline.feeds.times import point_in_time

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
    with pytest.raises(LiaisonError, match="is no time"):
        point_in_time(text, NOW)
