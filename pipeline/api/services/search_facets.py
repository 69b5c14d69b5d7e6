"""Facets of a search: how many of the cases that it finds have each country, agency, type, role, offence and year."""

from __future__ import annotations

import msgspec

from pipeline.access.audit import ActKind
from pipeline.api.services.search import Search, parse_asked, require_bounded
from pipeline.api.session import Session
from pipeline.index.facets import FacetCounts, facet_body
from pipeline.index.filters import offence_clauses, other_clauses
from pipeline.index.probes import make_probe
from pipeline.index.queries import QueryLimits
from pipeline.index.questions import Question
from pipeline.index.searching import CANDIDATES, PageRequest, find_cases


class FacetsAnswer(msgspec.Struct, frozen=True):
    """The counts of a search's facets, of the cases that its reader may read, as they were indexed about a second ago.

    Of a question they count the cases that answer it, 100 at most; without one all that the filters leave.
    """

    as_of: str
    facets: FacetCounts


async def count_facets(session: Session, asked: Search) -> FacetsAnswer:
    """Count the facets of a search. Raises UnprocessableError for a question that makes no sense."""
    session.require_reader()
    require_bounded(asked.filters)
    asked = asked.in_words
    question = parse_asked(asked)
    limits = QueryLimits(session.now.date(), session.viewer, offence_clauses(question.offences))
    cases = None if question.narrows_alone else await _find_answers(session, asked, question)
    counts = await session.runtime.reader.count_facets(facet_body(limits, asked.filters, cases))
    await session.audit(ActKind.READ, {"facets": msgspec.to_builtins(asked)})
    return FacetsAnswer(session.as_of, counts)


async def _find_answers(session: Session, asked: Search, question: Question) -> list[str]:
    """The cases that answer a question, whatever facets are chosen."""
    narrowed = (*other_clauses(asked.filters), *offence_clauses(question.offences))
    limits = QueryLimits(session.now.date(), session.viewer, narrowed)
    runtime, wanted = session.runtime, PageRequest(CANDIDATES, session.filter_readable)
    probe = make_probe(question, asked.country)
    found = await find_cases(runtime.reader, question, probe, runtime.model, limits, wanted)
    return [document.case for _, document in found]
