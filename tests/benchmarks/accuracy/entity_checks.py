"""entity_bench: judged pairs of entities that are known by their names alone."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import yaml
from data_sets import DATA, name

from pipeline.matching.entity_pairs import explain_pair, names_alone, read_pair
from pipeline.matching.model import load_model

TYPES = {"Person": "person", "Company": "organisation", "Organization": "organisation", "LegalEntity": "organisation",
         "Vessel": "vessel"}  # fmt: skip
LOGIC_V2_THRESHOLD = 0.7
"""nomenklatura's own default for a match."""

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


def logic_v2() -> Any:
    """nomenklatura's LogicV2 as a function of a check: (score 0..1, match?). ImportError where not installed."""
    from followthemoney.proxy import EntityProxy
    from nomenklatura.matching import LogicV2

    config = LogicV2.default_config()
    numbers = iter(range(10**9))

    def judge(check: Check) -> tuple[float, bool]:
        sides = [
            EntityProxy.from_dict(
                {
                    "id": f"e{next(numbers)}",
                    "schema": check["schema"],
                    "properties": {k: [v] for k, v in check[side].items()},
                }
            )
            for side in ("query", "candidate")
        ]
        score = LogicV2.compare(*sides, config).score
        return score, score >= LOGIC_V2_THRESHOLD

    return judge
