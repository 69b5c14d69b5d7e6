"""Names of records in exports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def full_name(name: Mapping[str, Any]) -> str:
    """A recorded name in full, or its parts one after the other."""
    parts = (name.get(part) for part in ("given", "middle", "patronymic", "family"))
    return name.get("full") or " ".join(part for part in parts if part)
