"""What retention ends and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from pipeline.access.requester import Grounds, Purpose, Requester, Role
from pipeline.access.reviews import Review, Verdict
from pipeline.access.subscriptions import LASTS, SubscriptionState, ended, made
from pipeline.ops.retention import RENEWABLE, Expiry, Keeping, bared, expiries, outdated, run_out

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
ANNA = Requester("anna", "fr-pj", "FR", frozenset({Role.INVESTIGATOR}))
STANDING = made("s1", "Ivan Petrov", "FR", ANNA, Grounds(Purpose.INVESTIGATION, "fr 2026/1"), NOW)
REVIEW = Review(
    "r1", "0" * 32, "be-fp:1", "fr-pj:1", 1, 2, "g1", Verdict.SAME, "be-fp", "bob", NOW, "a reason", evidence=("d",)
)


def keeping(status: str, retain_until: str | None = None) -> Keeping:
    return msgspec.convert({"status": status, "data": {"retain_until": retain_until}}, Keeping)


def test_expiries_are_counted_by_agency_and_month_up_to_a_day() -> None:
    cases = [
        ("fr-pj", "2026-11-24"),
        ("fr-pj", "2026-11-25"),
        ("be-fp", "2026-12-01"),
        ("be-fp", "2026-12-31"),
        ("be-fp", "2027-01-01"),
        ("be-fp", ""),
    ]
    assert expiries(cases, NOW, datetime(2026, 12, 31, tzinfo=UTC)) == (
        Expiry("fr-pj", "2026-11", 1, past=False),
        Expiry("fr-pj", "2026-11", 1, past=True),
        Expiry("be-fp", "2026-12", 2, past=False),
    )


@pytest.mark.parametrize(
    ("one", "over", "ends"),
    [
        (keeping("active"), False, ""),
        (keeping("active", "2026-11-25"), False, "2026-11-25"),
        (keeping("active", "2026-11-24"), True, "2026-11-24"),
        (keeping("withdrawn"), True, ""),
        (keeping("expired"), True, ""),
    ],
)
def test_a_case_is_over_when_withdrawn_or_past_its_date(one: Keeping, over: bool, ends: str) -> None:
    assert (one.is_over(NOW), one.ends()) == (over, ends)


def test_a_standing_query_can_be_renewed_for_a_week_before_it_is_erased() -> None:
    due = NOW + LASTS + RENEWABLE
    assert run_out([STANDING], due - SECOND) == ()
    (end,) = run_out([STANDING], due)
    assert end == ended(STANDING, due)
    assert (end.state, end.question, end.owner) == (SubscriptionState.ENDED, "", "")
    assert run_out([end], due + LASTS) == ()


def test_a_review_of_a_case_that_is_over_keeps_keys_and_verdict() -> None:
    assert bared([REVIEW], {"fr-pj:2"}) == ()
    (left,) = bared([REVIEW], {"fr-pj:1"})
    assert left == msgspec.structs.replace(REVIEW, reason="", evidence=())
    assert bared([left], {"fr-pj:1"}) == ()


def test_a_months_key_is_kept_for_full_months() -> None:
    months = ["2026-11", "2023-11", "2023-10", "2022-12"]
    assert outdated(months, NOW) == ("2022-12", "2023-10")
    assert outdated(["2026-09", "2026-10"], NOW, keep=1) == ("2026-09",)
