"""How many hit-only answers a day an owner lets another agency's cases and alerts have: more for a while."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from pipeline.access.audit import ActKind
from pipeline.access.hit_ledger import HitAllowance
from pipeline.access.requester import Role
from pipeline.api.answers import HitAllowanceAnswer, HitAllowanceRow, HitAllowancesAnswer, RefusedGuesses
from pipeline.api.problems import UnprocessableError
from pipeline.api.session import Session, record_decision
from pipeline.errors import LiaisonError
from pipeline.streams.catalogues import topics

MOST: Final = 100_000
"""Answers a day: an initial load of a large agency."""

LONGEST: Final = timedelta(days=31)
"""An initial load is done by then; who needs longer says so again."""

MOST_SHOWN: Final = 1000
"""Allowances listed, one for each agency that is allowed more; the list has no pages."""


async def allow_hits(session: Session, agency: str, daily: int, until: datetime) -> HitAllowanceAnswer:
    """Allow an agency more answers a day about the requester's hit-only records, until a time.

    For a supervisor of the owner. Raises ForbiddenError, UnprocessableError, UnavailableError.
    """
    session.require_role(Role.SUPERVISOR)
    who = session.requester
    if not session.now < until <= session.now + LONGEST:
        error = LiaisonError("a quota must end in the future, within {most} days", most=LONGEST.days)
        raise UnprocessableError(error, "until")
    made = HitAllowance(who.agency, agency, daily, until, who.subject, session.now)
    await session.record(ActKind.DISCLOSURE, {"hits_a_day": daily, "until": until.isoformat()}, about=made.id)
    await record_decision(session, topics.HIT_ALLOWANCES, made.id, made)
    return HitAllowanceAnswer(*session.moment, _make_row(session, made))


async def list_hit_allowances(session: Session) -> HitAllowancesAnswer:
    """What the requester's agency allows others beyond `daily`, which all have."""
    session.require_reader()
    found = await session.runtime.decisions.list_allowances(session.requester.agency, MOST_SHOWN)
    await session.record(ActKind.READ, {"hit_allowances": len(found)})
    rows = tuple(_make_row(session, allowance) for allowance in found)
    refused = tuple(
        RefusedGuesses(day.agency, day.day.isoformat(), day.questions, day.cases)
        for day in session.runtime.guesses.ledger.refused_days()
        if day.agency != session.requester.agency
    )
    return HitAllowancesAnswer(*session.moment, session.runtime.settings.hit_budget, rows, refused)


def _make_row(session: Session, allowance: HitAllowance) -> HitAllowanceRow:
    return HitAllowanceRow(
        agency=allowance.agency,
        daily=allowance.daily,
        until=allowance.until.isoformat(),
        active=session.now < allowance.until,
        by=allowance.by,
        time=allowance.time.isoformat(),
    )
