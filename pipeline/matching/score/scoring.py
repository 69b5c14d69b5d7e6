"""The score of a pair of cases: a pure function in integers, the same alone and in any batch.

score = prior + sum of the ties that count (the best one-to-one assignment of entities) - log2(entity pairs), where each
tie pays a fee (tie_fee), which the strongest one gets back. A tie is the evidence that two entities are the same: their
comparisons, summed against each alternative, combined and calibrated. In large cases pairs of entities that can't tie
are ruled out by an upper bound of their weight, so the score is that of comparing all.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from operator import add
from typing import NamedTuple

import msgspec
import numpy as np
from msgspec import structs

from pipeline.matching.alternatives import NO_BITS, SCORE_LIMIT, STRANGERS, Bits, against_both
from pipeline.matching.bands import Band, Basis, band_of
from pipeline.matching.bounds.entity_bounds import weight_bound
from pipeline.matching.comparisons.catalogue import SELECTORS
from pipeline.matching.comparisons.comparison import ComparisonResult, apply_curve
from pipeline.matching.encoded import BitsOfRows
from pipeline.matching.fingerprint import Entities, EntityPrint, Fingerprint
from pipeline.matching.model import Model, Plan
from pipeline.matching.names.name_pairs import hold_names, meet_names, pairs_of
from pipeline.matching.operations import DONE
from pipeline.matching.score.assignment import assign_one_to_one
from pipeline.matching.score.selection import (
    by_content,
    contents_of,
    pairs_across_types,
    pairs_of_one_type,
    select_across,
    select_cells,
)
from pipeline.matching.work import compared_entities, is_light

EACH_PAIR = 100
"""Hundredths of a bit that each entity pair pays; the strongest of a case pair gets it back. Only positive bits are
summed, and the mean of 2^max(0, bits) over pairs of strangers is up to 2, so many chance likenesses would add up."""

ALL_PAIRS = 16
"""Pairs of one type that are paid for at most; cases with more are *large*. Fees depend on the two cases alone, not on
which pairs are compared. That the first tie of larger cases costs no more says that the more pairs there are, the
likelier one is of the same; each further tie pays for all pairs (tie_fee). A choice: up to 16 pairs, comparing all
costs less than bounding them."""

BOUNDED = 64
"""Pairs of one type beyond which bounding all and comparing some costs less than comparing all, whatever is weighed."""

MET_TOGETHER = 1000
"""Pairs of entities of large cases whose names are bounded together, and held meanwhile."""

IndexPairs = list[tuple[int, int]]
"""Pairs of entities of two cases, as indices."""

PairWeights = dict[tuple[int, int], int]
"""What such pairs weigh, in hundredths of a bit."""


class Judgement(msgspec.Struct, frozen=True, gc=False):
    """The score of a pair of cases in hundredths of a bit, with the prior, and what follows from it.

    It is a link if the probability is at least 0.5; otherwise the band is NONE. `basis` says what the score is about.
    """

    score: int
    probability: float
    band: Band
    basis: Basis = Basis.SAME


class EntityAgreement(msgspec.Struct, frozen=True, gc=False):
    """Two entities, by index, that count towards the score, with the evidence in hundredths of a bit.

    `selector` names the comparison that ties two entities of different types; "" for entities of one type. `skipped`
    are comparisons that do not count here because a stronger tie has counted their values.
    """

    bits: int
    a: int
    b: int
    selector: str = ""
    skipped: tuple[str, ...] = ()


class Evidence(msgspec.Struct, frozen=True, gc=False):
    """The parts of a score besides the prior, in hundredths of a bit.

    `attempts` is what the pairs of entities cost together (attempts_fee), `each` what each tie pays (tie_fee), `rebate`
    what is paid back of that. `partly`: some of what both say was not compared, since all would take too many
    operations (score.selection).
    """

    ties: tuple[EntityAgreement, ...]
    attempts: int
    rebate: int
    each: int = EACH_PAIR
    partly: bool = False


def judge_cases(a: Fingerprint, b: Fingerprint, model: Model) -> Judgement:
    """Judge two cases; symmetric and pure."""
    if a.case > b.case:
        a, b = b, a
    return judge_score(score_cases(a.entities, b.entities, model))


def judge_score(bits: int) -> Judgement:
    """The judgement for a score."""
    probability = probability_of(bits)
    return Judgement(bits, probability, band_of(probability))


def score_cases(a: tuple[EntityPrint, ...], b: tuple[EntityPrint, ...], model: Model) -> int:
    """The score of two cases' entities in hundredths of a bit, with the prior."""
    if len(a) * len(b) <= ALL_PAIRS and _is_of_one(a, b) and is_light(a, b):
        return _score_of_one(a, b, model, model.plans)
    return total_score(weigh_evidence(a, b, model), model)


