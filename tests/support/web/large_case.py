"""A large case for pages: many people and things of one agency, links of each to another agency's cases, relations."""

from __future__ import annotations

from typing import Any

from support.api.runtime import Api
from support.records.builder import RawEntity, person, record, vehicle

KEY = "be-fp:1"

FAMILIES = (
    "Warzazi",
    "Kowalski",
    "Petrosyan",
    "Lindqvist",
    "Okonkwo",
    "Haddad",
    "Novakova",
    "Moreau",
    "Silva",
    "Bauer",
)
GIVEN = ("Anastasia", "Karim", "Ewa", "Dmitri", "Chiara", "Yusuf", "Ingrid", "Tomas", "Leila", "Bruno")


def make_entity(number: int) -> RawEntity:
    """One of a hundred entities that are unlike each other: of five in a row four are people, the fifth is a car."""
    if number % 5 == 4:
        return vehicle(f"1-ABC-{number:03}", "BE", id=f"v{number}", make="Renault", model="Clio")
    passport = [{"type": "passport", "value": f"{number:02}AB{number * 7919 % 100_000:05}", "country": "FR"}]
    name = f"{GIVEN[number % 10]} {FAMILIES[number // 10 % 10]}"
    return person(name, id=f"p{number}", birth_date=f"19{number % 60 + 30}-03-0{number % 9 + 1}", identifiers=passport)


def hold_large_case(api: Api, entities: int = 100, links: int = 500, **fields: Any) -> list[str]:
    """Hold KEY of be-fp and as many one-entity cases of fr-pj linked to it; the ids of the links, entity after entity.

    Each car is owned by who stands before it.
    """
    held = [make_entity(number) for number in range(entities)]
    owned = [
        {"from": f"p{number - 1}", "to": f"v{number}", "type": "owner", "start": "2024-01-02"}
        for number in range(4, entities, 5)
    ]
    events = [{"type": "event", "id": "x1", "start": "2026-10-27T22:00:00Z", "method": "Voiture bélier"}]
    own = record(
        "be-fp", title="A ring of thieves", entities=[*held, *events], relations=owned, opened="2026-10-28", **fields
    )
    api.hold(own, *(record("fr-pj", f"{number:04}", entities=[held[number % entities]]) for number in range(links)))
    return [api.link(KEY, f"fr-pj:{number:04}") for number in range(links)]
