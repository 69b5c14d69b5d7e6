"""What two entities say of being one thing: their comparisons, summed against each alternative and calibrated."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import structs

from pipeline.matching.comparisons.levels import ComparisonResult, apply_curve
from pipeline.matching.fingerprint import EntityPrint
from pipeline.matching.model import Model, Plan
from pipeline.matching.score.alternatives import NO_BITS, STRANGERS, Bits, against_both


def weigh_entities(a: EntityPrint, b: EntityPrint, model: Model, skipped: tuple[str, ...] = ()) -> int:
    """Hundredths of a bit of calibrated evidence for two entities of one type being one thing, prior not included."""
    plan = model.plan_without(a.type, skipped) if skipped else model.plans[a.type]
    return weigh_by_plan(a, b, plan, model)


def weigh_by_plan(a: EntityPrint, b: EntityPrint, plan: Plan, model: Model) -> int:
    """The same by one of the model's plans."""
    return apply_curve(combine_alternatives(odds_by_alternative(a, b, plan), a.type, model), model.curves[a.type])


def odds_by_alternative(a: EntityPrint, b: EntityPrint, plan: Plan) -> Bits:
    """Bits of the evidence for one thing against each alternative, in hundredths, each summed by itself.

    Written out for the alternatives that there are: loops over them take 6% of a pair.
    """
    strangers = household = named_after = group = 0
    settled = False
    for compare, table in plan:
        found = compare(a, b, table)
        if found is not None:
            settled = settled or found.settles
            from_strangers, from_household, from_named_after, from_group = found.bits
            strangers += from_strangers
            household += from_household
            named_after += from_named_after
            group += from_group
    if settled:
        return sum_results([found for compare, table in plan if (found := compare(a, b, table)) is not None])
    return strangers, household, named_after, group


def sum_results(found: Sequence[ComparisonResult]) -> Bits:
    """The sum of what comparisons say, against each alternative.

    Where one of them settles the pair, nothing but numbers speaks against it (settle_results).
    """
    return tuple(map(sum, zip(*[one.bits for one in settle_results(found)], strict=True))) or NO_BITS


def settle_results(found: Sequence[ComparisonResult]) -> list[ComparisonResult]:
    """What comparisons say, without the contradictions of others where one of them settles the pair.

    That two things with one number of their own are called otherwise is mostly that one was renamed. What speaks
    against sameness among the numbers themselves still counts.
    """
    if not any(one.settles for one in found):
        return list(found)
    return [one if one.settles else _without_contradiction(one) for one in found]


def _without_contradiction(found: ComparisonResult) -> ComparisonResult:
    return structs.replace(found, bits=tuple(max(bits, 0) for bits in found.bits))


def combine_alternatives(bits: Bits, entity_type: str, model: Model) -> int:
    """Bits against all alternatives that entities of a type have, each with its prior, in hundredths."""
    found = bits[STRANGERS]
    for at, offset in model.companions[entity_type]:
        found = against_both(found, bits[at] + offset)
    return found
