"""Pairs of entities at the thresholds of each comparison: a value and what a few edits make of it.

One generator a comparison, in EDITS: `edits(random, entity_type)` gives the fields of two entities of that type. Where
a comparison counts edits, values have from none to one more than it allows; where it asks for a length, one less too.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from random import Random
from typing import Any

import msgspec

from pipeline.matching.comparisons.catalogue import BY_NAME, CATALOGUE
from pipeline.matching.comparisons.comparison import Comparison
from pipeline.matching.comparisons.identifier import OWN
from pipeline.matching.comparisons.positions import REACHES
from pipeline.matching.fingerprint import AddressPrint, EntityPrint, IdentifierPrint, PhonePrint
from pipeline.matching.names import NamePrint, make_name_print
from pipeline.records.names import normalise_name
from pipeline.records.normalised import BirthDate, GeoPoint, PartialDate, TimeSpan

Fields = dict[str, Any]
FieldPair = tuple[Fields, Fields]
PrintPair = tuple[EntityPrint, EntityPrint]

DIGITS = "0123456789"
LETTERS = "abcdefghijklmnopqrstuvwxyz"
CHARACTERS = "0123456789ABCDSOZ"


def edited(random: Random, text: str, edits: int, alphabet: str) -> str:
    """The text after some replacements, insertions, deletions and exchanges of neighbours."""
    for _ in range(edits):
        at, letter = random.randrange(len(text) + 1), random.choice(alphabet)
        text = random.choice(
            (
                text[:at] + letter + text[at + 1 :],
                text[:at] + letter + text[at:],
                text[:at] + text[at + 1 :],
                text[:at] + text[at + 1 : at + 2] + text[at : at + 1] + text[at + 2 :],
            )
        )
    return text


def drawn(random: Random, lengths: range, alphabet: str) -> str:
    """A text of one of these lengths."""
    return "".join(random.choice(alphabet) for _ in range(random.choice(lengths)))


def sometimes(random: Random, value: Any, otherwise: Any = "", share: float = 0.25) -> Any:
    """The value, or something else instead."""
    return otherwise if random.random() < share else value


def several(random: Random, pair: Callable[[], tuple[Any, Any]]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Mostly one value on each side, else two or three."""
    pairs = [pair() for _ in range(random.choice((1, 1, 1, 2, 3)))]
    return tuple(sorted({a for a, _ in pairs})), tuple(sorted({b for _, b in pairs}))


GIVEN = (
    "Jean", "Abdul", "Mohamed", "Muhammad", "Christophe", "Kristof", "JC", "B.", "Bob", "Robert", "Bill", "William",
    "Li", "Ng", "Иван", "محمد", "Maximilian", "Max", "Eva", "Anna-Lena",
)  # fmt: skip
FAMILY = (
    "Rahman", "Müller", "Mueller", "Muller", "van der Bilt", "Vanderbilt", "Ben Ali", "O'Brien", "Nguyen", "Łódź",
    "Strauß", "Hernández García", "García", "al-Rashid", "Петров", "Petrov", "Zimmermann", "Oczko", "Kowalski", "Day",
)  # fmt: skip
FIRMS = ("Nordwind Ltd", "Nordwind Finance GmbH", "ООО Гамма", "Gamma LLC", "Acme Trading France", "Acme Trading Italy")


@cache
def name_print(full: str, entity_type: str) -> NamePrint:
    """The print of a name of an entity of a type; all but persons and organisations are named as vessels are."""
    kind = entity_type if entity_type in ("person", "organisation") else "vessel"
    return make_name_print(normalise_name(full, "", "", "", "", "primary", kind), kind)


def name_edits(random: Random, entity_type: str) -> FieldPair:
    """Words with up to three edits, left out, exchanged, joined or cut short; now and then several names on a side.

    Names that agree with nothing cost, so that one name on each side is the keenest test of a bound.
    """

    def pair() -> tuple[NamePrint, NamePrint]:
        if entity_type == "person" and random.random() < 0.4:
            return parted_name(random), parted_name(random)
        if entity_type != "person":
            one, other = random.choice(FIRMS), random.choice(FIRMS)
            other = sometimes(random, edited(random, one, random.randrange(3), LETTERS), other)
        else:
            one = f"{random.choice(GIVEN)} {random.choice(FAMILY)}"
            other = respelt(random, sometimes(random, one, f"{random.choice(GIVEN)} {random.choice(FAMILY)}"))
        return name_print(one, entity_type), name_print(other, entity_type)

    names = several(random, pair) if random.random() < 0.3 else tuple((name,) for name in pair())
    a, b = (tuple(name for name in some if name.tokens) for some in names)
    return {"names": a}, {"names": b}


