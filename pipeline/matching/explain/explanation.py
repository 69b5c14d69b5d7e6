"""The structure of an explanation: each comparison with its values and bits, and what would change the result."""

from __future__ import annotations

import msgspec

from pipeline.matching.bands import Band, Basis
from pipeline.matching.names import TokenPair


class Item(msgspec.Struct, frozen=True, omit_defaults=True):
    """One comparison of one entity pair.

    `bits` are hundredths of a bit. `rarity`, for agreements, is "1 in N": this level is N times rarer between strangers
    than between records of one thing. `share` is the share of all positive bits. `tokens` are for names. `companions`
    are its hundredths of a bit against the likeliest companions (EntityEvidence.companions).
    """

    field: str
    level: str
    value_a: str
    value_b: str
    bits: int
    rarity: str = ""
    share: float = 0.0
    tokens: tuple[TokenPair, ...] = ()
    companions: int = 0


class EntityEvidence(msgspec.Struct, frozen=True, omit_defaults=True):
    """The evidence for and against two entities being the same, in hundredths of a bit.

    `alternative` is by how much other explanations (relatives of one household, a father with the same name, companies
    of one group) lower it; `companions` is the likeliest of them, one of alternatives.COMPANION_KINDS, or "", and
    `companions_rarity` log2 of how many pairs of strangers there are to one of such companions (0 where a link was
    explained before that was kept). The model's curve for the type adds `calibration`. `bits` is the sum of the items,
    `alternative` and `calibration`; `counted`, never below 0, is what counts towards the score of the cases.
    """

    type_a: str
    type_b: str
    entity_a: str
    entity_b: str
    items: tuple[Item, ...]
    bits: int
    counted: int
    alternative: int = 0
    companions: str = ""
    calibration: int = 0
    companions_rarity: int = 0


class Counterfactual(msgspec.Struct, frozen=True):
    """The judgement if one field that agrees or contradicts were unknown."""

    without: str
    entity_a: str
    entity_b: str
    score: int
    probability: float
    band: Band


class AsOne(msgspec.Struct, frozen=True):
    """Two entities that share a number, if they were the same: their evidence, and the whole score of the cases."""

    evidence: EntityEvidence
    score: int
    probability: float


class Explanation(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why two cases have their score: score = prior + sum of `counted` + rebate - attempts, in hundredths of a bit.

    `attempts` is log2 of the number of entity pairs, of which scoring.ALL_PAIRS of one type count at most. `rebate`
    pays back the fee of the strongest pair (scoring.tie_fee).

    If the `basis` is a shared number, `entities` holds the two entities that have it, by that number alone, and
    `as_one` says why they are not taken for the same.

    `partly`: both cases say so much that some of it was not compared (score.selection).
    """

    prior: int
    attempts: int
    rebate: int
    entities: tuple[EntityEvidence, ...]
    score: int
    probability: float
    band: Band
    counterfactuals: tuple[Counterfactual, ...]
    model: str
    model_hash: str
    generation: str = ""
    basis: Basis = Basis.SAME
    as_one: AsOne | None = None
    partly: bool = False

    @property
    def fees(self) -> int:
        """What the number of pairs costs: `attempts`, and the fee of each pair except the strongest."""
        return self.score - self.prior - sum(max(0, part.bits) for part in self.entities)

    @property
    def decisive(self) -> tuple[Counterfactual, ...]:
        """The counterfactuals with another band."""
        return tuple(counterfactual for counterfactual in self.counterfactuals if counterfactual.band != self.band)


def mirrored(found: Explanation) -> Explanation:
    """The same explanation with a and b exchanged."""
    return msgspec.structs.replace(
        found,
        entities=tuple(_mirrored_entities(entity) for entity in found.entities),
        counterfactuals=tuple(
            msgspec.structs.replace(counterfactual, entity_a=counterfactual.entity_b, entity_b=counterfactual.entity_a)
            for counterfactual in found.counterfactuals
        ),
        as_one=(
            None
            if found.as_one is None
            else msgspec.structs.replace(found.as_one, evidence=_mirrored_entities(found.as_one.evidence))
        ),
    )


def _mirrored_entities(evidence: EntityEvidence) -> EntityEvidence:
    items = tuple(
        msgspec.structs.replace(
            item,
            value_a=item.value_b,
            value_b=item.value_a,
            tokens=tuple(TokenPair(pair.b, pair.a, pair.level, pair.bits) for pair in item.tokens),
        )
        for item in evidence.items
    )
    return msgspec.structs.replace(
        evidence,
        type_a=evidence.type_b,
        type_b=evidence.type_a,
        entity_a=evidence.entity_b,
        entity_b=evidence.entity_a,
        items=items,
    )
