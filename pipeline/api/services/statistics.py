"""Statistics and deconfliction, from what the requester may read in full and from nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date

import msgspec

from pipeline.access.audit import ActKind
from pipeline.access.case_filters import Filters
from pipeline.api.answering import RecordedAnswer
from pipeline.api.answers import DeconflictionAnswer, NearbyCase, StatisticsAnswer
from pipeline.api.problems import UnprocessableError
from pipeline.api.services.cases import show_case
from pipeline.api.services.search import require_bounded
from pipeline.api.session import Session, costly
from pipeline.correlation import key_kinds as kinds
from pipeline.errors import LiaisonError
from pipeline.index.documents import CaseDocument
from pipeline.index.filters import filter_clauses
from pipeline.index.reading import COUNTED, STATE_FIELDS

MOST = 10_000
"""Cases or links that are counted: for more, nobody is answered."""


@costly
async def count_statistics(session: Session, filters: Filters = Filters()) -> StatisticsAnswer:  # noqa: B008 - frozen
    """Counts over what the requester reads in full, narrowed.

    Raises UnprocessableError where that is more than MOST, TooManyRequestsError.
    """
    session.require_reader()
    require_bounded(filters)
    goals, offences, pairs = Counter[str](), Counter[str](), Counter[str]()
    async with session.answer(ActKind.READ) as answer:
        cases = await _read_cases(answer, filters)
        for case in cases:
            goals.update(map(str, case.policing_goals))
            offences.update(case.offences)
        links = await _read_link_countries(session, {case.case: case.country for case in cases})
        pairs.update("-".join(sorted(pair)) for pair in links)
        answer.count(case.case for case in cases)
        answer.query = {"statistics": len(cases), "filters": msgspec.to_builtins(filters)}
    found = [dict(sorted(counted.items())) for counted in (goals, offences, pairs)]
    return StatisticsAnswer(*session.moment, len(cases), len(links), *found)


@costly
async def find_nearby_cases(session: Session, key: str) -> DeconflictionAnswer:
    """Open cases of other agencies with an event where and when case `key` has one.

    Raises NotFoundError for the case, TooManyRequestsError.
    """
    session.require_reader()
    async with session.answer(ActKind.READ, {"deconfliction": key}) as answer:
        case = await show_case(answer, key, (*STATE_FIELDS, "keys"))
        events = sorted(found for found in case.keys if kinds.kind_of(found) is kinds.KeyKind.EVENT)
        near = await _find_near(answer, case, events)
        answer.show(document.case for document in near)
        return DeconflictionAnswer(*session.moment, tuple(map(_make_row, near)))


async def _read_cases(answer: RecordedAnswer, filters: Filters) -> list[CaseDocument]:
    found: list[CaseDocument] = []
    limits = await answer.session.limit_cases(*filter_clauses(filters))
    async for part in answer.weigh_parts(answer.session.runtime.reader.every_case(limits, COUNTED)):
        found += part.values()
        if len(found) > MOST:
            raise UnprocessableError(LiaisonError("more than {most} cases can't be counted; add filters", most=MOST))
    return found


async def _read_link_countries(session: Session, countries: Mapping[str, str]) -> list[tuple[str, str]]:
    """The countries of each link whose two sides are among those cases."""
    scope = await session.scope_links()
    found: list[tuple[str, str]] = []
    async for link in session.runtime.reader.every_link(scope, evidence=False):
        a, b = link.head.cases
        if a in countries and b in countries:
            found.append((countries[a], countries[b]))
        if len(found) > MOST:
            raise UnprocessableError(LiaisonError("more than {most} links can't be counted; add filters", most=MOST))
    return found


async def _find_near(answer: RecordedAnswer, case: CaseDocument, events: Iterable[int]) -> list[CaseDocument]:
    session = answer.session
    met = {"terms": {"keys": list(events)}}
    found: list[CaseDocument] = []
    limits = await session.limit_cases(met)
    async for part in answer.weigh_parts(session.runtime.reader.every_case(limits, COUNTED)):
        found += [document for document in part.values() if _is_open_elsewhere(session, case, document)]
        if len(found) > MOST:
            raise UnprocessableError(LiaisonError("more than {most} cases can't be listed; add filters", most=MOST))
    return found


def _is_open_elsewhere(session: Session, case: CaseDocument, other: CaseDocument) -> bool:
    is_closed = other.closed is not None and date.fromisoformat(other.closed) <= session.now.date()
    return other.agency != case.agency and not is_closed


def _make_row(document: CaseDocument) -> NearbyCase:
    title = document.title
    return NearbyCase(document.case, document.agency, document.country, title, document.status, document.contact)
