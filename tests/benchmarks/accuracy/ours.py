"""This product on a data set: normalisation, fingerprints, blocking keys, training without labels, judgement of pairs.

Links are pairs judged one by one, of those that share a key; things are what `batch resolve` makes of the links.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import combinations

import msgspec
import numpy as np

from benchmarks.accuracy.data_sets import DataSet, Outcome, Pair, in_blocks, recall_when_strict
from pipeline.correlation.keys import blocking_keys
from pipeline.matching.fingerprint import EntityPrint, entity_print
from pipeline.matching.model import Model, load_model
from pipeline.matching.score.resolution import Tie, are_apart, group_ties
from pipeline.matching.score.scoring import judge_score, score_cases
from pipeline.matching.training.pairs import Budget
from pipeline.matching.training.run import train
from pipeline.records.entity_types import normalise
from pipeline.records.model import Case


def prints(data: DataSet) -> list[EntityPrint]:
    """Each record through the product's own normalisation."""
    return [_print(entity, data.country) for entity in data.entities]


def _print(entity: dict[str, object], country: str) -> EntityPrint:
    head = {"case_id": "1", "agency": "bench", "country": country, "version": 1, "status": "active"}
    case = msgspec.convert({**head, "entities": [{"id": "e", **entity}]}, Case)
    return entity_print(normalise(case).entities[0])


def trained(entities: Sequence[EntityPrint], *, general: bool = False) -> Model:
    """The model that `liaison batch train` makes of the records, without labels."""
    by_type: dict[str, list[EntityPrint]] = {}
    for entity in entities:
        by_type.setdefault(entity.type, []).append(entity)
    return Model(train(by_type, "bench", Budget(), lambda _what, _total: lambda: None, general=general).file)


def outcomes(data: DataSet, say: Callable[[str], None]) -> dict[str, Outcome]:
    """The product's links and things with a model trained on the data, and its links with the model it ships."""
    entities = prints(data)
    true, model, shipped = data.truth(), trained(entities), load_model()
    candidates = candidate_codes(data, entities, model)
    say(f"{data.name}: {len(candidates):,} candidate pairs")
    scores = scored(entities, model, candidates)
    unlearnt = scored(entities, shipped, candidate_codes(data, entities, shipped))
    return {
        LINKS: replace(
            against(data, true, links(data, entities, scores, model)), strict_recall=recall_when_strict(scores, true)
        ),
        THINGS: against(data, true, things(data, entities, scores, model)),
        SHIPPED: replace(
            against(data, true, links(data, entities, unlearnt, shipped)),
            strict_recall=recall_when_strict(unlearnt, true),
        ),
    }


LINKS, THINGS, SHIPPED = "Liaison, links", "Liaison, resolved", "Liaison, not trained"


def scored(entities: Sequence[EntityPrint], model: Model, candidates: np.ndarray) -> dict[Pair, int]:
    """The score of each candidate pair of one type, prior included."""
    size, found = len(entities), {}
    for code in candidates:
        i, j = int(code) // size, int(code) % size
        if entities[i].type == entities[j].type:
            found[i, j] = score_cases((entities[i],), (entities[j],), model)
    return found


def links(data: DataSet, entities: Sequence[EntityPrint], scores: dict[Pair, int], model: Model) -> set[Pair]:
    """What `batch correlate --within` links."""
    return {pair for pair, bits in scores.items() if judge_score(bits).band}


def things(data: DataSet, entities: Sequence[EntityPrint], scores: dict[Pair, int], model: Model) -> set[Pair]:
    """All pairs within the things that `batch resolve --within` makes of the links."""
    ties = [Tie(scores[pair] - model.prior, *pair) for pair in links(data, entities, scores, model)]
    found = group_ties(len(entities), ties, lambda a, b: are_apart(entities[a], entities[b], model))
    return {pair for members in found for pair in combinations(members, 2) if data.allowed(pair)}


def against(data: DataSet, true: set[Pair], found: set[Pair]) -> Outcome:
    hits = len(found & true)
    return Outcome(hits / max(len(found), 1), hits / len(true))


def candidate_codes(data: DataSet, entities: Sequence[EntityPrint], model: Model) -> np.ndarray:
    """Pairs that share one of the model's blocking keys, as i * n + j."""
    size, codes = len(entities), [np.zeros(0, dtype=np.int64)]
    for members in in_blocks(blocking_keys((entity,), model.stop_keys, model.key_rarity) for entity in entities):
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
