"""An endless, seeded stream of cases whose names, dates and places follow fixed distributions.

Given names and half of the family names are drawn with the frequencies of the model's constants, the other half are
built of syllables (a real country has hundreds of thousands of family names); birth dates are uniform over 45 years.
Each of six countries has 5,000 cities by the law of Zipf and Mandelbrot (the largest holds 0.9% of the people) with one
to twenty postcodes of five digits; of a hundred addresses 85 are in the case's country, the others anywhere.
One case in twelve is about a person who was seen before, in another country and with a slip.
Each case holds a person with address, phone and (in half) a passport, and in half a second person or a vehicle.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import accumulate
from random import Random
from typing import Any

import orjson

from pipeline.correlation.keys import blocking_keys
from pipeline.matching.bounds.sketches import make_sketch
from pipeline.matching.fingerprint import EntityPrint, Fingerprint, entity_print
from pipeline.matching.handling import Handling
from pipeline.matching.model import load_model
from pipeline.matching.names.rarity import known_rarities
from pipeline.records.hashing import partition_of
from pipeline.records.intake import SourceMessage
from pipeline.records.messages import Position
from pipeline.records.model import RECORD_TYPE
from pipeline.records.normalised import (
    NameToken,
    NormalisedAddress,
    NormalisedEntity,
    NormalisedIdentifier,
    NormalisedName,
    NormalisedPhone,
    PartialDate,
)

COUNTRIES = ("FR", "DE", "PL", "ES", "IT", "BE")
CITIES = 5000
CITY_RANK = 20
"""The law's second constant: the largest city is not twice the second."""
AT_HOME = 0.85
SEEN_AGAIN = 1 / 12
KEPT = 20_000
"""People who may be seen again."""

SYLLABLES = tuple(
    start + vowel
    for start in [
        "b",
        "br",
        "d",
        "f",
        "g",
        "gr",
        "h",
        "k",
        "kr",
        "l",
        "m",
        "n",
        "p",
        "r",
        "s",
        "st",
        "sch",
        "t",
        "tr",
        "v",
        "w",
        "z",
    ]
    for vowel in "aeiou"
)
CASE_PARTITIONS = 4
HANDLING = Handling("H0", ("*",), ("correlation",))