def parted_name(random: Random) -> NamePrint:
    """A name of which it is known which words are given names and which is the family's; one or the other may lack."""
    given = random.sample(GIVEN[:4], random.choice((0, 1, 2)))
    family = random.choice(FAMILY[:3]) if not given or random.random() < 0.8 else ""
    return make_name_print(normalise_name("", " ".join(given), "", family, "", "primary", "person"), "person")


def names_edits(random: Random, entity_type: str) -> FieldPair:
    """One to four names of which both sides have some, spelt as they sound or not."""
    given, family = random.sample(GIVEN[:7], 3), random.sample(FAMILY[1:11], 3)
    texts = [*map(" ".join, zip(given, family, strict=True)), f"{given[0]} {family[1]}"]
    some = texts if entity_type == "person" else [*FIRMS[:4], "Zbigniew Oczko"]
    a, b = ([name_print(text, entity_type) for text in random.sample(some, random.randrange(1, 5))] for _ in range(2))
    return {"names": tuple(sorted(set(a)))}, {"names": tuple(sorted(set(b)))}


def respelt(random: Random, name: str) -> str:
    """The name with a word misspelt or cut short, in any order, in part, or written together."""
    words = name.split()
    at = random.randrange(len(words))
    words[at] = edited(random, words[at], random.choice((0, 1, 1, 2, 2, 3)), LETTERS)
    words[at] = sometimes(random, words[at], words[at][:4], 0.1)
    random.shuffle(words)
    return random.choice((" ", " ", " ", "")).join(words[: random.choice((1, len(words), len(words)))])


def date_edits(random: Random, entity_type: str) -> FieldPair:
    """Whole and partial dates, up to three digits apart, with day and month exchanged, or a year off."""
    year, month, day = random.choice((1979, 1980, 1999)), random.choice((1, 3, 11, 12)), random.choice((1, 3, 11, 21))
    text = f"{year}{month:02d}{day:02d}"
    for _ in range(random.randrange(4)):
        at = random.randrange(8)
        digit = random.choice(DIGITS)
        exchanged = text[:at] + text[at + 1 : at + 2] + text[at : at + 1] + text[at + 2 :]
        text = random.choice((text[:at] + digit + text[at + 1 :], exchanged))
    other = (int(text[:4]), int(text[4:6]), int(text[6:]))
    other = random.choice((other, other, other, (year, day, month), (year + random.choice((-1, 1, 2)), month, day)))
    found = partly(random, year, month, day), partly(random, *other)
    a, b = (stated_dates(random, date) if random.random() < 0.2 else {"birth_date": date} for date in found)
    return a, b


def stated_dates(random: Random, date: PartialDate) -> Fields:
    """A date among others, as the end of a range, or about; in place of the date alone."""
    others = [PartialDate(date.year + random.choice((-20, -2, -1, 0, 1, 30)), date.month, date.day) for _ in range(3)]
    found = [BirthDate(one, one, random.random() < 0.2) for one in (date, *others[: random.randrange(4)])]
    first, last = sorted((date, random.choice(others)))
    found[0] = random.choice((found[0], found[0], BirthDate(first, last, random.random() < 0.2)))
    return {"birth_date": None, "birth_dates": tuple(sorted(set(found)))}


def partly(random: Random, year: int, month: int, day: int) -> PartialDate:
    """The date, or sometimes its year and month or its year alone."""
    if random.random() < 0.3:
        return random.choice((PartialDate(year, month, 0), PartialDate(year, 0, 0)))
    return PartialDate(year, month, day)


def date_text_edits(random: Random, entity_type: str) -> FieldPair:
    """A text with letters for digits and unreadable places against a date or another text."""
    fields, (date,) = date_edits(random, entity_type), ("1980-05-03",)
    text = edited(random, date, random.randrange(3), DIGITS + "Ol?")
    other = {"birth_date_text": edited(random, date, random.randrange(3), DIGITS + "Ol?")}
    return {"birth_date_text": text}, random.choice((other, fields[1]))


def identifier_edits(random: Random, entity_type: str) -> FieldPair:
    """Numbers of four to nine characters, up to two edits apart, of one type or two, valid or not."""

    def pair() -> tuple[IdentifierPrint, IdentifierPrint]:
        types = ("passport", "national_id", "other", "imo", OWN.get(entity_type, "passport"))
        kind = random.choice(types)
        value = drawn(random, range(4, 10), CHARACTERS)
        wrong = edited(random, value, random.randrange(3), CHARACTERS) or value
        sides = ((kind, value), (sometimes(random, kind, random.choice(types)), wrong))
        a, b = (
            IdentifierPrint(one, text, random.choice(("", "FR", "DE")), random.choice((-1, 0, 1)))
            for one, text in sides
        )
        return a, b

    a, b = several(random, pair)
    return {"identifiers": a}, {"identifiers": b}