def score_at_least(a: Entities, b: Entities, model: Model, least: int) -> int | None:
    """The same as score_cases, or None where that is less than `least` for certain, which mostly costs less to tell."""
    if not is_light(a, b):
        return _score_heavy(a, b, model, least)
    if len(a) * len(b) > ALL_PAIRS and len(cells := pairs_of_one_type(a, b)) > ALL_PAIRS:
        return _score_large(a, b, model, cells, least)
    if not _is_of_one(a, b):
        return score_cases(a, b, model)
    cells = pairs_of_one_type(a, b)
    fee = attempts_fee(len(cells)) - model.prior
    if least + fee <= 0:
        return score_cases(a, b, model)
    weights = [weight for i, j in cells if (weight := weigh_at_least(a[i], b[j], model, least + fee)) is not None]
    score = max([0, *weights]) - fee
    return score if score >= least else None


def _score_large(a: Entities, b: Entities, model: Model, cells: IndexPairs, least: int) -> int | None:
    """score_at_least of large cases, which have these pairs of one type."""
    bounds = _bound_cells(a, b, model, cells)
    strong = _weigh_promising(a, b, model, cells, bounds, least)
    if strong is None:
        return None
    bits = strong or _weigh_strongest(a, b, model, cells, bounds)
    return total_score(tie_cases(a, b, model, cells, pairs_across_types(a, b), bits), model)


def _weigh_promising(
    a: Entities, b: Entities, model: Model, cells: IndexPairs, bounds: BitsOfRows, least: int
) -> PairWeights | None:
    """The weights of pairs that are stronger than their fee; None if the score is less than `least` for certain."""
    across, each = pairs_across_types(a, b), tie_fee(len(cells))
    # 1. Whatever the pairs weigh up to their bounds, the score may be too low.
    if cells:
        crossing = [tie.bits for tie in tie_across(a, b, model, across)]
        if _most_of_large(a, b, model, cells, bounds, across, crossing) < least:
            return None
    # 2. Ties that are stronger than their fee make nearly every score.
    strong = _weigh_strong(a, b, model, cells, bounds)
    # 3. Without one, nothing counts but the strongest pair, for no more than the fee.
    if not strong and not across and model.prior + each - _attempts(cells, across) < least:
        return None
    return strong


def most_score(a: Entities, b: Entities, model: Model) -> int | None:
    """What score_cases never exceeds; None if both sides have several entities, or types that share a selector.

    None, too, if it would cost too much to tell.
    """
    if not _is_of_one(a, b) or not is_light(a, b):
        return None
    return _score_of_one(a, b, model, model.ceilings)


def _is_of_one(a: Entities, b: Entities) -> bool:
    """Whether a side has a single entity, and no selector ties entities of two types."""
    return (len(a) == 1 or len(b) == 1) and not pairs_across_types(a, b)


def _score_of_one(a: Entities, b: Entities, model: Model, plans: Mapping[str, Plan]) -> int:
    """The score if a side has a single entity: the best entity of the other side counts; nothing is to assign."""
    cells = pairs_of_one_type(a, b)
    best = max([weigh_by_plan(a[i], b[j], plans[a[i].type], model) for i, j in cells], default=0)
    return model.prior + max(0, best) - attempts_fee(min(len(cells), ALL_PAIRS))


def total_score(found: Evidence, model: Model) -> int:
    """The score of the evidence, with the prior."""
    return model.prior + sum(counted_bits(tie.bits, found.each) for tie in found.ties) + found.rebate - found.attempts


