"""Law: a pair of cases takes a stated number of operations at most, whatever valid cases say, and says the same always.

The cases are the worst that are known (support.records.worst_cases): many entities, names and words that are all alike,
in several scripts, addresses, dates, numbers, up to the largest record. Operations are counted as they are done
(matching.operations), never seconds.
"""

from __future__ import annotations

from functools import cache

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.correlation.batch import find_links
from pipeline.correlation.fingerprinting import make_fingerprint
from pipeline.matching import work
from pipeline.matching.bands import Basis
from pipeline.matching.bounds.sketches import join_sketches
from pipeline.matching.explain.breakdown import text
from pipeline.matching.explain.explanation import Explanation, mirrored
from pipeline.matching.fingerprint import Fingerprint
from pipeline.matching.matcher import ModelMatcher
from pipeline.matching.model import load_model
from pipeline.matching.operations import operations_done
from pipeline.matching.score import scoring, selection
from pipeline.matching.score.scoring import score_cases, weigh_evidence
from pipeline.matching.screening.screening import Screen
from pipeline.matching.work import MOST_OF_CASES, is_light
from pipeline.records.entity_types import normalise
from pipeline.records.validation import read
from support.matching.prints import print_of
from support.records.worst_cases import SHAPES, fit, shuffle_values, worst_bytes, worst_case, worst_pair

MOST = MOST_OF_CASES
"""Operations that judging two cases takes at most, with explaining them: what their sizes allow for judging alone."""

ATTACK = "like names"
"""Ten persons of ten names of forty words that are all alike, in 38 kB: 17 s to judge and 18 s to explain before."""

LARGE = {"entities": 40, "values": 6, "words": 12}
"""Of cases that are made by the hundred: no smaller ones are cut."""

MADE_FAST = ("like names of three scripts", "one person of like names", "plates", "organisations", "numbers", "phones")
"""Shapes that take a second or two, of each kind of value one; test_every_shape asks for all."""

model = cache(load_model)


@cache
def pair_of(shape: str, seed: int = 0, **size: int) -> tuple[Fingerprint, Fingerprint]:
    """The fingerprints of the two worst cases of a shape."""
    a, b = worst_pair(shape, seed=seed, **size)
    return _fingerprint(worst_bytes(fit(a))), _fingerprint(worst_bytes(fit(b)))


def _fingerprint(raw: bytes) -> Fingerprint:
    case = read(raw).case
    return make_fingerprint(case, normalise(case), model())


def count_operations(a: Fingerprint, b: Fingerprint) -> int:
    """Operations that are done until two cases are judged, and explained as those of a link are."""
    matcher, before = ModelMatcher(model()), operations_done()
    matcher.meet([(a, b)])
    found = matcher.find_link(a, b)
    matcher.explain(a, b, Basis.SAME if found is None else found.basis)
    return operations_done() - before


def test_the_known_attack_takes_what_is_stated() -> None:
    a, b = pair_of(ATTACK)
    assert count_operations(a, b) <= MOST
    assert ModelMatcher(model()).find_link(a, b) is not None


@pytest.mark.parametrize("shape", MADE_FAST)
def test_a_worst_pair_takes_what_is_stated(shape: str) -> None:
    assert count_operations(*pair_of(shape)) <= MOST


@pytest.mark.rare
@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape(shape: str) -> None:
    a, b = pair_of(shape)
    assert count_operations(a, b) <= MOST
    assert score_cases(a.entities, b.entities, model()) == score_cases(b.entities, a.entities, model())
    assert_screened_above(a, b)


@settings(max_examples=3)
@given(st.sampled_from(MADE_FAST), st.integers(0, 3), st.sampled_from([(3, 20, 30), (40, 6, 12), (90, 3, 8)]))
def test_any_size_takes_what_is_stated(shape: str, seed: int, size: tuple[int, int, int]) -> None:
    entities, values, words = size
    assert count_operations(*pair_of(shape, seed, entities=entities, values=values, words=words)) <= MOST