def vin_edits(random: Random, entity_type: str) -> FieldPair:
    """Whole numbers and short ones, up to two edits apart; the check digit right, wrong or unknown."""
    value = drawn(random, range(4, 8), CHARACTERS) * random.choice((1, 1, 3))
    wrong = edited(random, value, random.randrange(3), CHARACTERS)
    a, b = (IdentifierPrint("vin", text, "", random.choice((-1, 0, 1))) for text in (value, wrong))
    return {"identifiers": (a,)}, {"identifiers": (b,)}


def plate_edits(random: Random, entity_type: str) -> FieldPair:
    """Plates of three to eight characters, up to two edits apart, or in part."""
    value = drawn(random, range(3, 9), CHARACTERS)
    wrong = edited(random, value, random.randrange(3), CHARACTERS + ("?*" if random.random() < 0.2 else "")) or value
    a, b = (IdentifierPrint("plate", text, random.choice(("", "FR", "DE"))) for text in (value, wrong))
    return {"identifiers": (a,)}, {"identifiers": (b,)}


def phone_edits(random: Random, entity_type: str) -> FieldPair:
    """Numbers of six to ten digits, up to two edits apart, with another country code, or without the area code."""

    def pair() -> tuple[PhonePrint, PhonePrint]:
        digits = drawn(random, range(6, 11), DIGITS)
        other = random.choice((edited(random, digits, random.randrange(3), DIGITS) or digits, digits[-7:]))
        return PhonePrint(f"+33{digits}", digits), PhonePrint(random.choice(("+33", "+32")) + other, other)

    a, b = several(random, pair)
    return {"phones": a}, {"phones": b}


def email_edits(random: Random, entity_type: str) -> FieldPair:
    """Addresses up to four edits apart, at two domains, and role mailboxes."""
    address = random.choice(("anna.kowalska", "info", "jb", "martin")) + "@example.org"
    wrong = edited(random, address, random.randrange(5), LETTERS)
    other = random.choice((wrong, wrong, address.replace("example.org", "mail.example")))
    return {"emails": (address,)}, {"emails": (other,)}


def address_edits(random: Random, entity_type: str) -> FieldPair:
    """Streets, postcodes and cities up to three edits apart, with parts unknown, in one country or two.

    A city may be the other's region, or in letters that are not read one way.
    """

    def pair() -> tuple[AddressPrint, AddressPrint]:
        places = (
            ("lyon", "69001"),
            ("villeurbanne", "69100"),
            ("łódź", "90-001"),
            ("москва", ""),
            ("شیراز", "71345"),
            ("london", "sw1a1aa"),
        )
        city, code = random.choice(places)
        street = random.choice(("rue de la paix", "avenue foch", "ولیعصر", "valiasr", "丸の内"))
        house = random.choice(("12", "12b", "14", "12/5", "2-4-1", ""))
        region = random.choice(("", "", "", "lyon", "rhone, villeurbanne"))
        parts = {"unit": random.choice(("", "", "7")), "building": random.choice(("", "", "2"))}
        address = AddressPrint(house, street, code, city, sometimes(random, "FR"), region=region, **parts)
        return address, AddressPrint(
            sometimes(random, house, random.choice(("12", "15", "12/7", "2-4-1", ""))),
            sometimes(random, edited(random, street, random.randrange(4), LETTERS), random.choice(("", "quai bond"))),
            sometimes(random, edited(random, code, random.randrange(3), DIGITS) if code else ""),
            sometimes(random, edited(random, city, random.randrange(4), LETTERS)),
            random.choice(("FR", "FR", "", "DE")),
            region=random.choice(("", "", "", city)),
            unit=random.choice(("", "", "7", "8")),
            building=random.choice(("", "", "2", "3")),
        )

    a, b = several(random, pair)
    if random.random() < 0.1:
        b = (AddressPrint(text="12 rue de la paix 69001 lyon"),)
    return {"addresses": a}, {"addresses": b}


def gender_edits(random: Random, entity_type: str) -> FieldPair:
    """Three values, with names on both sides or not: those that agree tell the gender."""
    named = {"names": (name_print("Anna Oczko", entity_type),)} if random.random() < 0.5 else {}
    a, b = (random.choice(("male", "female", "other")) for _ in range(2))
    return {"gender": a, **named}, {"gender": b, **named}


def nationality_edits(random: Random, entity_type: str) -> FieldPair:
    """One or two of some that share hashes and some that do not."""
    a, b = (tuple(sorted(random.sample(("de", "fr", "it", "pl", "ru", "us", "gb", "no"), random.choice((1, 2)))))
            for _ in range(2))  # fmt: skip
    return {"nationalities": a}, {"nationalities": b}


def word_edits(field: str, values: tuple[str, ...]) -> Callable[[Random, str], FieldPair]:
    """A generator of a word, up to three edits apart."""

    def edits(random: Random, entity_type: str) -> FieldPair:
        value = random.choice(values)
        other = sometimes(random, edited(random, value, random.randrange(4), LETTERS) or value, random.choice(values))
        return {field: value}, {field: other}

    return edits


