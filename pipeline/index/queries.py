"""Elasticsearch queries as pure functions that return dicts.

Scores are constants (pipeline.search.probes.WEIGHTS), never term statistics: what a reader may not see cannot move what
they see. They only choose candidates; the matcher ranks them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any, Final

from pipeline.access.release import SILENT_CODES, CaseScope, LinkScope, View, Viewer, narrow_cases
from pipeline.matching.bands import LINK_BANDS, Band
from pipeline.search.probes import TOLD_BY_SCORE, WEIGHTS, CandidateQuery, ScoredClause

Body = dict[str, Any]
"""JSON of Elasticsearch's own: a request's body, or a part of one."""

BY_SCORE = [{"_score": "desc"}, {"order": "asc"}]
BY_CASE = [{"case": "asc"}]
BY_LINK = [{"link": "asc"}]
STRONGEST_FIRST: Final[list[Body]] = [{"score": {"order": "desc", "missing": 0}}, {"link": "asc"}]
"""What is told as a hit alone has no score."""

OWNERS, FIRST = "owners", "first"
"""What owned_body counts by, and what it brings of each."""

MOST_OWNERS: Final = 10_000
"""More than there are police agencies in the world that hold records of their own; Elasticsearch allows 65,536."""

NUMBERED = "#"
"""Sets a clause's number behind its name: of clauses with one name Elasticsearch reports the last alone."""


@dataclass(frozen=True)
class QueryLimits:
    """Whom and when a query is for; no viewer is the operator, who sees all that is live.

    `hits`: hit-only cases shown to the viewer instead of those that they may read. `opened`: besides these, those of
    the cases that show to the viewer as hits at least.
    """

    today: date
    viewer: Viewer | None = None
    filters: tuple[Body, ...] = field(default=())
    hits: bool = False
    opened: tuple[str, ...] = ()


KEYS_ALONE: Body = {"_source": False, "stored_fields": "_none_"}
"""Brings of each case its key, as the first of its sort values in BY_CASE, and reads nothing else.

To fetch a document, if only for its id, unpacks all that is stored of it: up to a megabyte."""


def candidate_body(asked: CandidateQuery, limits: QueryLimits, size: int) -> Body:
    """The cases that meet the question best, by constant scores and then a fixed order.

    Their cards come back, and why they were met, from doc values alone: fetching the documents themselves, if only for
    their ids, would double what the query costs, and telling equals apart by their keys adds a quarter.
    """
    return {
        "query": _candidate_query(asked, limits),
        "size": size,
        "sort": BY_SCORE,
        "track_total_hits": False,
        **KEYS_ALONE,
        "docvalue_fields": ["card"],
    }


def owned_body(asked: CandidateQuery, limits: QueryLimits, most: int) -> Body:
    """Of each owner the first `most` cases that meet the question, in the same order: no owner takes another's place.

    It is one request, whatever there is.
    """
    first: Body = {"size": most, "sort": BY_SCORE, **KEYS_ALONE, "docvalue_fields": ["card"]}
    owners: Body = {"field": "agency", "size": MOST_OWNERS, "execution_hint": "map", "order": {"_key": "asc"}}
    return {
        "query": _candidate_query(asked, limits),
        "size": 0,
        "track_total_hits": False,
        "aggs": {OWNERS: {"terms": owners, "aggs": {FIRST: {"top_hits": first}}}},
    }


def _candidate_query(asked: CandidateQuery, limits: QueryLimits) -> Body:
    should = [
        _constant_score(clause.name, f"{NUMBERED}{at}", _clause_query(clause))
        for at, clause in enumerate(asked.clauses)
    ]
    if asked.text:
        should.append(_constant_score("text", "", {"match": {"text": {"query": asked.text, "operator": "and"}}}))
    return {"bool": {"filter": visible_cases(limits), "should": should, "minimum_should_match": 1}}


def meets_any(asked: CandidateQuery) -> Body:
    """The cases that meet a clause of a query, whatever it is worth."""
    return _any_of(map(_clause_query, asked.clauses))


