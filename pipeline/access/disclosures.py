"""Asking an owner for hit-only content, as steps of one thread for each case and asking agency. Pure.

request -> grant | refusal -> revocation, and again; a supervisor's break-glass is a thread of his own. A thread keeps
its steps, so what it is now and how it came to be are read from the same value. Only its last step decides.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import msgspec

from pipeline.access.policy import CaseMeta, Grant, View, is_stricter
from pipeline.access.requester import Grounds, Requester
from pipeline.correlation.key_ring import KeyRing
from pipeline.correlation.references import reference
from pipeline.errors import LiaisonError
from pipeline.matching.fingerprint import Handling

BREAK_GLASS: Final = timedelta(hours=8)
"""One shift: who needs the content for longer asks the owner."""

LONGEST_GRANT: Final = timedelta(days=366)
"""A grant is renewed by asking again, so that the owner looks at it at least once a year."""

MOST_STEPS: Final = 50
"""The latest are kept; the audit keeps all."""


class Move(StrEnum):
    """What a step does."""

    REQUEST = "request"
    GRANT = "grant"
    REFUSAL = "refusal"
    REVOCATION = "revocation"
    BREAK_GLASS = "break_glass"


class Urgency(StrEnum):
    """How soon the requester needs an answer."""

    ROUTINE = "routine"
    URGENT = "urgent"
    IMMEDIATE = "immediate"


class State(StrEnum):
    """What a thread is at a moment; `suspended` by stricter handling, `expired` by its date."""

    REQUESTED = "requested"
    GRANTED = "granted"
    REFUSED = "refused"
    REVOKED = "revoked"
    SUSPENDED = "suspended"
    EXPIRED = "expired"


class Step(msgspec.Struct, frozen=True, omit_defaults=True):
    """One step: who took it and when. A request has grounds, urgency and deadline; a grant its end and handling."""

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


class Disclosure(msgspec.Struct, frozen=True, omit_defaults=True):
    """Value of topic `disclosures`, key = id: the whole thread after its last step.

    `id` is the requester agency's opaque reference to the case, or a supervisor's own for his break-glass; `subject`
    is that supervisor, "" where the whole agency is meant.
    """

    id: str
    case: str
    owner: str
    requester: str
    subject: str = ""
    steps: tuple[Step, ...] = ()

    @property
    def last(self) -> Step:
        """The step that decides."""
        return self.steps[-1]


class NotDueError(LiaisonError):
    """The thread is in no state for this step, or its dates make no sense."""


class Ask(msgspec.Struct, frozen=True):
    """What a requester asks of an owner."""

    reason: str
    urgency: Urgency
    deadline: datetime


def thread_ids(ring: KeyRing, agency: str, case: str, subject: str = "") -> list[str]:
    """The ids that the thread of a case and an agency, or of one supervisor's break-glass, may have.

    A thread keeps the id that it began with, so there is one for each secret; that of a new thread is the last.
    """
    asking = f"{agency}|{subject}" if subject else agency
    return [reference(ring, key_id, asking, case) for key_id in ring.ids]


def unopened(ring: KeyRing, case: CaseMeta, requester: Requester, subject: str = "") -> Disclosure:
    """The thread of a case and a requester's agency, or of a supervisor's own, before its first step."""
    name = thread_ids(ring, requester.agency, case.case, subject)[-1]
    return Disclosure(name, case.case, case.agency, requester.agency, subject)


def request(before: Disclosure, case: CaseMeta, by: Requester, why: Grounds, ask: Ask, now: datetime) -> Disclosure:
    """The thread with a request. Raises NotDueError while one is open, or a grant in force."""
    if ask.deadline <= now:
        raise NotDueError("the deadline has passed")
    if before.steps and (held := state(before, case.handling, now)) in (State.REQUESTED, State.GRANTED):
        raise NotDueError("there is one already ({state})", state=held.value)
    step = _asked(Move.REQUEST, by, why, ask.reason, now)
    return _with(before, msgspec.structs.replace(step, urgency=ask.urgency, deadline=ask.deadline))


def grant(before: Disclosure, case: CaseMeta, by: Requester, until: datetime, reason: str, now: datetime) -> Disclosure:
    """The thread with the owner's leave until a time, under the case's handling as it is. Raises NotDueError.

    A grant may be given another end.
    """
    _require(before, Move.REQUEST, Move.GRANT)
    if not now < until <= now + LONGEST_GRANT:
        raise NotDueError("a grant ends after now and within {most} days", most=LONGEST_GRANT.days)
    step = _step(Move.GRANT, by, reason, now)
    return _with(before, msgspec.structs.replace(step, until=until, under=_stated(case.handling)))


def refuse(before: Disclosure, by: Requester, reason: str, now: datetime) -> Disclosure:
    """The thread with the owner's no. Raises NotDueError."""
    _require(before, Move.REQUEST)
    return _with(before, _step(Move.REFUSAL, by, reason, now))


