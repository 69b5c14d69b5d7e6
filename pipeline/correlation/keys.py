"""The blocking keys of a case: what two cases must share before they are compared (kinds: pipeline.correlation.kinds).

Keys depend on the case alone, never on what else is known, so every partition, batch and search derive the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from pipeline.correlation.person_keys import person_keys
from pipeline.correlation.thing_keys import thing_keys
from pipeline.matching.fingerprint import EntityPrint

MAX_KEYS = 512
"""Keys of one case, most selective kinds first; 200 entities stay within 10 kB of fingerprint."""


def keys(entities: Iterable[EntityPrint], stop: Collection[int], rarity: int) -> tuple[int, ...]:
    """The keys, ascending, at most MAX_KEYS.

    `stop` are the model's keys of too common values; `rarity` is how rare a key must be, in hundredths of a bit.
    """
    found = {key for entity in entities for key in entity_keys(entity, rarity)}
    return tuple(sorted(found.difference(stop))[:MAX_KEYS])


def entity_keys(entity: EntityPrint, rarity: int) -> Iterator[int]:
    """The keys that one entity yields."""
    yield from thing_keys(entity, rarity)
    if entity.type == "person":
        yield from person_keys(entity, rarity)
