from __future__ import annotations

from datetime import date
from typing import Any

from pipeline.access.release import LinkScope, Viewer
from pipeline.index.queries import QueryLimits, all_links, candidate_body, links_of, match_reasons, page_body
from pipeline.search.probes import CandidateQuery, ScoredClause

TODAY = date(2026, 11, 24)
FRENCH = Viewer("fr-pj", "FR", "investigation")
ASKED = CandidateQuery((ScoredClause("name", ("name:ivan",)), ScoredClause("key", ("123",), "keys")), "ivan")


def leaves(query: Any) -> list[str]:
    """Names of all query clauses, however deep."""
    if isinstance(query, list):
        return [name for part in query for name in leaves(part)]
    if not isinstance(query, dict):
        return []
    return [name for key, inner in query.items() for name in (key, *leaves(inner))]


def test_every_scoring_clause_is_constant() -> None:
    should = candidate_body(ASKED, QueryLimits(TODAY), 10)["query"]["bool"]["should"]
    assert [list(clause) for clause in should] == [["constant_score"]] * 3
    assert [clause["constant_score"]["boost"] for clause in should] == [4, 8, 3]


def test_no_expansion_statistics_or_script_is_used() -> None:
    forbidden = {"fuzzy", "prefix", "wildcard", "regexp", "more_like_this", "script", "query_string", "suggest", "aggs"}
    assert not forbidden & set(leaves(candidate_body(ASKED, QueryLimits(TODAY, FRENCH), 10)))


def test_a_requester_is_held_to_his_own_and_released_cases() -> None:
    query = candidate_body(ASKED, QueryLimits(TODAY, FRENCH), 10)["query"]
    own, released = query["bool"]["filter"][2]["bool"]["should"]
    assert own == {"term": {"agency": "fr-pj"}}
    assert released["bool"]["filter"] == [
        {"terms": {"handling.code": ["H0", "H1"]}},
        {"terms": {"handling.releasable_to": ["*", "FR"]}},
        {"term": {"handling.purposes": "investigation"}},
    ]


def test_cases_past_their_retention_are_left_out_from_that_day() -> None:
    live = candidate_body(ASKED, QueryLimits(TODAY), 10)["query"]["bool"]["filter"]
    assert {"bool": {"must_not": {"range": {"retain_until": {"lte": "2026-11-24"}}}}} in live


def test_nothing_counts_what_is_hidden() -> None:
    assert candidate_body(ASKED, QueryLimits(TODAY), 10)["track_total_hits"] is False
    assert page_body(all_links(None), [{"link": "asc"}], 10)["track_total_hits"] is False


def test_links_are_narrowed_by_audience() -> None:
    shown = {"terms": {"audience": ["*", "FR"]}}
    assert shown in links_of("a:1", TODAY, LinkScope(("*", "FR"), ("hits|*",), ()))["bool"]["filter"]
    opened = [{"terms": {"audience": ["hits|*"]}}, {"terms": {"cases": ["b:1"]}}]
    either = {"bool": {"should": [shown, {"bool": {"filter": opened}}], "minimum_should_match": 1}}
    assert either in links_of("a:1", TODAY, LinkScope(("*", "FR"), ("hits|*",), ("b:1",)))["bool"]["filter"]
    assert len(all_links(None, hits=True)["bool"]["filter"]) == 1
    over = {"bool": {"must_not": {"range": {"retain_until": {"lte": TODAY.isoformat()}}}}}
    assert over in all_links(TODAY)["bool"]["filter"]


def test_a_page_follows_the_last_item_of_the_one_before() -> None:
    body = page_body(all_links(None), [{"link": "asc"}], 10, ["abc"])
    assert body["search_after"] == ["abc"]


def test_clauses_of_one_name_are_told_apart_and_reported_once() -> None:
    asked = CandidateQuery(tuple(ScoredClause("name", (term,)) for term in "ab"))
    body = candidate_body(asked, QueryLimits(date(2026, 11, 24)), 10)
    names = tuple(one["constant_score"]["_name"] for one in body["query"]["bool"]["should"])
    assert len(set(names)) == 2
    assert match_reasons(names, 8.0) == ("name",)


def test_clauses_met_are_told_in_the_questions_order() -> None:
    assert match_reasons(("text", "sound#10", "name#2", "phone#0"), 41.0) == ("phone", "name", "sound", "text")


def test_keys_have_no_name_and_are_told_by_what_the_score_has_beyond_the_named() -> None:
    should = candidate_body(ASKED, QueryLimits(TODAY), 10)["query"]["bool"]["should"]
    assert [clause["constant_score"].get("_name") for clause in should] == ["name#0", None, "text"]
    assert match_reasons(("text", "name#0"), 7.0) == ("name", "text")
    assert match_reasons(("text", "name#0"), 15.0) == ("name", "key", "text")
    assert match_reasons((), 16.0) == ("key",)
