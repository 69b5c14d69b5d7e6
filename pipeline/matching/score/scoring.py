"""The score of a pair of cases: a pure function in integers, the same alone and in any batch.

score = prior + sum of the ties that count (the best one-to-one assignment of entities) - log2(entity pairs compared),
where each tie pays EACH_PAIR, which the strongest one gets back.
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
"""Hundredths of a bit that each entity pair pays; the strongest of a case pair gets it back. Only positive bits are
summed, and the mean of 2^max(0, bits) over pairs of strangers is up to 2, so many chance likenesses would add up."""

SCORE_LIMIT = 1 << 16
"""Hundredths of a bit; every score lies between this and its negative."""


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
    """The parts of a score besides the prior: the ties, the number of pairs compared, the fee that is paid back."""

    ties: tuple[EntityAgreement, ...]
    compared: int
    rebate: int


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
    """What score_cases never exceeds; None if both sides have several entities, or types that share a selector."""
    if not (len(a) == 1 or len(b) == 1) or cross_type_cells(a, b):
        return None
    return _score_of_one(a, b, model, model.ceilings)


def _score_of_one(a: Entities, b: Entities, model: Model, plans: Mapping[str, Plan]) -> int:
    """The score if a side has a single entity: the best entity of the other side counts; nothing is to assign."""
    cells = same_type_cells(a, b)
    best = max([weigh_by_plan(a[i], b[j], plans[a[i].type], model) for i, j in cells], default=0)
    return model.prior + max(0, best) - attempts_fee(len(cells))


def total_score(found: Evidence, model: Model) -> int:
    """The score of the evidence, with the prior."""
    return model.prior + sum(counted_bits(tie.bits) for tie in found.ties) + found.rebate - attempts_fee(found.compared)


def weigh_evidence(a: tuple[EntityPrint, ...], b: tuple[EntityPrint, ...], model: Model) -> Evidence:
    """The ties of two cases: the best one-to-one assignment within each type, then selectors across types.

    Every value counts once: if a person and a phone entity of each case have one phone number, that is one agreement.
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

    Among equally good assignments the choice does not depend on the order of the entities, since they may differ in
    which ties repeat another's evidence.
    """
    if len(strong) < 2:
        return [EntityAgreement(bits, *cell) for cell, bits in strong.items()]
    rows, columns = _by_content(a, {row for row, _ in strong}), _by_content(b, {column for _, column in strong})
    rank_a, rank_b = {row: at for at, row in enumerate(rows)}, {column: at for at, column in enumerate(columns)}
    ranked = {(rank_a[row], rank_b[column]): max(1, counted_bits(bits)) for (row, column), bits in strong.items()}
    cells = [(rows[row], columns[column]) for row, column in assign_one_to_one(ranked)]
    return [EntityAgreement(strong[cell], *cell) for cell in cells]


def _by_content(entities: Entities, indices: set[int]) -> list[int]:
    """The indices, sorted by the content of their entities."""
    return sorted(indices, key=lambda at: content_of(entities[at]))


def content_of(entity: EntityPrint) -> bytes:
    """The content of an entity as bytes, to order equally strong ties whatever the order of the entities."""
    return msgspec.json.encode(entity)


def _strongest_weak_tie(a: Entities, b: Entities, bits: dict[tuple[int, int], int]) -> dict[tuple[int, int], int]:
    """The strongest of ties that are all no stronger than their fee: it counts by the rebate."""
    most = max(bits.values(), default=0)
    cells = [cell for cell, found in bits.items() if found == most]
    if len(cells) > 1:
        cells.sort(key=lambda cell: (content_of(a[cell[0]]), content_of(b[cell[1]])))
    return dict.fromkeys(cells[:1], most)


def counted_bits(bits: int) -> int:
    """What a tie of so many bits adds to the score of the case pair."""
    return max(0, bits - EACH_PAIR)


def drop_counted(
    a: Entities, b: Entities, ties: list[EntityAgreement], crossing: list[EntityAgreement], model: Model
) -> list[EntityAgreement]:
    """The ties, the strongest first, each without the values that a stronger one has counted."""
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
