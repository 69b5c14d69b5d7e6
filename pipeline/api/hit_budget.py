"""How many hit-only answers a subject of an agency may still have today: enough to work with, too few to feel about."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta

from pipeline.access.audit import AuditEntry, NotAsked, facts_of
from pipeline.access.requester import Requester
from pipeline.locale import N_

_BY_GUESSES: dict[NotAsked, str] = {
    "birth_dates": N_(
        "Hit-only records not asked by name: your agency asked this name with three other birth dates in 30 days"
    ),
    "numbers": N_(
        "Hit-only records not asked by number: your agency asked this name with three other such numbers in 30 days"
    ),
}

NOT_ASKED_LABELS: dict[NotAsked, str] = _BY_GUESSES | {
    "budget": N_("Hit-only records not asked: today's hits are used up")
}

FURTHER_LABELS: dict[NotAsked, str] = _BY_GUESSES | {
    "budget": N_("Further hit-only records not asked: today's hits are used up")
}
"""The same where hits were told before the budget ended."""


class HitBudget:
    """Counts by agency, subject and UTC day: what this process gives, and what others' audit entries say they gave.

    `own` begins the names of this process's chains, whose entries were counted when they were given. What could not be
    recorded afterwards stays counted. Days that have ended by this process's clock are forgotten when it next asks.
    """

    def __init__(self, daily: int, own: str = "") -> None:
        self._daily, self._own = daily, own
        self._given: defaultdict[date, Counter[tuple[str, str]]] = defaultdict(Counter)

    def remaining(self, who: Requester, now: datetime) -> int:
        """Hits that the requester may still have today."""
        today = _day_of(now)
        for over in [day for day in self._given if day < today - timedelta(days=1)]:
            del self._given[over]  # not yesterday: clocks of two servers need not be past midnight together
        return max(0, self._daily - self._given[today][who.agency, who.subject])

    def spend(self, who: Requester, now: datetime, wanted: int) -> int:
        """Give up to `wanted` of what is left; returns how many."""
        given = min(wanted, self.remaining(who, now))
        self._given[_day_of(now)][who.agency, who.subject] += given
        return given

    def record_entry(self, entry: AuditEntry) -> None:
        """Take note of what another process, or this one before its start, has given."""
        hits = facts_of(entry).hits
        if hits and not (self._own and entry.chain.startswith(self._own)):
            self._given[_day_of(datetime.fromisoformat(entry.time))][entry.agency, entry.subject] += hits

    @property
    def days(self) -> frozenset[date]:
        """The UTC days of which something is remembered."""
        return frozenset(self._given)


def _day_of(at: datetime) -> date:
    return at.astimezone(UTC).date()
