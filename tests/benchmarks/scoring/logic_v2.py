"""nomenklatura's LogicV2 on persons, in an environment of its own: FollowTheMoney properties in, pairs a second out.

echo '[[{"name": ["Ann Lee"]}, {"name": ["Anne Lee"]}]]' | python logic_v2.py      # prints [first, new, again]
"""

from __future__ import annotations

import json
import sys
import time

from followthemoney.proxy import EntityProxy
from nomenklatura.matching import LogicV2

Properties = dict[str, list[str]]


def rates(pairs: list[tuple[Properties, Properties]]) -> list[float]:
    """Pairs a second of CPU: the first half with cold caches, the other half then, and both once more (as run.py)."""
    config, made = LogicV2.default_config(), dict[str, EntityProxy]()

    def proxy(properties: Properties) -> EntityProxy:
        identity = json.dumps(properties, sort_keys=True)
        if identity not in made:
            document = {"id": f"e{len(made)}", "schema": "Person", "properties": properties}
            made[identity] = EntityProxy.from_dict(document)
        return made[identity]

    ready, found = [(proxy(one), proxy(other)) for one, other in pairs], []
    half = len(ready) // 2
    for some in (ready[:half], ready[half:], ready):
        started = time.process_time()
        for one, other in some:
            LogicV2.compare(one, other, config)
        found.append(len(some) / (time.process_time() - started))
    return found


if __name__ == "__main__":
    print(json.dumps(rates(json.load(sys.stdin))))
