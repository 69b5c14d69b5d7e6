"""What retention ends and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from pipeline.access.alerts import LASTS, AlertState, close_alert, make_alert
from pipeline.access.notices import NoticeKind
from pipeline.access.requester import Grounds, Purpose
from pipeline.access.reviews import Review, Verdict
from pipeline.ops.retention import (
    RENEWABLE,
    TOLD_AHEAD,
    Forecast,
    RetentionFields,
    close_lapsed_alerts,
    ended_cases,
    find_outdated_months,
    forecast_expiries,
    make_expiry_notices,
    strip_reviews,
)
from pipeline.records.expiry import Expiry
from pipeline.streams.catalogues import topics
from support.access.requesters import make_requester

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
ANNA = make_requester("fr-pj", subject="anna")
STANDING = make_alert("s1", "Ivan Petrov", "FR", ANNA, Grounds(Purpose.INVESTIGATION, "fr 2026/1"), NOW)
REVIEW = Review(
    "r1", "0" * 32, "be-fp:1", "fr-pj:1", 1, 2, "g1", Verdict.SAME, "be-fp", "bob", NOW, "a reason", evidence=("d",)
)


def keeping(status: str, retain_until: str | None = None, case: str = "fr-pj:1", version: int = 1) -> RetentionFields:
    value = {"case": case, "version": version, "status": status, "data": {"retain_until": retain_until}}
    return msgspec.convert(value | {"provenance": {"content_hash": "ab"}}, RetentionFields)


def ending(*dates: tuple[str, str]) -> list[RetentionFields]:
    return [keeping("active", date, case) for case, date in dates]


def test_expiries_are_counted_by_agency_and_month_up_to_a_day() -> None:
    cases = ending(
        ("fr-pj:1", "2026-11-24"),
        ("fr-pj:2", "2026-11-25"),
        ("be-fp:1", "2026-12-01"),
        ("be-fp:2", "2026-12-31"),
        ("be-fp:3", "2027-01-01"),
        ("be-fp:4", ""),
    )
    assert forecast_expiries(cases, NOW, datetime(2026, 12, 31, tzinfo=UTC)) == (
        Forecast("fr-pj", "2026-11", 1, past=False),
        Forecast("fr-pj", "2026-11", 1, past=True),
        Forecast("be-fp", "2026-12", 2, past=False),
    )


def test_a_version_is_ended_from_its_day_on_once() -> None:
    cases = [
        keeping("corrected", "2026-11-24", version=3),
        keeping("active", "2026-11-25"),
        keeping("active"),
        keeping("withdrawn", "2026-11-24"),
        keeping("expired", "2026-11-24"),
    ]
    assert ended_cases(cases, NOW) == (Expiry("fr-pj:1", 3, "ab"),)


def test_owners_are_told_once_of_each_date_that_comes_within_half_a_year() -> None:
    last = (NOW + TOLD_AHEAD).date()
    near, far = last.isoformat(), (last + timedelta(days=1)).isoformat()
    cases = ending(("fr-pj:1", near), ("be-fp:1", far), ("fr-pj:2", "2026-11-24"), ("fr-pj:3", "2026-11-25"))
    told = make_expiry_notices(cases, (), NOW)
    assert [(notice.agency, notice.case, notice.kind) for notice in told] == [
        ("fr-pj", "fr-pj:1", NoticeKind.EXPIRY),
        ("fr-pj", "fr-pj:3", NoticeKind.EXPIRY),
    ]
    assert make_expiry_notices(cases, {notice.id for notice in told}, NOW + SECOND) == ()
    [anew] = make_expiry_notices(ending(("fr-pj:1", far)), {notice.id for notice in told}, NOW + timedelta(days=1))
    assert anew.id != told[0].id


def test_whom_retention_has_told_is_kept_for_longer_than_it_tells_ahead() -> None:
    assert topics.NOTICES.retention is not None
    assert topics.NOTICES.retention > TOLD_AHEAD


@pytest.mark.parametrize(
    ("fields", "over", "ends"),
    [
        (keeping("active"), False, ""),
        (keeping("active", "2026-11-25"), False, "2026-11-25"),
        (keeping("active", "2026-11-24"), True, "2026-11-24"),
        (keeping("withdrawn"), True, ""),
        (keeping("expired"), True, ""),
    ],
)
def test_a_case_is_over_when_withdrawn_or_past_its_date(fields: RetentionFields, over: bool, ends: str) -> None:
    assert (fields.is_over(NOW), fields.expiry_date()) == (over, ends)


def test_a_saved_search_can_be_renewed_for_a_week_before_it_is_erased() -> None:
    due = NOW + LASTS + RENEWABLE
    assert close_lapsed_alerts([STANDING], due - SECOND) == ()
    (end,) = close_lapsed_alerts([STANDING], due)
    assert end == close_alert(STANDING, due)
    assert (end.state, end.question, end.owner) == (AlertState.ENDED, "", "")
    assert close_lapsed_alerts([end], due + LASTS) == ()


def test_a_review_of_a_case_that_is_over_keeps_keys_and_verdict() -> None:
    assert strip_reviews([REVIEW], {"fr-pj:2"}) == ()
    (left,) = strip_reviews([REVIEW], {"fr-pj:1"})
    assert left == msgspec.structs.replace(REVIEW, reason="", evidence=())
    assert strip_reviews([left], {"fr-pj:1"}) == ()


def test_a_months_key_is_kept_for_full_months() -> None:
    months = ["2026-11", "2023-11", "2023-10", "2022-12"]
    assert find_outdated_months(months, NOW) == ("2022-12", "2023-10")
    assert find_outdated_months(["2026-09", "2026-10"], NOW, keep=1) == ("2026-09",)
