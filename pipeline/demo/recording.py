"""How an agency writes down the people and things that it sees: in its own script, in part, and not without mistakes.

Every share below says how often a register holds a field or a kind of mistake; none was fitted to the matcher.
Slips are of the keyboard, of the eye, of the form.
"""

from __future__ import annotations

from datetime import date
from random import Random
from string import ascii_letters
from typing import Any

import msgspec

from pipeline.demo.countries import Country
from pipeline.demo.naming import FAMILY_FIRST, UNSPACED, Spelling
from pipeline.demo.world import TruePerson, TrueThing

NAME_MISTYPED = 0.07
SHORT_NAME = 0.05
INITIAL = 0.03
FAMILY_NAME_FIRST = 0.2
UPPER_CASE = 0.2
UNUSUAL_SPELLING = 0.4
SECOND_NAME_KNOWN = 0.5
ALSO_NATIVE = 0.15
"""An agency that writes Latin letters copies the native name from a passport or a phone's contact list."""
ALSO_LATIN = 0.3
"""An agency that writes the native script adds the passport's Latin spelling."""
IN_PARTS = 0.5
"""Given and family name in fields of their own."""

BIRTH_DATE_KNOWN = 0.85
BIRTH_PLACE_KNOWN = 0.45
GENDER_KNOWN = 0.85
GENDER_WRONG = 0.01
NATIONALITY_KNOWN = 0.7
HOME_KNOWN = 0.5
PHONE_KNOWN = 0.5
PASSPORT_KNOWN = 0.4
EMAIL_KNOWN = 0.15
NUMBER_MISREAD = 0.03
"""One digit of a phone, passport, plate, IBAN or serial number taken down wrongly."""

PLATE_ONLY = 0.45
"""Of vehicles: seen on the road, where nobody reads the VIN."""
PHONE_PARTS = {("number",): 5, ("imei",): 1, ("number", "imei"): 4}
"""What is known of a phone: its line, its device, or both; the larger the number, the likelier."""
MAKE_KNOWN = 0.7
"""Of vehicles: make, model and colour."""


class RecordedEntity(msgspec.Struct, frozen=True):
    """An entity as written, without its id, and the ids of the real people and things that it shows."""

    fields: dict[str, Any]
    shows: tuple[str, ...]


