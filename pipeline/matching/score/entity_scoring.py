"""The evidence that two entities are the same: their comparisons, summed against each alternative and calibrated."""

from __future__ import annotations

from collections.abc import Sequence
from operator import add

from msgspec import structs

from pipeline.matching.comparisons.levels import ComparisonResult, apply_curve
from pipeline.matching.fingerprint import EntityPrint
from pipeline.matching.model import Model, Plan
from pipeline.matching.names.name_pairs import pairs_of
from pipeline.matching.score.alternatives import NO_BITS, STRANGERS, Bits, against_both


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


def weigh_from(a: EntityPrint, b: EntityPrint, model: Model, least: int) -> int | None:
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
    return [one if one.settles else _without_contradiction(one) for one in found]


def _without_contradiction(found: ComparisonResult) -> ComparisonResult:
    return structs.replace(found, bits=tuple(max(bits, 0) for bits in found.bits))


def combine_alternatives(bits: Bits, entity_type: str, model: Model) -> int:
    """The bits against all alternatives of an entity type together, each with its prior, in hundredths of a bit."""
    found = bits[STRANGERS]
    for at, offset in model.companions[entity_type]:
        found = against_both(found, bits[at] + offset)
    return found
