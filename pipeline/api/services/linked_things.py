"""Who or what a link is about, as a list names it: the entity of each side that speaks most for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from pipeline.index.documents import CaseDocument, LinkDocument
from pipeline.index.reading import SHOWN
from pipeline.matching.explain.explanation import EntityEvidence, Explanation
from pipeline.matching.explain.plain_words import strongest_pair

Row = dict[str, Any]

NUMBERS: Final = ("plate", "vin", "imo", "number", "iban", "wallet", "imei", "serial", "full")
"""What names a thing that has no name, the first that is there."""

NAME_PARTS: Final = ("given", "middle", "patronymic", "family")

NAMING: Final = (*SHOWN, *(f"data.entities.{field}" for field in ("id", "type", "names", "birth_date", *NUMBERS)))
"""What of a case's document names its entities."""


def pair_of(link: LinkDocument) -> EntityEvidence | None:
    """The two entities that speak most for a link; None where its evidence names none."""
    return strongest_pair(msgspec.convert(link.evidence, Explanation)) if link.evidence else None


def name_side(case: CaseDocument, entity: str) -> Row:
    """One side of a link: its case, and the entity that it is about as its agency sent it."""
    data = case.data or {}
    held: Mapping[str, Any] = next((one for one in data.get("entities", ()) if one.get("id") == entity), {})
    return {
        "case": case.case,
        "agency": case.agency,
        "country": case.country,
        "title": data.get("title"),
        "caveat": (case.handling.caveat if case.handling else "") or None,
        "entity": held.get("id"),
        "type": held.get("type"),
        "name": _name_entity(held),
        "born": held.get("birth_date"),
    }


def _name_entity(entity: Mapping[str, Any]) -> str | None:
    """An entity's first name, or the number that stands for it."""
    for name in entity.get("names") or ():
        if said := name.get("full") or " ".join(name[part] for part in NAME_PARTS if name.get(part)):
            return str(said)
    return next((str(entity[field]) for field in NUMBERS if entity.get(field)), None)
