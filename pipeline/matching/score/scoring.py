"""The score of a case pair: pure, in integers, the same alone and in any batch.

bits = prior + (best one-to-one assignment of entity pairs, positive bits only) - log2(entity pairs compared)
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache

import msgspec

from pipeline.matching.bands import Band, band_of
from pipeline.matching.basis import Basis
from pipeline.matching.comparisons.catalogue import SELECTORS
from pipeline.matching.fingerprint import Entities, EntityPrint, Fingerprint
from pipeline.matching.model import Model, Plan
from pipeline.matching.score.assignment import assign_one_to_one
from pipeline.matching.score.entity_scoring import weigh_by_plan, weigh_entities, weigh_from
from pipeline.matching.score.marks import cross_type_cells, same_type_cells

EACH_PAIR = 100
"""Hundredths of a bit that each entity pair pays, the strongest of a case pair being paid back: positive bits only are
summed, and the mean of 2^max(0, bits) over pairs of strangers is up to 2, so many chance likenesses would add up."""

SCORE_LIMIT = 1 << 16
"""Hundredths of a bit beyond which no score goes."""


class Judgement(msgspec.Struct, frozen=True, gc=False):
    """`score` in hundredths of a bit, prior included; a link exists iff probability >= 0.5 (Band.NONE otherwise).

    `basis`: what the score is of, that both cases speak of one thing, or that a number which two of them have is one.
    """

    score: int
    probability: float
    band: Band
    basis: Basis = Basis.SAME


class EntityAgreement(msgspec.Struct, frozen=True, gc=False):
    """Two entities, by index, whose likeness counts: `bits` of evidence; `selector`: the comparison across types."""

    bits: int
    a: int
    b: int
    selector: str = ""
    skipped: tuple[str, ...] = ()


class Evidence(msgspec.Struct, frozen=True, gc=False):
    """All that makes a score but the prior: the ties that count, the pairs compared, what is paid back (EACH_PAIR)."""

    ties: tuple[EntityAgreement, ...]
    compared: int
    rebate: int


def judge_cases(a: Fingerprint, b: Fingerprint, model: Model) -> Judgement:
    """Judge two cases; symmetric and pure."""
    if a.case > b.case:
        a, b = b, a
    return judge_score(score_cases(a.entities, b.entities, model))


def judge_score(bits: int) -> Judgement:
    """Probability and band of a score."""
    probability = probability_of(bits)
    return Judgement(bits, probability, band_of(probability))


def score_cases(a: tuple[EntityPrint, ...], b: tuple[EntityPrint, ...], model: Model) -> int:
    """Hundredths of a bit for two cases' entities, prior included."""
    if (len(a) == 1 or len(b) == 1) and not cross_type_cells(a, b):
        return _score_of_one(a, b, model, model.plans)
    return total_score(weigh_evidence(a, b, model), model)


def score_from(a: Entities, b: Entities, model: Model, least: int) -> int | None:
    """The same as score_cases, or None where that is less than `least` for certain, which mostly costs less to tell."""
    if not (len(a) == 1 or len(b) == 1) or cross_type_cells(a, b):
        return score_cases(a, b, model)
    cells = same_type_cells(a, b)
    fee = attempts_fee(len(cells)) - model.prior
    if least + fee <= 0:
        return score_cases(a, b, model)
    weights = [weight for i, j in cells if (weight := weigh_from(a[i], b[j], model, least + fee)) is not None]
    return max(0, *weights) - fee if weights else None


def most_score(a: Entities, b: Entities, model: Model) -> int | None:
    """What score_cases never exceeds; None where both sides have several entities, or types that share a selector."""
    if not (len(a) == 1 or len(b) == 1) or cross_type_cells(a, b):
        return None
    return _score_of_one(a, b, model, model.ceilings)


def _score_of_one(a: Entities, b: Entities, model: Model, plans: Mapping[str, Plan]) -> int:
    """The score if a side has a single entity: the best entity of the other side counts; nothing is to assign."""
    cells = same_type_cells(a, b)
    best = max([weigh_by_plan(a[i], b[j], plans[a[i].type], model) for i, j in cells], default=0)
    return model.prior + max(0, best) - attempts_fee(len(cells))


def total_score(found: Evidence, model: Model) -> int:
    """The score of the evidence, prior included."""
    return model.prior + sum(counted_bits(tie.bits) for tie in found.ties) + found.rebate - attempts_fee(found.compared)


