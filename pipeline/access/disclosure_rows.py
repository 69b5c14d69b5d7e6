"""A disclosure as one of its two agencies may see it. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from pipeline.access.break_glass import Oversight, oversight_of
from pipeline.access.disclosure_threads import Disclosure, Move, ThreadStep, find_unreviewed, is_overdue, thread_state
from pipeline.access.release import CaseMeta, View


def disclosure_for(disclosure: Disclosure, case: CaseMeta, reader: str, seen: View, now: datetime) -> dict[str, Any]:
    """A thread as one of its two agencies may see it: the case's key for whom sees the case in full.

    Each agency sees its own people and case reference, and of the other one that it acted.
    """
    mine = disclosure.requester == reader
    looked = oversight_of(disclosure, now)
    return {
        "id": disclosure.id,
        "mine": mine,
        "case": case.case if seen is View.FULL else None,
        "agency": disclosure.owner if mine else disclosure.requester,
        "contact": msgspec.to_builtins(case.contact),
        "break_glass": bool(disclosure.subject),
        "state": thread_state(disclosure, case.handling, now).value,
        "overdue": is_overdue(disclosure, now) or looked is Oversight.OVERDUE,
        "deadline": _format_time(_deadline_of(disclosure)),
        "until": _format_time(disclosure.last.until),
        "oversight": None if looked is None else looked.value,
        "subject": (disclosure.subject or None) if mine else None,
        "steps": [_step_for(step, reader) for step in disclosure.steps],
    }


def _deadline_of(disclosure: Disclosure) -> datetime | None:
    """When a review is due, else the latest time by which something was."""
    due = find_unreviewed(disclosure)
    return due.deadline if due else next((step.deadline for step in reversed(disclosure.steps) if step.deadline), None)


def _step_for(step: ThreadStep, reader: str) -> dict[str, Any]:
    own = step.agency == reader
    return {
        "move": step.move.value,
        "agency": step.agency,
        "subject": step.subject if own else None,
        "time": step.time.isoformat(),
        "purpose": step.purpose or None,
        "case_reference": step.case_reference or None if own else None,
        "urgency": step.urgency.value if step.move is Move.REQUEST else None,
        "deadline": _format_time(step.deadline),
        "until": _format_time(step.until),
        "reason": step.reason,
        "hours": step.hours or None,
        "verdict": None if step.verdict is None else step.verdict.value,
    }


def _format_time(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()
