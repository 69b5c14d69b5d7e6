"""What narrows a search, as query clauses and for a case that was read; counts of what could narrow it further. Pure.

A facet is counted under all other filters, not under its own: so several of its values can be chosen. Elasticsearch
counts what the query lets through, and that is what the reader may read: no hidden case is in any count, nor does it
move one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from pipeline.access.case_filters import Filters
from pipeline.index.documents import CaseDocument
from pipeline.index.queries import Body, QueryLimits, visible_cases

FACETS: Final = {
    "countries": "country",
    "agencies": "agency",
    "types": "types",
    "roles": "roles",
    "offences": "offences",
    "years": "opened",
}
"""Filters of which any of several values may hold, and which are counted by value; each with its field of the index."""


YEAR_DIGITS: Final = 4


def filter_clauses(filters: Filters) -> tuple[Body, ...]:
    """The filters as query clauses."""
    return (*facet_clauses(filters).values(), *other_clauses(filters))


def facet_clauses(filters: Filters) -> dict[str, Body]:
    """Of FACETS those that narrow, each as a query clause."""
    return {name: _facet_clause(name, values) for name in FACETS if (values := getattr(filters, name))}


def _facet_clause(name: str, values: tuple[str, ...] | tuple[int, ...]) -> Body:
    if name == "years":
        within: list[Body] = [
            {"range": {"opened": {"gte": f"{year}-01-01", "lte": f"{year}-12-31"}}} for year in values
        ]
        return {"bool": {"should": within, "minimum_should_match": 1}}
    return {"terms": {FACETS[name]: list(values)}}


def other_clauses(filters: Filters) -> tuple[Body, ...]:
    """The filters that are no facets."""
    goals = ({"terms": {"policing_goals": list(filters.goals)}},) if filters.goals else ()
    still_open: tuple[Body, ...] = (
        ({"bool": {"must_not": [{"exists": {"field": "closed"}}]}},) if filters.open_only else ()
    )
    return (*goals, *_day_clauses(filters), *still_open)


def offence_clauses(offences: tuple[str, ...]) -> tuple[Body, ...]:
    """That a case has one of these offences, or of those within one: their codes begin with its own."""
    within = [{"prefix": {"offences": code}} for code in offences]
    return ({"bool": {"should": within, "minimum_should_match": 1}},) if within else ()


def _day_clauses(filters: Filters) -> Iterator[Body]:
    for field, first, last in (
        ("opened", filters.opened_from, filters.opened_to),
        ("closed", filters.closed_from, filters.closed_to),
    ):
        ends = {"gte": first, "lte": last}
        if given := {end: day for end, day in ends.items() if day}:
            yield {"range": {field: given}}


NARROWED: Final = (*FACETS.values(), "policing_goals", "closed")
"""Fields of a case's document that filters look at."""


def passes_filters(document: CaseDocument, filters: Filters, offences: tuple[str, ...] = ()) -> bool:
    """Whether a case, read with its NARROWED fields, is among those that the clauses of filters and offences select."""
    return (
        filters.scope.includes(document.agency, document.country)
        and all(not values or not set(values).isdisjoint(held) for values, held in _values_of(document, filters))
        and _lies_within(document.opened, filters.opened_from, filters.opened_to)
        and _lies_within(document.closed, filters.closed_from, filters.closed_to)
        and not (filters.open_only and document.closed)
        and (not offences or any(held.startswith(offences) for held in document.offences))
    )


def _values_of(document: CaseDocument, filters: Filters) -> Iterator[tuple[tuple[object, ...], tuple[object, ...]]]:
    yield filters.types, document.types
    yield filters.roles, document.roles
    yield filters.offences, document.offences
    yield filters.goals, document.policing_goals
    yield filters.years, (int(document.opened[:YEAR_DIGITS]),) if document.opened else ()


def _lies_within(day: str | None, first: str | None, last: str | None) -> bool:
    """Days compare as texts."""
    if first is None and last is None:
        return True
    return day is not None and (first is None or first <= day) and (last is None or day <= last)