def _clause_query(clause: ScoredClause) -> Body:
    """The query for cases that meet a clause."""
    if clause.each:
        return {"bool": {"filter": [{"terms": {clause.field: list(terms)}} for terms in (clause.terms, *clause.each)]}}
    return {"terms": {clause.field: list(clause.terms)}}


@lru_cache(maxsize=4096)
def match_reasons(matched: tuple[str, ...], score: float) -> tuple[str, ...]:
    """The names of the clauses that a case met, each once, in the question's order, from matched_queries and score.

    Elasticsearch promises no order of these.
    """
    named = [label.partition(NUMBERED)[0] for label in sorted(matched, key=_clause_order)]
    if score > sum(WEIGHTS[name] for name in named):
        named.insert(named.index("text") if "text" in named else len(named), TOLD_BY_SCORE)
    return tuple(dict.fromkeys(named))


def _clause_order(name: str) -> tuple[bool, int]:
    number = name.partition(NUMBERED)[2]
    return not number, int(number or 0)


def _constant_score(name: str, number: str, query: Body) -> Body:
    named = {} if name == TOLD_BY_SCORE else {"_name": f"{name}{number}"}
    return {"constant_score": {"filter": query, "boost": WEIGHTS[name], **named}}


def visible_cases(limits: QueryLimits) -> list[Body]:
    """Filters for live cases that the requester may read; reading decides again on the realtime documents."""
    live: list[Body] = [
        {"term": {"state": "live"}},
        _unexpired(limits.today),
    ]
    if limits.viewer is None:
        return [*live, *limits.filters]
    shown = hit_only(limits.viewer) if limits.hits else readable_cases(limits.viewer)
    if limits.opened:
        shown = _any_of([shown, _opened_cases(limits.opened, limits.viewer)])
    return [*live, shown, *limits.filters]


def readable_cases(viewer: Viewer) -> Body:
    """Own cases, and those whose full content is released to the country for the purpose."""
    return _scoped_cases(narrow_cases(viewer, View.FULL))


def hit_only(viewer: Viewer) -> Body:
    """Others' cases of which the country may know, for the purpose, that they are there."""
    return _scoped_cases(narrow_cases(viewer, View.HIT))


def _opened_cases(keys: Sequence[str], viewer: Viewer) -> Body:
    """Those of some cases that the viewer was granted which show to them as hits at least."""
    return {"bool": {"filter": [{"terms": {"case": list(keys)}}, hit_only(viewer)]}}


def _scoped_cases(scope: CaseScope) -> Body:
    released: Body = {"bool": {"filter": _released_terms(scope)}}
    owned = [{"term": {"agency": scope.agency}}]
    return _any_of([*owned, released]) if scope.own else {"bool": {"filter": [released], "must_not": owned}}


def _released_terms(scope: CaseScope) -> list[Body]:
    return [
        {"terms": {"handling.code": sorted(scope.codes)}},
        {"terms": {"handling.releasable_to": list(scope.countries)}},
        {"term": {"handling.purposes": scope.purpose}},
    ]


def silent_cases() -> Body:
    """Cases that to others are not there."""
    return {"terms": {"handling.code": sorted(SILENT_CODES)}}


def digested_cases(digests: Sequence[str], country: str, purpose: str, today: date) -> Body:
    """The live cases of digests, where they are shown to a country for a purpose at least as hits."""
    return {"bool": {"filter": [
        {"term": {"state": "live"}},
        _unexpired(today),
        {"terms": {"digest": list(digests)}},
        *_released_terms(narrow_cases(Viewer("", country, purpose), View.FULL, View.HIT)),
    ]}}  # fmt: skip


LINKED: Final[Body] = {"terms": {"band": list(LINK_BANDS)}}
"""Leaves out what is told as a hit alone, which has no band (correlation.claims.Claim)."""


def links_of(case: str, today: date, scope: LinkScope | None = None, *, hits: bool = False) -> Body:
    """Live links of a case; `scope` narrows them to what a requester may see (None: the local operator).

    `hits`: with what is no link and shows as a hit alone.
    """
    return _live_links([{"term": {"cases": case}}, *([] if hits else [LINKED])], today, scope)


