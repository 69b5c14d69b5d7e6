"""Shared numbers: two persons or things that are not the same have one passport, account or register number.

Such a number was lent, forged, sold, stolen or written down wrongly, which matters to whoever looks for either of them.
The score is that of the number alone: the prior, the weight of its agreement against strangers (by its level, its
length and its check digit), and the fee for the pairs that were compared.
"""

from __future__ import annotations

import msgspec

from pipeline.matching.bands import Basis
from pipeline.matching.comparisons.identifier import IDENTIFIER, number_in_common, numbers_in_one_hand
from pipeline.matching.fingerprint import Entities, Fingerprint
from pipeline.matching.model import Model
from pipeline.matching.score.scoring import (
    ALL_PAIRS,
    EntityAgreement,
    Evidence,
    Judgement,
    attempts_fee,
    judge_score,
    tie_fee,
    total_score,
)
from pipeline.matching.score.selection import content_of, pairs_of_one_type


def judge_shared_number(a: Fingerprint, b: Fingerprint, model: Model) -> Judgement | None:
    """The judgement of the strongest number that two entities of two cases have in common; None if there is none.

    Symmetric and pure. It does not say whether the two entities are the same.
    """
    if a.case > b.case:
        a, b = b, a
    found = weigh_shared_number(a.entities, b.entities, model)
    if found is None:
        return None
    return msgspec.structs.replace(judge_score(total_score(found, model)), basis=Basis.SHARED)


def weigh_shared_number(a: Entities, b: Entities, model: Model) -> Evidence | None:
    """The tie of the two entities that have the strongest number in common; None if no two have one.

    Among equally strong ones the choice does not depend on the order of the entities. Only entities with equal numbers
    are looked at, so that the cost does not grow with all that both bear.
    """
    if not (_have_numbers(a) and _have_numbers(b)):
        return None
    held, others = ([numbers_in_one_hand(entity) for entity in side] for side in (a, b))
    table, cells = model.tables[IDENTIFIER.name], pairs_of_one_type(a, b)
    found = [
        (result.weight, i, j)
        for i, j in cells
        if not held[i].isdisjoint(others[j])
        if (result := number_in_common(a[i], b[j], table)) is not None and result.weight > 0
    ]
    if not found:
        return None
    bits = max(weight for weight, _, _ in found)
    strongest = {(i, j) for weight, i, j in found if weight == bits}
    i = min({i for i, _ in strongest}, key=lambda at: content_of(a[at]))
    j = min({j for at, j in strongest if at == i}, key=lambda at: content_of(b[at]))
    each, attempts = tie_fee(len(cells)), attempts_fee(min(len(cells), ALL_PAIRS))
    return Evidence((EntityAgreement(bits, i, j, IDENTIFIER.name),), attempts, min(each, bits), each)


def _have_numbers(entities: Entities) -> bool:
    return any(entity.identifiers for entity in entities)
