"""Asking an owner for hit-only content, as steps of one thread for each case and asking agency. Pure.

request -> grant | refusal -> revocation, and again; a supervisor's break-glass is a thread of its own, whose steps are
in break_glass.py. What a thread is after its last step is in disclosure_threads.py.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import msgspec

from pipeline.access.break_glass import Oversight, oversight_of
from pipeline.access.disclosure_threads import (
    THREAD_STATE_LABELS,
    Disclosure,
    Move,
    NotDueError,
    ThreadState,
    ThreadStep,
    Urgency,
    append_step,
    find_unreviewed,
    grant_of,
    is_overdue,
    make_grounded_step,
    make_step,
    not_due_after,
    plain_handling,
    require_last,
    thread_state,
)
from pipeline.access.release import CaseMeta, View
from pipeline.access.requester import Grounds, Requester
from pipeline.correlation.key_ring import KeyRing, make_reference
from pipeline.matching.handling import Contact

LONGEST_GRANT: Final = timedelta(days=366)
"""A grant is renewed by asking again, so that the owner looks at it at least once a year."""


class DisclosureAsk(msgspec.Struct, frozen=True):
    """What a requester asks of an owner; `label` is for the requester's own list, encrypted."""

    reason: str
    urgency: Urgency
    deadline: datetime
    label: str = ""


def thread_ids(ring: KeyRing, agency: str, case: str, subject: str = "") -> list[str]:
    """The ids that the thread of a case and an agency, or of one supervisor's break-glass, may have.

    A thread keeps the id that it began with, so there is one for each secret; that of a new thread is the last.
    """
    asking = f"{agency}|{subject}" if subject else agency
    return [make_reference(ring, key_id, asking, case) for key_id in ring.ids]


def new_thread(ring: KeyRing, case: CaseMeta, requester: Requester, subject: str = "") -> Disclosure:
    """The thread of a case and a requester's agency, or of a supervisor's own, before its first step."""
    name = thread_ids(ring, requester.agency, case.case, subject)[-1]
    return Disclosure(name, case.case, case.agency, requester.agency, subject)


def add_request(
    before: Disclosure, case: CaseMeta, by: Requester, why: Grounds, ask: DisclosureAsk, now: datetime
) -> Disclosure:
    """The thread with a request. Raises NotDueError while one is open, or a grant in force."""
    if ask.deadline <= now:
        raise NotDueError("the deadline must be in the future")
    if before.steps and (held := thread_state(before, case.handling, now)) in (
        ThreadState.REQUESTED,
        ThreadState.GRANTED,
    ):
        raise NotDueError("there is already a request for this case: {state}", state=THREAD_STATE_LABELS[held])
    step = make_grounded_step(Move.REQUEST, by, why, ask.reason, now)
    stated = msgspec.structs.replace(step, urgency=ask.urgency, deadline=ask.deadline, label=ask.label)
    return append_step(before, stated)


def add_grant(
    before: Disclosure, case: CaseMeta, by: Requester, until: datetime, reason: str, now: datetime
) -> Disclosure:
    """The thread with the owner's leave until a time, under the case's handling as it is. Raises NotDueError.

    A grant may be given another end.
    """
    require_last(before, Move.REQUEST, Move.GRANT)
    if not now < until <= now + LONGEST_GRANT:
        raise NotDueError("access must end in the future, within {most} days", most=LONGEST_GRANT.days)
    step = make_step(Move.GRANT, by, reason, now)
    return append_step(before, msgspec.structs.replace(step, until=until, under=plain_handling(case.handling)))


def add_refusal(before: Disclosure, by: Requester, reason: str, now: datetime) -> Disclosure:
    """The thread with the owner's no. Raises NotDueError."""
    require_last(before, Move.REQUEST)
    return append_step(before, make_step(Move.REFUSAL, by, reason, now))