def words_edits(field: str, values: tuple[str, ...]) -> Callable[[Random, str], FieldPair]:
    """A generator of up to three of some words on each side."""

    def edits(random: Random, entity_type: str) -> FieldPair:
        a, b = (tuple(sorted(random.sample(values, random.randrange(1, 4)))) for _ in range(2))
        return {field: a}, {field: b}

    return edits


def place_name_edits(random: Random, entity_type: str) -> FieldPair:
    """A place, up to three edits apart, or several on a side."""
    names = ("kazan", "saint petersburg", "lyon", "paris, texas", "paris, ontario")
    a, b = word_edits("birth_place", names)(random, entity_type)
    several = {"birth_place": "", "birth_places": tuple(sorted({*a.values(), *random.sample(names, 2)}))}
    return sometimes(random, a, several, 0.2), b


METRES_A_DEGREE = 111_195.0


def place_edits(random: Random, entity_type: str) -> FieldPair:
    """Distances and gaps just within and just beyond each bound."""
    metres, seconds = random.choice((*REACHES.values(), (60.0, 0), (500.0, 0)))
    share = random.choice((0.99, 1.01))
    start = 1_790_000_000
    other = start + int(seconds * random.choice((0.99, 1.01)))
    a = {"place": GeoPoint(48.0, 2.0), "span": sometimes(random, TimeSpan(start, start), None, 0.1)}
    return a, {"place": GeoPoint(48.0 + share * metres / METRES_A_DEGREE, 2.0), "span": TimeSpan(other, other)}


EDITS: dict[str, Callable[[Random, str], FieldPair]] = {
    "name": name_edits,
    "birth_date": date_edits,
    "birth_date_partial": date_edits,
    "birth_date_text": date_text_edits,
    "identifier": identifier_edits,
    "phone": phone_edits,
    "email": email_edits,
    "address": address_edits,
    "gender": gender_edits,
    "nationality": nationality_edits,
    "birth_place": place_name_edits,
    "vin": vin_edits,
    "plate": plate_edits,
    "make": word_edits("make", ("renault", "volkswagen", "vw")),
    "model": word_edits("model", ("clio", "passat variant", "golf")),
    "colour": word_edits("colour", ("red", "blue")),
    "calibre": word_edits("calibre", ("9 mm", "7.65 mm")),
    "when_where": place_edits,
    "method": words_edits("method", ("broken", "window", "ladder", "night", "keys")),
    "coordinates": place_edits,
    "other_names": names_edits,
}


PLAIN_WORDS = ("alpha", "alfa", "beta", "gamma delta")


def edits_of(comparison: Comparison) -> Callable[[Random, str], FieldPair]:
    """The comparison's generator; for one of texts any words will do, up to three edits apart.

    One that has a bound, and thresholds that these do not meet, needs its own.
    """
    if comparison.name in EDITS:
        return EDITS[comparison.name]
    kind = next(info.type for info in msgspec.structs.fields(EntityPrint) if info.name == comparison.field)
    if kind not in (str, tuple[str, ...]):
        raise AssertionError(f"tests/support/matching/comparison_edits.py: EDITS lacks {comparison.name}")
    return word_edits(comparison.field, PLAIN_WORDS) if kind is str else words_edits(comparison.field, PLAIN_WORDS)


def edited_pair(random: Random, comparison: str) -> PrintPair:
    """Two entities of a type that the comparison applies to, with its fields alone; seldom one side has no value."""
    entity_type = random.choice(sorted(BY_NAME[comparison].types))
    a, b = edits_of(BY_NAME[comparison])(random, entity_type)
    b = sometimes(random, b, {}, 0.03)
    return EntityPrint("a", entity_type, **a), EntityPrint("b", entity_type, **b)


def whole_pair(random: Random, entity_type: str) -> PrintPair:
    """Two entities with much or little of what is compared for their type, and some of what is not.

    Such as a person's plates, a vessel's flag, the birth date in a document.
    """
    a, b = EntityPrint("a", entity_type), EntityPrint("b", entity_type)
    share = random.choice((0.2, 0.7))
    for comparison in CATALOGUE:
        if comparison.sketched and random.random() < (share if entity_type in comparison.types else 0.2):
            fields = edits_of(comparison)(random, entity_type)
            a, b = (with_fields(entity, some) for entity, some in zip((a, b), fields, strict=True))
    return a, b


def with_fields(entity: EntityPrint, fields: Fields) -> EntityPrint:
    """The entity with these values, beside its identifiers."""
    if "identifiers" in fields:
        fields = {**fields, "identifiers": tuple(sorted({*entity.identifiers, *fields["identifiers"]}))}
    return msgspec.structs.replace(entity, **fields)
