"""A supervisor's break-glass: hit-only content without asking its owner. Pure.

    request -> confirmation by a second supervisor | withdrawal | expiry
    break_glass (one alone, where there is no time) -> review by the owner

Each supervisor has one thread for each case. Whoever opens alone owes the owner's review, and whatever comes behind
that opening does not clear it. docs/security/break-glass.md lists what is promised.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec

from pipeline.access.disclosure_threads import (
    THREAD_STATE_LABELS,
    Disclosure,
    GlassVerdict,
    Move,
    NotDueError,
    ThreadState,
    append_step,
    find_unreviewed,
    grant_of,
    make_grounded_step,
    make_step,
    plain_handling,
    thread_state,
)
from pipeline.access.release import CaseMeta
from pipeline.access.requester import Grounds, Requester

LONGEST_HOURS: Final = 8
"""One shift: who needs the content for longer asks the owner."""

CONFIRMATION_TIME: Final = timedelta(hours=2)
"""For how long a request awaits a second supervisor: what is urgent can't wait, what is not can be asked again."""


class Oversight(StrEnum):
    """Who has looked at a break-glass beside the supervisor who opened."""

    AWAITING_CONFIRMATION = "awaiting_confirmation"
    CONFIRMED = "confirmed"
    AWAITING_REVIEW = "awaiting_review"
    OVERDUE = "overdue"
    JUSTIFIED = "justified"
    NOT_JUSTIFIED = "not_justified"
    OPENED_BY_ONE = "opened_by_one"
    """Of before two were needed: nobody had to."""


class GlassReason(NamedTuple):
    """Why a supervisor needs the content, and for how many hours."""

    reason: str
    hours: int = LONGEST_HOURS


def request_opening(
    before: Disclosure, case: CaseMeta, by: Requester, why: Grounds, wanted: GlassReason, now: datetime
) -> Disclosure:
    """A supervisor's own thread with a request that a second one is to confirm. Raises NotDueError.

    policy.may_break_glass decides who may. It opens nothing.
    """
    _require_reason(wanted)
    _require_none(before, case, now, ThreadState.GRANTED, ThreadState.AWAITING_CONFIRMATION)
    step = make_grounded_step(Move.BREAK_GLASS_REQUEST, by, why, wanted.reason, now)
    deadline, under = now + CONFIRMATION_TIME, plain_handling(case.handling)
    return append_step(before, msgspec.structs.replace(step, deadline=deadline, hours=wanted.hours, under=under))


def add_confirmation(before: Disclosure, case: CaseMeta, by: Requester, now: datetime) -> Disclosure:
    """The thread, open to who requested it for the hours requested. Raises NotDueError where it is too late.

    policy.may_confirm_glass decides who may.
    """
    if before.last.move is not Move.BREAK_GLASS_REQUEST:
        raise NotDueError("no request is waiting for confirmation")
    if (held := thread_state(before, case.handling, now)) is not ThreadState.AWAITING_CONFIRMATION:
        raise NotDueError("the request can no longer be confirmed: {state}", state=THREAD_STATE_LABELS[held])
    asked = before.last
    step = msgspec.structs.replace(
        make_step(Move.CONFIRMATION, by, "", now),
        purpose=asked.purpose,
        case_reference=asked.case_reference,
        hours=asked.hours,
        until=now + timedelta(hours=asked.hours),
        under=plain_handling(case.handling),
    )
    return append_step(before, step)


def add_withdrawal(before: Disclosure, by: Requester, now: datetime) -> Disclosure:
    """The thread without its request, which only its own supervisor takes back. Raises NotDueError."""
    if before.last.move is not Move.BREAK_GLASS_REQUEST:
        raise NotDueError("no request is waiting for confirmation")
    return append_step(before, make_step(Move.WITHDRAWAL, by, "", now))


def open_alone(
    before: Disclosure,
    case: CaseMeta,
    by: Requester,
    why: Grounds,
    wanted: GlassReason,
    review_time: timedelta,
    now: datetime,
) -> Disclosure:
    """A supervisor's own thread, open at once; its owner is to review it within `review_time`. Raises NotDueError.

    policy.may_break_glass decides who may. It replaces a request that awaits its confirmation.
    """
    _require_reason(wanted)
    _require_none(before, case, now, ThreadState.GRANTED)
    step = make_grounded_step(Move.BREAK_GLASS, by, why, wanted.reason, now)
    until, under = now + timedelta(hours=wanted.hours), plain_handling(case.handling)
    return append_step(
        before, msgspec.structs.replace(step, deadline=now + review_time, hours=wanted.hours, until=until, under=under)
    )


def add_review(before: Disclosure, by: Requester, verdict: GlassVerdict, comment: str, now: datetime) -> Disclosure:
    """The thread with the owner's verdict; what is not justified is closed. Raises NotDueError where none is due."""
    if not comment.strip():
        raise NotDueError("enter a comment for the review")
    if find_unreviewed(before) is None:
        raise NotDueError("no access is waiting for review")
    step = msgspec.structs.replace(make_step(Move.REVIEW, by, comment, now), verdict=verdict)
    if verdict is GlassVerdict.JUSTIFIED and grant_of(before) is not None:
        step = msgspec.structs.replace(step, until=before.last.until, under=before.last.under)
    return append_step(before, step)


def verdict_of(disclosure: Disclosure) -> GlassVerdict | None:
    """The verdict on what was opened alone last; None while it awaits one, and where there is none to give."""
    if find_unreviewed(disclosure) is not None:
        return None
    return next((step.verdict for step in reversed(disclosure.steps) if step.move is Move.REVIEW), None)


def oversight_of(disclosure: Disclosure, now: datetime) -> Oversight | None:
    """Who has looked at a thread's break-glass; None of a thread that is none, or has opened nothing."""
    if due := find_unreviewed(disclosure):
        late = due.deadline is not None and now > due.deadline
        return Oversight.OVERDUE if late else Oversight.AWAITING_REVIEW
    last = disclosure.last
    if last.move is Move.BREAK_GLASS_REQUEST and last.deadline is not None and now < last.deadline:
        return Oversight.AWAITING_CONFIRMATION
    for step in reversed(disclosure.steps):
        if step.verdict is not None:
            return Oversight(step.verdict.value)
        if step.move in _SEEN:
            return _SEEN[step.move]
    return None


_SEEN: Final = {Move.CONFIRMATION: Oversight.CONFIRMED, Move.BREAK_GLASS: Oversight.OPENED_BY_ONE}


def _require_reason(wanted: GlassReason) -> None:
    if not wanted.reason.strip():
        raise NotDueError("enter a reason for emergency access")
    if not 1 <= wanted.hours <= LONGEST_HOURS:
        raise NotDueError("emergency access lasts 1 to {most} hours", most=LONGEST_HOURS)


def _require_none(before: Disclosure, case: CaseMeta, now: datetime, *states: ThreadState) -> None:
    if before.steps and (held := thread_state(before, case.handling, now)) in states:
        raise NotDueError("there is already a request for this case: {state}", state=THREAD_STATE_LABELS[held])
