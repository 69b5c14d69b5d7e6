"""Who or what a link is about, as a list names it: the entity of each side that speaks most for it."""

from __future__ import annotations

from typing import Final, NamedTuple

from pipeline.api.answers import LinkSide, NamedEntity
from pipeline.index.documents import AsSent, CaseDocument, LinkDocument
from pipeline.index.reading import SHOWN
from pipeline.matching.explain.explanation import EntityEvidence
from pipeline.matching.explain.wording import strongest_pair
from pipeline.records.names import full_name

NUMBERS: Final = ("plate", "vin", "imo", "number", "iban", "wallet", "imei", "serial", "full")
"""What names a thing that has no name, the first that is there."""

NAMING: Final = (*SHOWN, *(f"data.entities.{field}" for field in ("id", "type", "names", "birth_date", *NUMBERS)))
"""What of a case's document names its entities."""


def pair_of(link: LinkDocument) -> EntityEvidence | None:
    """The two entities that speak most for a link; None where its evidence names none."""
    return strongest_pair(link.explanation) if link.evidence else None


class LinkedThing(NamedTuple):
    """An entity of one side of a link, and its name that was compared, as compared; "" where none was."""

    entity: str
    name: str = ""


NOTHING = LinkedThing("")


def things_of(pair: EntityEvidence | None) -> tuple[LinkedThing, LinkedThing]:
    """What side a and side b of a link are about, by the entities that speak most for it."""
    if pair is None:
        return NOTHING, NOTHING
    named = next((item for item in pair.items if item.field == "name"), None)
    a, b = (named.value_a, named.value_b) if named else ("", "")
    return LinkedThing(pair.entity_a, a), LinkedThing(pair.entity_b, b)


def name_side(case: CaseDocument, thing: LinkedThing, language: str) -> LinkSide:
    """One side of a link: its case, and the entity that it is about as its agency sent it, for a reader's language."""
    held: AsSent = next((one for one in case.sent_entities if one.get("id") == thing.entity), {})
    return LinkSide(
        case=case.case,
        agency=case.agency,
        country=case.country,
        title=case.title,
        caveat=case.caveat,
        entity=held.get("id"),
        type=held.get("type"),
        name=name_entity(held, thing.name),
        born=held.get("birth_date"),
        caveat_translation=case.translate_caveat(language),
    )


def name_entities(case: CaseDocument) -> tuple[NamedEntity, ...]:
    """Every entity of a case by type and name, in the order in which its agency sent them."""
    entities = case.sent_entities
    return tuple(NamedEntity(held.get("id"), held.get("type"), name_entity(held)) for held in entities)


def name_entity(entity: AsSent, compared: str = "") -> str | None:
    """The name of an entity that was compared, else its first one, or the number that stands for it."""
    names = (said for name in entity.get("names") or () if (said := full_name(name)))
    words = set(compared.split())
    if words:
        best = max(names, key=lambda name: len(words & set(name.casefold().split())), default=None)
    else:
        best = next(names, None)  # of thousands no other one is looked at
    return best or next((str(entity[field]) for field in NUMBERS if entity.get(field)), None)