MOST_VALUES: Final = 50
"""Of one facet, the most frequent."""

SHARD_VALUES: Final = 1_000
"""Which a shard tells of, so that counts of several shards are whole."""

ALL: Final = "all"
VALUES: Final = "values"
FEW: Final = "few"
RECORDS: Final = "records"


class FacetValue(msgspec.Struct, frozen=True):
    """A value, and how many cases have it."""

    value: str
    count: int


class FacetCounts(msgspec.Struct, frozen=True):
    """How many cases all filters leave, and the values of each facet, the most frequent first, then in their order."""

    cases: int
    countries: tuple[FacetValue, ...] = ()
    agencies: tuple[FacetValue, ...] = ()
    types: tuple[FacetValue, ...] = ()
    roles: tuple[FacetValue, ...] = ()
    offences: tuple[FacetValue, ...] = ()
    years: tuple[FacetValue, ...] = ()


class FewOf(NamedTuple):
    """Which records are named beside their counts: the first `most` of other agencies' than `owner`, by `fields`."""

    owner: str
    most: int
    fields: tuple[str, ...]


class FacetsFound(NamedTuple):
    """The counts, and, for each different set of cases that they are over, the first records of other agencies."""

    counts: FacetCounts
    few: tuple[tuple[CaseDocument, ...], ...]


def facet_body(limits: QueryLimits, filters: Filters, cases: Collection[str] | None, few: FewOf) -> Body:
    """What counts the facets of the cases that `limits` allows, of these keys alone unless None.

    `limits` holds what narrows besides the filters. One request brings the counts and `few`, of the same moment. A
    facet that does not narrow is counted over what all filters leave, so its records are named there.
    """
    chosen = facet_clauses(filters)
    named_few = _name_few(few)
    named = [] if cases is None else [{"terms": {"case": sorted(cases)}}]
    counted = {
        name: _count_facet(name, [clause for other, clause in chosen.items() if other != name]) for name in FACETS
    }
    return {
        "query": {"bool": {"filter": [*visible_cases(limits), *other_clauses(filters), *named]}},
        "size": 0,
        "track_total_hits": False,
        "aggs": {
            ALL: {"filter": _all_of(chosen.values()), "aggs": {FEW: named_few}},
            **{name: one | {"aggs": one["aggs"] | {FEW: named_few}} if name in chosen else one
               for name, one in counted.items()},
        },
    }  # fmt: skip


def _name_few(few: FewOf) -> Body:
    return {
        "filter": {"bool": {"must_not": [{"term": {"agency": few.owner}}]}},
        "aggs": {RECORDS: {"top_hits": {"size": few.most, "_source": list(few.fields)}}},
    }


def _count_facet(name: str, others: list[Body]) -> Body:
    field = FACETS[name]
    if name == "years":
        counted: Body = {"date_histogram": {"field": field, "calendar_interval": "year", "format": "yyyy",
                                            "min_doc_count": 1}}  # fmt: skip
    else:
        order = [{"_count": "desc"}, {"_key": "asc"}]
        counted = {"terms": {"field": field, "size": MOST_VALUES, "shard_size": SHARD_VALUES, "order": order}}
    return {"filter": _all_of(others), "aggs": {VALUES: counted}}


def _all_of(clauses: Collection[Body]) -> Body:
    return {"bool": {"filter": list(clauses)}}


def read_facets(counted: Mapping[str, Any]) -> FacetsFound:
    """What Elasticsearch's aggregations say."""
    found = {
        name: tuple(
            FacetValue(str(bucket.get("key_as_string", bucket["key"])), bucket["doc_count"])
            for bucket in counted[name][VALUES]["buckets"]
        )
        for name in FACETS
    }
    found["years"] = found["years"][::-1][:MOST_VALUES]
    few = tuple(
        tuple(msgspec.convert(hit["_source"], CaseDocument) for hit in one[FEW][RECORDS]["hits"]["hits"])
        for one in counted.values()
        if FEW in one
    )
    return FacetsFound(FacetCounts(counted[ALL]["doc_count"], **found), few)