class Register:
    """One agency's register: writes people and things as its clerks do."""

    def __init__(self, rng: Random, country: Country) -> None:
        self._rng = rng
        self._country = country

    def record_person(self, person: TruePerson, role: str, *, at_home: bool = False) -> RecordedEntity:
        """A person as a suspect, victim or witness; `at_home` makes the address certain to be known."""
        fields: dict[str, Any] = {"type": "person", "role": role, "names": self._record_names(person)}
        shows = [person.id]
        self._add_description(fields, person)
        if at_home or self._happens(HOME_KNOWN):
            fields["addresses"] = [self._record_address(person)]
        if self._happens(PHONE_KNOWN):
            fields["phones"] = [self._phone_as_dialled(person.phone)]
        if self._happens(PASSPORT_KNOWN):
            fields["identifiers"] = [
                {"type": "passport", "value": self._record_number(person.passport), "country": person.nationality}
            ]
        if self._happens(EMAIL_KNOWN):
            fields["emails"] = [person.email]
        return RecordedEntity(fields, tuple(shows))

    def record_thing(self, thing: TrueThing) -> RecordedEntity:
        """A vehicle, phone, account, document or weapon, perhaps with a digit taken down wrongly."""
        fields: dict[str, Any] = {"type": thing.type, **thing.fields}
        if thing.type == "phone":
            return self._record_phone(thing)
        if thing.type == "vehicle":
            self._record_vehicle(fields)
        else:
            number = {"account": "iban", "document": "number", "weapon": "serial"}[thing.type]
            fields[number] = self._record_number(fields[number])
        return RecordedEntity(fields, (thing.id,))

    def _add_description(self, fields: dict[str, Any], person: TruePerson) -> None:
        if self._happens(BIRTH_DATE_KNOWN):
            fields |= recorded_birth_date(self._rng, person.born)
        if self._happens(BIRTH_PLACE_KNOWN):
            fields["birth_place"] = person.birth_place.name
        if self._happens(GENDER_KNOWN):
            other = {"male": "female", "female": "male"}[person.gender]
            fields["gender"] = other if self._happens(GENDER_WRONG) else person.gender
        if self._happens(NATIONALITY_KNOWN):
            fields["nationalities"] = [person.nationality]

    def _record_names(self, person: TruePerson) -> list[dict[str, str]]:
        writes_native = person.culture.latin or person.culture.name in self._country.scripts
        names = [self._record_name(person, native=writes_native)]
        if not person.culture.latin and self._happens(ALSO_LATIN if writes_native else ALSO_NATIVE):
            names.append({**self._record_name(person, native=not writes_native), "kind": "alias"})
        return names

    def _record_name(self, person: TruePerson, *, native: bool) -> dict[str, str]:
        given = self._record_given(person, native=native)
        family = self._maybe_mistype(self._spell(person.family, native=native))
        if person.second and self._happens(SECOND_NAME_KNOWN):
            second = self._spell(person.second, native=native)
            given, family = (
                (given, f"{family} {second}") if person.culture.name == "spanish" else (f"{given} {second}", family)
            )
        if self._happens(UPPER_CASE):
            family = family.upper()
        if self._happens(IN_PARTS):
            return {"given": given, "family": family}
        return {"full": self._record_full_name(person, given, family, native=native)}

    def _record_full_name(self, person: TruePerson, given: str, family: str, *, native: bool) -> str:
        """In one field, in the order of the culture or of the form."""
        if native and person.culture.name in UNSPACED:
            return family + given
        family_first = person.culture.name in FAMILY_FIRST or self._happens(FAMILY_NAME_FIRST)
        return f"{family} {given}" if family_first else f"{given} {family}"

    def _record_given(self, person: TruePerson, *, native: bool) -> str:
        short = [form for form in person.given.short if (form[0] < _GREEK) != native or person.culture.latin]
        if short and self._happens(SHORT_NAME):
            return short[0]
        written = self._maybe_mistype(self._spell(person.given, native=native))
        return f"{written[0]}." if self._happens(INITIAL) and person.culture.name not in UNSPACED else written

    def _spell(self, spelling: Spelling, *, native: bool) -> str:
        """The native form, or a Latin one: the usual, or another as each country's transcription has it."""
        if native and spelling.native != spelling.latin[0]:
            return spelling.native
        return (
            self._rng.choice(spelling.latin[1:] or spelling.latin)
            if self._happens(UNUSUAL_SPELLING)
            else spelling.latin[0]
        )

    def _maybe_mistype(self, text: str) -> str:
        return mistype(self._rng, text) if self._happens(NAME_MISTYPED / 2) else text

    def _record_address(self, person: TruePerson) -> dict[str, str]:
        home = person.home
        parts = {"street": home.street, "house": home.house, "postcode": home.city.postcode, "city": home.city.name}
        if self._happens(0.5):
            return parts | {"country": home.country}
        return {"full": "{street} {house}, {postcode} {city}".format(**parts), "country": home.country}

    def _phone_as_dialled(self, e164: str) -> str:
        """International, with spaces, or from the number's own country as people there dial it."""
        number = self._record_number(e164)
        return self._rng.choice((number, f"{number[:3]} {number[3:6]} {number[6:]}", "00" + number[1:]))

    def _record_vehicle(self, fields: dict[str, Any]) -> None:
        fields["plate"] = self._record_number(fields["plate"])
        if self._happens(PLATE_ONLY):
            del fields["vin"]
        if not self._happens(MAKE_KNOWN):
            del fields["make"], fields["model"], fields["colour"]

    def _record_phone(self, thing: TrueThing) -> RecordedEntity:
        """The line, its device, or both, as a number is read out or a handset is seized: they are two real things."""
        parts = self._rng.choices(tuple(PHONE_PARTS), tuple(PHONE_PARTS.values()))[0]
        fields: dict[str, Any] = {"type": thing.type, **{part: thing.fields[part] for part in parts}}
        if "number" in fields:
            fields["number"] = self._phone_as_dialled(fields["number"])
        return RecordedEntity(fields, tuple(f"{thing.id}-{part}" for part in parts))

    def _record_number(self, number: str) -> str:
        return misread_digit(self._rng, number) if self._happens(NUMBER_MISREAD) else number

    def _happens(self, share: float) -> bool:
        return self._rng.random() < share


