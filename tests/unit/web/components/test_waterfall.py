from __future__ import annotations

import pytest

from pipeline.matching.explain.waterfall import Bar
from pipeline.web.components.waterfall import place_bars

STEPS = [
    Bar("prior", "Starting odds", 0, -1700),
    Bar("name", "the name", -1700, 800),
    Bar("score", "Score", 0, 800),
]


def test_bars_fill_the_width_and_each_begins_where_the_one_before_ends() -> None:
    zero, (prior, name, score) = place_bars(STEPS)
    assert (name.left, name.width) == (0, 100)
    assert [prior.left, prior.left + prior.width] == pytest.approx([0, zero])
    assert (prior.end, name.end) == (name.left, 100)
    assert [score.left, score.left + score.width] == pytest.approx([zero, 100])


def test_each_bar_carries_its_side() -> None:
    _, drawn = place_bars(STEPS)
    assert [bar.kind for bar in drawn] == ["against", "for", "total"]


def test_without_any_evidence_there_is_still_a_chart() -> None:
    zero, (only,) = place_bars([Bar("score", "Score", 0, 0)])
    assert (zero, only.left, only.width) == (0, 0, 0)
