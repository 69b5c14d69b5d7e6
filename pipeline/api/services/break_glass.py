"""A supervisor's break-glass: requested and confirmed by a second one, or opened alone and reviewed by the owner."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from pipeline.access import break_glass as glass
from pipeline.access.audit import ActKind
from pipeline.access.break_glass import GlassReason, Oversight, oversight_of, verdict_of
from pipeline.access.disclosure_threads import Disclosure, GlassVerdict, Move
from pipeline.access.release import CaseMeta, View, may_break_glass, may_confirm_glass
from pipeline.access.requester import Role
from pipeline.access.text_limits import COMMENT
from pipeline.api.answering import RecordedAnswer
from pipeline.api.answers import DisclosureAnswer, DisclosuresAnswer
from pipeline.api.problems import ConflictError, ForbiddenError, NotFoundError
from pipeline.api.services.disclosures import (
    NO_THREAD,
    find_thread,
    list_disclosures,
    record_step,
    require_hit,
    require_owned_thread,
    take_step,
    thread_answer,
)
from pipeline.api.session import Session, require_short
from pipeline.index.decisions import ThreadKind

NAME_CHARS = 100
"""Of what stands for a thread that is none, so much is recorded."""


async def request_opening(session: Session, reference: str, wanted: GlassReason) -> DisclosureAnswer:
    """Request that a second supervisor opens a hit-only case to this one.

    Raises NotFoundError, ConflictError, ForbiddenError.

    Nothing is open yet, so the answer names no key.
    """
    async with session.answer(ActKind.DISCLOSURE) as answer:
        before, case = await _own_thread(answer, reference)
        who, why, now = session.requester, session.grounds, session.now
        after = take_step(lambda: glass.request_opening(before, case, who, why, wanted, now))
        return await record_step(answer, before, after, case)


async def open_alone(session: Session, reference: str, wanted: GlassReason) -> DisclosureAnswer:
    """Open a hit-only case to this supervisor at once; its owner is told, and is to review it. Raises as before.

    The answer names the case's key, by which it is then read.
    """
    async with session.answer(ActKind.DISCLOSURE) as answer:
        before, case = await _own_thread(answer, reference)
        who, why, now = session.requester, session.grounds, session.now
        within = timedelta(hours=session.runtime.settings.break_glass_review_hours)
        after = take_step(lambda: glass.open_alone(before, case, who, why, wanted, within, now))
        return await record_step(answer, before, after, case)


async def confirm_opening(session: Session, name: str) -> DisclosureAnswer:
    """Open what another supervisor of the agency requested, to that one.

    Raises NotFoundError, ForbiddenError, ConflictError.

    What is confirmed already stays as it is.
    """
    async with session.answer(ActKind.DISCLOSURE) as answer:
        before, case = await _agency_thread(answer, name)
        if not may_confirm_glass(case, session.requester, answer.view_of(case.case), before.subject):
            raise ForbiddenError(
                "only another supervisor of your agency can confirm, while the case is hit only for you"
            )
        if before.last.move is Move.CONFIRMATION:
            return _answer_unchanged(answer, before, case)
        after = take_step(lambda: glass.add_confirmation(before, case, session.requester, session.now))
        return await record_step(answer, before, after, case)


async def withdraw_request(session: Session, name: str) -> DisclosureAnswer:
    """Take an own request back before it is confirmed. Raises NotFoundError, ForbiddenError, ConflictError."""
    async with session.answer(ActKind.DISCLOSURE) as answer:
        before, case = await _agency_thread(answer, name)
        if before.subject != session.requester.subject:
            raise ForbiddenError("only the requester can withdraw the request")
        if before.last.move is Move.WITHDRAWAL:
            return _answer_unchanged(answer, before, case)
        after = take_step(lambda: glass.add_withdrawal(before, session.requester, session.now))
        return await record_step(answer, before, after, case)


async def review_opening(session: Session, name: str, verdict: GlassVerdict, comment: str) -> DisclosureAnswer:
    """The owner's verdict on what was opened by one alone. Raises NotFoundError, ForbiddenError, ConflictError.

    Raises UnprocessableError for a comment that is too long.

    When this returns, nobody reads any more what is not justified. The same verdict again changes nothing; another is
    a conflict.
    """
    require_short(COMMENT, comment)
    async with session.answer(ActKind.DISCLOSURE) as answer:
        before, case = await require_owned_thread(answer, name)
        if Role.SUPERVISOR not in session.requester.roles:
            raise ForbiddenError("only a supervisor of the owner agency can review this")
        given = verdict_of(before)
        if given is verdict:
            return _answer_unchanged(answer, before, case)
        if given is not None:
            raise ConflictError("someone else has already reviewed this")
        after = take_step(lambda: glass.add_review(before, session.requester, verdict, comment, session.now))
        return await record_step(answer, before, after, case)


async def list_break_glass(
    session: Session, mine: bool = True, awaiting: bool = False, limit: int = 50, cursor: str | None = None
) -> DisclosuresAnswer:
    """Break-glass by the agency's supervisors (`mine`), or on its records, the latest step first.

    `awaiting` narrows it to what the requester can confirm, or the owner is to review.
    """
    if not awaiting:
        return await list_disclosures(session, mine, limit, cursor, ThreadKind.BREAK_GLASS)
    kind = ThreadKind.AWAITING_CONFIRMATION if mine else ThreadKind.AWAITING_REVIEW
    wanted = _confirmable_filter(session) if mine else _reviewable_filter(session)
    return await list_disclosures(session, mine, limit, cursor, kind, wanted)


def _confirmable_filter(session: Session) -> Callable[[Disclosure], bool]:
    who, now = session.requester, session.now
    may = Role.SUPERVISOR in who.roles
    return lambda disclosure: (
        may and disclosure.subject != who.subject and oversight_of(disclosure, now) is Oversight.AWAITING_CONFIRMATION
    )


def _reviewable_filter(session: Session) -> Callable[[Disclosure], bool]:
    due = (Oversight.AWAITING_REVIEW, Oversight.OVERDUE)
    return lambda disclosure: oversight_of(disclosure, session.now) in due


async def _own_thread(answer: RecordedAnswer, reference: str) -> tuple[Disclosure, CaseMeta]:
    """This supervisor's own thread about the case behind a reference, of which no more than the hit is seen."""
    session = answer.session
    session.require_role(Role.SUPERVISOR)
    case = await require_hit(answer, reference)
    if not may_break_glass(case, session.requester, View.HIT):
        raise ForbiddenError()
    return await find_thread(session, case, session.requester.subject), case


async def _agency_thread(answer: RecordedAnswer, name: str) -> tuple[Disclosure, CaseMeta]:
    """A break-glass of the requester's own agency on a case that is shown to it; every other name is one answer.

    Each costs the same calls: that of another agency's thread, of a case that became silent, and of nothing.
    """
    session = answer.session
    session.require_reader()
    found = (await session.runtime.decisions.read_threads([name])).get(name)
    disclosure = found if found is not None and found.subject and found.requester == session.requester.agency else None
    key = name if disclosure is None else disclosure.case
    cases = await session.runtime.reader.read_cases([key])
    seen = await answer.decide_named([key], cases)
    if disclosure is None or seen[key] is View.NOTHING:
        await answer.refuse(NotFoundError(NO_THREAD), about=name[:NAME_CHARS])
    return disclosure, cases[key].head


def _answer_unchanged(answer: RecordedAnswer, disclosure: Disclosure, case: CaseMeta) -> DisclosureAnswer:
    """What holds already, to one who asks for it again."""
    answer.query, answer.about = {"again": disclosure.last.move}, disclosure.id
    answer.show([case.case])
    return thread_answer(answer.session, disclosure, case, answer.view_of(case.case))
