"""Explains why two cases are linked, by the comparisons that scored them, or by a number that two of them have.

Two cases that do not speak of one thing may be linked since two persons or things in them bear one number
(`explain_shared_number`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec
from msgspec import structs

from pipeline.matching.alternatives import COMPANION_KINDS, STRANGERS
from pipeline.matching.bands import Basis
from pipeline.matching.comparisons.catalogue import BY_NAME
from pipeline.matching.comparisons.comparison import Comparison, ComparisonResult, apply_curve
from pipeline.matching.comparisons.identifier import IDENTIFIER, number_in_common
from pipeline.matching.explain.explanation import AsOne, Counterfactual, EntityEvidence, Explanation, Item, mirrored
from pipeline.matching.fingerprint import Entities, EntityPrint, Fingerprint
from pipeline.matching.model import Model
from pipeline.matching.names import TokenPair, best_pair
from pipeline.matching.names.name_pairs import hold_names
from pipeline.matching.score.scoring import (
    EACH_PAIR,
    EntityAgreement,
    Evidence,
    combine_alternatives,
    counted_bits,
    judge_score,
    settle_results,
    sum_results,
    total_score,
    weigh_evidence,
)
from pipeline.matching.score.shared_numbers import weigh_shared_number
from pipeline.matching.work import compared_entities

ExplainLists = Callable[[Entities, Entities, Model, str], Explanation]
"""Explains two lists of entities under a model, for a generation."""

FINAL_SIGMA = re.compile(r"σ\b")


def explain(a: Fingerprint, b: Fingerprint, model: Model, generation: str = "") -> Explanation:
    """Explain the judgement of two cases; `a` and `b` mean the same in the explanation as in the call."""
    return explain_in_order(explain_entities, a, b, model, generation)


def explain_in_order(
    explain_lists: ExplainLists, a: Fingerprint, b: Fingerprint, model: Model, generation: str
) -> Explanation:
    """Explain two cases in the order of their keys, as they are judged, and return it in the order of the call."""
    swapped = a.case > b.case
    first, second = (b, a) if swapped else (a, b)
    found = explain_lists(first.entities, second.entities, model, generation)
    return mirrored(found) if swapped else found


def explain_entities(
    a: tuple[EntityPrint, ...], b: tuple[EntityPrint, ...], model: Model, generation: str = ""
) -> Explanation:
    """Explain the judgement of two lists of entities."""
    found = weigh_evidence(a, b, model)
    compared = _compare_shown(a, b, found, model)
    parts = tuple(one.evidence(model) for one in compared)
    counterfactuals = tuple(_counterfactuals(found, compared, parts, model))
    return compose_explanation(found, _with_shares(parts), counterfactuals, model, generation)


def compose_explanation(
    found: Evidence,
    entities: tuple[EntityEvidence, ...],
    counterfactuals: tuple[Counterfactual, ...],
    model: Model,
    generation: str,
) -> Explanation:
    """Put an explanation together from the evidence, its entities, and what would change the result."""
    score = total_score(found, model)
    judged = judge_score(score)
    return Explanation(
        prior=model.prior,
        attempts=found.attempts,
        rebate=found.rebate,
        entities=entities,
        score=score,
        probability=judged.probability,
        band=judged.band,
        counterfactuals=counterfactuals,
        model=model.version,
        model_hash=model.content_hash[:12],
        generation=generation,
        partly=found.partly,
    )


def entities_evidence(
    a: tuple[EntityPrint, ...], b: tuple[EntityPrint, ...], model: Model
) -> tuple[EntityEvidence, ...]:
    """The evidence for and against each pair of entities that counts: only the `entities` of an explanation."""
    compared = _compare_shown(a, b, weigh_evidence(a, b, model), model)
    return _with_shares(tuple(one.evidence(model) for one in compared))


def judge_question(
    asked: tuple[EntityPrint, ...], record: tuple[EntityPrint, ...], model: Model
) -> tuple[int, tuple[EntityEvidence, ...]]:
    """What a record is worth as an answer to a question, in hundredths of a bit without the prior, and its evidence."""
    found = weigh_evidence(asked, record, model)
    compared = _compare_shown(asked, record, found, model)
    return total_score(found, model) - model.prior, _with_shares(tuple(one.evidence(model) for one in compared))


def _compare_shown(
    a: tuple[EntityPrint, ...], b: tuple[EntityPrint, ...], found: Evidence, model: Model
) -> list[ComparedEntities]:
    """Those that tie the cases, or two single entities of one type, even if the evidence is against them."""
    alone = len(a) == len(b) == 1 and a[0].type == b[0].type
    ties = found.ties or ((EntityAgreement(0, 0, 0),) if alone else ())
    return [compare_entities(a[tie.a], b[tie.b], tie, model, found.each) for tie in ties]


class ComparedEntities(NamedTuple):
    """Two entities with their tie and the result of each comparison, which all parts of an explanation use.

    `each` is what a tie of the two cases pays (scoring.tie_fee).
    """

    a: EntityPrint
    b: EntityPrint
    tie: EntityAgreement
    results: tuple[tuple[Comparison, ComparisonResult], ...]
    each: int = EACH_PAIR

    def evidence(self, model: Model) -> EntityEvidence:
        """The evidence for and against the two being the same."""
        a, b, tie, results, each = self
        settled = settle_results([result for _, result in results])
        found = [(comparison, result) for (comparison, _), result in zip(results, settled, strict=True)]
        sums = sum_results(settled)
        left = [] if tie.selector else [(sums[kind] + offset, kind) for kind, offset in model.companions[a.type]]
        kind = min(left, default=(0, STRANGERS))[1]
        combined = sums[STRANGERS] if tie.selector else combine_alternatives(sums, a.type, model)
        bits = combined if tie.selector else apply_curve(combined, model.curves[a.type])
        return EntityEvidence(
            a.type,
            b.type,
            a.id,
            b.id,
            tuple(make_item(comparison, a, b, result, kind) for comparison, result in found),
            bits,
            counted_bits(bits, each),
            combined - sums[STRANGERS],
            COMPANION_KINDS[kind - 1] if kind else "",
            bits - combined,
            dict(model.companions[a.type])[kind] if kind else 0,
        )

    def weigh_without(self, field: str, model: Model) -> int:
        """The same as scoring.weigh_entities if one field were unknown."""
        sums = sum_results([result for comparison, result in self.results if comparison.name != field])
        return apply_curve(combine_alternatives(sums, self.a.type, model), model.curves[self.a.type])


def compare_entities(
    a: EntityPrint, b: EntityPrint, tie: EntityAgreement, model: Model, each: int = EACH_PAIR
) -> ComparedEntities:
    """Make all comparisons of two entities that count for their tie, with the names that are compared."""
    a, b = compared_entities(a, b)
    comparisons = (BY_NAME[tie.selector],) if tie.selector else model.comparisons[a.type]
    tables = model.tables if tie.selector else model.tables_by_type[a.type]
    results = (
        (comparison, comparison.compare(a, b, tables[comparison.name]))
        for comparison in comparisons
        if comparison.name not in tie.skipped
    )
    with hold_names(a.names, b.names):
        found = tuple((one, result) for one, result in results if result is not None)
        return ComparedEntities(a, b, tie, found, each)


def make_item(
    comparison: Comparison, a: EntityPrint, b: EntityPrint, found: ComparisonResult, kind: int = STRANGERS
) -> Item:
    """One comparison as it is shown, with the bits against strangers and against companions of `kind`."""
    bits, i, j = found.weight, found.a, found.b
    tokens: tuple[TokenPair, ...] = ()
    if comparison.name == "name":
        names, i, j = best_pair(a.names, b.names)
        tokens = names.pairs
    return Item(
        field=comparison.name,
        level=comparison.levels.at(found.level).key,
        value_a=spelled(comparison.value(a, i)),
        value_b=spelled(comparison.value(b, j)),
        bits=bits,
        rarity=rarity(bits),
        tokens=tuple(msgspec.structs.replace(pair, a=spelled(pair.a), b=spelled(pair.b)) for pair in tokens),
        companions=found.bits[kind] if kind else 0,
    )


def spelled(folded: str) -> str:
    """A folded text with final sigmas, which case folding replaces in Greek."""
    return FINAL_SIGMA.sub("ς", folded) if "σ" in folded else folded


def rarity(bits: int) -> str:
    """2^bits in words with two significant digits, such as "1 in 48,000"; "" if bits are not positive."""
    if bits <= 0:
        return ""
    times = 2 ** (bits / 100)
    digits = max(0, len(str(int(times))) - 2)
    return f"1 in {round(times / 10**digits) * 10**digits:,}"


def _with_shares(parts: tuple[EntityEvidence, ...]) -> tuple[EntityEvidence, ...]:
    positive = sum(item.bits for part in parts for item in part.items if item.bits > 0)
    return tuple(
        msgspec.structs.replace(
            part,
            items=tuple(
                msgspec.structs.replace(item, share=round(item.bits / positive, 3)) if item.bits > 0 else item
                for item in part.items
            ),
        )
        for part in parts
    )


def _counterfactuals(
    found: Evidence, compared: Sequence[ComparedEntities], parts: Sequence[EntityEvidence], model: Model
) -> list[Counterfactual]:
    """The judgements without each single field that has bits, the lowest score first."""
    results = []
    for one, part in zip(compared, parts, strict=True):
        for item in part.items:
            if item.bits:
                score = total_score(_without(found, one, item.field, model), model)
                judged = judge_score(score)
                results.append(
                    Counterfactual(item.field, part.entity_a, part.entity_b, score, judged.probability, judged.band)
                )
    return sorted(results, key=lambda counterfactual: counterfactual.score)


def _without(found: Evidence, compared: ComparedEntities, field: str, model: Model) -> Evidence:
    """The evidence if one field of one entity pair were unknown; the assignment stays the same."""
    tie = compared.tie
    bits = 0 if tie.selector else max(0, compared.weigh_without(field, model))
    ties = tuple(
        msgspec.structs.replace(agreement, bits=bits) if agreement is tie else agreement
        for agreement in found.ties or (tie,)
    )
    return msgspec.structs.replace(found, ties=ties, rebate=min(found.each, max(agreement.bits for agreement in ties)))


def explain_shared_number(a: Fingerprint, b: Fingerprint, model: Model, generation: str = "") -> Explanation:
    """Explain a link by a shared number; `a` and `b` of the explanation are those of the call.

    Raises ValueError where they have no number in common.
    """
    return explain_in_order(explain_shared_entities, a, b, model, generation)


def explain_shared_entities(a: Entities, b: Entities, model: Model, generation: str = "") -> Explanation:
    """Explain the strongest number that two of two lists of entities have. Raises ValueError where there is none."""
    found = weigh_shared_number(a, b, model)
    if found is None:
        raise ValueError("no number in common")
    (tie,) = found.ties
    entities = (_number_evidence(a[tie.a], b[tie.b], model, found.each),)
    alone = compose_explanation(found, entities, (), model, generation)
    evidence = compare_entities(a[tie.a], b[tie.b], EntityAgreement(0, tie.a, tie.b), model, found.each).evidence(model)
    whole = weigh_evidence(a, b, model)
    score = total_score(whole, model)
    as_one = AsOne(evidence, score, judge_score(score).probability)
    return structs.replace(alone, basis=Basis.SHARED, as_one=as_one, partly=whole.partly)


def _number_evidence(a: EntityPrint, b: EntityPrint, model: Model, each: int) -> EntityEvidence:
    result = number_in_common(a, b, model.tables[IDENTIFIER.name])
    if result is None:
        raise ValueError("no number in common")
    item = make_item(IDENTIFIER, a, b, result)
    return EntityEvidence(a.type, b.type, a.id, b.id, (item,), result.weight, counted_bits(result.weight, each))
