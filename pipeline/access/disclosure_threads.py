"""An access request: the thread of one case and one asking agency, its steps, and what it is after its last one. Pure.

A thread keeps its steps, so what it is now and how it came to be are read from the same value. Only its last step
decides what is open. Steps are taken in disclosures.py, those of a supervisor's break-glass in break_glass.py.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

import msgspec

from pipeline.access.release import Grant, is_stricter
from pipeline.access.requester import Grounds, Requester
from pipeline.errors import LiaisonError
from pipeline.locale import N_
from pipeline.matching.handling import Handling

MOST_STEPS: Final = 50
"""The latest are kept, and an opening that awaits its review; the audit keeps all."""


class Move(StrEnum):
    """What a step does."""

    REQUEST = "request"
    GRANT = "grant"
    REFUSAL = "refusal"
    REVOCATION = "revocation"
    BREAK_GLASS = "break_glass"
    """A supervisor opened alone. With a deadline the owner is to review it by then; those of before there were two
    have none."""
    BREAK_GLASS_REQUEST = "break_glass_request"
    CONFIRMATION = "confirmation"
    """A second supervisor of the same agency opened what the first had requested."""
    WITHDRAWAL = "withdrawal"
    REVIEW = "review"
    """The owner's verdict on what a supervisor opened alone."""


MOVE_LABELS: Final = {
    Move.REQUEST: N_("Request"),
    Move.GRANT: N_("Grant"),
    Move.REFUSAL: N_("Refusal"),
    Move.REVOCATION: N_("Revocation"),
    Move.BREAK_GLASS: N_("Emergency access"),
    Move.BREAK_GLASS_REQUEST: N_("Request for emergency access"),
    Move.CONFIRMATION: N_("Confirmation"),
    Move.WITHDRAWAL: N_("Withdrawal"),
    Move.REVIEW: N_("Review"),
}

OPENING: Final = frozenset({Move.GRANT, Move.BREAK_GLASS, Move.CONFIRMATION, Move.REVIEW})
"""Steps that open a case until their end; a review has one where it leaves the case open."""


class GlassVerdict(StrEnum):
    """What the owner's duty officer finds of an opening by one."""

    JUSTIFIED = "justified"
    NOT_JUSTIFIED = "not_justified"


class Urgency(StrEnum):
    """How soon the requester needs an answer."""

    ROUTINE = "routine"
    URGENT = "urgent"
    IMMEDIATE = "immediate"


class ThreadState(StrEnum):
    """What a thread is at a moment; `suspended` by stricter handling, `expired` by its date."""

    REQUESTED = "requested"
    GRANTED = "granted"
    REFUSED = "refused"
    REVOKED = "revoked"
    SUSPENDED = "suspended"
    EXPIRED = "expired"
    AWAITING_CONFIRMATION = "awaiting_confirmation"
    WITHDRAWN = "withdrawn"


THREAD_STATE_LABELS: Final = {
    ThreadState.REQUESTED: N_("Pending"),
    ThreadState.GRANTED: N_("Granted"),
    ThreadState.REFUSED: N_("Refused"),
    ThreadState.REVOKED: N_("Revoked"),
    ThreadState.SUSPENDED: N_("Suspended: handling is stricter now"),
    ThreadState.EXPIRED: N_("Expired"),
    ThreadState.AWAITING_CONFIRMATION: N_("Awaiting a second supervisor"),
    ThreadState.WITHDRAWN: N_("Withdrawn"),
}


class ThreadStep(msgspec.Struct, frozen=True, omit_defaults=True):
    """One step: who took it and when. A request has grounds, urgency and deadline; a grant its end and handling.

    `deadline` is when an answer, a confirmation or a review is due; `hours` for how long a break-glass is to open.
    `label` is what the asking agency calls the record, encrypted under the key of the month of `time`: it is no part of
    what the owner is told.
    """

    move: Move
    agency: str
    subject: str
    time: datetime
    purpose: str = ""
    case_reference: str = ""
    reason: str = ""
    urgency: Urgency = Urgency.ROUTINE
    deadline: datetime | None = None
    until: datetime | None = None
    under: Handling = Handling()
    hours: int = 0
    verdict: GlassVerdict | None = None
    label: str = ""


