"""What investigators ask of a filled index, and who they are: prepared before the load, so that making it costs none.

Questions are made of records that the index holds, as someone writes who does not have the record at hand.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from random import Random
from typing import Any
from urllib.parse import quote

from benchmarks.lists.sets import load_list
from benchmarks.search.corpus import Record, written_in_cyrillic
from benchmarks.search.filling import Filled, Link, Linked
from benchmarks.search.list_questions import FORMS, counterparts_of, question_of
from benchmarks.stream.population import COUNTRIES, agency_of
from pipeline.access.release import CaseMeta, View, decide
from pipeline.access.requester import Purpose, Requester, Role
from pipeline.access.token_keys import issue_token
from pipeline.matching.names.rarity import known_rarities
from pipeline.settings import Settings

SEED = 7
PURPOSE, CASE_REFERENCE = Purpose.INVESTIGATION, "2026/4711"
SUBJECTS = 100
"""Investigators of each agency, so that no one's rate limit or budget of hits ends a run."""

COMMON = 40
"""The most frequent name parts: questions of two of them have the most candidates."""

Person = dict[str, Any]


def _name(random: Random, record: Record, person: Person) -> str:
    [name] = person["names"]
    return f"{name['given']} {name['family']}"


def _misspelt(random: Random, record: Record, person: Person) -> str:
    """A letter left out, doubled, or exchanged with the next."""
    name = _name(random, record, person)
    at = random.randrange(1, len(name) - 2)
    slips = (name[:at] + name[at + 1 :], name[:at] + name[at] + name[at:],
             name[:at] + name[at + 1] + name[at] + name[at + 2 :])  # fmt: skip
    return random.choice(slips)


def _born(random: Random, record: Record, person: Person) -> str:
    """With the day, or the month, or the year of birth."""
    return f"{_name(random, record, person)} {person['birth_date'][: random.choice((10, 10, 7, 4))]}"


def _other_script(random: Random, record: Record, person: Person) -> str:
    return written_in_cyrillic(_name(random, record, person))


def _with_city(random: Random, record: Record, person: Person) -> str:
    return f"{_name(random, record, person)} city:{person['addresses'][0]['city']}"


def _passport(random: Random, record: Record, person: Person) -> str:
    return str(person["identifiers"][0]["value"])


def _phone(random: Random, record: Record, person: Person) -> str:
    return str(person["phones"][0])


def _plate(random: Random, record: Record, vehicle: Person) -> str:
    return str(vehicle["plate"])


def _partial_plate(random: Random, record: Record, vehicle: Person) -> str:
    plate = vehicle["plate"]
    at = random.randrange(2, len(plate) - 1)
    return f"plate:{plate[:at]}?{plate[at + 1 :]}" if random.random() < 0.5 else f"plate:{plate[:5]}*"


Make = Callable[[Random, Record, Person], str]

KINDS: dict[str, tuple[int, str, Make]] = {
    "name": (24, "names", _name),
    "name, misspelt": (20, "names", _misspelt),
    "name and birth": (16, "birth_date", _born),
    "name, other script": (10, "names", _other_script),
    "name and city": (4, "addresses", _with_city),
    "passport": (8, "identifiers", _passport),
    "phone": (8, "phones", _phone),
    "plate": (4, "plate", _plate),
    "part of a plate": (3, "plate", _partial_plate),
}
"""Of a hundred searches how many are of a kind, what the entity asked about must have, and how it is asked.

The remaining three are two of the commonest names.
"""
COMMON_NAMES = 3


def questions(filled: Filled) -> list[tuple[str, str]]:
    """A kind and a question for each sampled record that has what the kind needs, in random order."""
    random = Random(SEED)
    common = sorted(known_rarities().items(), key=lambda one: one[1])[:COMMON]
    weights = list(accumulate([*(weight for weight, _, _ in KINDS.values()), COMMON_NAMES]))
    made = []
    for record in filled.samples:
        [kind] = random.choices([*KINDS, "common names"], cum_weights=weights)
        if kind == "common names":
            made.append((kind, " ".join(token for token, _ in random.sample(common, 2))))
            continue
        _, needed, make = KINDS[kind]
        entity = next((one for one in record["entities"] if one.get(needed)), None)
        if entity is not None:
            made.append((kind, make(random, record, entity)))
    random.shuffle(made)
    return made


def list_questions() -> dict[str, list[str]]:
    """By the forms of list_questions.py, UN entries that the UK's list cites, in random order."""
    lists = load_list("lists-several-values")
    asking = [lists.entities[case] for case in counterparts_of(lists)]
    people_and_bodies = [entity for entity in asking if entity["type"] in {"person", "organisation"}]
    Random(SEED).shuffle(people_and_bodies)
    return {form: list(filter(None, (question_of(entity, form) for entity in people_and_bodies))) for form in FORMS}


def load(settings: Settings, filled: Filled) -> dict[str, Any]:
    """What the load generator needs: tokens by agency, questions, and for each agency cases and links that it reads."""
    people = {country: list(_investigators(country)) for country in COUNTRIES}
    tokens = {
        agency_of(country): [_token(settings, requester) for requester in those] for country, those in people.items()
    }
    readers = [those[0] for those in people.values()]
    cases = list({case.case: case for link in filled.linked for case in (link.a, link.b)}.values())
    return {
        "tokens": tokens,
        "questions": questions(filled),
        "listed": list_questions() if filled.listed else {},
        "linked": {reader.agency: [case.case for case in cases if _reads(reader, case)] for reader in readers},
        "pages": {
            reader.agency: [_page(link) for link in filled.linked if _reads(reader, link.a, link.b)]
            for reader in readers
        },
        "grounds": quote(json.dumps({"purpose": PURPOSE, "case_reference": CASE_REFERENCE})),
    }


def _investigators(country: str) -> Iterator[Requester]:
    agency = agency_of(country)
    roles = frozenset({Role.INVESTIGATOR})
    return (Requester(f"investigator-{at}@{agency}", agency, country, roles) for at in range(SUBJECTS))


def _token(settings: Settings, who: Requester) -> str:
    return issue_token(settings, who, datetime.now(UTC), timedelta(hours=12))


def _page(link: Link) -> str:
    """The address of a link's page."""
    return f"/links/{link.id}/of/{link.a.case}"


def _reads(who: Requester, *cases: Linked) -> bool:
    found = (CaseMeta(linked.case, linked.agency, linked.handling) for linked in cases)
    return all(decide(case, who, PURPOSE, datetime.now(UTC)).view is View.FULL for case in found)
