from __future__ import annotations

import pytest

from pipeline.matching.reference import falling, project_companions, rising


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


def test_levels_against_companions_are_an_order_of_evidence() -> None:
    """A near postcode that relatives seldom share counted more than the same street, which they often do."""
    found = project_companions([-30, -20, 190, 30, 70], [1600, 1000, 500, 300, -200], [45, 8, 4, 10, 23])
    assert found == sorted(found, reverse=True)
    assert found[-1] == 0


def test_no_agreement_speaks_against_sameness_nor_a_contradiction_for_it() -> None:
    assert project_companions([50, -40, 30, -70], [900, 100, -200, -400], [1, 1, 1, 1]) == [50, 0, 0, -70]