def add_revocation(before: Disclosure, by: Requester, reason: str, now: datetime) -> Disclosure:
    """The thread without its grant, or a break-glass closed by the owner. Raises NotDueError."""
    if grant_of(before) is None:
        raise not_due_after(before.last)
    return append_step(before, make_step(Move.REVOCATION, by, reason, now))


def may_decide(disclosure: Disclosure, who: Requester) -> bool:
    """Whether `who` speaks for the owner."""
    return who.reads and who.agency == disclosure.owner


class AccessRequestStep(msgspec.Struct, frozen=True):
    """A step of a thread: who did what, when and why, as far as it is the reader's own agency's.

    Of a request for access the owner is told who asks, and their case reference where the installation says so.
    `move` is what was done. `deadline` and `until` are times, `hours` how long a break-glass lasts, `verdict` what its
    owner found.
    """

    move: str
    agency: str
    subject: str | None
    time: str
    purpose: str | None
    case_reference: str | None
    urgency: str | None
    deadline: str | None
    until: str | None
    reason: str
    hours: int | None
    verdict: str | None


class AccessRequestRow(msgspec.Struct, frozen=True):
    """What one agency asked another for about one case, or opened by break-glass, as one of the two may see it.

    `mine`: the reader's agency asked. `case` is told to whom sees the case in full. `agency` is the other one. `state`
    is how it stands now, `oversight` who has looked, or is to look, at a break-glass, `overdue` that a time has passed.
    `label` is what the asking agency calls the record; the owner is not told.
    """

    id: str
    mine: bool
    case: str | None
    agency: str
    contact: Contact
    break_glass: bool
    state: str
    overdue: bool
    deadline: str | None
    until: str | None
    oversight: str | None
    subject: str | None
    steps: tuple[AccessRequestStep, ...]
    label: str | None = None


def disclosure_for(
    disclosure: Disclosure,
    case: CaseMeta,
    reader: str,
    seen: View,
    now: datetime,
    label: str | None = None,
    *,
    referenced: bool = False,
) -> AccessRequestRow:
    """A thread as one of its two agencies may see it: the case's key for whom sees the case in full.

    Each agency sees its own people, label and case reference, and of the other one that it acted. Who asks for access
    is told to the owner, which decides about that person's wish, and if `referenced` for which case of theirs.
    """
    mine = disclosure.requester == reader
    looked = oversight_of(disclosure, now)
    return AccessRequestRow(
        id=disclosure.id,
        mine=mine,
        case=case.case if seen is View.FULL else None,
        agency=disclosure.owner if mine else disclosure.requester,
        contact=case.contact,
        break_glass=bool(disclosure.subject),
        state=thread_state(disclosure, case.handling, now).value,
        overdue=is_overdue(disclosure, now) or looked is Oversight.OVERDUE,
        deadline=_format_time(_deadline_of(disclosure)),
        until=_format_time(disclosure.last.until),
        oversight=None if looked is None else looked.value,
        subject=(disclosure.subject or None) if mine else None,
        steps=tuple(_step_for(step, reader, referenced) for step in disclosure.steps),
        label=label if mine else None,
    )


def _deadline_of(disclosure: Disclosure) -> datetime | None:
    """When a review is due, else the latest time by which something was."""
    due = find_unreviewed(disclosure)
    return due.deadline if due else next((step.deadline for step in reversed(disclosure.steps) if step.deadline), None)


def _step_for(step: ThreadStep, reader: str, referenced: bool) -> AccessRequestStep:
    own, asks = step.agency == reader, step.move is Move.REQUEST
    return AccessRequestStep(
        move=step.move.value,
        agency=step.agency,
        subject=step.subject if own or asks else None,
        time=step.time.isoformat(),
        purpose=step.purpose or None,
        case_reference=(step.case_reference or None) if own or (asks and referenced) else None,
        urgency=step.urgency.value if asks else None,
        deadline=_format_time(step.deadline),
        until=_format_time(step.until),
        reason=step.reason,
        hours=step.hours or None,
        verdict=None if step.verdict is None else step.verdict.value,
    )


def _format_time(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()
