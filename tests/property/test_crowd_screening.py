"""Laws of the first look at crowds: it rules out no link, and no pair that the screen after it would leave."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.matching.bounds.sketches import Sketches, join_sketches, make_sketch
from pipeline.matching.comparisons.catalogue import CATALOGUE
from pipeline.matching.comparisons.comparison import Bound
from pipeline.matching.comparisons.name.bound import NO_NAME, STEPS, name_state
from pipeline.matching.comparisons.name.crowd_names import CrowdNames, bound_names
from pipeline.matching.encoded import Rows
from pipeline.matching.fingerprint import EntityPrint
from pipeline.matching.matcher import THRESHOLD
from pipeline.matching.model import Model, load_model
from pipeline.matching.screening.crowd_screening import CrowdScreen
from pipeline.matching.screening.screening import Screen
from property.test_screening import MODELS
from support.matching.comparison_edits import edited_pair
from support.matching.comparison_laws import whole_cases
from support.matching.several_names import several_names_pair

pytestmark = pytest.mark.timeout(3600)

FEWER = max(20, settings().max_examples // 10)
"""Each example holds many cases against each other."""

seeds = st.integers(0, 2**32 - 1).map(Random)


@cache
def screens(under: Model, threshold: float) -> tuple[CrowdScreen, Screen]:
    """Both of one model, made once."""
    return CrowdScreen(under, threshold), Screen(under, threshold)


def sketches_of(cases: Sequence[tuple[EntityPrint, ...]]) -> Sketches:
    return join_sketches([make_sketch(case) for case in cases])


def ruled_out_wrongly(cases: Sequence[tuple[EntityPrint, ...]], under: Model, threshold: float) -> list[int]:
    """Of all pairs of cases, by number, those that only the first look rules out."""
    look, screen = screens(under, threshold)
    sketches = join_sketches([make_sketch(case, hit_only=at % 3 == 1) for at, case in enumerate(cases)])
    left, right = (part.ravel() for part in np.indices((len(cases), len(cases))))
    may = screen(sketches.take_cases(left), sketches.take_cases(right))
    found: list[int] = np.flatnonzero(may & ~look(sketches, sketches).ravel()).tolist()
    return found


def draw_cases(random: Random, count: int) -> list[tuple[EntityPrint, ...]]:
    """Cases of several entities and of one; of each two one is much like the other."""
    cases: list[tuple[EntityPrint, ...]] = []
    for _ in range(count):
        pairs = whole_cases(random)
        cases += [tuple(side) for side in zip(*(pairs if random.random() < 0.5 else pairs[:1]), strict=True)]
    return cases


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("threshold", [THRESHOLD, 0.01])
def test_a_first_look_leaves_all_that_the_screen_leaves(name: str, threshold: float) -> None:
    random = Random(1)
    assert ruled_out_wrongly(draw_cases(random, 60), MODELS[name](), threshold) == []
    assert ruled_out_wrongly([case[:1] for case in draw_cases(random, 60)], MODELS[name](), threshold) == []


@pytest.mark.rare
@given(seed=seeds)
@settings(max_examples=FEWER)
def test_it_does_wherever_one_looks(seed: Random) -> None:
    assert ruled_out_wrongly(draw_cases(seed, 10), load_model(), THRESHOLD) == []


def test_it_rules_out_what_the_screen_rules_out_of_one_entity_each() -> None:
    """Not all, but nine of ten."""
    cases = [case[:1] for case in draw_cases(Random(2), 60)]
    look, screen = screens(load_model(), THRESHOLD)
    sketches = sketches_of(cases)
    left, right = (part.ravel() for part in np.indices((len(cases), len(cases))))
    ruled_out = ~screen(sketches.take_cases(left), sketches.take_cases(right))
    assert (~look(sketches, sketches).ravel() & ruled_out).sum() > 0.9 * ruled_out.sum()


def named_rows(entities: Sequence[EntityPrint]) -> Rows:
    sketches = sketches_of([(entity,) for entity in entities])
    return Rows(sketches.words, sketches.starts, np.zeros(len(entities), np.int64))


def check_names(entities: Sequence[EntityPrint]) -> None:
    """Every entity's names with those of all."""
    rows = named_rows(entities)
    names = CrowdNames(rows)
    for at in range(len(entities)):
        exact = name_state(rows.take(np.full(len(rows), at)), rows)
        bound = bound_names(names, at, names)
        assert ((exact == NO_NAME) == (bound == NO_NAME)).all()
        assert (bound[exact < NO_NAME] >= exact[exact < NO_NAME] % STEPS).all()


@pytest.mark.parametrize("pairs", [75, pytest.param(150, marks=pytest.mark.rare)])
@pytest.mark.parametrize("entity_type", ["person", "organisation"])
def test_names_weigh_no_more_than_a_first_look_says(entity_type: str, pairs: int) -> None:
    random = Random(1)
    check_names([one for _ in range(pairs) for one in several_names_pair(random, entity_type)])


@pytest.mark.rare
@pytest.mark.parametrize("entity_type", ["person", "organisation"])
@given(seed=seeds)
@settings(max_examples=FEWER)
def test_they_do_not_wherever_one_looks(entity_type: str, seed: Random) -> None:
    check_names([one for _ in range(8) for one in several_names_pair(seed, entity_type)])


PARTED = {one.bound.part: one.bound for one in CATALOGUE if one.bound and one.bound.part}


@pytest.mark.parametrize("bound", PARTED.values(), ids=PARTED)
def test_who_has_nothing_stands_to_everybody_alike(bound: Bound) -> None:
    random = Random(1)
    drawn = [one for comparison in CATALOGUE for _ in range(40) for one in edited_pair(random, comparison.name)]
    rows = named_rows([one for one in drawn if make_sketch((one,))])
    lacking = np.flatnonzero(rows.lack(bound.part))
    assert 0 < len(lacking) < len(rows)
    alone = bound.state(rows.take(lacking), rows.take(lacking))
    assert len(set(alone.tolist())) == 1
    for at in lacking[:20].tolist():
        assert (bound.state(rows, rows.one(at)) == alone[0]).all()


BOUNDS = {one.name: one.bound for one in CATALOGUE if one.bound and not one.bound.costly}


@pytest.mark.parametrize("bound", BOUNDS.values(), ids=BOUNDS)
def test_states_are_of_two_rows_whichever_comes_first_and_however_many_there_are(bound: Bound) -> None:
    random = Random(3)
    drawn = [one for comparison in CATALOGUE for _ in range(20) for one in edited_pair(random, comparison.name)]
    rows = named_rows([one for one in drawn if make_sketch((one,))])
    for at in range(0, len(rows), 9):
        expected = bound.state(rows, rows.take(np.full(len(rows), at)))
        assert (bound.state(rows, rows.one(at)) == expected).all()
        assert (bound.state(rows.take(np.full(len(rows), at)), rows) == expected).all()
