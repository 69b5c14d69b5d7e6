"""What the requester's agency is told, held against its rights again at reading, and whom it is about.

A cursor says where a reader of notices has come. A notice may be there before its case can be read, and several are not
shown in their order. So a place passes what is settled alone (pipeline.streams.monitoring.freshness); of what is
not, it names what its reader was given, and all else there is looked at again. Offsets count within a topic. After a
restore there is another one, with other offsets: who holds a cursor of the former begins anew, and is told again rather
than not at all.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import msgspec
from msgspec import UNSET

from pipeline.access.alerts import Alert, is_active
from pipeline.access.audit import ActKind
from pipeline.access.disclosure_threads import Disclosure
from pipeline.access.notices import NoticeKind
from pipeline.access.release import View
from pipeline.api.answering import RecordedAnswer
from pipeline.api.answers import NoticeRow, NoticesAnswer, NoticeSubject
from pipeline.api.paging import PageCursor, SortValues, fill_page
from pipeline.api.problems import UnprocessableError
from pipeline.api.sealed import SealedCase, SealedReader
from pipeline.api.services.linked_things import NAMING, LinkedThing, name_side
from pipeline.api.session import Session
from pipeline.index.decisions import NoticeDocument
from pipeline.index.documents import CaseDocument, entities_of
from pipeline.index.filters import NARROWED, passes_filters
from pipeline.index.reading import RANKED
from pipeline.matching.explain.explaining import entities_evidence
from pipeline.matching.explain.explanation import EntityEvidence
from pipeline.matching.explain.wording import agreeing_things
from pipeline.matching.model import Model
from pipeline.search.probes import adapt_probe, make_probe, meets_exactly
from pipeline.search.questions import parse_question

MOST = 100
"""Notices of one page."""

READ: Final = (*RANKED, *NARROWED)
"""What of the cases that notices are about says whether they are told of, and of whom."""


async def list_notices(session: Session, limit: int = 50, cursor: str | None = None) -> NoticesAnswer:
    """The notices behind a cursor. One whose case is gone or no longer shown to the requester is left out.

    One whose case is not in the index yet comes behind the cursor once it is. A cursor of before a restore begins anew.
    """
    session.require_reader()
    async with session.answer(ActKind.READ) as answer:
        rows, following = await _read_notices(answer, limit, cursor)
        _show(answer, rows)
        return NoticesAnswer(*session.moment, tuple(rows), following)


def _show(answer: RecordedAnswer, rows: Sequence[NoticeRow]) -> None:
    answer.query = {"notices": len(rows)}
    answer.show(row.case for row in rows if row.case)


async def list_latest_notices(
    session: Session,
    limit: int = 50,
    cursor: str | None = None,
    *,
    kinds: Collection[NoticeKind] = frozenset(NoticeKind),
    described: bool = False,
) -> NoticesAnswer:
    """The latest of some kinds first, for people; `next` leads to older ones, and to nothing that came meanwhile.

    With `described` each says whom it is about (`about`), where that is read in full, and what was done with a request
    for access (`step`, `until`).
    """
    session.require_reader()
    agency = session.requester.agency
    pages = PageCursor(session, "latest notices", sorted(kinds))

    async def fetch(after: SortValues | None) -> list[tuple[NoticeDocument, SortValues]]:
        return await session.runtime.decisions.latest_notices(agency, MOST, after)

    async with session.answer(ActKind.READ) as answer:

        async def show(found: list[NoticeDocument]) -> list[NoticeRow | None]:
            wanted = [document for document in found if document.kind in kinds]
            rows = await _show_notices(answer, session.runtime.reader, wanted, described=described)
            shown = dict(zip((document.id for document in wanted), rows, strict=True))
            return [shown.get(document.id) for document in found]

        rows, place = await fill_page(fetch, show, min(limit, MOST), MOST, pages.open(cursor))
        _show(answer, rows)
    return NoticesAnswer(*session.moment, tuple(rows), pages.seal(place) if place else None)


async def list_new_notices(session: Session, cursor: str | None) -> NoticesAnswer:
    """What has come behind a cursor, for a reader who waits; where nothing has, nothing is recorded."""
    session.require_reader()
    async with session.answer(ActKind.READ) as answer:
        rows, following = await _read_notices(answer, MOST, cursor)
        if rows:
            _show(answer, rows)
        else:
            answer.tell_nothing()
        return NoticesAnswer(*session.moment, tuple(rows), following)


async def has_new_notices(session: Session, cursor: str | None) -> bool:
    """Whether anything has come behind a cursor.

    Nothing of it may be told: who wants to know more lists the notices as ever, and is shown and recorded as ever.
    """
    session.require_reader()
    async with session.answer(ActKind.READ) as answer:
        rows, _ = await _read_notices(answer, 1, cursor)
        answer.tell_nothing()
        return bool(rows)


async def find_start_cursor(session: Session, cursor: str) -> str | None:
    """Where one who waits for notices begins: at a cursor of this requester, else behind what they would be shown now.

    None before the first notice. It says nothing of any, so nothing is recorded.
    """
    session.require_reader()
    topic = session.runtime.settled.index.topic
    try:
        if (held := _pages(session).open(cursor)) and is_of_topic(held, topic):
            return cursor
    except UnprocessableError:
        pass  # another person's, left in the same browser
    latest = await session.runtime.decisions.latest_notices(session.requester.agency, 1, None)
    if not latest:
        return None
    newest = latest[0][0].position
    settled = NoticePlace().pass_settled(newest, session.runtime.settled.end)
    async with session.answer(ActKind.READ) as answer:
        _, place = await _read_from(answer, settled, MOST)
        answer.tell_nothing()
    behind_all = NoticePlace(newest)  # of more than a place can name, what is not shown yet is not waited for
    return _pages(session).seal((place if len(place.ahead) < MOST_AHEAD else behind_all).to_cursor(topic))


def _pages(session: Session) -> PageCursor:
    """Cursors of the notices as they come, which a reader keeps for good."""
    return PageCursor(session, "notices")


async def _read_notices(answer: RecordedAnswer, limit: int, cursor: str | None) -> tuple[list[NoticeRow], str | None]:
    """Up to `limit` notices, each with the cursor behind it, and the cursor behind all that was looked at."""
    pages, topic = _pages(answer.session), answer.session.runtime.settled.index.topic
    given, place = await _read_from(answer, NoticePlace.from_cursor(pages.open(cursor), topic), min(limit, MOST))
    rows = [msgspec.structs.replace(row, cursor=pages.seal(behind.to_cursor(topic))) for row, behind in given]
    return rows, pages.seal(place.to_cursor(topic))


async def _read_from(
    answer: RecordedAnswer, start: NoticePlace, limit: int
) -> tuple[list[tuple[NoticeRow, NoticePlace]], NoticePlace]:
    """Up to `limit` notices that were not given before a place, each with the place behind it, and the last place.

    Cases are read from the index of which it is known what is settled: during a switch that may not be the readers'.
    """
    session, settled = answer.session, answer.session.runtime.settled
    end = settled.end  # asked first: what is settled by now is found by what is read from here on
    reader = session.runtime.reader.of_generation(settled.index.generation)
    rows: list[tuple[NoticeRow, NoticePlace]] = []
    place, looked_at = start, start.passed
    while found := await session.runtime.decisions.list_notices(session.requester.agency, looked_at, MOST):
        fresh = [document for document in found if document.position not in start.ahead]
        for document, row in zip(fresh, await _show_notices(answer, reader, fresh), strict=True):
            if row is None:
                continue
            behind = place.give(document.position, end)
            if not behind.fits:
                settled.hurry()
            if len(rows) == limit or not behind.fits:
                return rows, place
            place = behind
            rows.append((row, place))
        looked_at = found[-1].position
        if len(found) < MOST:
            break
    return rows, place.pass_settled(looked_at, end)


async def _show_notices(
    answer: RecordedAnswer, reader: SealedReader, found: list[NoticeDocument], *, described: bool = False
) -> list[NoticeRow | None]:
    """Each notice with its case as the requester may see it now, None where they may not know of it any more."""
    session = answer.session
    own, others = await _read_cases(session, reader, found)
    await answer.decide((*own.values(), *others.values()))
    standing = await session.runtime.decisions.alerts_of(
        document.subscription for document in found if document.subscription
    )
    rows = [
        _make_row(answer, document, own.get(document.case), others.get(document.id), standing)
        if _is_current(answer, document, standing, others.get(document.id) or own.get(document.case))
        else None
        for document in found
    ]
    if not described:
        return rows
    return await _add_subjects(answer, await _add_steps(session, rows), own, others, standing)


async def _add_steps(session: Session, rows: Sequence[NoticeRow | None]) -> list[NoticeRow | None]:
    """The rows, each with the step of its thread that it tells of, where the thread is still kept."""
    threads = await session.runtime.decisions.read_threads(row.disclosure for row in rows if row and row.disclosure)
    return [row and _add_step(row, threads.get(row.disclosure or "")) for row in rows]


def _add_step(row: NoticeRow, thread: Disclosure | None) -> NoticeRow:
    for step in thread.steps if thread else ():
        if step.time.isoformat() == row.time:
            until = step.until.isoformat() if step.until else None
            return msgspec.structs.replace(row, step=step.verdict or step.move, until=until)
    return row


async def _add_subjects(
    answer: RecordedAnswer,
    rows: Sequence[NoticeRow | None],
    own: Mapping[str, SealedCase],
    others: Mapping[str, SealedCase],
    standing: Mapping[str, Alert],
) -> list[NoticeRow | None]:
    """The rows, each with what its reader may read of whom it is about: its own case, or the one that it names."""
    shown = {row.id: row for row in rows if row}
    named = {name: own.get(row.case) or others.get(name) for name, row in shown.items() if row.case}
    cases = {name: case for name, case in named.items() if case}
    asked = {name: standing[row.subscription] for name, row in shown.items() if row.subscription}
    subjects = await describe_subjects(answer, cases, asked)
    return [row and msgspec.structs.replace(row, about=subjects.get(row.id)) for row in rows]


def _is_current(
    answer: RecordedAnswer, document: NoticeDocument, standing: dict[str, Alert], case: SealedCase | None
) -> bool:
    """Whether an alert is still the agency's own, and tells of the case that it met."""
    session = answer.session
    if not document.subscription:
        return True
    query = standing.get(document.subscription)
    if query is None or query.agency != session.requester.agency or not is_active(query, session.now):
        return False
    return case is None or _tells_of(answer, query, case)


