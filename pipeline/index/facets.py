"""Counts of the cases that a search leaves, by what could narrow it further. Pure; over visible cases alone.

A facet is counted under all other filters, not under its own: so several of its values can be chosen. Elasticsearch
counts what the query lets through, and that is what the reader may read: no hidden case is in any count, nor does it
move one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from pipeline.access.case_filters import Filters
from pipeline.index.documents import CaseDocument
from pipeline.index.filters import FACETS, facet_clauses, other_clauses
from pipeline.index.queries import Body, QueryLimits, visible_cases

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
    found = {name: tuple(map(_read_bucket, counted[name][VALUES]["buckets"])) for name in FACETS}
    found["years"] = found["years"][::-1][:MOST_VALUES]
    few = tuple(_read_few(one[FEW]) for one in counted.values() if FEW in one)
    return FacetsFound(FacetCounts(counted[ALL]["doc_count"], **found), few)


def _read_few(counted: Mapping[str, Any]) -> tuple[CaseDocument, ...]:
    return tuple(msgspec.convert(hit["_source"], CaseDocument) for hit in counted[RECORDS]["hits"]["hits"])


def _read_bucket(bucket: Mapping[str, Any]) -> FacetValue:
    return FacetValue(str(bucket.get("key_as_string", bucket["key"])), bucket["doc_count"])