class Disclosure(msgspec.Struct, frozen=True, omit_defaults=True):
    """Value of topic `disclosures`, key = id: the whole thread after its last step.

    `id` is the requester agency's opaque reference to the case, or a supervisor's own of a break-glass; `subject` is
    that supervisor, "" where the whole agency is meant.
    """

    id: str
    case: str
    owner: str
    requester: str
    subject: str = ""
    steps: tuple[ThreadStep, ...] = ()

    @property
    def last(self) -> ThreadStep:
        """The step that decides."""
        return self.steps[-1]


class NotDueError(LiaisonError):
    """The thread is in no state for this step, or its dates make no sense."""


def grant_of(disclosure: Disclosure) -> Grant | None:
    """The grant that a thread's last step gives; the policy decides whether it is in force."""
    last = disclosure.last
    if last.move not in OPENING or last.until is None:
        return None
    return Grant(disclosure.case, disclosure.requester, last.until, last.under, disclosure.subject)


_CLOSED: Final = {
    Move.REQUEST: ThreadState.REQUESTED,
    Move.REFUSAL: ThreadState.REFUSED,
    Move.WITHDRAWAL: ThreadState.WITHDRAWN,
}
"""What a thread is after a last step that opens nothing; revoked after all others."""


def thread_state(disclosure: Disclosure, handling: Handling, now: datetime) -> ThreadState:
    """What a thread is at the aware time `now`, under the case's present handling."""
    last = disclosure.last
    requested = last.move is Move.BREAK_GLASS_REQUEST
    end = last.deadline if requested else last.until
    if end is None and last.verdict is not GlassVerdict.JUSTIFIED:
        return _CLOSED.get(last.move, ThreadState.REVOKED)
    if end is None or now >= end:
        return ThreadState.EXPIRED
    if is_stricter(handling, last.under):
        return ThreadState.SUSPENDED
    return ThreadState.AWAITING_CONFIRMATION if requested else ThreadState.GRANTED


def is_open(disclosure: Disclosure) -> bool:
    """Whether something is asked, or was opened and not closed again, whatever its date."""
    return disclosure.last.move in (Move.REQUEST, Move.BREAK_GLASS_REQUEST) or grant_of(disclosure) is not None


def find_unreviewed(disclosure: Disclosure) -> ThreadStep | None:
    """The earliest opening by one that the owner is to review and has not; a review covers all before it."""
    return _find_unreviewed(disclosure.steps)


def _find_unreviewed(steps: tuple[ThreadStep, ...]) -> ThreadStep | None:
    earliest = None
    for step in reversed(steps):
        if step.move is Move.REVIEW:
            break
        if step.move is Move.BREAK_GLASS and step.deadline is not None:
            earliest = step
    return earliest


def is_overdue(disclosure: Disclosure, now: datetime) -> bool:
    """Whether a request has had no answer by its deadline."""
    deadline = disclosure.last.deadline
    return disclosure.last.move is Move.REQUEST and deadline is not None and now > deadline


def plain_handling(handling: Handling) -> Handling:
    """As it is read again, whatever kind of document it came from."""
    return Handling(*msgspec.structs.astuple(handling))


def require_last(disclosure: Disclosure, *moves: Move) -> None:
    """Raises NotDueError unless the last step is one of these."""
    if disclosure.last.move not in moves:
        raise not_due_after(disclosure.last)


def not_due_after(last: ThreadStep) -> NotDueError:
    """The error of a step that can't be taken after this one."""
    return NotDueError("not possible after the last step: {step}", step=MOVE_LABELS[last.move])


def make_grounded_step(move: Move, by: Requester, why: Grounds, reason: str, now: datetime) -> ThreadStep:
    """A step that states what it is for."""
    step = make_step(move, by, reason, now)
    return msgspec.structs.replace(step, purpose=why.purpose.value, case_reference=why.case_reference)


def make_step(move: Move, by: Requester, reason: str, now: datetime) -> ThreadStep:
    """A step that somebody takes now."""
    return ThreadStep(move, by.agency, by.subject, now, reason=reason.strip())


def append_step(before: Disclosure, step: ThreadStep) -> Disclosure:
    """The thread with one step more: the latest, and the opening that awaits its review however far back it is."""
    steps = (*before.steps, step)
    kept, due = steps[-MOST_STEPS:], _find_unreviewed(steps)
    return msgspec.structs.replace(before, steps=kept if due is None or due in kept else (due, *kept[1:]))
