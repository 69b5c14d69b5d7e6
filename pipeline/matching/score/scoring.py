"""The score of a pair of cases: a pure function in integers, the same alone and in any batch.

score = prior + sum of the ties that count (the best one-to-one assignment of entities) - log2(entity pairs compared),
where each tie pays EACH_PAIR, which the strongest one gets back. A tie is the evidence that two entities are the same:
their comparisons, summed against each alternative, combined and calibrated. Of large cases only the pairs of entities
that share a mark are compared: an exact value that makes two entities worth comparing, whatever their types.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import combinations, product
from operator import add

import msgspec
from msgspec import structs

from pipeline.matching.alternatives import NO_BITS, STRANGERS, Bits, against_both
from pipeline.matching.bands import Band, Basis, band_of
from pipeline.matching.comparisons.catalogue import SELECTORS
from pipeline.matching.comparisons.comparison import ComparisonResult, apply_curve
from pipeline.matching.fingerprint import Entities, EntityPrint, Fingerprint
from pipeline.matching.model import Model, Plan
from pipeline.matching.names import NamePrint, sound_keys
from pipeline.matching.names.name_pairs import pairs_of

EACH_PAIR = 100
"""Hundredths of a bit that each entity pair pays; the strongest of a case pair gets it back. Only positive bits are
summed, and the mean of 2^max(0, bits) over pairs of strangers is up to 2, so many chance likenesses would add up."""

SCORE_LIMIT = 1 << 16
"""Hundredths of a bit; every score lies between this and its negative."""

MAX_TOKENS = 4
"""Tokens of a name that make marks, the rarest first. A choice: marks of two tokens grow with their square."""
RARE = 1200
"""Hundredths of a bit; one name in 4,000 has such a token."""

ALL_PAIRS = 16
"""Up to so many pairs of one type, comparing all costs less than finding the pairs that share a mark."""

IndexPairs = list[tuple[int, int]]
"""Pairs of entities of two cases, as indices."""


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
    if (len(a) == 1 or len(b) == 1) and not pairs_across_types(a, b):
        return _score_of_one(a, b, model, model.plans)
    return total_score(weigh_evidence(a, b, model), model)


def score_at_least(a: Entities, b: Entities, model: Model, least: int) -> int | None:
    """The same as score_cases, or None where that is less than `least` for certain, which mostly costs less to tell."""
    if not (len(a) == 1 or len(b) == 1) or pairs_across_types(a, b):
        return score_cases(a, b, model)
    cells = pairs_of_one_type(a, b)
    fee = attempts_fee(len(cells)) - model.prior
    if least + fee <= 0:
        return score_cases(a, b, model)
    weights = [weight for i, j in cells if (weight := weigh_at_least(a[i], b[j], model, least + fee)) is not None]
    return max(0, *weights) - fee if weights else None


def most_score(a: Entities, b: Entities, model: Model) -> int | None:
    """What score_cases never exceeds; None if both sides have several entities, or types that share a selector."""
    if not (len(a) == 1 or len(b) == 1) or pairs_across_types(a, b):
        return None
    return _score_of_one(a, b, model, model.ceilings)


def _score_of_one(a: Entities, b: Entities, model: Model, plans: Mapping[str, Plan]) -> int:
    """The score if a side has a single entity: the best entity of the other side counts; nothing is to assign."""
    cells = pairs_of_one_type(a, b)
    best = max([weigh_by_plan(a[i], b[j], plans[a[i].type], model) for i, j in cells], default=0)
    return model.prior + max(0, best) - attempts_fee(len(cells))


def total_score(found: Evidence, model: Model) -> int:
    """The score of the evidence, with the prior."""
    return model.prior + sum(counted_bits(tie.bits) for tie in found.ties) + found.rebate - attempts_fee(found.compared)


def weigh_evidence(a: tuple[EntityPrint, ...], b: tuple[EntityPrint, ...], model: Model) -> Evidence:
    """The ties of two cases: the best one-to-one assignment within each type, then selectors across types.

    Every value counts once: if a person and a phone entity of each case have one phone number, that is one agreement.
    """
    cells = pairs_of_one_type(a, b)
    bits = {cell: found for cell in cells if (found := weigh_entities(a[cell[0]], b[cell[1]], model)) > 0}
    across = pairs_across_types(a, b)
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


def all_marks(entity: EntityPrint) -> set[str]:
    """The marks of an entity: its selectors, and those of names, birth dates, makes and places."""
    found = set(entity.selectors)
    found.update(f"n{mark}" for name in entity.names for mark in _name_marks(name))
    for date in entity.all_birth_dates:
        found.add(f"d{date.first.year}-{date.first.month}-{date.first.day}")
    if entity.make or entity.model:
        found.add(f"k{entity.make}|{entity.model}")
    if entity.place is not None:
        latitude, longitude = entity.place.latitude, entity.place.longitude
        for shift in (0.0, 0.1):  # cells of 0.2 degrees, in two grids that are shifted by half a cell
            found.add(f"l{int((latitude + shift) // 0.2)}|{int((longitude + shift) // 0.2)}|{shift}")
    return found


def _name_marks(name: NamePrint) -> set[str]:
    """The sounds of each rare token, and of any two tokens together: one common given name is no mark."""
    tokens = sound_keys(name)[:MAX_TOKENS]
    alone = {sound for token in tokens if token.rarity >= RARE or len(tokens) == 1 for sound in token.sounds}
    pairs = combinations([token.sounds for token in tokens], 2)
    return alone | {"|".join(sorted((x, y))) for p, q in pairs for x in p for y in q}


def pairs_of_one_type(a: tuple[EntityPrint, ...], b: tuple[EntityPrint, ...]) -> IndexPairs:
    """The pairs of one type to compare, as indices: all in small cases, those that share a mark in large ones."""
    cells = [(i, j) for i, j in product(range(len(a)), range(len(b))) if a[i].type == b[j].type]
    if len(cells) <= ALL_PAIRS:
        return cells
    marks_a, marks_b = [all_marks(entity) for entity in a], [all_marks(entity) for entity in b]
    return [(i, j) for i, j in cells if not marks_a[i].isdisjoint(marks_b[j])]


def pairs_across_types(a: tuple[EntityPrint, ...], b: tuple[EntityPrint, ...]) -> IndexPairs:
    """The pairs of different types that share a selector, as indices. Most cases hold persons alone, and have none."""
    if len({entity.type for entity in (*a, *b)}) == 1:
        return []
    filled_a = [(i, entity.type, found) for i, entity in enumerate(a) if (found := entity.selectors)]
    if not filled_a:
        return []
    filled_b = [(j, entity.type, found) for j, entity in enumerate(b) if (found := entity.selectors)]
    return [(i, j) for i, kind, p in filled_a for j, other, q in filled_b if kind != other and not p.isdisjoint(q)]


def assign_one_to_one(weights: Mapping[tuple[int, int], int]) -> list[tuple[int, int]]:
    """The cells of the best one-to-one assignment; weights are positive, a missing cell means "not together".

    Ties between equally good assignments are broken by the order of indices.
    """
    rows, columns = sorted({row for row, _ in weights}), sorted({column for _, column in weights})
    if len(rows) == len(weights) == len(columns):
        return sorted(weights)
    costs = [[-weights.get((row, column), 0) for column in columns] for row in rows]
    if len(rows) <= len(columns):
        chosen = [(rows[i], columns[j]) for i, j in _hungarian(costs)]
    else:
        transposed = [list(line) for line in zip(*costs, strict=True)]
        chosen = [(rows[i], columns[j]) for j, i in _hungarian(transposed)]
    return sorted(cell for cell in chosen if cell in weights)


def _hungarian(costs: list[list[int]]) -> list[tuple[int, int]]:
    """The cheapest assignment of every row to a column; at most as many rows as columns."""
    height, width = len(costs), len(costs[0])
    row_potential, column_potential, owner = [0] * (height + 1), [0] * (width + 1), [0] * (width + 1)
    for row in range(1, height + 1):
        _augment(costs, row, row_potential, column_potential, owner)
    return [(owner[column] - 1, column - 1) for column in range(1, width + 1) if owner[column]]


def _augment(costs: list[list[int]], row: int, u: list[int], v: list[int], owner: list[int]) -> None:
    """Assign a column to `row` along the cheapest alternating path; indices start at 1, column 0 is the path's root."""
    width = len(v)
    slack: list[float] = [float("inf")] * width
    way, visited = [0] * width, [False] * width
    owner[0], column = row, 0
    while owner[column]:
        visited[column] = True
        at, step, following = owner[column], float("inf"), 0
        for k in range(1, width):
            if visited[k]:
                continue
            reduced = costs[at - 1][k - 1] - u[at] - v[k]
            if reduced < slack[k]:
                slack[k], way[k] = reduced, column
            if slack[k] < step:
                step, following = slack[k], k
        for k in range(width):
            if visited[k]:
                u[owner[k]] += int(step)
                v[k] -= int(step)
            else:
                slack[k] -= step
        column = following
    while column:
        owner[column] = owner[way[column]]
        column = way[column]
