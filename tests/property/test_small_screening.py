"""Laws of small sketches: no pair scores above their bound, and nothing that meets a hit-only case is ruled out."""

from __future__ import annotations

from functools import cache
from itertools import islice
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.stream.population import Population
from pipeline.matching.bounds.sketches import join_sketches, make_sketch
from pipeline.matching.encoded import WordArray
from pipeline.matching.fingerprint import EntityPrint, Fingerprint
from pipeline.matching.matcher import THRESHOLD, ModelMatcher
from pipeline.matching.model import Model
from pipeline.matching.score.scoring import judge_cases
from pipeline.matching.screening.screening import Screen
from pipeline.matching.screening.small_screening import SmallSketchScreen
from pipeline.matching.screening.small_sketch import make_small_sketches
from property.test_screening import (
    MODELS,
    SHARE,
    exact_meetings,
    many,
    matcher,
    met_by_hit,
    model,
    numbered_thing,
    several,
    vehicle,
)
from support.matching.comparison_laws import draw_cases
from support.matching.entity_strategies import entities, fingerprint
from support.matching.several_names import several_names_pair

pytestmark = pytest.mark.timeout(3600)

FEWER = max(20, settings().max_examples // 10)
"""Each example holds many cases against each other."""

seeds = st.integers(0, 2**32 - 1).map(Random)


@cache
def screen_of(under: Model) -> SmallSketchScreen:
    """Made once: its tables take as long as twenty examples."""
    return SmallSketchScreen(under, THRESHOLD)


def small_of(*cases: Fingerprint, hit_only: bool = False) -> WordArray:
    return make_small_sketches(join_sketches([make_sketch(case.entities, hit_only=hit_only) for case in cases]))


def is_bounded(a: Fingerprint, b: Fingerprint, under: Model) -> bool:
    """Whether a pair that links is let through; as the bound is a sum, one of less is held to its own score."""
    screen = screen_of(under)
    score = min(judge_cases(a, b, under).score, 0)
    return all(screen.bound_scores(small_of(one), small_of(other))[0] >= score for one, other in ((a, b), (b, a)))


@settings(max_examples=settings().max_examples // SHARE)
@given(many | entities, many | entities)
def test_no_pair_scores_above_the_bound_of_its_small_sketches(left: list[Any], right: list[Any]) -> None:
    assert is_bounded(fingerprint(left), fingerprint(right, "DE"), model())


@pytest.mark.rare
@given(many | entities, many | entities)
def test_no_pair_does_wherever_one_looks(left: list[Any], right: list[Any]) -> None:
    assert is_bounded(fingerprint(left), fingerprint(right, "DE"), model())


@pytest.mark.rare
@given(several, several)
def test_no_pair_does_under_any_model(left: list[Any], right: list[Any]) -> None:
    a, b = fingerprint(left), fingerprint(right, "DE")
    assert [name for name, under in MODELS.items() if not is_bounded(a, b, under())] == []


@settings(max_examples=settings().max_examples // SHARE)
@given(numbered_thing | vehicle, numbered_thing | vehicle)
def test_no_thing_by_its_own_number_does(left: Any, right: Any) -> None:
    assert is_bounded(fingerprint([left]), fingerprint([right], "DE"), model())


@settings(max_examples=settings().max_examples // SHARE)
@given(many | entities, many | entities)
def test_no_link_is_ruled_out_whatever_its_basis(left: list[Any], right: list[Any]) -> None:
    a, b = fingerprint(left), fingerprint(right, "DE")
    assert screen_of(model()).may_link(small_of(a), small_of(b))[0] or matcher().judge(a, b).probability < THRESHOLD


@settings(max_examples=settings().max_examples // SHARE)
@met_by_hit
def test_nothing_that_meets_a_hit_only_case_exactly_is_ruled_out(
    left: list[Any], right: list[Any], mails: list[str], swapped: bool
) -> None:
    for a, b in exact_meetings(left, right, mails, swapped=swapped):
        for one, other in ((small_of(a), small_of(b, hit_only=True)), (small_of(b, hit_only=True), small_of(a))):
            assert screen_of(model()).may_link(one, other)[0]


def links_ruled_out(cases: list[Fingerprint], under: Model) -> list[tuple[int, int]]:
    """Of all pairs of cases, links that the screen lets through and small sketches do not."""
    sketches = join_sketches([make_sketch(case.entities) for case in cases])
    left, right = (part.ravel() for part in np.indices((len(cases), len(cases))))
    may = Screen(under, THRESHOLD)(sketches.take_cases(left), sketches.take_cases(right))
    small = make_small_sketches(sketches)
    may &= ~screen_of(under).may_link(small[left], small[right])
    judge = ModelMatcher(under)
    found = [(one, other) for one, other in zip(left[may].tolist(), right[may].tolist(), strict=True) if one < other]
    return [(one, other) for one, other in found if judge.find_link(cases[one], cases[other]) is not None]


def cases_of(drawn: list[tuple[EntityPrint, ...]]) -> list[Fingerprint]:
    return [Fingerprint(f"{at}", 1, "", "", f"{at}", entities=entities) for at, entities in enumerate(drawn)]


def check_drawn(random: Random, count: int, under: Model) -> None:
    assert links_ruled_out(cases_of(draw_cases(random, count)), under) == []


@pytest.mark.parametrize("name", MODELS)
def test_of_like_cases_no_link_is_ruled_out(name: str) -> None:
    check_drawn(Random(1), 60, MODELS[name]())


@pytest.mark.rare
@given(seed=seeds)
@settings(max_examples=FEWER)
def test_none_is_wherever_one_looks(seed: Random) -> None:
    check_drawn(seed, 10, model())


@pytest.mark.parametrize("pairs", [50, pytest.param(150, marks=pytest.mark.rare)])
@pytest.mark.parametrize("entity_type", ["person", "organisation"])
def test_no_link_by_several_names_is_ruled_out(entity_type: str, pairs: int) -> None:
    random = Random(1)
    drawn = [one for _ in range(pairs) for one in several_names_pair(random, entity_type)]
    assert links_ruled_out(cases_of([(one,) for one in drawn]), model()) == []


@pytest.mark.parametrize("count", [500, pytest.param(1500, marks=pytest.mark.rare)])
def test_of_made_up_cases_no_link_is_ruled_out(count: int) -> None:
    assert links_ruled_out(list(islice(Population(7).fingerprints(), count)), model()) == []


def test_a_pair_is_screened_alike_in_any_company() -> None:
    cases = cases_of(draw_cases(Random(2), 40))
    small = small_of(*cases)
    left, right = (part.ravel() for part in np.indices((len(cases), len(cases))))
    screen = screen_of(model())
    together = screen.may_link(small[left], small[right]).reshape(len(cases), -1)
    assert 0 < together.mean() < 1
    for at in range(len(cases)):
        assert (screen.may_link(small[at : at + 1], small) == together[at]).all()
        assert (screen.may_link(small, small[at : at + 1]) == together[:, at]).all()
