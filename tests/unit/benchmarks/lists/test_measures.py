"""The figures of made-up links, by hand."""

from __future__ import annotations

import math

import pytest

from benchmarks.lists.measures import AccuracyFigures, JudgedLink, draw_weights, measure

TRUE = {"a": 1, "b": 1, "c": 1, "d": 1}


def link(entry: str, score: float, *, true: bool, band: str | None = "certain") -> JudgedLink:
    return JudgedLink(entry, "other", score, score >= 0, band if score >= 0 else None, true)


@pytest.fixture
def figures() -> AccuracyFigures:
    links = [
        link("a", 9, true=True),
        link("b", 5, true=True),
        link("b", 5, true=False, band="possible"),
        link("c", -1, true=True),
        link("e", -2, true=False),
    ]
    return measure(links, TRUE)


def test_as_emitted(figures: AccuracyFigures) -> None:
    assert figures.pairs == 4
    assert figures.precision.value == pytest.approx(2 / 3)
    assert figures.recall.value == pytest.approx(1 / 2)
    assert figures.f1.value == pytest.approx(4 / 7)


def test_links_of_one_score_come_in_together(figures: AccuracyFigures) -> None:
    assert figures.strict_recall.value == pytest.approx(1 / 4)


def test_best_f1_and_its_score(figures: AccuracyFigures) -> None:
    assert figures.best_f1.value == pytest.approx(6 / 8)
    assert figures.best_score == -1


def test_bands_count_emitted_links(figures: AccuracyFigures) -> None:
    assert figures.bands["certain"][1:] == (2, 2)
    assert figures.bands["possible"][1:] == (0, 1)
    assert figures.bands["probable"][1:] == (0, 0)


def test_interval_holds_the_figure_and_is_the_same_each_time(figures: AccuracyFigures) -> None:
    for one in (figures.precision, figures.recall, figures.f1, figures.best_f1):
        assert one.low <= one.value <= one.high
    assert measure([link("a", 1, true=True)], TRUE) == measure([link("a", 1, true=True)], TRUE)


def test_interval_of_a_share_is_near_the_binomial_one() -> None:
    links = [link(str(at), 1, true=at % 10 > 0) for at in range(1000)]
    found = measure(links, {str(at): 1 for at in range(1000)}).precision
    half = 1.96 * math.sqrt(0.9 * 0.1 / 1000)
    assert found.low == pytest.approx(0.9 - half, abs=0.004)
    assert found.high == pytest.approx(0.9 + half, abs=0.004)


def test_no_links_at_all() -> None:
    found = measure([], TRUE)
    assert (found.precision.value, found.recall.value, found.f1.value, found.strict_recall.value) == (0, 0, 0, 0)


def test_draws_keep_the_number_of_entries() -> None:
    draws = draw_weights(7, seed=1)
    assert (draws.sum(axis=1) == 7).all()
    assert (draws[0] == 1).all()
