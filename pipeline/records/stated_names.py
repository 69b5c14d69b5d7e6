"""Names as agencies state them, before they are normalised."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PARTS = ("given", "middle", "patronymic", "family")
"""The parts of a name, in the order in which they are written one after the other."""


def full_name(name: Mapping[str, Any]) -> str:
    """A name of a record's data in full, or its parts one after the other; "" where it has neither."""
    return str(name.get("full") or " ".join(name[part] for part in PARTS if name.get(part)))
