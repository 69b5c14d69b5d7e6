"""Cuts what a case holds more of than a record may, and says so: intake would reject all of it."""

from __future__ import annotations

from typing import Any

LIST_LIMITS = {"names": 50, "birth_dates": 50, "birth_places": 50}
"""How many a record takes of what lists have most of, by field: maxItems in schemas/case.schema.json."""
TEXT_LIMIT = 4_000
"""Characters of a text: maxLength there."""
FREE_TEXTS = ("summary", "remark")
"""Texts that a person reads and nothing is matched by: cut short they still serve."""


def cut_to_limits(data: dict[str, Any]) -> list[str]:
    """Cut a case's lists and free texts in place; say what was left out, one text for each."""
    said = _cut_texts(data, "")
    for entity in data.get("entities", ()):
        said += _cut_texts(entity, f"{entity.get('id', '')}.")
        for field, limit in LIST_LIMITS.items():
            values = entity.get(field, ())
            if len(values) > limit:
                entity[field] = values[:limit]
                said.append(
                    f"{entity.get('id', '')}.{field}: {len(values)} values, of which the first {limit} are kept"
                )
    return said


def _cut_texts(holder: dict[str, Any], prefix: str) -> list[str]:
    said = []
    for field in FREE_TEXTS:
        text = holder.get(field)
        if isinstance(text, str) and len(text) > TEXT_LIMIT:
            holder[field] = text[:TEXT_LIMIT]
            said.append(f"{prefix}{field}: {len(text):,} characters, of which the first {TEXT_LIMIT:,} are kept")
    return said
