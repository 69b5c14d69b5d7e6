"""The invented people and things that the demo's agencies come across."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

import msgspec
from anyascii import anyascii

from pipeline.demo.countries import (
    City,
    Country,
    account_number,
    device_number,
    fill_pattern,
    load_countries,
    mobile_number,
    vehicle_number,
)
from pipeline.demo.naming import GENDERS, Culture, Spelling, load_cultures

CULTURES = {
    "french": 16, "german": 10, "polish": 12, "spanish": 12, "bulgarian": 11, "greek": 10, "arabic": 13, "russian": 7,
    "turkish": 6, "chinese": 4, "korean": 3, "hebrew": 3,
}  # fmt: skip
"""Shares of the people: mostly those who live where the eight agencies are, with travellers."""

OLDEST = date(1950, 1, 1)
BIRTHS = 20_000
"""Days over which births are spread: 1950 to 2004."""

SECOND_NAME = 0.3
"""Share of people with Latin names who bear a second given name."""

MODELS = (
    ("Volkswagen", "Golf"), ("Renault", "Clio"), ("BMW", "X5"), ("Audi", "A6"), ("Škoda", "Octavia"),
    ("Peugeot", "308"), ("Mercedes-Benz", "Sprinter"), ("Seat", "León"), ("Toyota", "Corolla"), ("Ford", "Transit"),
)  # fmt: skip
COLOURS = ("black", "white", "grey", "silver", "blue", "red")


class HomeAddress(msgspec.Struct, frozen=True):
    """Where somebody lives."""

    country: str
    city: City
    street: str
    house: str


class TruePerson(msgspec.Struct, frozen=True):
    """A real person; `second` is a second given name or, in Spain, a second family name."""

    id: str
    culture: Culture
    gender: str
    given: Spelling
    family: Spelling
    second: Spelling | None
    born: date
    birth_place: City
    nationality: str
    home: HomeAddress
    phone: str
    passport: str
    email: str


class TrueThing(msgspec.Struct, frozen=True):
    """A real thing that several cases may meet: `fields` are its true entity fields."""

    id: str
    type: str
    country: str
    fields: dict[str, str]


class World:
    """Makes people and things, one random draw after the other: the same seed makes the same world."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._made = 0

    def make_person(self, *, common_name: bool = False) -> TruePerson:
        """Somebody new; `common_name` draws only from the listed, common names."""
        rng = self._rng
        culture = load_cultures()[rng.choices(list(CULTURES), list(CULTURES.values()))[0]]
        gender = rng.choices(GENDERS, (7, 3))[0]
        residence = self._draw_residence(culture)
        nationality = residence.code if residence.code in culture.countries else culture.countries[0]
        given = culture.given[gender].draw_name(rng, listed=common_name)
        return self._add_contacts(
            TruePerson(
                id="",
                culture=culture,
                gender=gender,
                given=given,
                family=culture.family[gender].draw_name(rng, listed=common_name),
                second=None if common_name else self._draw_second_name(culture, gender, given),
                born=OLDEST + timedelta(days=rng.randrange(BIRTHS)),
                birth_place=rng.choice(load_countries().get(nationality, residence).cities),
                nationality=nationality,
                home=self._draw_home(residence),
                phone="",
                passport="",
                email="",
            )
        )

    def make_twin(self, person: TruePerson) -> TruePerson:
        """Born on the same day in the same place, at home in the same house; another given name."""
        given = self._draw_other_name(person.culture, person.gender, [person])
        return self._add_contacts(person, given=given, second=None)

    def make_relative(self, household: list[TruePerson]) -> TruePerson:
        """One more member of a household: same family name and home, another given name and birth date."""
        person = household[0]
        gender = self._rng.choice(GENDERS)
        families = person.culture.family
        return self._add_contacts(
            person,
            gender=gender,
            given=self._draw_other_name(person.culture, gender, household),
            second=None,
            family=families[gender].all[families[person.gender].all.index(person.family)],
            born=person.born + timedelta(days=self._rng.randrange(400, 9_000)),
        )

    def make_namesake(self, person: TruePerson) -> TruePerson:
        """Somebody else of the same name: born on another day, living elsewhere."""
        residence = self._draw_residence(person.culture)
        return self._add_contacts(
            person,
            born=person.born + timedelta(days=self._rng.randrange(400, 6_000)),
            birth_place=self._rng.choice(load_countries().get(person.nationality, residence).cities),
            home=self._draw_home(residence),
        )

    def make_thing(self, kind: str) -> TrueThing:
        """A new vehicle, phone, account, document or weapon."""
        country = self._rng.choice(
            [country for country in load_countries().values() if country.bban or kind != "account"]
        )
        return TrueThing(self._next_id(kind), kind, country.code, self._draw_fields(kind, country))

    def _draw_fields(self, kind: str, country: Country) -> dict[str, str]:
        rng = self._rng
        match kind:
            case "vehicle":
                make, model = rng.choice(MODELS)
                look: dict[str, str] = {"make": make, "model": model, "colour": rng.choice(COLOURS)}
                plate, vin = fill_pattern(rng, country.plate), vehicle_number(rng)
                return {"plate": plate, "plate_country": country.code, "vin": vin, **look}
            case "phone":
                return {"number": mobile_number(rng, country), "imei": device_number(rng)}
            case "account":
                return {"iban": account_number(rng, country)}
            case "document":
                return {
                    "document_type": "passport",
                    "number": fill_pattern(rng, country.passport),
                    "country": country.code,
                }
            case _:
                return {
                    "serial": fill_pattern(rng, "LDDDDDDD"),
                    "make": rng.choice(("Glock", "CZ", "Zastava")),
                    "calibre": "9x19",
                }

    def _add_contacts(self, person: TruePerson, **changed: Any) -> TruePerson:
        """The person, changed so, as somebody new with a phone, a passport and an e-mail address of their own."""
        person = msgspec.structs.replace(person, id=self._next_id("person"), **changed)
        country = load_countries()[person.home.country]
        issuer = load_countries().get(person.nationality, country)
        name = anyascii(person.given.latin[0]).split()[0].lower()
        return msgspec.structs.replace(
            person,
            phone=mobile_number(self._rng, country),
            passport=fill_pattern(self._rng, issuer.passport),
            email=f"{name}.{self._rng.randrange(1_000, 99_999)}@example.org",
        )

    def _draw_residence(self, culture: Culture) -> Country:
        at_home = [load_countries()[code] for code in culture.countries if code in load_countries()]
        stays = self._rng.random() < 0.75
        return self._rng.choice(at_home if stays and at_home else list(load_countries().values()))

    def _draw_home(self, country: Country) -> HomeAddress:
        rng = self._rng
        return HomeAddress(
            country.code, rng.choice(country.cities), rng.choice(country.streets), str(rng.randrange(1, 180))
        )

    def _draw_second_name(self, culture: Culture, gender: str, given: Spelling) -> Spelling | None:
        if culture.name == "spanish":
            return culture.family[gender].draw_name(self._rng)
        if not culture.latin or self._rng.random() >= SECOND_NAME:
            return None
        while (second := culture.given[gender].draw_name(self._rng)) == given:
            continue
        return second

    def _draw_other_name(self, culture: Culture, gender: str, household: list[TruePerson]) -> Spelling:
        """A given name that nobody of the household bears."""
        taken = {member.given.native for member in household}
        while (given := culture.given[gender].draw_name(self._rng)).native in taken:
            continue
        return given

    def _next_id(self, kind: str) -> str:
        self._made += 1
        return f"{kind}-{self._made}"
