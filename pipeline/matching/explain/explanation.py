"""What an explanation is: each comparison with values, level, bits and rarity, and what would change the decision."""

from __future__ import annotations

import msgspec

from pipeline.matching.bands import Band
from pipeline.matching.basis import Basis
from pipeline.matching.names import TokenPair


class Item(msgspec.Struct, frozen=True, omit_defaults=True):
    """One comparison of one entity pair.

    `bits` are hundredths. `rarity` is "1 in N": this level is N times rarer between strangers than between records of
    one thing (agreements only). `share` is that of all positive bits. `tokens` are for names. `companions` are the
    hundredths of a bit that it counts against the entities' companions (EntityEvidence.companions).
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
    """Two entities and what speaks for and against their being one.

    `alternative` is what the other explanations take away (relatives of one household, a father with the same name,
    companies of one group); `companions` is the likeliest of them, one of alternatives.COMPANION_KINDS, "" where there
    is none. `calibration` is what the model's curve adds for the type. `bits` is the sum of items, alternative and
    calibration; `counted` is what of it enters the case pair (never less than nothing).
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


class Counterfactual(msgspec.Struct, frozen=True):
    """The judgement if one field that agrees, or contradicts, were not known."""

    without: str
    entity_a: str
    entity_b: str
    score: int
    probability: float
    band: Band


class AsOne(msgspec.Struct, frozen=True):
    """What two entities that share a number would be as one: `evidence`, and what both cases score by all they hold."""

    evidence: EntityEvidence
    score: int
    probability: float


class Explanation(msgspec.Struct, frozen=True, omit_defaults=True):
    """score = prior + sum of `counted` + rebate - attempts, all in hundredths of a bit.

    `attempts` = log2(entity pairs compared); `rebate` pays back the strongest pair's fee (scoring.EACH_PAIR).

    Where the `basis` is a shared number, `entities` are the two who have it, by that number alone, and `as_one` says
    why they are not taken for one.
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

    @property
    def fees(self) -> int:
        """What the number of entities compared takes: `attempts`, and the fee of each pair but the strongest."""
        return self.score - self.prior - sum(max(0, part.bits) for part in self.entities)

    @property
    def decisive(self) -> tuple[Counterfactual, ...]:
        """What would change the band."""
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
        as_one=None if found.as_one is None else _mirrored_as_one(found.as_one),
    )


def _mirrored_as_one(found: AsOne) -> AsOne:
    return msgspec.structs.replace(found, evidence=_mirrored_entities(found.evidence))


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
