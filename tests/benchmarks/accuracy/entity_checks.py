"""entity_bench: judged pairs of entities that are known by their names alone."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import yaml

from benchmarks.accuracy.data_sets import DATA, name
from pipeline.matching.entity_pairs import explain_pair, names_alone, read_pair
from pipeline.matching.model import load_model

TYPES = {"Person": "person", "Company": "organisation", "Organization": "organisation", "LegalEntity": "organisation",
         "Vessel": "vessel"}  # fmt: skip
Check = dict[str, Any]


def checks() -> list[Check]:
    """The 228 checks of entity_bench."""
    found: list[Check] = yaml.safe_load((DATA / "entity_bench" / "checks.yml").read_text())["checks"]
    return found


def entity(schema: str, properties: dict[str, str]) -> dict[str, Any]:
    """A check's side as an entity of the case record."""
    parts = {
        "full": "name",
        "given": "firstName",
        "middle": "middleName",
        "family": "lastName",
        "patronymic": "fatherName",
    }
    return {"type": TYPES[schema], "names": name(**{part: properties.get(key, "") for part, key in parts.items()})}


def decided(check: Check) -> tuple[int, bool]:
    """By what `liaison batch compare` says of the names alone: (share 0..100 that agrees, one bearer?)."""
    found = names_alone(*read_pair(_line(check)))
    return (found.agreement, found.same) if found else (0, False)


def _line(check: Check) -> bytes:
    pair = {side: entity(check["schema"], check[key]) for side, key in (("a", "query"), ("b", "candidate"))}
    return json.dumps(pair).encode()


@cache
def _model() -> Any:
    return load_model()


def linked(check: Check) -> tuple[int, bool]:
    """By `liaison batch compare`, where a common name alone never links: (score in hundredths of a bit, link?)."""
    found = explain_pair(_line(check), _model())
    return found.score, bool(found.band)