def links_of_any(cases: Sequence[str], today: date, scope: LinkScope | None) -> Body:
    """The same of any of several cases, with what shows as a hit alone."""
    return _live_links([{"terms": {"cases": list(cases)}}], today, scope)


def links_to_judge(agency: str, today: date, scope: LinkScope, band: Band = Band.NONE, case: str = "") -> Body:
    """Live links of an agency's cases, of one band (NONE: of all) and of one case ("": of all)."""
    own = {"bool": {"should": [{"term": {f"{side}.agency": agency}} for side in "ab"], "minimum_should_match": 1}}
    banded = [{"term": {"band": band}} if band else LINKED]
    return _live_links([own, *banded, *([{"term": {"cases": case}}] if case else [])], today, scope)


def all_links(today: date | None, scope: LinkScope | None = None, *, hits: bool = False) -> Body:
    """All live links; without a day also those of cases that are over. `hits` as in links_of."""
    return _live_links([] if hits else [LINKED], today, scope)


def _live_links(filters: list[Body], today: date | None, scope: LinkScope | None) -> Body:
    """Reading decides on the realtime case documents; what it would leave out anyway is not brought at all.

    So a hidden case's link leaves no trace: neither one that another audience sees, nor one of a case that is over.
    """
    narrowed = [] if scope is None else [_scoped_links(scope)]
    return {
        "bool": {"filter": [{"term": {"state": "live"}}, *([_unexpired(today)] if today else []), *filters, *narrowed]}
    }


def _scoped_links(scope: LinkScope) -> Body:
    shown: Body = {"terms": {"audience": list(scope.words)}}
    if not scope.opened:
        return shown
    opened = [{"terms": {"audience": list(scope.opened_words)}}, {"terms": {"cases": list(scope.opened)}}]
    return _any_of([shown, {"bool": {"filter": opened}}])


def _unexpired(today: date) -> Body:
    """That retention has not ended; without a date it never does."""
    return {"bool": {"must_not": {"range": {"retain_until": {"lte": today.isoformat()}}}}}


def cases_with_terms(terms: Sequence[str], limits: QueryLimits) -> Body:
    """The cases that the requester may read and that are found by one of some search terms (pipeline.search.terms)."""
    return {"bool": {"filter": [*visible_cases(limits), {"terms": {"terms": list(terms)}}]}}


def all_cases(limits: QueryLimits) -> Body:
    """All cases that the requester may read."""
    return {"bool": {"filter": visible_cases(limits)}}


def named_case(key: str, today: date, viewer: Viewer, *, granted: bool) -> Body:
    """One case, if it is readable, or shown as a hit to one who was granted it."""
    shown = [readable_cases(viewer), *([hit_only(viewer)] if granted else [])]
    return {
        "bool": {"filter": [{"term": {"case": key}}, {"term": {"state": "live"}}, _unexpired(today), _any_of(shown)]}
    }


def named_cases(keys: Sequence[str], granted: Sequence[str], today: date, viewer: Viewer) -> Body:
    """Those of some cases that are readable, or shown as hits to one who was granted them."""
    shown: list[Body] = [
        {"bool": {"filter": [{"terms": {"case": list(keys)}}, readable_cases(viewer)]}},
        *([_opened_cases(granted, viewer)] if granted else []),
    ]
    return {"bool": {"filter": [{"term": {"state": "live"}}, _unexpired(today), _any_of(shown)]}}


def page_body(query: Body, sort: list[Body], size: int, after: list[Any] | None = None) -> Body:
    """One page of a query; `after` is the sort value of the last item of the page before."""
    body: Body = {"query": query, "sort": sort, "size": size, "track_total_hits": False}
    if after is not None:
        body["search_after"] = after
    return body


def _any_of(queries: Iterable[Body]) -> Body:
    return {"bool": {"should": list(queries), "minimum_should_match": 1}}
