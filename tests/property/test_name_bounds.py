"""The laws of entities with several names: what a bound leaves out changes nothing."""

from __future__ import annotations

from functools import cache
from itertools import product
from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.matching.comparisons.comparison import Table
from pipeline.matching.comparisons.name import comparison
from pipeline.matching.comparisons.name.best_names import (
    BestNames,
    bound_names,
    find_best,
    level_of_bounded,
    levels_of_others,
    look_closer,
)
from pipeline.matching.comparisons.name.name_levels import NameLevel, weigh_level
from pipeline.matching.fingerprint import EntityPrint, Fingerprint
from pipeline.matching.matcher import ModelMatcher
from pipeline.matching.model import load_model
from pipeline.matching.names import best_pair, compare
from pipeline.matching.names.joined_words import NOWHERE
from pipeline.matching.names.name_pairs import MetNames, meet_names
from pipeline.matching.names.pair_bounds import PairBound, bound_pairs
from pipeline.matching.names.prints import Names
from pipeline.records.normalised import PartialDate
from support.matching.several_names import several_names_pair

model = cache(load_model)
PAIRS = settings().max_examples // 2
WEIGH = {"person": comparison.weigh_names, "organisation": comparison.weigh_organisations}

each_type = pytest.mark.parametrize("entity_type", sorted(WEIGH))
seeds = st.integers(0, 2**32 - 1).map(Random)
FEWER = max(20, settings().max_examples // 10)


def _table() -> Table:
    return model().tables["name"]


def _compare_all(a: EntityPrint, b: EntityPrint) -> BestNames:
    """The definition: every name with every other."""
    found = BestNames()
    for i, j in product(range(len(a.names)), range(len(b.names))):
        compared = compare(a.names[i], b.names[j])
        if compared.pairs:
            found.take(WEIGH[a.type](compared, a, b, _table(), i, j))
    return found


def _check_pair(a: EntityPrint, b: EntityPrint) -> None:
    found, expected = find_best(a, b, _table(), WEIGH[a.type]), _compare_all(a, b)
    assert found.result == expected.result
    if expected.result is not None and expected.result.level <= NameLevel.NEAR:
        assert (found.met_a, found.met_b) == (expected.met_a, expected.met_b)
    compared, most = comparison.compare(a, b, _table()), bound_names(a, b, _table())
    if compared is not None:
        assert most is not None
        assert all(bits <= bound for bits, bound in zip(compared.bits, most.bits, strict=True))


def _check_bounds(a: EntityPrint, b: EntityPrint) -> None:
    if not a.names or not b.names:
        return
    pairs = MetNames(a.names, b.names)
    bounds, others = {(bound.a, bound.b): bound for bound in pairs.bounds}, dict(levels_of_others(pairs))
    for (i, x), (j, y) in product(enumerate(a.names), enumerate(b.names)):
        compared, bound = compare(x, y), bounds.get((i, j), PairBound(0, i, j, 1, 0, NOWHERE))
        assert compared.bits <= bound.bits
        assert compare(x, y, joined=bound.joined) == compared
        level, _ = weigh_level(compared, x, y)
        open_level = others[i, j] if (i, j) in others else look_closer(pairs, (i, j), level_of_bounded(pairs, bound))
        assert level >= open_level or not compared.pairs
        assert level > NameLevel.NEAR or not bound.contradict
        assert level > NameLevel.NEAR or bound.agreeing > 1 or bound.joined or len(x.tokens) == len(y.tokens) == 1


@each_type
def test_names_say_the_same_as_if_all_pairs_were_aligned(entity_type: str) -> None:
    random = Random(1)
    for _ in range(PAIRS):
        _check_pair(*several_names_pair(random, entity_type))


@each_type
@given(random=seeds)
@settings(max_examples=FEWER)
def test_names_say_the_same_wherever_one_looks(entity_type: str, random: Random) -> None:
    _check_pair(*several_names_pair(random, entity_type))


@each_type
def test_the_pair_that_is_shown_is_the_best_of_all(entity_type: str) -> None:
    random = Random(4)
    for _ in range(PAIRS):
        a, b = several_names_pair(random, entity_type)
        if a.names and b.names:
            pairs = ((compare(x, y), -i, -j) for i, x in enumerate(a.names) for j, y in enumerate(b.names))
            best, i, j = max(pairs, key=lambda pair: (pair[0].bits, pair[1], pair[2]))
            assert best_pair(a.names, b.names) == (best, -i, -j)


@each_type
def test_no_two_names_exceed_their_bound(entity_type: str) -> None:
    random = Random(2)
    for _ in range(PAIRS):
        _check_bounds(*several_names_pair(random, entity_type))


@each_type
@given(random=seeds)
@settings(max_examples=FEWER)
def test_no_two_names_exceed_it_wherever_one_looks(entity_type: str, random: Random) -> None:
    _check_bounds(*several_names_pair(random, entity_type))


def _draw_company(random: Random, entity_type: str) -> list[Names]:
    """The names of some entities, many of which may be one thing with another."""
    return [side.names for _ in range(10) for side in several_names_pair(random, entity_type) if side.names]


@each_type
def test_many_entities_are_bounded_as_each_by_itself(entity_type: str) -> None:
    random = Random(5)
    for _ in range(PAIRS // 10):
        asked, *others = _draw_company(random, entity_type)
        for pairs in meet_names([(asked, other) for other in others]):
            assert pairs.bounds == bound_pairs(asked, pairs.b)


@each_type
def test_they_are_bounded_as_well_from_the_other_side(entity_type: str) -> None:
    random = Random(6)
    for _ in range(PAIRS // 10):
        asked, *others = _draw_company(random, entity_type)
        for pairs in meet_names([(other, asked) for other in others]):
            assert pairs.b is asked
            assert pairs.bounds == bound_pairs(pairs.a, asked)


@each_type
@pytest.mark.parametrize("threshold", [0.001, 0.5])
def test_a_link_is_found_in_any_company(entity_type: str, threshold: float) -> None:
    random, matcher, alone = Random(7), ModelMatcher(model(), threshold=threshold), ModelMatcher(model(), threshold=0)
    for _ in range(PAIRS // 10):
        entities = [side for _ in range(5) for side in several_names_pair(random, entity_type)]
        one, *others = [_case(entity, at % 2, random, at) for at, entity in enumerate(entities)]
        matcher.meet([(one, other) for other in others])
        for other in others:
            a, b = sorted((one, other), key=lambda case: case.case)
            judged, found = alone.judge(a, b), matcher.find_link(a, b)
            assert found == (judged if judged.probability >= threshold else None)
            assert matcher.explain(a, b, judged.basis) == alone.explain(a, b, judged.basis)


@each_type
@pytest.mark.parametrize("threshold", [0.001, 0.5])
def test_a_link_is_found_exactly_where_a_pair_is_judged_to_be_one(entity_type: str, threshold: float) -> None:
    random, matcher, linked = Random(3), ModelMatcher(model(), threshold=threshold), 0
    for _ in range(PAIRS):
        a, b = (_case(entity, at, random) for at, entity in enumerate(several_names_pair(random, entity_type)))
        judged, found = matcher.judge(a, b), matcher.find_link(a, b)
        assert found == (judged if judged.probability >= threshold else None)
        linked += found is not None
    assert 0 < linked < PAIRS


def _case(entity: EntityPrint, at: int, random: Random, number: int = 1) -> Fingerprint:
    born = PartialDate(1970 + random.randrange(2), random.choice((1, 2)), 3) if entity.type == "person" else None
    made = msgspec.structs.replace(entity, birth_date=born)
    return Fingerprint(f"{'ab'[at]}:{number}", 1, "", "ab"[at], ("FR", "BE")[at], entities=(made,))
