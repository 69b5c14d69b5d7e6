"""Asking an owner for a hit-only case, answering, revoking; and, beside a hit, what its reader's agency has asked.

break_glass.py shares most of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import NamedTuple

import msgspec

from pipeline.access import disclosures as threads
from pipeline.access.audit import ActKind
from pipeline.access.disclosure_threads import Disclosure, Move, NotDueError, grant_of, is_overdue
from pipeline.access.disclosures import AccessRequestRow, DisclosureAsk, disclosure_for, may_decide
from pipeline.access.redaction import HitRow
from pipeline.access.release import CaseMeta, View
from pipeline.access.text_limits import LABEL, REASON
from pipeline.api.answering import RecordedAnswer
from pipeline.api.answers import DisclosureAnswer, DisclosuresAnswer, HitRequest, WorkCount
from pipeline.api.paging import MovingList, SortValues, fill_page
from pipeline.api.problems import ConflictError, NotFoundError
from pipeline.api.sealed import Sealed, SealedCase
from pipeline.api.session import Session, record_decision, require_short
from pipeline.errors import LiaisonError
from pipeline.index.decisions import ThreadKind
from pipeline.streams.catalogues import topics

MOST = 100
"""Threads of one page."""

NO_HIT = "hit not found, or not yours"
NO_THREAD = "request not found, or not yours"


async def request_disclosure(
    session: Session, reference: str, wanted: DisclosureAsk, label: str = ""
) -> DisclosureAnswer:
    """Ask the owner for the case that `reference` stands for. Raises NotFoundError, ConflictError, UnavailableError.

    Raises UnprocessableError for a label that is too long, and as all steps do for such a reason.

    A case that the requester may read already is a conflict, and so is a request that is open. `label` is what the
    requester's agency calls the record, such as the search that found it; the owner is not told.
    """
    if plain := " ".join(label.split()):
        require_short(LABEL, plain)
        wanted = msgspec.structs.replace(wanted, label=session.runtime.cipher.encrypt(plain, session.now))
    async with session.answer(ActKind.DISCLOSURE) as answer:
        case = await require_hit(answer, reference)
        before = await find_thread(session, case)
        after = take_step(
            lambda: threads.add_request(before, case, session.requester, session.grounds, wanted, session.now)
        )
        return await record_step(answer, before, after, case)


async def grant_disclosure(session: Session, name: str, until: datetime, reason: str = "") -> DisclosureAnswer:
    """Open the case to the asking agency until a time. Raises NotFoundError, ConflictError, UnavailableError."""
    async with session.answer(ActKind.DISCLOSURE) as answer:
        before, case = await require_owned_thread(answer, name)
        after = take_step(lambda: threads.add_grant(before, case, session.requester, until, reason, session.now))
        return await record_step(answer, before, after, case)


async def refuse_disclosure(session: Session, name: str, reason: str = "") -> DisclosureAnswer:
    """Say no. Raises NotFoundError, ConflictError, UnavailableError."""
    async with session.answer(ActKind.DISCLOSURE) as answer:
        before, case = await require_owned_thread(answer, name)
        after = take_step(lambda: threads.add_refusal(before, session.requester, reason, session.now))
        return await record_step(answer, before, after, case)


async def revoke_disclosure(session: Session, name: str, reason: str = "") -> DisclosureAnswer:
    """Take a grant back, or end a break-glass; when this returns nobody reads under it. Raises as granting."""
    async with session.answer(ActKind.DISCLOSURE) as answer:
        before, case = await require_owned_thread(answer, name)
        after = take_step(lambda: threads.add_revocation(before, session.requester, reason, session.now))
        return await record_step(answer, before, after, case)


async def list_disclosures(
    session: Session,
    mine: bool = True,
    limit: int = 50,
    cursor: str | None = None,
    kind: ThreadKind = ThreadKind.ALL,
    wanted: Callable[[Disclosure], bool] = lambda _: True,
) -> DisclosuresAnswer:
    """What the requester's agency asked for (`mine`), or was asked for. A page is full while there is more.

    `wanted` leaves out what of a kind is not meant: it is asked of each thread as it is now.
    """
    session.require_reader()
    decisions = session.runtime.decisions
    listing = MovingList(
        session, "disclosures", mine, kind, cursor=cursor, point=partial(decisions.open_point, "disclosures")
    )

    async with session.answer(ActKind.READ, {"disclosures": _thread_role(mine), "kind": kind}) as answer:

        async def fetch(after: SortValues | None) -> list[tuple[Disclosure | None, SortValues]]:
            role = _thread_role(mine)
            return await decisions.list_disclosures(_own_agency(session), role, MOST, after, listing.at, kind)

        async def show(found: list[Disclosure | None]) -> list[AccessRequestRow | None]:
            held = [
                disclosure
                for disclosure in found
                if disclosure is not None and wanted(disclosure) and not listing.was_shown(disclosure.id)
            ]
            cases = await _decide_cases(answer, held)
            rows = {disclosure.id: _show_thread(answer, disclosure, cases) for disclosure in held}
            return [rows.get(disclosure.id) if disclosure else None for disclosure in found]

        rows, place = await fill_page(fetch, show, min(limit, MOST), MOST, listing.after)
        answer.show(row.case for row in rows if row.case)
    following = await listing.next_cursor((row.id for row in rows), place)
    return DisclosuresAnswer(*session.moment, tuple(rows), following)


class RequestCounts(NamedTuple):
    """How many requests await their owner's answer, and how many of those are late; and the cases they are about."""

    waiting: WorkCount
    overdue: WorkCount
    cases: frozenset[str]