def weigh_evidence(a: tuple[EntityPrint, ...], b: tuple[EntityPrint, ...], model: Model) -> Evidence:
    """The ties of two cases: the best one-to-one assignment within each type, then selectors across types.

    Every value counts once: if a person and a phone entity of each case have one phone number, that is one agreement.
    Of cases that would take too many operations only some pairs are compared (score.selection).
    """
    cells = pairs_of_one_type(a, b)
    if not is_light(a, b):
        weighed = _weighed_last
        if weighed is not None and weighed.a is a and weighed.b is b and weighed.model is model:
            return weighed.found
        bounded = _bound_heavy(a, b, model, cells)
        return _weigh_heavy(a, b, model, cells, bounded, _weigh_strong(a, b, model, cells, bounded.bounds))
    if len(cells) <= ALL_PAIRS:
        bits = weigh_all(a, b, model, cells)
    else:
        bounds = _bound_cells(a, b, model, cells)
        bits = _weigh_strong(a, b, model, cells, bounds) or _weigh_strongest(a, b, model, cells, bounds)
    return tie_cases(a, b, model, cells, pairs_across_types(a, b), bits)


class _Bounded(NamedTuple):
    """Upper bounds of pairs of entities, 0 or less of those that are not compared; `left` is the highest of these."""

    bounds: BitsOfRows
    left: int = 0


class _Weighed(NamedTuple):
    """Two cases that took many operations, and what they have in common under a model."""

    a: Entities
    b: Entities
    model: Model
    found: Evidence


_weighed_last: _Weighed | None = None
"""Who is found to be linked is explained next; nothing is decided by it."""


def _score_heavy(a: Entities, b: Entities, model: Model, least: int) -> int | None:
    """score_at_least of two cases that are not light."""
    cells = pairs_of_one_type(a, b)
    bounded = _bound_heavy(a, b, model, cells)
    strong = _weigh_promising(a, b, model, cells, bounded.bounds, least)
    if strong is None:
        DONE.cut += bounded.left > 0
        return None
    return total_score(_weigh_heavy(a, b, model, cells, bounded, strong), model)


def _bound_heavy(a: Entities, b: Entities, model: Model, cells: IndexPairs) -> _Bounded:
    """The bounds of those pairs of entities that are compared of two cases that are not light."""
    if not cells:
        return _Bounded(np.zeros(0, np.int32))
    bounds = weight_bound(model).bound_entities(a, b, cells, tie_fee(len(cells)) + 1)
    some = np.flatnonzero(bounds > 0)
    compared = some[select_cells(a, b, [cells[at] for at in some.tolist()], bounds[some])]
    found = np.minimum(bounds, 0)
    found[compared] = bounds[compared]
    return _Bounded(found, int(np.where(found > 0, 0, bounds).max()))


def _weigh_heavy(
    a: Entities, b: Entities, model: Model, cells: IndexPairs, bounded: _Bounded, strong: PairWeights
) -> Evidence:
    """weigh_evidence of two cases that are not light, whose strong pairs are weighed."""
    global _weighed_last
    bounds, across = bounded.bounds, pairs_across_types(a, b)
    bits = strong or _weigh_strongest(a, b, model, cells, bounds)
    found = tie_cases(a, b, model, cells, across, bits)
    needed = tie_fee(len(cells)) if strong else 0
    compared = [cells[at] for at in np.flatnonzero(bounds > needed).tolist()]
    partly = (
        bounded.left > needed
        or any(compared_entities(a[i], b[j])[0] is not a[i] for i, j in compared)
        or len(_choose_across(a, b, across)) < len(across)
    )
    found = structs.replace(found, partly=partly)
    DONE.cut += partly
    _weighed_last = _Weighed(a, b, model, found)
    return found


def weigh_all(a: Entities, b: Entities, model: Model, cells: IndexPairs) -> PairWeights:
    """The weights above 0 of these pairs of entities."""
    return {cell: found for cell in cells if (found := weigh_entities(a[cell[0]], b[cell[1]], model)) > 0}


def _bound_cells(a: Entities, b: Entities, model: Model, cells: IndexPairs) -> BitsOfRows:
    """Upper bounds of the pairs' weights. Those up to the fee of a tie may be loose, those of few pairs say nothing."""
    if len(cells) <= BOUNDED:
        return np.full(len(cells), SCORE_LIMIT, np.int32)
    return weight_bound(model).bound_entities(a, b, cells, tie_fee(len(cells)) + 1)


