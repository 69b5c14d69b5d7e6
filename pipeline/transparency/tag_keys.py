"""The keys under which agencies find what concerns them in the log: one for each agency and secret."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final

MAX_DERIVED: Final = 1024
"""Keys remembered: one for each agency, under each of the last few secrets."""

SEED_CONTEXT: Final = ""
"""No agency is called so."""

Derive = Callable[[str, str], bytes]
"""A 32-byte key from a secret's id and a context."""


class TagKeys:
    """An installation's tag keys; `ids` names its secrets, the oldest first."""

    def __init__(self, ids: Sequence[str], derive: Derive) -> None:
        self.ids, self.current = tuple(ids), ids[-1]
        self._derived = lru_cache(MAX_DERIVED)(derive)

    def tag_key(self, key_id: str, agency: str) -> bytes:
        """An agency's tag key under one of the secrets."""
        return self._derived(key_id, agency)

    def tag_keys_of(self, agency: str) -> dict[str, bytes]:
        """All tag keys of an agency, by the id that leaves bear."""
        return {key_id: self.tag_key(key_id, agency) for key_id in self.ids}

    @property
    def seed_key(self) -> bytes:
        """What stands in for the seed of entries that have none; it never changes."""
        return self._derived(self.ids[0], SEED_CONTEXT)