def revoke(before: Disclosure, by: Requester, reason: str, now: datetime) -> Disclosure:
    """The thread without its grant, or a break-glass closed by the owner. Raises NotDueError."""
    _require(before, Move.GRANT, Move.BREAK_GLASS)
    return _with(before, _step(Move.REVOCATION, by, reason, now))


def break_glass(
    before: Disclosure, case: CaseMeta, by: Requester, why: Grounds, reason: str, now: datetime
) -> Disclosure:
    """A supervisor's own thread, open for one shift; may_break_glass decides who may. Raises NotDueError."""
    if not reason.strip():
        raise NotDueError("break-glass needs a reason")
    step = _asked(Move.BREAK_GLASS, by, why, reason, now)
    return _with(before, msgspec.structs.replace(step, until=now + BREAK_GLASS, under=_stated(case.handling)))


def grant_of(one: Disclosure) -> Grant | None:
    """The grant that a thread's last step gives; the policy decides whether it is in force."""
    last = one.last
    if last.move not in (Move.GRANT, Move.BREAK_GLASS) or last.until is None:
        return None
    return Grant(one.case, one.requester, last.until, last.under, one.subject)


def state(one: Disclosure, handling: Handling, now: datetime) -> State:
    """What a thread is at the aware time `now`, under the case's present handling."""
    last = one.last
    if last.until is None:
        return {Move.REQUEST: State.REQUESTED, Move.REFUSAL: State.REFUSED}.get(last.move, State.REVOKED)
    if now >= last.until:
        return State.EXPIRED
    return State.SUSPENDED if is_stricter(handling, last.under) else State.GRANTED


def is_overdue(one: Disclosure, now: datetime) -> bool:
    """Whether a request has had no answer by its deadline."""
    deadline = one.last.deadline
    return one.last.move is Move.REQUEST and deadline is not None and now > deadline


def may_decide(one: Disclosure, who: Requester) -> bool:
    """Whether `who` speaks for the owner."""
    return who.reads and who.agency == one.owner


def disclosure_for(one: Disclosure, case: CaseMeta, reader: str, seen: View, now: datetime) -> dict[str, Any]:
    """A thread as one of its two agencies may see it: the case's key for whom sees the case in full.

    Each agency sees its own people and case reference, and of the other one that it acted.
    """
    mine = one.requester == reader
    return {
        "id": one.id,
        "mine": mine,
        "case": case.case if seen is View.FULL else None,
        "agency": one.owner if mine else one.requester,
        "contact": msgspec.to_builtins(case.contact),
        "break_glass": bool(one.subject),
        "state": state(one, case.handling, now).value,
        "overdue": is_overdue(one, now),
        "deadline": _text(next((step.deadline for step in reversed(one.steps) if step.deadline), None)),
        "until": _text(one.last.until),
        "steps": [_step_for(step, reader) for step in one.steps],
    }


def _step_for(step: Step, reader: str) -> dict[str, Any]:
    own = step.agency == reader
    return {
        "move": step.move.value,
        "agency": step.agency,
        "subject": step.subject if own else None,
        "time": step.time.isoformat(),
        "purpose": step.purpose or None,
        "case_reference": step.case_reference or None if own else None,
        "urgency": step.urgency.value if step.move is Move.REQUEST else None,
        "deadline": _text(step.deadline),
        "until": _text(step.until),
        "reason": step.reason,
    }


def _text(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()


def _stated(handling: Handling) -> Handling:
    """As it is read again, whatever kind of document it came from."""
    return Handling(*msgspec.structs.astuple(handling))


def _require(one: Disclosure, *moves: Move) -> None:
    if one.last.move not in moves:
        raise NotDueError("after its last step ({step}) this one cannot be taken", step=one.last.move.value)


def _asked(move: Move, by: Requester, why: Grounds, reason: str, now: datetime) -> Step:
    step = _step(move, by, reason, now)
    return msgspec.structs.replace(step, purpose=why.purpose.value, case_reference=why.case_reference)


def _step(move: Move, by: Requester, reason: str, now: datetime) -> Step:
    return Step(move, by.agency, by.subject, now, reason=reason.strip())


def _with(before: Disclosure, step: Step) -> Disclosure:
    return msgspec.structs.replace(before, steps=(*before.steps, step)[-MOST_STEPS:])