def _weigh_strong(a: Entities, b: Entities, model: Model, cells: IndexPairs, bounds: BitsOfRows) -> PairWeights:
    """The weights above the fee of a tie. Names are bounded with those of many other pairs that are left."""
    each = tie_fee(len(cells))
    strong: PairWeights = {}
    left = [cells[at] for at in np.flatnonzero(bounds > each).tolist()]
    for start in range(0, len(left), MET_TOGETHER):
        some = left[start : start + MET_TOGETHER]
        both = [compared_entities(a[i], b[j]) for i, j in some]
        held = meet_names([(one.names, other.names) for one, other in both if one.names and other.names])
        for cell, (one, other) in zip(some, both, strict=True):
            found = weigh_at_least(one, other, model, each + 1)
            if found is not None and found > each:
                strong[cell] = found
        del held
    return strong


def _weigh_strongest(a: Entities, b: Entities, model: Model, cells: IndexPairs, bounds: BitsOfRows) -> PairWeights:
    """The pairs that weigh most, if that is above 0; those with the highest bounds are looked at first."""
    most, best = 1, PairWeights()
    for at in np.argsort(-bounds, kind="stable").tolist():
        if bounds[at] < most:
            break
        i, j = cells[at]
        one, other = compared_entities(a[i], b[j])
        with hold_names(one.names, other.names):
            found = weigh_at_least(one, other, model, most)
        if found is not None and found >= most:
            if found > most:
                best.clear()
            most, best[i, j] = found, found
    return best


def _most_of_large(
    a: Entities,
    b: Entities,
    model: Model,
    cells: IndexPairs,
    bounds: BitsOfRows,
    across: IndexPairs,
    crossing: Sequence[int],
) -> int:
    """What score_cases of two large cases never exceeds, with the prior, from upper bounds of their pairs' weights.

    An entity ties with one other at most, so the best of each row counts, or of each column, whichever is less.
    `crossing` are the bits of selectors that tie entities of two types.
    """
    each = tie_fee(len(cells))
    beyond = np.maximum(bounds - np.int32(each), 0)
    sums = []
    for side, entities in zip(np.array(cells).T, (a, b), strict=True):
        best = np.zeros(len(entities), np.int64)
        np.maximum.at(best, side, beyond)
        sums.append(int(best.sum()))
    most = min(sums) + sum(counted_bits(bits, each) for bits in crossing)
    return model.prior + most + min(each, max([int(bounds.max()), 0, *crossing])) - _attempts(cells, across)


def tie_across(a: Entities, b: Entities, model: Model, across: IndexPairs) -> list[EntityAgreement]:
    """The ties of entities of two types by what they share (pairs_across_types); of very many some are compared."""
    compared = _choose_across(a, b, across)
    return [tie for cell in compared if (tie := selector_tie(a, b, cell, model)) is not None]


def _choose_across(a: Entities, b: Entities, across: IndexPairs) -> IndexPairs:
    return across if len(across) <= ALL_PAIRS or is_light(a, b) else select_across(a, b, across)


def _attempts(cells: IndexPairs, across: IndexPairs) -> int:
    """What the pairs of entities of two cases cost together."""
    return attempts_fee(min(len(cells), ALL_PAIRS) + len(across))


def tie_cases(
    a: Entities, b: Entities, model: Model, cells: IndexPairs, across: IndexPairs, bits: PairWeights
) -> Evidence:
    """The ties of two cases, from the weights of their pairs of one type that make a difference."""
    each = tie_fee(len(cells))
    strong = {cell: one for cell, one in bits.items() if one > each} or _strongest_weak_tie(a, b, bits)
    ties = _assign_ties(a, b, strong, each)
    crossing = tie_across(a, b, model, across)
    strongest = max([*bits.values(), *(tie.bits for tie in crossing)], default=0)
    if len(ties) + len(crossing) > 1:
        ties = drop_counted(a, b, ties, crossing, model)
    else:
        ties += crossing
    rebate = min(EACH_PAIR, strongest)
    if each > EACH_PAIR:
        rebate += counted_bits(min(each, max([tie.bits for tie in ties], default=0)))
    return Evidence(tuple(ties), _attempts(cells, across), rebate, each)


