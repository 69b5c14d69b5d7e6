"""Tests of training's columns: what training starts from is what ships."""

from __future__ import annotations

import pytest

from pipeline.matching.alternatives import COMPANION_KINDS
from pipeline.matching.comparisons.catalogue import CATALOGUE
from pipeline.matching.comparisons.comparison import Comparison, log2_cb
from pipeline.matching.training.columns import columns_of


@pytest.mark.parametrize("comparison", CATALOGUE, ids=lambda one: one.name)
def test_training_starts_from_the_numbers_that_ship(comparison: Comparison) -> None:
    for entity_type in sorted(comparison.types):
        *_, column = columns_of(comparison, entity_type)
        assert column.names == tuple(level.key for level in comparison.levels)
        weights = [log2_cb(m, u) for m, u in zip(column.m, column.u, strict=True)]
        assert weights == [level.weight for level in comparison.levels]
        for kind, h in ((column.companions or "household", column.h), ("named_after", column.h_named_after)):
            shipped = [level.bits[1 + COMPANION_KINDS.index(kind)] for level in comparison.levels]
            assert [log2_cb(m, other) for m, other in zip(column.m, h, strict=True)] == shipped
