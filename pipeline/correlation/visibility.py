"""Decides whether a link may be shown: its claim must be about the fingerprints that both cases have now."""

from __future__ import annotations

from datetime import UTC, date, datetime

import msgspec

from pipeline.correlation.claims import Claim, ClaimState


class CaseState(msgspec.Struct, frozen=True):
    """What a case's document says now. `withdrawn` is also True for an expired case."""

    hash: str
    withdrawn: bool = False
    retain_until: str = ""


def is_visible(claim: Claim, a: CaseState | None, b: CaseState | None, now: datetime) -> bool:
    """Whether a link document still holds for the documents of its two cases at the aware time `now`.

    A case is None if there is no document of it.
    """
    return claim.state is ClaimState.LIVE and _is_current(a, claim.a.hash, now) and _is_current(b, claim.b.hash, now)


def is_expired(retain_until: str, now: datetime) -> bool:
    """Whether a case's retention (YYYY-MM-DD, "" for none) has ended. It ends when that day begins in UTC."""
    return bool(retain_until) and now.astimezone(UTC).date() >= date.fromisoformat(retain_until)


def _is_current(case: CaseState | None, claimed: str, now: datetime) -> bool:
    return case is not None and case.hash == claimed and not case.withdrawn and not is_expired(case.retain_until, now)
