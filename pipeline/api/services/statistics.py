"""Statistics and deconfliction, from what the requester may read in full and from nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date

import msgspec

from pipeline.access.audit import ActKind
from pipeline.access.case_filters import Filters
from pipeline.access.release import View
from pipeline.api.answers import DeconflictionAnswer, NearbyCase, StatisticsAnswer
from pipeline.api.problems import UnprocessableError
from pipeline.api.services.cases import require_readable
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
    cases = await _read_cases(session, filters)
    for case in cases:
        goals.update(map(str, case.policing_goals))
        offences.update(case.offences)
    links = await _read_link_countries(session, {case.case: case.country for case in cases})
    pairs.update("-".join(sorted(pair)) for pair in links)
    counted = session.make_counted(case.case for case in cases)
    await session.audit(ActKind.READ, {"statistics": len(cases), "filters": msgspec.to_builtins(filters)}, counted)
    found = [dict(sorted(counted.items())) for counted in (goals, offences, pairs)]
    return StatisticsAnswer(*session.moment, len(cases), len(links), *found)


@costly
async def find_nearby_cases(session: Session, key: str) -> DeconflictionAnswer:
    """Open cases of other agencies with an event where and when case `key` has one.

    Raises NotFoundError for the case, TooManyRequestsError.
    """
    session.require_reader()
    case = await require_readable(session, key, (*STATE_FIELDS, "keys"))
    events = sorted(found for found in case.keys if kinds.kind_of(found) is kinds.KeyKind.EVENT)
    near = await _find_near(session, case, events)
    await session.audit(
        ActKind.READ,
        {"deconfliction": key},
        session.make_shown({document.case: View.FULL for document in (case, *near)}),
    )
    return DeconflictionAnswer(*session.moment, tuple(map(_make_row, near)))


async def _read_cases(session: Session, filters: Filters) -> list[CaseDocument]:
    found: list[CaseDocument] = []
    limits = await session.limit_cases(*filter_clauses(filters))
    async for part in session.runtime.reader.every_case(limits, COUNTED):
        documents = {document.case: document for document in part}
        found += [documents[key] for key in await session.filter_readable(documents)]
        if len(found) > MOST:
            raise UnprocessableError(LiaisonError("more than {most} cases can't be counted; add filters", most=MOST))
    return found


async def _read_link_countries(session: Session, countries: Mapping[str, str]) -> list[tuple[str, str]]:
    """The countries of each link whose two sides are among those cases."""
    scope = await session.scope_links()
    found: list[tuple[str, str]] = []
    async for document in session.runtime.reader.every_link(scope, evidence=False):
        if all(case in countries for case in document.cases):
            found.append((countries[document.a.case], countries[document.b.case]))
        if len(found) > MOST:
            raise UnprocessableError(LiaisonError("more than {most} links can't be counted; add filters", most=MOST))
    return found


async def _find_near(session: Session, case: CaseDocument, events: Iterable[int]) -> list[CaseDocument]:
    met = {"terms": {"keys": list(events)}}
    found: list[CaseDocument] = []
    limits = await session.limit_cases(met)
    async for part in session.runtime.reader.every_case(limits, COUNTED):
        others = {document.case: document for document in part if _is_open_elsewhere(session, case, document)}
        found += [others[key] for key in await session.filter_readable(others)]
        if len(found) > MOST:
            raise UnprocessableError(LiaisonError("more than {most} cases can't be listed; add filters", most=MOST))
    return found


def _is_open_elsewhere(session: Session, case: CaseDocument, other: CaseDocument) -> bool:
    is_closed = other.closed is not None and date.fromisoformat(other.closed) <= session.now.date()
    return other.agency != case.agency and not is_closed


def _make_row(document: CaseDocument) -> NearbyCase:
    title = document.title
    return NearbyCase(document.case, document.agency, document.country, title, document.status, document.contact)