class Population:
    """`messages()` and `fingerprints()` never end and go on where the other stopped; a seed gives one stream.

    `made` counts the cases and numbers them; streams that are to be held together begin at different counts.
    `rarity` is how rare the keys of `fingerprints()` are, in hundredths of a bit; 0: as the shipped model has it.
    """

    def __init__(self, seed: int, made: int = 0, rarity: int = 0) -> None:
        self._random = Random(seed)
        self._model = load_model()
        self._rarity = rarity or self._model.key_rarity
        known = [(token, 2 ** (-rarity / 100)) for token, rarity in known_rarities().items() if token.isalpha()]
        self._names = [token for token, _ in known]
        self._name_weights = list(accumulate(weight for _, weight in known))
        self._city_weights = list(accumulate(1 / (rank + CITY_RANK) for rank in range(CITIES)))
        self._people: list[NormalisedEntity] = []
        self.made = made

    def fingerprints(self) -> Iterator[Fingerprint]:
        """Cases as homes hold them, made without a message: the quick way to fill stores."""
        for country, entities in self._cases():
            yield self._fingerprint(country, tuple(entity_print(entity) for entity in entities))

    def messages(self) -> Iterator[SourceMessage]:
        """Cases as agencies send them."""
        for country, entities in self._cases():
            agency = agency_of(country)
            data = {
                "case_id": f"{self.made:08d}", "agency": agency, "country": country, "version": 1, "status": "active",
                "title": "Vol en bande organisée", "summary": "Trois véhicules volés en une nuit. " * 4,
                "handling": {"code": "H0", "releasable_to": ["*"], "purposes": ["correlation"]},
                "entities": [raw(entity) for entity in entities],
            }  # fmt: skip
            envelope = {
                "specversion": "1.0", "id": f"{self.made}", "source": f"/agencies/{agency}", "type": RECORD_TYPE,
                "data": data,
            }  # fmt: skip
            key = f"{agency}:{self.made:08d}".encode()
            position = Position(f"cases.{agency}", partition_of(key, CASE_PARTITIONS), self.made)
            yield SourceMessage(position, agency, key, orjson.dumps(envelope))

    def _cases(self) -> Iterator[tuple[str, tuple[NormalisedEntity, ...]]]:
        while True:
            self.made += 1
            country = self._random.choice(COUNTRIES)
            yield country, tuple(self._entities(country))

    def _fingerprint(self, country: str, entities: tuple[EntityPrint, ...]) -> Fingerprint:
        agency = agency_of(country)
        case = f"{agency}:{self.made:08d}"
        found = blocking_keys(entities, self._model.stop_keys, self._rarity)
        return Fingerprint(
            case,
            1,
            f"{self.made:032x}",
            agency,
            country,
            handling=HANDLING,
            keys=found,
            entities=entities,
            sketch=make_sketch(entities),
        )

    def _entities(self, country: str) -> Iterator[NormalisedEntity]:
        again = self._people and self._random.random() < SEEN_AGAIN
        yield self._seen_again() if again else self._person("p1", country)
        if self._random.random() < 0.5:
            yield self._person("p2", country) if self._random.random() < 0.5 else self._vehicle()

    def _person(self, entity: str, country: str) -> NormalisedEntity:
        random = self._random
        given, family = self._name(), self._name() if random.random() < 0.5 else _built_name(random)
        national = f"6{random.randrange(10**8):08d}"
        passport = (
            (NormalisedIdentifier("passport", f"{random.randrange(10**9):09d}"),) if random.random() < 0.5 else ()
        )
        person = NormalisedEntity(
            entity,
            "person",
            names=(_named(given, family),),
            birth_date=PartialDate(random.randrange(1960, 2005), random.randrange(1, 13), random.randrange(1, 29)),
            gender=random.choice(("male", "female")),
            identifiers=passport,
            phones=(NormalisedPhone(f"+33{national}", national),),
            addresses=(self._address(country if random.random() < AT_HOME else random.choice(COUNTRIES)),),
        )
        self._people = [*self._people[-KEPT:], person] if len(self._people) > 2 * KEPT else self._people
        self._people.append(person)
        return person

    def _address(self, country: str) -> NormalisedAddress:
        random = self._random
        rank = random.choices(range(CITIES), cum_weights=self._city_weights)[0]
        city, first = _city(country, rank)
        postcode = first + random.randrange(max(1, 400 // (rank + CITY_RANK)))
        street, house = f"rue {_built_name(random)}", str(random.randrange(1, 200))
        return NormalisedAddress(house=house, street=street, postcode=f"{postcode:05d}", city=city)

    def _seen_again(self) -> NormalisedEntity:
        """Half a phone later: the same name, with the birth date or the phone missing, or a letter left out."""
        random = self._random
        person = random.choice(self._people[-KEPT:])
        given, family = (token.text for token in person.names[0].tokens)
        slip = random.randrange(3)
        if slip == 2 and len(family) > 4:
            at = random.randrange(1, len(family))
            family = family[:at] + family[at + 1 :]
        return NormalisedEntity(
            "p1",
            "person",
            names=(_named(given, family),),
            birth_date=None if slip == 0 else person.birth_date,
            gender=person.gender,
            phones=() if slip == 1 else person.phones,
            identifiers=person.identifiers if random.random() < 0.5 else (),
        )

    def _vehicle(self) -> NormalisedEntity:
        random = self._random
        plate = (
            "".join(random.choices("ABCDEFGHJKLMNPQRSTVWXYZ", k=2))
            + f"{random.randrange(1000):03d}"
            + "".join(random.choices("ABCDEFGHJKLMNPQRSTVWXYZ", k=2))
        )
        return NormalisedEntity(
            "v1",
            "vehicle",
            identifiers=(NormalisedIdentifier("plate", plate),),
            make=random.choice(("renault", "audi", "seat", "skoda", "ford", "fiat")),
        )

    def _name(self) -> str:
        return self._random.choices(self._names, cum_weights=self._name_weights)[0]


def _built_name(random: Random) -> str:
    return "".join(random.choices(SYLLABLES, k=random.choice((2, 3, 3, 4))))


@cache
def _city(country: str, rank: int) -> tuple[str, int]:
    """The name and first postcode of a city."""
    random = Random(f"{country} {rank}")
    return _built_name(random), random.randrange(10_000, 100_000)


def agency_of(country: str) -> str:
    """The one agency of a country."""
    return f"{country.lower()}-police"


def raw(entity: NormalisedEntity) -> dict[str, Any]:
    """An entity as an agency writes it."""
    found: dict[str, Any] = {"id": entity.id, "type": entity.type}
    if entity.type == "vehicle":
        return {**found, "plate": entity.identifiers[0].value, "make": entity.make}
    given, family = (token.text.title() for token in entity.names[0].tokens)
    found["names"] = [{"given": given, "family": family}]
    if (born := entity.birth_date) is not None:
        found["birth_date"] = f"{born.year}-{born.month:02d}-{born.day:02d}"
    found["gender"] = entity.gender
    found["identifiers"] = [{"type": identifier.type, "value": identifier.value} for identifier in entity.identifiers]
    found["phones"] = [phone.e164 for phone in entity.phones]
    found["addresses"] = [
        {"house": address.house, "street": address.street, "postcode": address.postcode, "city": address.city}
        for address in entity.addresses
    ]
    return found


def _named(given: str, family: str) -> NormalisedName:
    return NormalisedName(f"{given} {family}", (NameToken(given, "given"), NameToken(family, "family")))
