"""This product on a data set: normalisation, fingerprints, blocking keys, training without labels, judgement of pairs.

Pairs are judged one by one: no clustering, and no pair that does not share a blocking key is looked at.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from data_sets import DataSet, Pair, in_blocks

from pipeline.correlation.keys import keys
from pipeline.matching.fingerprint import EntityPrint, entity_print
from pipeline.matching.model import Model, load_model
from pipeline.matching.scoring import score
from pipeline.matching.training.learning import Budget
from pipeline.matching.training.run import train
from pipeline.records.model import Case
from pipeline.records.normalisation import normalise

SAMPLED_PAIRS = 400_000
"""False candidates that are judged where there are more; all true ones are, so recall is exact and the number of false
links is an estimate, good to a few per cent of itself."""


@dataclass(frozen=True)
class Outcome:
    """Pairwise precision and recall over all pairs of the data set; `note` says what is not plain."""

    precision: float
    recall: float
    note: str = ""

    @property
    def f1(self) -> float:
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def prints(data: DataSet) -> list[EntityPrint]:
    """Each record through the product's own normalisation."""
    return [_print(entity, data.country) for entity in data.entities]


def _print(entity: dict[str, object], country: str) -> EntityPrint:
    head = {"case_id": "1", "agency": "bench", "country": country, "version": 1, "status": "active"}
    case = msgspec.convert({**head, "entities": [{"id": "e", **entity}]}, Case)
    return entity_print(normalise(case).entities[0])


def trained(entities: Sequence[EntityPrint], seed: int = 1) -> Model:
    """The model that `liaison batch train` makes of the records, without labels."""
    by_type: dict[str, list[EntityPrint]] = {}
    for one in entities:
        by_type.setdefault(one.type, []).append(one)
    return Model(train(by_type, "bench", Budget(seed=seed), lambda _what, _total: lambda: None).file)


def outcomes(data: DataSet, say: Callable[[str], None]) -> dict[str, Outcome]:
    """The product with a model trained on the data, and with the model it ships."""
    entities = prints(data)
    candidates, true = candidate_codes(data, entities), data.truth()
    say(f"{data.name}: {len(candidates):,} candidate pairs")
    models = {"Liaison, trained on it": trained(entities), "Liaison, as shipped": load_model()}
    return {name: _judged(data, entities, model, candidates, true) for name, model in models.items()}


def candidate_codes(data: DataSet, entities: Sequence[EntityPrint]) -> np.ndarray:
    """Pairs that share a blocking key, as i * n + j."""
    size, codes = len(entities), [np.zeros(0, dtype=np.int64)]
    shipped = load_model()
    for members in in_blocks(keys((one,), shipped.stop_keys, shipped.key_rarity) for one in entities):
        array = np.array(members, dtype=np.int64)
        first, second = np.triu_indices(len(array), 1)
        codes.append(array[first] * size + array[second])
        if len(codes) > 5000:
            codes = [np.unique(np.concatenate(codes))]
    found = np.unique(np.concatenate(codes))
    if data.side:
        side = np.array(data.side)
        found = found[side[found // size] != side[found % size]]
    return found


def _judged(
    data: DataSet, entities: Sequence[EntityPrint], model: Model, candidates: np.ndarray, true: set[Pair]
) -> Outcome:
    size = len(entities)
    true_codes = np.array(sorted(i * size + j for i, j in true), dtype=np.int64)
    is_true = np.isin(candidates, true_codes)
    found = _links(entities, model, candidates[is_true])
    false = candidates[~is_true]
    drawn = sorted(random.Random(1).sample(range(len(false)), min(len(false), SAMPLED_PAIRS)))
    wrong = _links(entities, model, false[drawn]) * (len(false) / max(len(drawn), 1))
    note = f"false links from {len(drawn):,} of {len(false):,} candidates" if len(drawn) < len(false) else ""
    return Outcome(found / max(found + wrong, 1), found / len(true), note)


def _links(entities: Sequence[EntityPrint], model: Model, codes: np.ndarray) -> int:
    size = len(entities)
    pairs = ((int(code) // size, int(code) % size) for code in codes)
    return sum(
        entities[i].type == entities[j].type and score((entities[i],), (entities[j],), model) >= 0 for i, j in pairs
    )