async def count_requests(answer: RecordedAnswer, most: int, *, mine: bool) -> RequestCounts:
    """Count what the requester's agency asked for (`mine`), or was asked for, and nobody answered, up to `most`.

    Only of cases that they may know of now. Whoever shows the counts names the cases.
    """
    session = answer.session
    decisions, after = session.runtime.decisions, None
    waiting: dict[str, Disclosure] = {}
    while True:
        found = await decisions.list_disclosures(
            _own_agency(session), _thread_role(mine), most + 1, after, kind=ThreadKind.AWAITING_ANSWER
        )
        held = [thread for thread, _ in found if thread is not None and thread.last.move is Move.REQUEST]
        await _decide_cases(answer, held)
        waiting |= {thread.id: thread for thread in held if answer.view_of(thread.case) is not View.NOTHING}
        if len(found) <= most or len(waiting) > most:
            break
        after = found[-1][1]
    late = sum(is_overdue(thread, session.now) for thread in waiting.values())
    return RequestCounts(
        WorkCount(min(most, len(waiting)), len(waiting) > most),
        WorkCount(min(most, late), late > 0 and len(waiting) > most),
        frozenset(thread.case for thread in waiting.values()),
    )


async def read_disclosure(session: Session, name: str) -> DisclosureAnswer:
    """One disclosure. Raises NotFoundError."""
    session.require_reader()
    disclosure = (await session.runtime.decisions.read_threads([name])).get(name)
    found = (
        [disclosure]
        if disclosure is not None and _own_agency(session) in (disclosure.owner, disclosure.requester)
        else []
    )
    async with session.answer(ActKind.READ, {"disclosure": name}) as answer:
        cases = await _decide_cases(answer, found)
        row = next((row for each in found if (row := _show_thread(answer, each, cases)) is not None), None)
        if row is None:
            await answer.refuse(NotFoundError(NO_THREAD), answer.query)
        answer.show(cases)
        return DisclosureAnswer(*session.moment, row)


async def require_hit(answer: RecordedAnswer, reference: str) -> CaseMeta:
    """The case behind a reference, of which the requester sees that it is there and no more."""
    answer.session.require_reader()
    sealed = await find_referenced_case(answer.session, reference)
    seen = View.NOTHING if sealed is None else (await answer.decide([sealed]))[sealed.head.case]
    if sealed is None or seen is View.NOTHING:
        await answer.refuse(NotFoundError(NO_HIT), {"reference": reference})
    if seen is View.FULL:
        answer.query = {"reference": reference}
        answer.show([sealed.head.case])
        await answer.end()
        raise ConflictError("you already have access to this case", case=sealed.head.case)
    return sealed.head


async def find_referenced_case(session: Session, reference: str) -> SealedCase | None:
    """The case that a reference of the requester's agency stands for, if its handling shows it for the purpose."""
    who = session.requester
    digest = session.runtime.opaque.digest_of(who.agency, reference)
    if digest is None:
        return None
    return await session.runtime.reader.find_digested(digest, who.country, session.grounds.purpose)


async def require_owned_thread(answer: RecordedAnswer, name: str) -> tuple[Disclosure, CaseMeta]:
    """A thread about a live case of the requester's own agency."""
    session = answer.session
    session.require_reader()
    disclosure, sealed = (await session.runtime.decisions.read_threads([name])).get(name), None
    if disclosure is not None and may_decide(disclosure, session.requester):
        sealed = (await session.runtime.reader.read_cases([disclosure.case])).get(disclosure.case)
    if disclosure is None or sealed is None:
        await answer.refuse(NotFoundError(NO_THREAD), kind=ActKind.DISCLOSURE, about=name[:MOST])
    answer.decide_case(sealed.head)
    return disclosure, sealed.head


async def find_thread(session: Session, case: CaseMeta, subject: str = "") -> Disclosure:
    """The thread of the requester's agency about a case, or their own, under whichever secret it was begun."""
    ring, who = session.runtime.opaque.ring, session.requester
    ids = threads.thread_ids(ring, who.agency, case.case, subject)
    found = (await session.runtime.decisions.read_threads(ids)).values()
    return max(found, key=lambda disclosure: disclosure.last.time, default=threads.new_thread(ring, case, who, subject))


