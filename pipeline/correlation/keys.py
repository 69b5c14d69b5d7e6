"""The blocking keys of a case: what two cases must share before they are compared (kinds: key_kinds.py).

Keys depend on the case alone, never on what else is known, so every partition, batch and search derive the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from pipeline.correlation.person_keys import person_keys
from pipeline.correlation.thing_keys import thing_keys
from pipeline.matching.fingerprint import EntityPrint

MAX_KEYS = 512
"""Keys of one case, most selective kinds first; 200 entities stay within 10 kB of fingerprint."""


def blocking_keys(entities: Iterable[EntityPrint], stop: Collection[int], rarity: int) -> tuple[int, ...]:
    """The keys, ascending, at most MAX_KEYS.

    `stop` are the model's keys of too common values; `rarity` is how rare a key must be, in hundredths of a bit.
    """
    found: set[int] = set()
    for entity in entities:
        found.update(thing_keys(entity, rarity))
        if entity.type == "person":
            found |= person_keys(entity, rarity)
    return tuple(sorted(found.difference(stop))[:MAX_KEYS])