def _tells_of(answer: RecordedAnswer, query: Alert, case: SealedCase) -> bool:
    """Whether an alert tells of a case, as its reader sees that.

    One that is read in full is held against all filters. A hit-only one is held against whose it is, which is told
    anyway, and must be met exactly; nothing else of it is looked at, so that no filter tells what it says.
    """
    view = answer.view_of(case.head.case)
    if view is View.FULL:
        return passes_filters(answer.open(case), query.filters, parse_question(query.question).offences)
    return view is View.HIT and answer.ask(case, lambda hit: _meets(query, hit, answer.session.runtime.model))


def _meets(query: Alert, hit: CaseDocument, model: Model) -> bool:
    is_meant = query.filters.scope.includes(hit.agency, hit.country)
    return is_meant and bool(meets_exactly(query, entities_of(hit), model))


async def _read_cases(
    session: Session, reader: SealedReader, found: Sequence[NoticeDocument]
) -> tuple[dict[str, SealedCase], dict[str, SealedCase]]:
    """The receiver's own cases by key, and those that stand behind references by the notices that bear them."""
    who, opaque = session.requester, session.runtime.opaque
    named = {document.id: opaque.digest_of(who.agency, document.reference) for document in found if document.reference}
    held = await reader.read_cases((document.case for document in found if document.case), READ)
    digests = [digest for digest in named.values() if digest]
    others = await reader.find_all_digested(digests, who.country, session.grounds.purpose, READ)
    return held, {name: others[digest] for name, digest in named.items() if digest in others}


