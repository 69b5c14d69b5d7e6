"""Tests of the rule by which a link document is shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from pipeline.correlation.claims import CaseState, Claim, ClaimSide, ClaimState, is_expired, is_visible

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
CLAIM = Claim("link", ClaimState.LIVE, 0, "g", ClaimSide("a:1", 1, hash="hash a"), ClaimSide("b:1", 1, hash="hash b"))
A, B = CaseState("hash a"), CaseState("hash b")


def test_a_claim_about_the_cases_as_they_are_is_shown() -> None:
    assert is_visible(CLAIM, A, B, NOW)


@pytest.mark.parametrize(
    "other",
    [
        None,
        CaseState("another hash"),
        CaseState("hash b", withdrawn=True),
        CaseState("hash b", retain_until="2026-11-01"),
    ],
)
def test_anything_else_is_not(other: CaseState | None) -> None:
    assert not is_visible(CLAIM, A, other, NOW)
    assert not is_visible(Claim("link", ClaimState.LIVE, 0, "g", CLAIM.b, CLAIM.a), other, A, NOW)


def test_only_live_claims_are_shown() -> None:
    assert not is_visible(Claim("link", ClaimState.RETRACTED, 0, "g", CLAIM.a, CLAIM.b), A, B, NOW)


def test_retention_ends_as_its_day_begins_in_utc() -> None:
    assert not is_expired("", NOW)
    assert not is_expired("2026-11-02", NOW)
    assert is_expired("2026-11-01", NOW)
    assert not is_expired("2026-11-02", datetime(2026, 11, 2, 1, tzinfo=timezone(timedelta(hours=2))))