@pytest.mark.parametrize(("left_out", "entities"), [("entities", 3), ("names", 2)])
def test_the_law_finds_a_planted_cost(left_out: str, entities: int, monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = pair_of(ATTACK, entities=entities)
    if left_out == "entities":
        monkeypatch.setattr(selection, "MOST_OF_CASES", 1 << 40)
    monkeypatch.setattr(work, "MOST_OF_NAMES", 1 << 40)
    monkeypatch.setattr(scoring, "is_light", lambda *_: left_out == "names")
    assert count_operations(a, b) > MOST


RARE = pytest.mark.rare


@pytest.mark.parametrize(
    "shape",
    ["organisations", pytest.param("like names", marks=RARE), pytest.param("like names of two scripts", marks=RARE)],
)
def test_neither_order_nor_side_nor_company_changes_what_is_said(shape: str) -> None:
    size = LARGE if shape.startswith("like") else {}
    a, b = pair_of(shape, **size)
    assert not is_light(a.entities, b.entities)
    matcher = ModelMatcher(model())
    alone, told = matcher.judge(a, b), matcher.explain(a, b, Basis.SAME)
    assert isinstance(told, Explanation)
    # The other way round.
    assert score_cases(b.entities, a.entities, model()) == score_cases(a.entities, b.entities, model())
    assert matcher.judge(b, a) == alone
    assert matcher.explain(b, a, Basis.SAME) == mirrored(told)
    # Whatever order the agency wrote its entities and values in.
    raw = [worst_bytes(shuffle_values(worst_case(shape, side=side, **size), seed=7)) for side in (0, 1)]
    shuffled = [_fingerprint(one) for one in raw]
    assert matcher.judge(shuffled[0], shuffled[1]) == alone
    found = score_cases(shuffled[0].entities, shuffled[1].entities, model())
    assert found == score_cases(a.entities, b.entities, model())
    # Among others, in a batch or a stream, which judge by the same code.
    others = pair_of("masked letters", seed=5, entities=2, values=2)
    renamed = [msgspec.structs.replace(one, case=f"{one.case}{at}") for at, one in enumerate((*others, *others))]
    for cases in ([a, *renamed, b], [b, a], [*renamed, b, a]):
        lines = {(line.case_a, line.case_b): line for line in find_links(cases, ModelMatcher(model()))}
        line = lines[min(a.case, b.case), max(a.case, b.case)]
        assert (line.score, line.band) == (alone.score, alone.band)


def test_among_equally_good_assignments_the_choice_is_the_same_from_either_side() -> None:
    """Which of several is taken decides what of it another tie has counted already."""
    a, b = pair_of("numbers")
    assert score_cases(a.entities, b.entities, model()) == score_cases(b.entities, a.entities, model())


@pytest.mark.parametrize("shape", MADE_FAST)
def test_the_screen_stays_above_what_is_left(shape: str) -> None:
    assert_screened_above(*pair_of(shape))


def assert_screened_above(a: Fingerprint, b: Fingerprint) -> None:
    bound = Screen(model(), 0.5).bound_scores(*(join_sketches([one.sketch]) for one in (a, b)))[0]
    assert min(score_cases(a.entities, b.entities, model()), scoring.least_score(0.5)) <= bound


def test_that_part_is_compared_is_said_of_such_a_pair_alone() -> None:
    a, b = pair_of(ATTACK)
    found = ModelMatcher(model())
    before = found.cut
    told = found.explain(a, b, Basis.SAME)
    assert isinstance(told, Explanation)
    assert told.partly
    assert found.cut == before + 1
    assert "only what is likeliest to agree was compared" in text(told, "en")
    small = pair_of(ATTACK, entities=1, values=2, words=4)
    plain = found.explain(*small, Basis.SAME)
    assert isinstance(plain, Explanation)
    assert not plain.partly
    assert b"partly" not in msgspec.json.encode(plain)
    assert "only what is likeliest to agree" not in text(plain, "en")
    assert found.cut == before + 1


def test_a_match_among_like_ones_is_still_found() -> None:
    """Of many persons whose names are alike the two of one name are compared, since their bound is the highest."""
    a, b = pair_of(ATTACK, entities=30, values=4, words=12)
    same = {"type": "person", "names": [{"full": "Ekaterina Vorontsova-Dashkova"}], "birth_date": "1971-02-03"}
    one, other = print_of(**same, id="x"), print_of(**same, id="y")
    found = weigh_evidence((*a.entities, one), (other, *b.entities), model())
    assert found.partly
    assert (len(a.entities), 0) in [(tie.a, tie.b) for tie in found.ties]


def test_light_pairs_are_told_by_their_sizes_alone() -> None:
    a, b = pair_of(ATTACK, entities=2, values=1, words=3)
    assert is_light(a.entities, b.entities)
    assert work.work(a.entities, b.entities) == work.work(b.entities, a.entities)
    heavy = pair_of(ATTACK)
    assert work.work(heavy[0].entities, heavy[1].entities) == work.work(heavy[1].entities, heavy[0].entities) > MOST


def test_names_that_are_left_out_are_those_that_share_least() -> None:
    a, b = (one.entities[0].names for one in pair_of("one person of like names"))
    kept, others = work.compared_names(a, b)
    assert len(kept) < len(a)
    assert tuple(reversed(work.compared_names(b, a))) == (kept, others)
    assert set(kept) <= set(a)
    assert set(others) <= set(b)
    strange = pair_of("one person of like names", seed=9)[1].entities[0].names
    rarest = max(b, key=lambda name: sum({token.text: token.rarity for token in name.tokens}.values()))
    assert rarest in work.compared_names(tuple(sorted((*strange[1:], rarest))), b)[0]