def weigh_evidence(a: tuple[EntityPrint, ...], b: tuple[EntityPrint, ...], model: Model) -> Evidence:
    """The ties of two cases: the best one-to-one assignment within each type, then selectors across types.

    Every value counts once: a phone that a person and a phone entity of each case carry is one agreement.
    """
    cells = same_type_cells(a, b)
    bits = {cell: found for cell in cells if (found := weigh_entities(a[cell[0]], b[cell[1]], model)) > 0}
    across = cross_type_cells(a, b)
    strong = {cell: one for cell, one in bits.items() if one > EACH_PAIR} or _strongest_weak_tie(a, b, bits)
    ties = _assign_ties(a, b, strong)
    crossing = [tie for cell in across if (tie := selector_tie(a, b, cell, model)) is not None]
    if len(ties) + len(crossing) > 1:
        ties = drop_counted(a, b, ties, crossing, model)
    else:
        ties += crossing
    strongest = max([*bits.values(), *(tie.bits for tie in crossing)], default=0)
    return Evidence(tuple(ties), len(cells) + len(across), min(EACH_PAIR, strongest))


def _assign_ties(a: Entities, b: Entities, strong: dict[tuple[int, int], int]) -> list[EntityAgreement]:
    """The ties of the best one-to-one assignment.

    Of equally good assignments the same is taken however the entities are ordered: which of its ties repeat another's
    evidence may differ.
    """
    if len(strong) < 2:
        return [EntityAgreement(bits, *cell) for cell, bits in strong.items()]
    rows, columns = _by_content(a, {row for row, _ in strong}), _by_content(b, {column for _, column in strong})
    rank_a, rank_b = {row: at for at, row in enumerate(rows)}, {column: at for at, column in enumerate(columns)}
    ranked = {(rank_a[row], rank_b[column]): max(1, counted_bits(bits)) for (row, column), bits in strong.items()}
    cells = [(rows[row], columns[column]) for row, column in assign_one_to_one(ranked)]
    return [EntityAgreement(strong[cell], *cell) for cell in cells]


def _by_content(entities: Entities, indices: set[int]) -> list[int]:
    """Indices in the order of what the entities hold: those of equal content stand for each other."""
    return sorted(indices, key=lambda at: content_of(entities[at]))


def content_of(entity: EntityPrint) -> bytes:
    """All that an entity holds, by which equally strong ties are told apart however entities are ordered."""
    return msgspec.json.encode(entity)


def _strongest_weak_tie(a: Entities, b: Entities, bits: dict[tuple[int, int], int]) -> dict[tuple[int, int], int]:
    """The one weak tie that the rebate makes count."""
    most = max(bits.values(), default=0)
    cells = [cell for cell, found in bits.items() if found == most]
    if len(cells) > 1:
        cells.sort(key=lambda cell: (content_of(a[cell[0]]), content_of(b[cell[1]])))
    return dict.fromkeys(cells[:1], most)


def counted_bits(bits: int) -> int:
    """What a tie's bits add to the case pair."""
    return max(0, bits - EACH_PAIR)


def drop_counted(
    a: Entities, b: Entities, ties: list[EntityAgreement], crossing: list[EntityAgreement], model: Model
) -> list[EntityAgreement]:
    """The ties, strongest first, without what a stronger one has counted already."""
    used: set[str] = set()
    kept = []

    def order(tie: EntityAgreement) -> tuple[int, bytes, bytes]:
        return -tie.bits, content_of(a[tie.a]), content_of(b[tie.b])

    for tie in [*sorted(ties, key=order), *sorted(crossing, key=order)]:
        left, right = a[tie.a], b[tie.b]
        found = selector_values(left, right, model, tie.selector)
        skipped = tuple(name for name, values in found.items() if not used.isdisjoint(values))
        used.update(value for values in found.values() for value in values)
        if tie.selector:
            kept += [] if skipped else [tie]
        elif skipped:
            kept.append(EntityAgreement(max(0, weigh_entities(left, right, model, skipped)), tie.a, tie.b, "", skipped))
        else:
            kept.append(tie)
    return [tie for tie in kept if tie.bits > 0]


def selector_values(a: EntityPrint, b: EntityPrint, model: Model, only: str = "") -> dict[str, tuple[str, str]]:
    """For each selector on which two entities agree, the two values as they are counted."""
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
    """log2 of the number of entity pairs compared, in hundredths: more attempts, more chance hits."""
    return round(100 * math.log2(compared)) if compared > 1 else 0


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
