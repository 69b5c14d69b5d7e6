"""Why two cases that do not speak of one thing are linked: two of them bear one number."""

from __future__ import annotations

from msgspec import structs

from pipeline.matching.basis import Basis
from pipeline.matching.comparisons.catalogue import IDENTIFIER
from pipeline.matching.comparisons.identifier import number_in_common
from pipeline.matching.explain.explaining import compare_entities, compose_explanation, explain_in_order, make_item
from pipeline.matching.explain.explanation import AsOne, EntityEvidence, Explanation
from pipeline.matching.fingerprint import Entities, EntityPrint, Fingerprint
from pipeline.matching.model import Model
from pipeline.matching.score.scoring import EntityAgreement, counted_bits, judge_score, score_cases
from pipeline.matching.score.shared_numbers import weigh_shared_number


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
    entities = (_number_evidence(a[tie.a], b[tie.b], model),)
    alone = compose_explanation(found, entities, (), model, generation)
    return structs.replace(alone, basis=Basis.SHARED, as_one=_weigh_as_one(a, b, tie, model))


def _number_evidence(a: EntityPrint, b: EntityPrint, model: Model) -> EntityEvidence:
    result = number_in_common(a, b, model.tables[IDENTIFIER.name])
    if result is None:
        raise ValueError("no number in common")
    item = make_item(IDENTIFIER, a, b, result)
    return EntityEvidence(a.type, b.type, a.id, b.id, (item,), result.weight, counted_bits(result.weight))


def _weigh_as_one(a: Entities, b: Entities, tie: EntityAgreement, model: Model) -> AsOne:
    score = score_cases(a, b, model)
    evidence = compare_entities(a[tie.a], b[tie.b], EntityAgreement(0, tie.a, tie.b), model).evidence(model)
    return AsOne(evidence, score, judge_score(score).probability)