def _assign_ties(a: Entities, b: Entities, strong: PairWeights, each: int) -> list[EntityAgreement]:
    """The ties of the best one-to-one assignment.

    Among equally good assignments the choice depends neither on the order of the entities nor on which case is `a`,
    since they may differ in which ties repeat another's evidence.
    """
    if len(strong) < 2:
        return [EntityAgreement(bits, *cell) for cell, bits in strong.items()]
    rows, of_rows = by_content(a, (row for row, _ in strong))
    columns, of_columns = by_content(b, (column for _, column in strong))
    rank_a, rank_b = {row: at for at, row in enumerate(rows)}, {column: at for at, column in enumerate(columns)}
    ranked = {(rank_a[row], rank_b[column]): max(1, counted_bits(bits, each)) for (row, column), bits in strong.items()}
    if of_rows <= of_columns:
        chosen = assign_one_to_one(ranked)
    else:
        chosen = [(row, column) for column, row in assign_one_to_one({(j, i): bits for (i, j), bits in ranked.items()})]
    cells = [(rows[row], columns[column]) for row, column in chosen]
    return [EntityAgreement(strong[cell], *cell) for cell in cells]


def _strongest_weak_tie(a: Entities, b: Entities, bits: PairWeights) -> PairWeights:
    """The strongest of ties that are all no stronger than their fee: it counts by the rebate."""
    most = max(bits.values(), default=0)
    cells = [cell for cell, found in bits.items() if found == most]
    if len(cells) > 1:
        cells.sort(key=lambda cell: contents_of(a, b, cell))
    return dict.fromkeys(cells[:1], most)


def counted_bits(bits: int, each: int = EACH_PAIR) -> int:
    """What a tie of so many bits adds to the score of the case pair, if each tie pays so much (tie_fee)."""
    return max(0, bits - each)


def drop_counted(
    a: Entities, b: Entities, ties: list[EntityAgreement], crossing: list[EntityAgreement], model: Model
) -> list[EntityAgreement]:
    """The ties, the strongest first, each without the values that a stronger one has counted."""
    used: set[str] = set()
    kept = []

    def order(tie: EntityAgreement) -> tuple[int, tuple[bytes, ...]]:
        return -tie.bits, contents_of(a, b, (tie.a, tie.b))

    for tie in [*sorted(ties, key=order), *sorted(crossing, key=order)]:
        left, right = a[tie.a], b[tie.b]
        found = selector_values(left, right, model, tie.selector)
        skipped = tuple(name for name, values in found.items() if not used.isdisjoint(values))
        used.update(value for values in found.values() for value in values)
        if tie.selector:
            kept += [] if skipped else [tie]
        elif skipped:
            bits = max(0, weigh_entities(*compared_entities(left, right), model, skipped))
            kept.append(EntityAgreement(bits, tie.a, tie.b, "", skipped))
        else:
            kept.append(tie)
    return [tie for tie in kept if tie.bits > 0]


def selector_values(a: EntityPrint, b: EntityPrint, model: Model, only: str = "") -> dict[str, tuple[str, str]]:
    """For each selector on which two entities agree, the two values that are counted."""
    agreed = {}
    for comparison in SELECTORS:
        if only and comparison.name != only:
            continue
        found = comparison.compare(a, b, model.tables[comparison.name])
        if found is not None and found.weight > 0:
            kind = comparison.name
            agreed[kind] = (f"{kind}|{comparison.value(a, found.a)}", f"{kind}|{comparison.value(b, found.b)}")
    return agreed


def selector_tie(a: Entities, b: Entities, cell: tuple[int, int], model: Model) -> EntityAgreement | None:
    """The strongest selector that two entities of different types share; None where none speaks for them."""
    best: EntityAgreement | None = None
    for comparison in SELECTORS:
        found = comparison.compare(a[cell[0]], b[cell[1]], model.tables[comparison.name])
        if found is not None and found.weight > max(0, 0 if best is None else best.bits):
            best = EntityAgreement(found.weight, *cell, comparison.name)
    return best


@lru_cache(maxsize=4096)
def attempts_fee(compared: int) -> int:
    """log2 of the number of entity pairs compared, in hundredths of a bit: more attempts have more chance hits."""
    return round(100 * math.log2(compared)) if compared > 1 else 0


@lru_cache(maxsize=4096)
def tie_fee(cells: int) -> int:
    """What each tie pays of two cases with so many pairs of one type, in hundredths of a bit.

    EACH_PAIR, and in large cases one bit more for each doubling of the pairs, since twice as many are alike by chance:
    of 100 made-up strangers with 100 others 12 in 10,000 weigh more than a bit.
    """
    return EACH_PAIR + max(0, attempts_fee(cells) - attempts_fee(ALL_PAIRS))


@lru_cache(maxsize=65536)
def probability_of(bits: int) -> float:
    """1 / (1 + 2^-bits) of a score, to six digits."""
    return round(1 / (1 + 2 ** (-bits / 100)), 6)


