"""What retention ends and when: cases, standing queries, reasons of reviews, keys of query text. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Final

import msgspec

from pipeline.access.reviews import Review
from pipeline.access.subscriptions import Subscription, SubscriptionState, ended
from pipeline.correlation.fingerprinting import CONTENT_FREE
from pipeline.correlation.visibility import is_expired

RENEWABLE: Final = timedelta(days=7)
"""A standing query that ran out matches nothing, but can be renewed for so long before what it asked is erased."""

QUERY_MONTHS: Final = 36
"""Europol keeps its logs for three years (Regulation (EU) 2016/794, article 40)."""


class _Term(msgspec.Struct, frozen=True):
    retain_until: str | None = None


class Keeping(msgspec.Struct, frozen=True):
    """The parts of an accepted version that say how long it is kept."""

    status: str
    data: _Term

    def is_over(self, now: datetime) -> bool:
        """Whether the case is withdrawn or its time has passed."""
        return self.status in CONTENT_FREE or is_expired(self.data.retain_until or "", now)

    def ends(self) -> str:
        """The date on which the case expires, ISO 8601; "" where it has no end or has had it."""
        return "" if self.status in CONTENT_FREE else self.data.retain_until or ""


class Expiry(msgspec.Struct, frozen=True):
    """How many cases of an agency expire in a month (YYYY-MM); `past` if their date was before today."""

    agency: str
    month: str
    cases: int
    past: bool


class Plan(msgspec.Struct, frozen=True):
    """What a run does, but for `expiries`: those are only told."""

    expiries: tuple[Expiry, ...]
    subscriptions: tuple[Subscription, ...]
    reviews: tuple[Review, ...]
    months: tuple[str, ...]


def expiries(cases: Iterable[tuple[str, str]], now: datetime, until: datetime) -> tuple[Expiry, ...]:
    """Count cases, given as agency and date of expiry, that expire by `until`; the soonest first."""
    last = until.date().isoformat()
    counted = Counter((date[:7], agency, is_expired(date, now)) for agency, date in cases if date and date <= last)
    return tuple(Expiry(agency, month, count, past) for (month, agency, past), count in sorted(counted.items()))


def run_out(subscriptions: Iterable[Subscription], now: datetime) -> tuple[Subscription, ...]:
    """The ends of the standing queries whose time, and the time to renew them, has passed."""
    return tuple(
        ended(one, now)
        for one in subscriptions
        if one.state is SubscriptionState.ACTIVE and one.until is not None and one.until + RENEWABLE <= now
    )


def bared(reviews: Iterable[Review], over: Collection[str]) -> tuple[Review, ...]:
    """The reviews about a case that is over, with keys and verdict only; without those that are so already."""
    return tuple(
        msgspec.structs.replace(one, reason="", evidence=())
        for one in reviews
        if (one.reason or one.evidence) and not {one.case_a, one.case_b}.isdisjoint(over)
    )


def outdated(months: Iterable[str], now: datetime, keep: int = QUERY_MONTHS) -> tuple[str, ...]:
    """The months (YYYY-MM) that ended at least `keep` months before this one began."""
    return tuple(sorted(month for month in months if _number(f"{now:%Y-%m}") - _number(month) > keep))


def _number(month: str) -> int:
    year, _, of_year = month.partition("-")
    return int(year) * 12 + int(of_year)
