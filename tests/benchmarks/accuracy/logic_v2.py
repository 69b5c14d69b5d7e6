"""nomenklatura's LogicV2 on pairs of names, in an environment of its own: a JSON list of triples in, scores out.

echo '[["Person", {"name": "Olaf Scholz"}, {"name": "Olaf Scholze"}]]' | python logic_v2.py
"""

from __future__ import annotations

import json
import sys
from typing import Any

THRESHOLD = 0.7
"""nomenklatura's own default for a match."""


def scores(pairs: list[tuple[str, dict[str, str], dict[str, str]]]) -> list[float]:
    """LogicV2's score of each pair; it remembers entities by id, so each gets its own."""
    from followthemoney.proxy import EntityProxy
    from nomenklatura.matching import LogicV2

    def entity(schema: str, properties: dict[str, str], identity: str) -> Any:
        listed = {name: [value] for name, value in properties.items()}
        return EntityProxy.from_dict({"id": identity, "schema": schema, "properties": listed})

    config = LogicV2.default_config()
    return [
        LogicV2.compare(entity(schema, one, f"a{at}"), entity(schema, other, f"b{at}"), config).score
        for at, (schema, one, other) in enumerate(pairs)
    ]


if __name__ == "__main__":
    json.dump(scores(json.load(sys.stdin)), sys.stdout)
