from __future__ import annotations

import numpy as np
import pytest

from pipeline.matching.training.expectation import ClassSizes, ColumnKinds, CompanionShares, MetPairs, expect_pairs

TRUE, RELATED = 200, 300
POSSIBLE = 100_000


def sizes_where_companions_stand_for(pairs: float) -> ClassSizes:
    """Of pairs that met, 200 agree in family and given name and 300 in the family name alone, of whom 10 by chance."""
    levels = np.array([(0, 0)] * TRUE + [(0, 1)] * RELATED, np.int16)
    m = [np.array([0.9, 0.1]), np.array([0.95, 0.05])]
    u = [np.array([1e-4, 1 - 1e-4]), np.array([0.01, 0.99])]
    h = [np.array([0.9, 0.1]), np.array([0.002, 0.998])]
    met = MetPairs(levels, np.ones(len(levels)), np.full(len(levels), pairs))
    return expect_pairs(met, ColumnKinds([0, 1], [0, 1], False), m, u, CompanionShares(h, h), POSSIBLE)


def test_companions_are_at_least_those_that_met() -> None:
    """None met by a rule whose share of companions is known: those that met otherwise are no true pairs for that."""
    found = sizes_where_companions_stand_for(0.0)
    assert found.companions == pytest.approx(RELATED, rel=0.1)
    assert found.matches == pytest.approx(TRUE, rel=0.1)


def test_companions_that_met_stand_for_others() -> None:
    found = sizes_where_companions_stand_for(10.0)
    assert found.companions == pytest.approx(10 * RELATED, rel=0.1)
    assert found.matches == pytest.approx(TRUE, rel=0.1)