def take_step(step: Callable[[], Disclosure]) -> Disclosure:
    """The thread after a step. Raises ConflictError where it is not due."""
    try:
        return step()
    except NotDueError as error:
        raise ConflictError(error) from error


async def record_step(
    answer: RecordedAnswer, before: Disclosure, after: Disclosure, case: CaseMeta
) -> DisclosureAnswer:
    """Audit a step, keep it, wait until it holds.

    Raises ConflictError where the thread went on from `before` otherwise, UnprocessableError for a reason that is too
    long.

    A process that dies behind the audit has opened nothing: what is asked again is asked of the same thread.
    """
    session = answer.session
    require_short(REASON, after.last.reason)
    if opened := grant_of(after):
        answer.decide_case(case, [opened])
    answer.query, answer.about = {"step": after.last.move}, after.id
    seen = answer.view_of(case.case)
    answer.show([case.case])
    await answer.end()
    await record_decision(session, topics.DISCLOSURES, after.id, after, before)
    return thread_answer(session, after, case, seen)


def thread_answer(session: Session, disclosure: Disclosure, case: CaseMeta, seen: View) -> DisclosureAnswer:
    """A thread as the requester may see it, who sees its case so."""
    return DisclosureAnswer(*session.moment, make_thread_row(session, disclosure, case, seen))


async def _decide_cases(answer: RecordedAnswer, found: Iterable[Disclosure]) -> dict[str, SealedCase]:
    """The cases of threads, decided on."""
    cases = await answer.session.runtime.reader.read_cases(disclosure.case for disclosure in found)
    await answer.decide(cases.values())
    return cases


def _show_thread(
    answer: RecordedAnswer, disclosure: Disclosure, cases: Mapping[str, SealedCase]
) -> AccessRequestRow | None:
    """The thread, unless its case is gone or no longer shown to the requester."""
    seen = answer.view_of(disclosure.case)
    if seen is View.NOTHING:
        return None
    return make_thread_row(answer.session, disclosure, cases[disclosure.case].head, seen)


def make_thread_row(session: Session, disclosure: Disclosure, case: CaseMeta, seen: View) -> AccessRequestRow:
    """A thread as the requester's agency may see it; `label` is its own name for the record, if it asked."""
    agency = _own_agency(session)
    label = _read_label(session, disclosure) if disclosure.requester == agency else None
    referenced = session.runtime.settings.owners_see_references
    return disclosure_for(disclosure, case, agency, seen, session.now, label, referenced=referenced)


def _read_label(session: Session, disclosure: Disclosure) -> str | None:
    """What the last request that was named called the record; None where none was, or its month's key is gone."""
    named = next((step for step in reversed(disclosure.steps) if step.label), None)
    if named is None:
        return None
    try:
        return session.runtime.cipher.decrypt(named.label, named.time)
    except LiaisonError:
        return None


def _own_agency(session: Session) -> str:
    return session.requester.agency


def _thread_role(mine: bool) -> str:
    return "requester" if mine else "owner"


async def read_hit_requests(
    answer: RecordedAnswer, shown: Iterable[HitRow], cases: Iterable[Sealed[CaseMeta, object]]
) -> dict[str, HitRequest]:
    """What the reader's agency asked of the owners of hits, by reference; nothing of those that it did not ask.

    `cases` were decided on, and the hits are among them. Only of hits that are shown is anything read, so that a hidden
    case makes no difference.
    """
    session = answer.session
    hits = {
        session.make_reference(sealed.head.case): sealed.head
        for sealed in cases
        if answer.view_of(sealed.head.case) is View.HIT
    }
    wanted = [hits[hit.reference] for hit in shown]
    if not wanted:
        return {}
    ring, agency = session.runtime.opaque.ring, session.requester.agency
    ids = {case.case: threads.thread_ids(ring, agency, case.case) for case in wanted}
    found = await session.runtime.decisions.read_threads(name for names in ids.values() for name in names)
    requests = {}
    for case in wanted:
        held = [found[name] for name in ids[case.case] if name in found]
        if last := max(held, key=lambda disclosure: disclosure.last.time, default=None):
            row = make_thread_row(session, last, case, View.HIT)
            requests[session.make_reference(case.case)] = summarise_request(row)
    return requests


def summarise_request(row: AccessRequestRow) -> HitRequest:
    """What stands beside a hit of a thread as its asking agency sees it; `time` is that of its last step."""
    asked = next((step for step in reversed(row.steps) if step.move == Move.REQUEST), None)
    return HitRequest(
        id=row.id,
        state=row.state,
        overdue=row.overdue,
        time=row.steps[-1].time,
        deadline=row.deadline,
        until=row.until,
        subject=asked.subject if asked else None,
        label=row.label,
    )