_GREEK = "\u0370"
"""The first letter of another script than Latin."""

NEIGHBOURS = {
    "a": "qs", "b": "vn", "c": "xv", "d": "sf", "e": "wr", "f": "dg", "g": "fh", "h": "gj", "i": "uo",
    "j": "hk", "k": "jl", "l": "k", "m": "n", "n": "bm", "o": "ip", "p": "o", "q": "wa", "r": "et",
    "s": "ad", "t": "rz", "u": "zi", "v": "cb", "w": "qe", "x": "yc", "y": "xt", "z": "tu",
}  # fmt: skip
"""Adjacent keys; letters of other scripts are only dropped, doubled or transposed."""

SWAPPED_DAY_MONTH = 0.03
WRONG_DIGIT_OF_DATE = 0.03
YEAR_AND_MONTH_ONLY = 0.03
YEAR_ONLY = 0.03
UNREADABLE_DATE = 0.01
"""Shares of recorded birth dates. Published audits of hand-entered registers find 3-10% of dates in error in all."""


def mistype(rng: Random, text: str) -> str:
    """One slip of the keyboard within a word of three letters or more; shorter texts stay."""
    places = [place for place, letter in enumerate(text) if letter.isalpha() and place and place + 1 < len(text)]
    if not places:
        return text
    place = rng.choice(places)
    letter = text[place]
    slips = [letter + letter, "", text[place + 1] + letter]
    if letter.lower() in NEIGHBOURS and letter in ascii_letters:
        slips.append(rng.choice(NEIGHBOURS[letter.lower()]))
    slip = rng.choice(slips)
    consumed = 2 if slip == slips[2] else 1
    return text[:place] + slip + text[place + consumed :]


def misread_digit(rng: Random, text: str) -> str:
    """The text with one of its last digits replaced by another; the first two characters stay (prefix, country)."""
    places = [place for place, character in enumerate(text) if character.isdigit() and place > 1]
    if not places:
        return text
    place = rng.choice(places)
    other = rng.choice([digit for digit in "0123456789" if digit != text[place]])
    return text[:place] + other + text[place + 1 :]


def misread_date(rng: Random, text: str) -> str:
    """A date as a form that one character of cannot be read."""
    place = rng.choice([place for place, character in enumerate(text) if character.isdigit()])
    return text[:place] + rng.choice("?lO") + text[place + 1 :]


def recorded_birth_date(rng: Random, born: date) -> dict[str, str]:
    """`birth_date` or `birth_date_text` as a register holds it."""
    drawn = rng.random()
    swapped = born.replace(month=born.day, day=born.month) if born.day <= 12 else born
    for share, written in (
        (SWAPPED_DAY_MONTH, swapped.isoformat()),
        (WRONG_DIGIT_OF_DATE, _misread_date_digit(rng, born)),
        (YEAR_AND_MONTH_ONLY, f"{born:%Y-%m}"),
        (YEAR_ONLY, f"{born:%Y}"),
    ):
        if drawn < share:
            return {"birth_date": written}
        drawn -= share
    if drawn < UNREADABLE_DATE:
        return {"birth_date_text": misread_date(rng, born.isoformat())}
    return {"birth_date": born.isoformat()}


def _misread_date_digit(rng: Random, born: date) -> str:
    """Another real date that differs in one digit of the day or of the year's last two."""
    while True:
        written = misread_digit(rng, born.isoformat())
        try:
            return date.fromisoformat(written).isoformat()
        except ValueError:
            continue
