"""Counts of the cases that a search leaves, by what could narrow it further. Pure; over visible cases alone.

A facet is counted under all other filters, not under its own: so several of its values can be chosen. Elasticsearch
counts what the query lets through, and that is what the reader may read: no hidden case is in any count, nor does it
move one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

import msgspec

from pipeline.access.case_filters import Filters
from pipeline.index.filters import FACETS, facet_clauses, other_clauses
from pipeline.index.queries import Body, QueryLimits, visible_cases

MOST_VALUES: Final = 50
"""Of one facet, the most frequent."""

SHARD_VALUES: Final = 1_000
"""Which a shard tells of, so that counts of several shards are whole."""

ALL: Final = "all"
VALUES: Final = "values"


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


def facet_body(limits: QueryLimits, filters: Filters, cases: Collection[str] | None) -> Body:
    """What counts the facets of the cases that `limits` allows, of these keys alone unless None.

    `limits` holds what narrows besides the filters.
    """
    chosen = facet_clauses(filters)
    named = [] if cases is None else [{"terms": {"case": sorted(cases)}}]
    counted = {
        name: _count_facet(name, [clause for other, clause in chosen.items() if other != name]) for name in FACETS
    }
    return {
        "query": {"bool": {"filter": [*visible_cases(limits), *other_clauses(filters), *named]}},
        "size": 0,
        "track_total_hits": False,
        "aggs": {ALL: {"filter": _all_of(chosen.values())}, **counted},
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


def read_facets(counted: Mapping[str, Any]) -> FacetCounts:
    """What Elasticsearch's aggregations say."""
    found = {name: tuple(map(_read_bucket, counted[name][VALUES]["buckets"])) for name in FACETS}
    found["years"] = found["years"][::-1][:MOST_VALUES]
    return FacetCounts(counted[ALL]["doc_count"], **found)


def _read_bucket(bucket: Mapping[str, Any]) -> FacetValue:
    return FacetValue(str(bucket.get("key_as_string", bucket["key"])), bucket["doc_count"])