def _make_row(
    answer: RecordedAnswer,
    notice: NoticeDocument,
    own: SealedCase | None,
    other: SealedCase | None,
    standing: Mapping[str, Alert],
) -> NoticeRow | None:
    """A notice with the case it is about: the receiver's own, else the other's; None where either is not shown now."""
    named = [case for name, case in ((notice.case, own), (notice.reference, other)) if name]
    if any(case is None or answer.view_of(case.head.case) is View.NOTHING for case in named):
        return None
    case = named[0].head.case if named and named[0] else None
    query = standing[notice.subscription] if notice.subscription else None
    return NoticeRow(
        id=notice.id,
        kind=notice.kind.value,
        time=notice.time.isoformat(),
        case=case if case and answer.view_of(case) is View.FULL else None,
        reference=notice.reference or None,
        disclosure=notice.disclosure or None,
        subscription=notice.subscription or None,
        label=(query.label or None) if query else None,
        question=query.question if query else None,
        filters=query.filters if query else None,
        agency=notice.other_agency or None,
        purpose=notice.purpose or None,
        band=notice.band or None,
        count=notice.count or UNSET,
    )


MOST_AHEAD: Final = 64
"""Notices that a place names: whatever their offsets, they fit a cursor with their topic (9 bytes each of its 640)."""


