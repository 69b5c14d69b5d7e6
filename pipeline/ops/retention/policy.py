"""What retention ends and tells, and when: cases, alerts, reasons of reviews, keys of query text. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Final

import msgspec

from pipeline.access.notices import Notice, NoticeKind, notice_id
from pipeline.access.reviews import Review
from pipeline.access.subscriptions import Subscription, SubscriptionState, close_subscription
from pipeline.correlation.fingerprinting import CONTENT_FREE
from pipeline.correlation.visibility import is_expired
from pipeline.records.expiry import Expiry

RENEWABLE: Final = timedelta(days=7)
"""An alert that ran out matches nothing, but can be renewed for so long before what it asked is erased."""

QUERY_MONTHS: Final = 36
"""Europol keeps its logs for three years (Regulation (EU) 2016/794, article 40)."""


TOLD_AHEAD: Final = timedelta(days=183)
"""Owners are told of a case's end half a year before, in time to extend it by a new version."""


class _Term(msgspec.Struct, frozen=True):
    retain_until: str | None = None


class _Origin(msgspec.Struct, frozen=True):
    content_hash: str


class RetentionFields(msgspec.Struct, frozen=True):
    """The parts of an accepted version that say how long it is kept."""

    case: str
    version: int
    status: str
    data: _Term
    provenance: _Origin

    @property
    def agency(self) -> str:
        """Whose case it is."""
        return self.case.partition(":")[0]

    def is_over(self, now: datetime) -> bool:
        """Whether the case is withdrawn or its time has passed."""
        return self.status in CONTENT_FREE or is_expired(self.data.retain_until or "", now)

    def expiry_date(self) -> str:
        """The date on which the case expires, ISO 8601; "" where it has no end or has had it."""
        return "" if self.status in CONTENT_FREE else self.data.retain_until or ""

    def make_expiry(self) -> Expiry:
        """What asks intake to end this version."""
        return Expiry(self.case, self.version, self.provenance.content_hash)


class Forecast(msgspec.Struct, frozen=True):
    """How many cases of an agency expire in a month (YYYY-MM); `past` if their date was before today."""

    agency: str
    month: str
    cases: int
    past: bool


class RetentionPlan(msgspec.Struct, frozen=True):
    """What a run does, but for `expiries`: those are only told."""

    expiries: tuple[Forecast, ...]
    cases: tuple[Expiry, ...]
    notices: tuple[Notice, ...]
    subscriptions: tuple[Subscription, ...]
    reviews: tuple[Review, ...]
    months: tuple[str, ...]


def forecast_expiries(cases: Iterable[RetentionFields], now: datetime, until: datetime) -> tuple[Forecast, ...]:
    """Count the cases that expire by `until`; the soonest first."""
    last = until.date().isoformat()
    dated = ((case.agency, case.expiry_date()) for case in cases)
    counted = Counter((date[:7], agency, is_expired(date, now)) for agency, date in dated if date and date <= last)
    return tuple(Forecast(agency, month, count, past) for (month, agency, past), count in sorted(counted.items()))


def ended_cases(cases: Iterable[RetentionFields], now: datetime) -> tuple[Expiry, ...]:
    """The versions whose retention is over, unless their content is gone already."""
    return tuple(case.make_expiry() for case in cases if is_expired(case.expiry_date(), now))


def make_expiry_notices(
    cases: Iterable[RetentionFields], sent_ids: Collection[str], now: datetime
) -> tuple[Notice, ...]:
    """What owners are told of cases that expire within TOLD_AHEAD; `sent_ids` has the ids of notices that they have.

    One for each case and date, so that a case extended is told of anew when that date comes near.
    """
    last = (now + TOLD_AHEAD).date().isoformat()
    dated = ((case, case.expiry_date()) for case in cases)
    coming = [(fields, date) for fields, date in dated if date and date <= last and not is_expired(date, now)]
    named = ((notice_id("expiry", fields.case, date), fields) for fields, date in coming)
    return tuple(
        Notice(name, fields.agency, NoticeKind.EXPIRY, now, case=fields.case)
        for name, fields in named
        if name not in sent_ids
    )


def close_lapsed_subscriptions(subscriptions: Iterable[Subscription], now: datetime) -> tuple[Subscription, ...]:
    """The ends of the alerts whose time, and the time to renew them, has passed."""
    return tuple(
        close_subscription(subscription, now)
        for subscription in subscriptions
        if subscription.state is SubscriptionState.ACTIVE
        and subscription.until is not None
        and subscription.until + RENEWABLE <= now
    )


def strip_reviews(reviews: Iterable[Review], over: Collection[str]) -> tuple[Review, ...]:
    """The reviews about a case that is over, with keys and verdict only; without those that are so already."""
    return tuple(
        msgspec.structs.replace(review, reason="", evidence=())
        for review in reviews
        if (review.reason or review.evidence) and not {review.case_a, review.case_b}.isdisjoint(over)
    )


def find_outdated_months(months: Iterable[str], now: datetime, keep: int = QUERY_MONTHS) -> tuple[str, ...]:
    """The months (YYYY-MM) that ended at least `keep` months before this one began."""
    return tuple(sorted(month for month in months if _month_number(f"{now:%Y-%m}") - _month_number(month) > keep))


def _month_number(month: str) -> int:
    year, _, of_year = month.partition("-")
    return int(year) * 12 + int(of_year)
