"""The law of each comparison: two sketches never leave open less than it says of the two entities.

Pairs are drawn at the comparison's own thresholds (tests/support/matching/comparison_edits.py). The first draws the
same thousands for everybody; the second looks elsewhere each time under `make test-random` and `make test-long`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from random import Random
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.matching.bounds.sketches import SketchRows, join_sketches, make_sketch
from pipeline.matching.comparisons.catalogue import CATALOGUE
from pipeline.matching.comparisons.comparison import Bound, Comparison
from pipeline.matching.comparisons.identifier import OWN
from pipeline.matching.fingerprint import Entities, EntityPrint, Fingerprint, IdentifierPrint
from pipeline.matching.matcher import THRESHOLD, ModelMatcher
from pipeline.matching.model import load_model
from support.matching.comparison_edits import EDITS, edited_pair, whole_pair, with_fields
from support.matching.comparison_laws import edited_pairs, exceeding_its_bound, exceeding_the_screen, whole_cases

model = cache(load_model)

PAIRS = 2000
"""Enough that each loosened comparison of tests/unit/matching/test_loosened_comparisons.py fails many times."""

WHOLE = 2 * settings().max_examples
"""Of whole cases, a pair of which takes as long as many of one field's."""

each_comparison = pytest.mark.parametrize("comparison", CATALOGUE, ids=lambda one: one.name)

seeds = st.integers(0, 2**32 - 1).map(Random)


@each_comparison
def test_every_comparison_has_edits(comparison: Comparison) -> None:
    a, b = edited_pair(Random(1), comparison.name)
    assert any(getattr(entity, field) for entity in (a, b) for field in comparison.fields)


def test_edits_are_of_comparisons_that_there_are() -> None:
    assert EDITS.keys() <= {comparison.name for comparison in CATALOGUE}


FEWER = max(20, settings().max_examples // 10)
"""Each example compares many pairs."""


@each_comparison
def test_no_pair_exceeds_the_bound_of_a_comparison(comparison: Comparison) -> None:
    assert exceeding_its_bound(comparison, edited_pairs(comparison.name, PAIRS), model()) is None


@each_comparison
@given(random=st.randoms(use_true_random=False))
@settings(max_examples=FEWER)
def test_no_pair_exceeds_it_wherever_one_looks(comparison: Comparison, random: Any) -> None:
    assert exceeding_its_bound(comparison, [edited_pair(random, comparison.name)], model()) is None


def test_no_two_cases_score_above_the_screen() -> None:
    random = Random(1)
    assert exceeding_the_screen([whole_cases(random) for _ in range(WHOLE)], model(), THRESHOLD) is None


@pytest.mark.parametrize("threshold", [0.001, THRESHOLD])
def test_two_cases_are_found_to_be_a_link_where_they_are_judged_to_be_one(threshold: float) -> None:
    random = Random(2)
    cases = [tuple(zip(*whole_cases(random), strict=True)) for _ in range(WHOLE)]
    assert 0 < find_links(cases, threshold) < WHOLE


@pytest.mark.parametrize("entity_type", sorted(OWN))
def test_so_are_two_with_one_number_for_life_whatever_else_contradicts(entity_type: str) -> None:
    random, number = Random(3), {"identifiers": (IdentifierPrint(OWN[entity_type], "9074729", "", 1),)}
    pairs = [whole_pair(random, entity_type) for _ in range(WHOLE // 4)]
    cases = [((with_fields(a, number),), (with_fields(b, number),)) for a, b in pairs]
    assert find_links(cases, THRESHOLD) > 0


BOUNDS = {one.name: one.bound for one in CATALOGUE if one.bound and not one.bound.costly}


@pytest.mark.parametrize("bound", BOUNDS.values(), ids=BOUNDS)
def test_states_are_of_two_rows_whichever_comes_first(bound: Bound) -> None:
    random = Random(3)
    drawn = [one for comparison in CATALOGUE for _ in range(20) for one in edited_pair(random, comparison.name)]
    sketches = join_sketches([sketch for one in drawn if (sketch := make_sketch((one,)))])
    rows = SketchRows(sketches.words, sketches.starts, np.zeros(len(sketches.counts), np.int64))
    for at in range(0, len(rows), 9):
        one = rows.take(np.full(len(rows), at))
        assert (bound.state(rows, one) == bound.state(one, rows)).all()


def find_links(cases: Sequence[tuple[Entities, ...]], threshold: float) -> int:
    """How many of these pairs of cases are links; each is found to be what it is judged to be."""
    matcher, found = ModelMatcher(model(), threshold=threshold), 0
    for sides in cases:
        a, b = (
            Fingerprint(f"{side}:1", 1, "", side, "FR", entities=own) for side, own in zip("ab", sides, strict=True)
        )
        judged = matcher.judge(a, b)
        assert matcher.find_link(a, b) == (judged if judged.probability >= threshold else None)
        found += judged.probability >= threshold
    return found


@given(seed=seeds)
@settings(max_examples=FEWER)
def test_no_two_cases_score_above_the_screen_wherever_one_looks(seed: Random) -> None:
    assert exceeding_the_screen([whole_cases(seed) for _ in range(20)], model(), THRESHOLD) is None


@each_comparison
def test_every_level_is_met_by_its_edits(comparison: Comparison) -> None:
    """So that no level is without a pair that has it, and each is held to the bound."""
    table = model().tables[comparison.name]
    found = [comparison.compare(a, b, table) for a, b in edited_pairs(comparison.name, 2 * PAIRS)]
    assert {result.level for result in found if result is not None} == set(comparison.levels)


@each_comparison
def test_a_comparison_reads_the_fields_that_it_declares_and_no_other(comparison: Comparison) -> None:
    table, fields = model().tables[comparison.name], {*comparison.fields, *comparison.also_reads}
    for a, b in edited_pairs(comparison.name, 300):
        bare_a, bare_b = (
            EntityPrint(entity.id, entity.type, **{field: getattr(entity, field) for field in fields})
            for entity in (a, b)
        )
        assert comparison.compare(bare_a, bare_b, table) == comparison.compare(a, b, table)


@each_comparison
def test_a_comparison_says_nothing_without_a_value_in_its_field(comparison: Comparison) -> None:
    table, nothing = model().tables[comparison.name], EntityPrint("a", sorted(comparison.types)[0])
    for a, b in edited_pairs(comparison.name, 100):
        without = {field: getattr(nothing, field) for field in comparison.fields}
        bare = [msgspec.structs.replace(entity, **without) for entity in (a, b)]
        assert comparison.compare(bare[0], bare[1] if not comparison.sketched else b, table) is None