class NoticePlace(NamedTuple):
    """Behind all notices up to the offset `passed`, and given those at the offsets `ahead` of it, which ascend."""

    passed: int = -1
    ahead: tuple[int, ...] = ()

    @classmethod
    def from_cursor(cls, place: SortValues | None, topic: str) -> NoticePlace:
        """The place in a topic that a cursor was made of; before all notices without one, or with a former topic's."""
        if not place or not is_of_topic(place, topic):
            return cls()
        passed, *steps = place[1:] if isinstance(place[0], str) else place
        at, ahead = passed, []
        for step in steps:
            at += step
            ahead.append(at)
        return cls(passed, tuple(ahead))

    def to_cursor(self, topic: str) -> SortValues:
        """What a cursor seals: the topic's id, the offset passed, and the way from each to the next one ahead."""
        return [topic, self.passed, *(later - earlier for earlier, later in pairwise((self.passed, *self.ahead)))]

    def give(self, offset: int, end: int) -> NoticePlace:
        """The place behind one more notice, when all before it were looked at and those before `end` are settled."""
        passed = self.pass_settled(offset, end).passed
        return NoticePlace(passed, tuple(sorted(one for one in {*self.ahead, offset} if one > passed)))

    def pass_settled(self, offset: int, end: int) -> NoticePlace:
        """The place once all notices up to an offset were looked at, and those before `end` are settled."""
        passed = max(self.passed, min(offset, end - 1))
        return NoticePlace(passed, tuple(one for one in self.ahead if one > passed))

    @property
    def fits(self) -> bool:
        """Whether a cursor holds it."""
        return len(self.ahead) <= MOST_AHEAD


def is_of_topic(place: SortValues, topic: str) -> bool:
    """Whether a cursor was made of this topic's offsets; one of before cursors named their topic is taken to be."""
    return place[0] == topic or not isinstance(place[0], str)


async def describe_subjects(
    answer: RecordedAnswer, cases: Mapping[str, SealedCase], asked: Mapping[str, Alert]
) -> dict[str, NoticeSubject]:
    """What each notice's case says of whom it is about, by the notice's id: its title, agency, country and caveat.

    Of an alert's match also the entity that answers it best (`entity`, `type`, `name`, `born`), and what it `agrees`
    with; `asked` is the alert of a notice. A case that is not read in full is asked nothing, and is left out.
    """
    session = answer.session
    seen = {name: case for name, case in cases.items() if answer.view_of(case.head.case) is View.FULL}
    full = {name: answer.open(case) for name, case in seen.items()}
    named = await session.runtime.reader.read_cases((case.case for case in full.values()), NAMING) if full else {}
    held = await answer.weigh(named.values())
    return {
        name: _describe(session, held[case.case], _find_evidence(session, asked.get(name), case))
        for name, case in full.items()
        if case.case in held
    }


def _find_evidence(session: Session, query: Alert | None, case: CaseDocument) -> tuple[EntityEvidence, ...]:
    """How an alert's question and a case, as it is now, compare; nothing where no alert met it."""
    if query is None:
        return ()
    probe, record = make_probe(parse_question(query.question), query.dialled), entities_of(case)
    return entities_evidence(adapt_probe(probe, record), record, session.runtime.model)


def _describe(session: Session, case: CaseDocument, evidence: tuple[EntityEvidence, ...]) -> NoticeSubject:
    best = max(evidence, key=lambda part: part.bits, default=None)
    if best is None:
        return NoticeSubject(**msgspec.structs.asdict(name_side(case, LinkedThing(""), session.language)), agrees=())
    named = next((item.value_b for item in best.items if item.field == "name"), "")
    side = name_side(case, LinkedThing(best.entity_b, named), session.language)
    return NoticeSubject(**msgspec.structs.asdict(side), agrees=agreeing_things(best, session.language))
