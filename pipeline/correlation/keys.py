"""The blocking keys of a case: what two cases must share before they are compared (kinds: key_kinds.py).

Keys depend on the case alone, never on what else is known, so every partition, batch and search derive the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from pipeline.correlation.key_kinds import KeyKind, kind_of
from pipeline.correlation.person_keys import person_keys
from pipeline.correlation.thing_keys import thing_keys
from pipeline.matching.fingerprint import EntityPrint

MAX_KEYS = 512
"""Keys of one case, most selective kinds first; 200 entities stay within 10 kB of fingerprint."""

EXACT = frozenset({KeyKind.IDENTIFIER, KeyKind.EMAIL_USER, KeyKind.PHONE_TAIL, KeyKind.DATE, KeyKind.DATE_INITIAL})
"""Kinds that two cases share which have a number, or a name and birth date, in common. They are cut off last.

By these a case that is pushed meets a hit-only record (access.hit_gate), whatever else both say."""


def blocking_keys(entities: Iterable[EntityPrint], stop: Collection[int], rarity: int) -> tuple[int, ...]:
    """The keys, ascending, at most MAX_KEYS; of more, those of EXACT kinds first, then the most selective ones.

    `stop` are the model's keys of too common values; `rarity` is how rare a key must be, in hundredths of a bit.
    """
    found: set[int] = set()
    for entity in entities:
        found.update(thing_keys(entity, rarity))
        if entity.type == "person":
            found |= person_keys(entity, rarity)
    kept = sorted(found.difference(stop))
    if len(kept) > MAX_KEYS:
        kept = sorted(sorted(kept, key=lambda key: kind_of(key) not in EXACT)[:MAX_KEYS])
    return tuple(kept)


def hold_all_exact(keys: Sequence[int]) -> bool:
    """Whether none of the keys of EXACT kinds was cut off."""
    return len(keys) < MAX_KEYS or any(kind_of(key) not in EXACT for key in keys)
