from __future__ import annotations

from itertools import pairwise

import pytest

from pipeline.matching.comparisons.catalogue import CATALOGUE, SELECTORS, defined, of_type
from pipeline.matching.comparisons.levels import Comparison
from pipeline.matching.explain.words import LEVELS, TOKEN_LEVELS
from pipeline.matching.explain.words import TYPES as TYPE_WORDS
from pipeline.records.entity_types import TYPES


@pytest.mark.parametrize("comparison", CATALOGUE, ids=lambda one: one.name)
def test_reference_weights_fall_from_level_to_level(comparison: Comparison) -> None:
    assert all(stronger.weight >= weaker.weight for stronger, weaker in pairwise(comparison.levels))


@pytest.mark.parametrize("comparison", CATALOGUE, ids=lambda one: one.name)
def test_every_comparison_is_documented_and_worded(comparison: Comparison) -> None:
    assert len(comparison.documentation) > 40
    assert comparison.label
    assert comparison.phrase.islower() or comparison.name == "vin"
    lacking = [level.name for level in comparison.levels if level.name not in LEVELS]
    assert not lacking, f"pipeline/matching/explain/words.py: LEVELS lacks {lacking}"


def test_every_comparison_is_of_some_type() -> None:
    unused = sorted(defined().keys() - {comparison.name for comparison in CATALOGUE})
    assert not unused, f"pipeline/records/entity_types.py: no row's `comparisons` names {unused}"


def test_every_type_has_comparisons_and_a_word() -> None:
    for kind in TYPES:
        assert of_type(kind)
        assert kind in TYPE_WORDS


def test_token_levels_are_worded() -> None:
    from pipeline.matching.names import LEVELS as NAME_LEVELS

    assert set(NAME_LEVELS) <= TOKEN_LEVELS.keys()


def test_selectors_are_what_names_a_thing_by_itself() -> None:
    assert {comparison.name for comparison in SELECTORS} == {"identifier", "phone", "email", "address", "vin", "plate"}
