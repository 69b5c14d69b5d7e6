"""Whether two names are one name, where there is nothing but the names."""

from __future__ import annotations

from pipeline.matching.names.comparison import compare
from pipeline.matching.names.prints import NamePrint

_THRESHOLD = 60


def name_decision(a: NamePrint, b: NamePrint, entity_type: str) -> tuple[int, bool]:
    """Share (0 to 100) of the bits that the shorter name could give, and whether it is enough."""
    ceiling = min(sum(token.rarity for token in a.tokens), sum(token.rarity for token in b.tokens))
    score = max(0, min(100, 100 * compare(a, b).bits // max(ceiling, 1)))
    return score, score >= _THRESHOLD
