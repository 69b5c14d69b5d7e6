"""Facets of a search: how many of the cases that it finds have each country, agency, type, role, offence and year."""

from __future__ import annotations

import msgspec

from pipeline.access.audit import MOST_COUNTED, ActKind, ShownCase
from pipeline.api.answers import IndexAnswer
from pipeline.api.recent_answers import digest_search
from pipeline.api.services.search import Search, parse_asked, require_bounded
from pipeline.api.session import Session
from pipeline.index.filters import FacetCounts, FacetsFound, FewOf, facet_body, offence_clauses, other_clauses
from pipeline.index.queries import QueryLimits
from pipeline.index.reading import STATE_FIELDS
from pipeline.index.searching import CANDIDATES, PageRequest, find_cases
from pipeline.search.probes import make_probe
from pipeline.search.questions import Question


class FacetsAnswer(IndexAnswer, frozen=True):
    """The counts of a search's facets, of the cases that its reader may read, as they were indexed about a second ago.

    Of a question they count the cases that answer it, 100 at most; without one all that the filters leave.
    """

    facets: FacetCounts


async def count_facets(session: Session, asked: Search) -> FacetsAnswer:
    """Count the facets of a search. Raises UnprocessableError for a question that makes no sense.

    Where a count is over few records of others, their owners are told of them: without, a question for one number and
    its counts would say what a record is about, and nobody would know.
    """
    session.require_reader()
    require_bounded(asked.filters)
    asked = asked.in_words
    question = parse_asked(asked)
    limits = QueryLimits(session.now.date(), session.viewer, offence_clauses(question.offences))
    cases = None if question.narrows_alone else await _find_answers(session, asked, question)
    few = FewOf(session.requester.agency, MOST_COUNTED + 1, STATE_FIELDS)
    found = await session.runtime.reader.count_facets(facet_body(limits, asked.filters, cases, few))
    await session.audit(ActKind.READ, {"facets": msgspec.to_builtins(asked)}, _make_counted(session, asked, found))
    return FacetsAnswer(*session.moment, found.counts)


def _make_counted(session: Session, asked: Search, found: FacetsFound) -> tuple[ShownCase, ...]:
    """The records that few others stand beside in a count, but for those that the same search has just shown."""
    name = digest_search(session.requester, session.grounds, asked.question, asked.country, asked.filters)
    shown = session.runtime.answered.find_shown(name, session.now)
    counted = [one for few in found.few if len(few) <= MOST_COUNTED for one in few]
    session.decide_without_grants({document.case: document for document in counted})
    each = (session.make_counted((document.case for document in few), shown) for few in found.few)
    return tuple(dict.fromkeys(one for few in each for one in few))


async def _find_answers(session: Session, asked: Search, question: Question) -> list[str]:
    """The cases that answer a question, whatever facets are chosen."""
    narrowed = (*other_clauses(asked.filters), *offence_clauses(question.offences))
    limits = QueryLimits(session.now.date(), session.viewer, narrowed)
    runtime, wanted = session.runtime, PageRequest(CANDIDATES, session.filter_readable)
    probe = make_probe(question, asked.country)
    found = await find_cases(runtime.reader, question, probe, runtime.model, limits, wanted)
    return [document.case for _, document in found.cases]
