"""How rare a name token is, in hundredths of a bit: log2(1 / frequency), from constants of the package."""

from __future__ import annotations

from functools import lru_cache

CEILING = 1600
"""No token is taken for rarer than one in 65,536: the sources do not tell apart what is rarer."""


@lru_cache(maxsize=131072)
def rarity_of(folded: str) -> int:
    """Hundredths of a bit for a folded Latin token; short tokens cannot be rare."""
    return min(CEILING, 100 + 260 * len(folded))
