"""The laws that tie a bound to what it bounds, for many pairs at once; a counterexample is returned, not raised."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from random import Random

import numpy as np

from pipeline.matching.bounds.entity_bounds import OddsBound
from pipeline.matching.bounds.sketches import SketchRows, join_sketches, make_sketch
from pipeline.matching.comparisons.comparison import Compare, Comparison
from pipeline.matching.comparisons.number_ends import may_share_number
from pipeline.matching.fingerprint import EntityPrint
from pipeline.matching.model import Model
from pipeline.matching.score.scoring import score_cases
from pipeline.matching.screening.screening import Screen
from pipeline.records.entity_types import TYPES
from support.matching.comparison_edits import PrintPair, edited_pair, whole_pair


@cache
def _made_pairs(comparison: str) -> tuple[Random, list[PrintPair]]:
    return Random(1), []


def edited_pairs(comparison: str, count: int, start: int = 0) -> Sequence[PrintPair]:
    """Pairs from `start` on of those that are the same for everybody; each is made once, when it is first asked for."""
    random, made = _made_pairs(comparison)
    made += (edited_pair(random, comparison) for _ in range(start + count - len(made)))
    return made[start : start + count]


def exceeding_its_bound(
    comparison: Comparison, pairs: Sequence[PrintPair], model: Model, compare: Compare | None = None
) -> PrintPair | None:
    """A pair of which the comparison, or `compare` in its place, says more than two sketches leave open."""
    kept = [pair for pair in pairs if all(make_sketch((entity,)) for entity in pair)]
    if not kept:
        return None
    found = [(compare or comparison.compare)(a, b, model.tables[comparison.name]) for a, b in kept]
    most = _most(comparison, kept, model)
    for pair, result, bound in zip(kept, found, most.T.tolist(), strict=True):
        bits = (0,) * len(bound) if result is None else result.bits
        if any(one > allowed for one, allowed in zip(bits, bound, strict=True)):
            return pair
    return None


def _most(comparison: Comparison, pairs: Sequence[PrintPair], model: Model) -> np.ndarray:
    """(alternatives, pairs)."""
    left, right = (join_sketches([make_sketch((one,)) for one in side]) for side in zip(*pairs, strict=True))
    a, b = (SketchRows(side.words, side.starts, np.zeros(len(pairs), np.int64)) for side in (left, right))
    bound, numbers = OddsBound(model, (comparison,)), may_share_number(a, b)
    most = bound.bound_odds(a, b, numbers)
    assert (bound.bound_quickly(a, b, numbers) >= most).all()
    return most


def whole_cases(random: Random) -> tuple[PrintPair, ...]:
    """Pairs of entities for two cases: of one type, or of several; some have their counterpart under another type."""
    types = [random.choice((*TYPES, "person", "person"))] * random.randrange(1, 4)
    if random.random() < 0.5:
        types = [random.choice(TYPES) for _ in types]
    pairs = [whole_pair(random, entity_type) for entity_type in types]
    if random.random() < 0.2:
        a, b = whole_pair(random, "person")
        pairs.append(
            (a, type(b)("b", random.choice(TYPES), phones=b.phones, identifiers=b.identifiers, emails=a.emails))
        )
    return tuple(pairs)


def draw_cases(random: Random, count: int) -> list[tuple[EntityPrint, ...]]:
    """Cases of several entities and of one; of each two one is much like the other."""
    cases: list[tuple[EntityPrint, ...]] = []
    for _ in range(count):
        pairs = whole_cases(random)
        cases += [tuple(side) for side in zip(*(pairs if random.random() < 0.5 else pairs[:1]), strict=True)]
    return cases


def exceeding_the_screen(cases: Sequence[tuple[PrintPair, ...]], model: Model, threshold: float) -> object | None:
    """Two cases that score more than the screen's bound, or that it rules out though that reaches the threshold.

    Cases of several types are let through, at the threshold, wherever two of different types may share a selector.
    """
    sides = [tuple(zip(*pairs, strict=True)) for pairs in cases]
    sketches = [(make_sketch(a), make_sketch(b)) for a, b in sides]
    kept = [(side, held) for side, held in zip(sides, sketches, strict=True) if all(held)]
    left, right = (join_sketches([held[at] for _, held in kept]) for at in range(2))
    screen = Screen(model, threshold)
    ceilings = screen._bound_scores(left, right, screen._bound.odds.bound_odds)
    passed = screen(left, right) == (ceilings >= screen._least)
    for ((a, b), _), ceiling, passes_so in zip(kept, ceilings.tolist(), passed.tolist(), strict=True):
        scored = score_cases(a, b, model)
        least = scored if len({one.type for one in (*a, *b)}) == 1 else min(scored, screen._least)
        if ceiling < least or not passes_so:
            return a, b
    return None
