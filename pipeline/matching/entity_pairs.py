"""Pairs of entities as `liaison batch compare` and `batch explain` read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from pipeline.matching.explain.explaining import explain_entities, explain_shared_entities
from pipeline.matching.explain.explanation import Explanation
from pipeline.matching.fingerprint import EntityPrint, entity_print
from pipeline.matching.model import Model
from pipeline.matching.names import bearer_decision
from pipeline.matching.score.scoring import judge_score, total_score
from pipeline.matching.score.shared_numbers import weigh_shared_number
from pipeline.matching.work import compared_names
from pipeline.records.entity_types import normalise
from pipeline.records.model import Case

NOWHERE = "ZZ"
"""The country of an entity without a case (ISO 3166 user-assigned), so that no region is guessed for its phones."""


class PairError(ValueError):
    """A line does not hold two entities of the case record; the message says where."""


class NameAgreement(msgspec.Struct, frozen=True):
    """Two entities by their names alone: how much agrees (0 to 100), and whether that is enough to be the same."""

    agreement: int
    same: bool


def explain_pair(line: bytes, model: Model, generation: str = "") -> Explanation:
    """Explain a line (read_pair) as a link of two cases with one entity each. Raises PairError."""
    a, b = ((one,) for one in read_pair(line))
    as_one = explain_entities(a, b, model, generation)
    number = None if as_one.band else weigh_shared_number(a, b, model)
    if number is None or not judge_score(total_score(number, model)).band:
        return as_one
    return explain_shared_entities(a, b, model, generation)


def names_alone(a: EntityPrint, b: EntityPrint) -> NameAgreement | None:
    """The names that agree most, for screening against lists of names alone; None if a side has no name."""
    names, others = compared_names(a.names, b.names)
    found = (bearer_decision(x, y) for x in names for y in others)
    best = max(found, default=None) if a.type == b.type else None
    return None if best is None else NameAgreement(*best)


def read_pair(line: bytes) -> tuple[EntityPrint, EntityPrint]:
    """Read a line {"a": entity, "b": entity}; "country_a" and "country_b" may give the countries of the cases.

    Entities are those of the case record (schemas/case.schema.json), with or without "id". Raises PairError.
    """
    try:
        pair = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise PairError(f"not JSON: {error}") from error
    if not isinstance(pair, dict) or not {"a", "b"} <= pair.keys():
        raise PairError('needs an object with "a" and "b"')
    return _print(pair, "a"), _print(pair, "b")


def _print(pair: Mapping[str, Any], side: str) -> EntityPrint:
    raw, country = pair[side], pair.get(f"country_{side}") or NOWHERE
    if not isinstance(raw, dict):
        raise PairError(f"/{side}: an entity is an object")
    document = {
        "case_id": side,
        "agency": "pair",
        "country": country,
        "version": 1,
        "status": "active",
        "entities": [{"id": side, **raw}],
    }
    try:
        case = msgspec.convert(document, Case)
        return entity_print(normalise(case).entities[0])
    except ValueError as error:
        raise PairError(f"/{side}: {error}".replace("$.entities[0]", "")) from error