@lru_cache(maxsize=64)
def least_score(threshold: float) -> int:
    """The lowest score whose probability reaches the threshold."""
    low, high = -SCORE_LIMIT, SCORE_LIMIT
    while low < high:
        middle = (low + high) // 2
        if probability_of(middle) >= threshold:
            high = middle
        else:
            low = middle + 1
    return low


def weigh_entities(a: EntityPrint, b: EntityPrint, model: Model, skipped: tuple[str, ...] = ()) -> int:
    """The calibrated evidence that two entities of one type are the same, in hundredths of a bit, without the prior."""
    plan = model.plan_without(a.type, skipped) if skipped else model.plans[a.type]
    return weigh_by_plan(a, b, plan, model)


def weigh_by_plan(a: EntityPrint, b: EntityPrint, plan: Plan, model: Model) -> int:
    """The same as weigh_entities, by one of the model's plans."""
    return _weigh_odds(odds_by_alternative(a, b, plan), a.type, model)


def _weigh_odds(odds: Bits, entity_type: str, model: Model) -> int:
    return apply_curve(combine_alternatives(odds, entity_type, model), model.curves[entity_type])


def odds_by_alternative(a: EntityPrint, b: EntityPrint, plan: Plan) -> Bits:
    """The sum of all comparisons against each alternative, in hundredths of a bit.

    If one of them settles the pair, contradictions of the others do not count (settle_results).
    """
    DONE.operations += 1
    odds = _sum_unsettled(a, b, plan)
    if odds is None:
        return sum_results([found for compare, table in plan if (found := compare(a, b, table)) is not None])
    return odds


def weigh_at_least(a: EntityPrint, b: EntityPrint, model: Model, least: int) -> int | None:
    """The same as weigh_entities, or None where that is less than `least` for certain.

    Names, which cost most to compare, come last, and only where the other comparisons and what names say at most leave
    it open. A few names are compared at once, since their bound costs more.
    """
    plain, named = model.plain_plans[a.type], model.named_plans[a.type]
    odds = _sum_unsettled(a, b, plain)
    if odds is None or not named:
        return weigh_entities(a, b, model)
    if not pairs_of(a.names, b.names).few:
        most = _add_bits(odds, odds_by_alternative(a, b, model.named_ceilings[a.type]))
        if _weigh_odds(most, a.type, model) < least:
            return None
    return _weigh_odds(_add_bits(odds, odds_by_alternative(a, b, named)), a.type, model)


def _add_bits(some: Bits, others: Bits) -> Bits:
    return tuple(map(add, some, others))


def _sum_unsettled(a: EntityPrint, b: EntityPrint, plan: Plan) -> Bits | None:
    """The sum of all comparisons against each alternative; None where one settles the pair.

    It is written out for the alternatives that exist, since loops over them would take 6% of a pair's time.
    """
    strangers = household = named_after = group = 0
    for compare, table in plan:
        found = compare(a, b, table)
        if found is not None:
            if found.settles:
                return None
            from_strangers, from_household, from_named_after, from_group = found.bits
            strangers += from_strangers
            household += from_household
            named_after += from_named_after
            group += from_group
    return strangers, household, named_after, group


def sum_results(found: Sequence[ComparisonResult]) -> Bits:
    """The sum of the results of comparisons against each alternative.

    If one of them settles the pair, contradictions of the others do not count (settle_results).
    """
    return tuple(map(sum, zip(*[one.bits for one in settle_results(found)], strict=True))) or NO_BITS


def settle_results(found: Sequence[ComparisonResult]) -> list[ComparisonResult]:
    """The results of comparisons; if one of them settles the pair, without the contradictions of the others.

    Two things with the same number for life and different names are mostly one thing that was renamed. Contradictions
    among the numbers themselves still count.
    """
    if not any(one.settles for one in found):
        return list(found)
    return [
        one if one.settles else structs.replace(one, bits=tuple(max(bits, 0) for bits in one.bits)) for one in found
    ]


def combine_alternatives(bits: Bits, entity_type: str, model: Model) -> int:
    """The bits against all alternatives of an entity type together, each with its prior, in hundredths of a bit."""
    found = bits[STRANGERS]
    for at, offset in model.companions[entity_type]:
        found = against_both(found, bits[at] + offset)
    return found
