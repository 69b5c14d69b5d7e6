from __future__ import annotations

from datetime import date

import pytest

from pipeline.access.case_filters import Filters
from pipeline.access.release import Viewer
from pipeline.index.filters import FacetCounts, FacetValue, FewOf, facet_body, read_facets
from pipeline.index.queries import QueryLimits

LIMITS = QueryLimits(date(2026, 11, 24), Viewer("fr-pj", "FR", "investigation"))
FILTERS = Filters(countries=("BE", "FR"), years=(2025,), goals=(2,), open_only=True)
FEW = FewOf("fr-pj", 6, ("case", "agency"))
COUNTRIES = {"terms": {"country": ["BE", "FR"]}}


def test_a_facet_is_counted_under_all_filters_but_its_own() -> None:
    aggs = facet_body(LIMITS, FILTERS, None, FEW)["aggs"]
    years = aggs["all"]["filter"]["bool"]["filter"][1]
    assert aggs["all"]["filter"]["bool"]["filter"] == [COUNTRIES, years]
    assert aggs["countries"]["filter"]["bool"]["filter"] == [years]
    assert aggs["years"]["filter"]["bool"]["filter"] == [COUNTRIES]
    assert aggs["roles"]["filter"]["bool"]["filter"] == [COUNTRIES, years]


def test_only_what_the_reader_may_read_is_counted() -> None:
    query = facet_body(LIMITS, FILTERS, ["b", "a"], FEW)["query"]["bool"]["filter"]
    assert {"terms": {"case": ["a", "b"]}} in query
    assert {"terms": {"policing_goals": [2]}} in query
    assert COUNTRIES not in query
    assert any("handling.releasable_to" in str(clause) for clause in query)


@pytest.mark.parametrize("name", ["countries", "agencies", "types", "roles", "offences", "years"])
def test_each_facet_is_a_filter(name: str) -> None:
    value: tuple[object, ...] = (2025,) if name == "years" else ("x",)
    chosen = facet_body(LIMITS, Filters(**{name: value}), None, FEW)["aggs"]  # type: ignore[arg-type]
    assert len(chosen["all"]["filter"]["bool"]["filter"]) == 1
    assert chosen[name]["filter"]["bool"]["filter"] == []


def test_years_are_told_latest_first() -> None:
    empty = {"doc_count": 2, "values": {"buckets": []}}
    years = [{"key": 1, "key_as_string": "2024", "doc_count": 1}, {"key": 2, "key_as_string": "2026", "doc_count": 1}]
    counted = dict.fromkeys(("countries", "agencies", "types", "roles", "offences"), empty)
    told = read_facets({**counted, "all": {"doc_count": 2}, "years": {"doc_count": 2, "values": {"buckets": years}}})
    assert told.few == ()
    assert told.counts == FacetCounts(2, years=(FacetValue("2026", 1), FacetValue("2024", 1)))


def test_the_few_records_of_others_are_named_for_each_different_set_that_is_counted() -> None:
    """One request, whatever there is to name; a facet that does not narrow is over what all filters leave."""
    aggs = facet_body(LIMITS, FILTERS, None, FEW)["aggs"]
    assert {name for name, one in aggs.items() if "few" in one["aggs"]} == {"all", "countries", "years"}
    named = aggs["all"]["aggs"]["few"]
    assert named["filter"] == {"bool": {"must_not": [{"term": {"agency": "fr-pj"}}]}}
    assert named["aggs"]["records"]["top_hits"] == {"size": 6, "_source": ["case", "agency"]}
