"""Ratios of turns, by hand."""

from __future__ import annotations

import pytest

from benchmarks.against.ratios import Verdict, compare_turns


def test_ratios_are_of_turns_not_of_medians() -> None:
    drifting = [100.0, 200.0, 400.0, 800.0, 1600.0]
    found = compare_turns(drifting, [cost * 1.5 for cost in drifting])
    assert found == (400, 600, 1.5, 1.5, 1.5, 1.5, 1.5)


def test_spread_is_that_of_the_turns_ratios() -> None:
    found = compare_turns([100.0] * 5, [110.0, 90.0, 100.0, 130.0, 120.0])
    assert found == (100, 110, 1.1, 1.0, 1.2, 0.9, 1.3)


def test_quartiles_of_three_turns_lie_halfway() -> None:
    found = compare_turns([100.0] * 3, [100.0, 200.0, 120.0])
    assert (found.low, found.ratio, found.high) == (1.1, 1.2, 1.6)


def test_one_turn_has_no_spread() -> None:
    assert compare_turns([50.0], [60.0]) == (50, 60, 1.2, 1.2, 1.2, 1.2, 1.2)


@pytest.mark.parametrize(
    ("ratios", "verdict"),
    [
        ([1.2, 1.3, 1.2, 1.15, 1.11], "worse"),
        ([1.3, 1.3, 1.3, 1.3, 0.9], "worse"),  # one turn of five says otherwise
        ([1.2, 1.3, 1.2, 1.05, 1.0], "perhaps worse"),
        ([1.11, 1.12, 1.09, 1.08, 1.2], "perhaps worse"),
        ([1.05, 1.09, 1.02, 1.3, 1.0], ""),
        ([1.0, 1.0, 1.0, 2.0, 3.0], ""),
        ([0.8, 0.95, 0.99, 0.85, 0.9], ""),
        ([0.8, 0.7, 0.9, 0.85, 1.3], "better"),
    ],
)
def test_only_what_is_clear_of_the_spread_is_worse_or_better(ratios: list[float], verdict: Verdict) -> None:
    assert compare_turns([100.0] * len(ratios), [100 * ratio for ratio in ratios]).verdict == verdict


def test_there_is_nothing_to_say_without_turns() -> None:
    with pytest.raises(ValueError, match="no turn"):
        compare_turns([], [])


def test_turns_are_of_both() -> None:
    with pytest.raises(ValueError, match="shorter"):
        compare_turns([1.0, 2.0], [1.0])
