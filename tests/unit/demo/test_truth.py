"""Tests of what is true of the feed, and of delays."""

from __future__ import annotations

from pipeline.demo.truth import Agreement, Latency, TrueCase, count_agreement, ordered_pair, true_pairs


def case(key: str, country: str, *shows: str) -> TrueCase:
    return TrueCase(key, country, frozenset(shows))


def test_cases_of_two_countries_that_show_the_same_belong_together() -> None:
    cases = [case("b:1", "BE", "p1"), case("a:1", "FR", "p1", "v1"), case("c:1", "DE", "v1"), case("c:2", "DE", "p2")]
    assert true_pairs(cases) == {("a:1", "b:1"), ("a:1", "c:1")}


def test_cases_of_one_country_are_no_pair() -> None:
    assert true_pairs([case("a:1", "FR", "p1"), case("b:1", "FR", "p1")]) == set()


def test_a_pair_is_in_ascending_order() -> None:
    assert ordered_pair("b:1", "a:1") == ordered_pair("a:1", "b:1") == ("a:1", "b:1")


def test_agreement_counts() -> None:
    agreed = count_agreement({("a", "b"), ("a", "c"), ("a", "d"), ("a", "e")}, {("a", "b"), ("a", "c"), ("x", "y")})
    assert agreed == Agreement(true=4, found=3, both=2)
    assert agreed.precision == 2 / 3
    assert agreed.recall == 0.5
    assert abs(agreed.f1 - 4 / 7) < 1e-12


def test_nothing_found_and_nothing_true_is_no_division() -> None:
    nothing = Agreement(0, 0, 0)
    assert (nothing.precision, nothing.recall, nothing.f1) == (1.0, 1.0, 1.0)


def test_latency_is_by_nearest_rank() -> None:
    latency = Latency.of([number / 100 for number in range(100, 0, -1)])
    assert (latency.p50, latency.p95, latency.cases) == (0.51, 0.96, 100)
    assert Latency.of([]) == Latency(0.0, 0.0, 0)
