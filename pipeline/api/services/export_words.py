"""What is said of a link in exports to other formats."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.matching.basis import Basis


def describe_link(row: Mapping[str, Any]) -> str:
    """A link's band, and whether it says no more than that two bear one number."""
    band: str = row["band"]
    return f"{band}, shared number" if row["basis"] == Basis.SHARED else band
