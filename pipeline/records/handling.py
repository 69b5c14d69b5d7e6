"""What the handling codes say (disclosure): one set of words for the policy, for hits and for queries."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

EVERY_COUNTRY: Final = "*"
"""In `releasable_to`: every participating country."""

FULL_CODES: Final = frozenset({"H0", "H1"})
"""Full content, for those to whom the case is released."""

HIT_ONLY: Final = "H2"
SILENT: Final = "H3"


def is_released(releasable_to: Collection[str], country: str) -> bool:
    """Whether a case is released to a country, whatever its code then shows."""
    return EVERY_COUNTRY in releasable_to or country in releasable_to
