"""What the demo's agencies say of how the people and things of a case are related, and which groups people belong to.

Drawn by each case's own number, so that nothing else in the feed depends on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from random import Random
from typing import Any, Final

from pipeline.demo.countries import Country
from pipeline.demo.naming import load_cultures
from pipeline.demo.recording import RecordedEntity

SEED: Final = 5
"""Another one draws other relations, and so makes other pages and screenshots of the demo."""

JsonObject = dict[str, Any]

ORGANISED: Final = 0.08
"""Share of the cases with people that name a company or club of one of them."""

HELD: Final = {
    "vehicle": ("owner", "owner", "driver"),
    "phone": ("user",),
    "account": ("account_holder",),
    "document": ("holder",),
    "weapon": ("owner",),
}
"""What somebody is to a thing of each type; the more often a word stands, the likelier."""

SAID: Final = 0.7
"""How often an agency knows, and writes down, whose a thing is, or that two people know each other."""
DATED: Final = 0.3
"""How often it knows since when."""
LONGEST_DAYS: Final = 1_500
"""How long, at most, a relation has held."""
LATEST: Final = date(2026, 1, 1)
"""Before the first of the demo's cases."""

ACQUAINTED: Final = frozenset({"suspect", "associate"})
"""Roles of people who may be each other's associates; victims and witnesses are nobody's."""


def draw_organisation(country: Country, case_id: str, recorded: Sequence[RecordedEntity]) -> RecordedEntity | None:
    """The company or club that a case names; None for most, and where nobody is who could belong to it.

    A name is one real thing in all cases of a country. None abroad knows it: no true pair comes of it.
    """
    rng = Random(f"{SEED}:{country.agency}:{case_id}")  # noqa: S311 - reproducible, not secret
    if rng.random() >= ORGANISED or not any(item.fields["type"] == "person" for item in recorded):
        return None
    fields: JsonObject = {"type": "organisation", "country": country.code}
    if rng.random() < 0.5:
        name = rng.choice(country.clubs).format(city=rng.choice(country.cities).name)
    else:
        trade = rng.choice(country.companies)
        cultures = [culture for culture in load_cultures().values() if country.code in culture.countries]
        family = rng.choice(cultures).family["male"].draw_name(rng).native
        name = f"{trade.format(family=family)} {country.legal_form}"
        fields["legal_form"] = country.legal_form
    return RecordedEntity(fields | {"names": [{"full": name}]}, (f"organisation-{country.code}-{name}",))


def list_relations(country: Country, case_id: str, entities: Sequence[JsonObject]) -> Iterator[JsonObject]:
    """The relations of a case's entities as its agency states them; what one version says, the next says again."""
    people = [entity for entity in entities if entity["type"] == "person"]
    for entity in entities if people else ():
        rng = Random(f"{SEED}:{country.agency}:{case_id}:{entity['id']}")  # noqa: S311 - reproducible, not secret
        if (found := _relate(rng, people, entity)) and rng.random() < SAID:
            who, what = found
            yield {"from": who, "to": entity["id"], "type": what} | _draw_start(rng)


def _relate(rng: Random, people: Sequence[JsonObject], entity: JsonObject) -> tuple[str, str] | None:
    """Who stands in a relation to an entity, and in which; None where nobody could."""
    first = people[0]
    match entity["type"]:
        case "person":
            known = entity is not first and {first["role"], entity["role"]} <= ACQUAINTED
            return (first["id"], "associate") if known else None
        case "organisation":
            words = ("director", "employee") if "legal_form" in entity else ("member",)
            return rng.choice(people)["id"], rng.choice(words)
        case kind if kind in HELD:
            return rng.choice(people)["id"], rng.choice(HELD[kind])
        case _:
            return None


def _draw_start(rng: Random) -> JsonObject:
    """Since when, by month, as often as it is known."""
    if rng.random() >= DATED:
        return {}
    return {"start": f"{LATEST - timedelta(days=rng.randrange(1, LONGEST_DAYS)):%Y-%m}"}
