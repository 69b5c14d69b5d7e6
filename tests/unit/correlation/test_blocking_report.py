"""Tests of the blocking report."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pipeline.correlation.blocking_report import LargeBlock, blocking_report
from pipeline.correlation.key_kinds import KeyKind, make_key
from pipeline.matching.fingerprint import Fingerprint

PASSPORT, EMAIL, NAME = (
    make_key(KeyKind.IDENTIFIER, "1"),
    make_key(KeyKind.EMAIL_USER, "1"),
    make_key(KeyKind.NAME, "1"),
)


def never(_a: Fingerprint, _b: Fingerprint) -> bool:
    return False


def test_pairs_recall_and_blocks_are_counted_by_kind(case: Callable[..., Fingerprint]) -> None:
    cases = [
        case("a1", "x", keys=(PASSPORT, NAME)),
        case("b1", "x", keys=(PASSPORT, EMAIL)),
        case("c1", "x", keys=(EMAIL, NAME)),
        case("a2", "x", keys=(NAME,)),
    ]
    labels = [("b:b1", "a:a1"), ("a:a2", "b:b1"), ("a:a1", "a:a2"), ("a:a1", "nowhere")]
    report = blocking_report(cases, never, labels)
    assert (report.cases, report.pairs, report.candidates, report.most_keys) == (4, 4, 2.0, 2)
    assert report.keys_per_case == 7 / 4
    assert report.labelled == 2, "pairs of one country and of unknown cases are no labels"
    assert report.recall == 0.5
    kinds = {kind.kind: kind for kind in report.kinds}
    assert (kinds["identifier"].recall, kinds["identifier"].only) == (0.5, 0.5)
    assert (kinds["name"].pairs_per_case, kinds["name"].largest_block, kinds["name"].recall) == (2 / 4, 3, 0.0)
    assert report.largest_blocks[0] == LargeBlock(NAME, "name", 3)


def test_pairs_that_would_be_links_are_counted_apart(case: Callable[..., Fingerprint]) -> None:
    cases = [case("a1", "x", keys=(PASSPORT,)), case("b1", "x", keys=(PASSPORT,)), case("c1", "x", keys=(NAME,))]
    labels = [("a:a1", "b:b1"), ("a:a1", "c:c1"), ("b:b1", "c:c1")]
    report = blocking_report(cases, lambda a, b: "a:a1" in (a.case, b.case), labels)
    assert (report.labelled, report.linkable) == (3, 2)
    assert (report.recall, report.recall_of_linkable) == (1 / 3, 1 / 2)


def test_within_counts_pairs_of_one_country(case: Callable[..., Fingerprint]) -> None:
    cases = [case("a1", "x", keys=(NAME,)), case("a2", "x", keys=(NAME,))]
    assert blocking_report(cases, never).pairs == 0
    assert blocking_report(cases, never, [("a:a1", "a:a2")], within=True).recall == 1.0


def test_only_the_last_version_of_a_case_counts(case: Callable[..., Fingerprint]) -> None:
    cases = [case("a1", "x", keys=(NAME,)), case("b1", "x", keys=(NAME,)), case("a1", "x", 2, keys=(EMAIL,))]
    assert blocking_report(cases, never).pairs == 0


@pytest.mark.parametrize("within", [True, False])
def test_an_empty_report(within: bool) -> None:
    report = blocking_report([], never, within=within)
    assert (report.cases, report.keys_per_case, report.candidates, report.recall) == (0, 0.0, 0.0, None)
    assert (report.linkable, report.recall_of_linkable) == (0, None)
