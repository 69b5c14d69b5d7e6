from __future__ import annotations

import pytest

from pipeline.matching.training.monotone import falling, rising


def test_a_monotone_sequence_stays() -> None:
    assert falling([5, 3, 3, -1], [1, 1, 1, 1]) == [5, 3, 3, -1]


def test_violators_are_pooled_by_weight() -> None:
    assert falling([1, 4, 0], [3, 1, 1]) == pytest.approx([1.75, 1.75, 0])
    assert rising([3, 1, 2], [1, 1, 1]) == [2, 2, 2]


def test_the_weighted_mean_is_kept() -> None:
    values, weights = [2.0, 9.0, 4.0, 4.5, -3.0], [1.0, 2.0, 3.0, 1.0, 2.0]
    pooled = falling(values, weights)
    assert pooled == sorted(pooled, reverse=True)
    total = sum(v * w for v, w in zip(values, weights, strict=True))
    assert sum(v * w for v, w in zip(pooled, weights, strict=True)) == pytest.approx(total)
