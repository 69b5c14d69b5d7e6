"""Points in time as operators write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pipeline.errors import LiaisonError
from pipeline.ops.times import point

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2h", NOW - timedelta(hours=2)),
        ("7d", NOW - timedelta(days=7)),
        ("90s", NOW - timedelta(seconds=90)),
        ("2026-11-24T10:00:00Z", NOW - timedelta(hours=2)),
        ("2026-11-24T11:00:00+01:00", NOW - timedelta(hours=2)),
        ("2026-11-24T10:00", NOW - timedelta(hours=2)),
        ("2026-11-24", NOW - timedelta(hours=12)),
    ],
)
def test_a_time_or_so_long_ago(text: str, expected: datetime) -> None:
    assert point(text, NOW) == expected


def test_what_is_no_time_is_refused_in_one_line() -> None:
    with pytest.raises(LiaisonError, match="'yesterday' is no time"):
        point("yesterday", NOW)
