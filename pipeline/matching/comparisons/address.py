"""Addresses: house, street, postcode and city as one joint comparison, since they depend on each other.

Two addresses have a level from the same door to nothing (`address_level`); of several the best pair counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import product
from typing import NamedTuple

import numpy as np
from anyascii import anyascii
from rapidfuzz import fuzz

from pipeline.locale import N_
from pipeline.matching.comparisons.comparison import (
    ALL,
    SHARED_CAP,
    BitsArray,
    Bound,
    Comparison,
    ComparisonLevel,
    ComparisonResult,
    RowParts,
    States,
    Table,
    stronger_of,
    strongest_from,
)
from pipeline.matching.encoded import Field, Flags, Layout, Rows, hash_text, in_ascii, letter_set
from pipeline.matching.fingerprint import AddressPrint, EntityPrint
from pipeline.matching.names.prints import token_print
from pipeline.matching.operations import DONE
from pipeline.records.addresses import address, city_name
from pipeline.records.scripts import UNPARTED, script_of

UNIT = re.compile(r"[a-z]{1,2}\d[a-z\d]?\d[a-z]{2}|[a-z]\d[a-z]\d[a-z]\d|\d{4}[a-z]{2}|[a-z]\d[\dw][a-z\d]{4}")
"""Postcodes of a few doors each: United Kingdom, Canada, Netherlands, Ireland. Elsewhere they are those of a town."""

STREET_SIMILARITY = 82
"""rapidfuzz ratio from which two names of streets count as one, by sorted words or in one word: tolerates a wrong
letter, or another romanisation."""

ROMANISED_SIMILARITY = 75
"""rapidfuzz ratio from which a name in another script may be read as one in Latin letters, and of consonants alone. A
choice: Arabic is written without vowels; of 40 pairs of the open half of tests/data/addresses.tsv no two streets that
differ reach it."""

LONGEST_NAME = 6
"""Words of a street that are compared across scripts."""

OWN_WORD = 5
"""Letters of a word by which a street is known where one side leaves its other words out: Metaxa, Ioannou Metaxa."""

OWN_CONSONANTS = 4
"""Consonants by which a romanised name is known: Enghelab, Enqelab."""

HOUSE_PARTS = 2
"""Numbers of a house from which it is telling beside a city alone: 11-10."""

TRANSLATED = frozenset(
    ("AE", "AF", "BH", "CN", "EG", "HK", "IQ", "IR", "JO", "JP", "KP", "KR", "KW", "LB", "LY", "MA", "MO", "OM", "PK",
     "PS", "QA", "SA", "SD", "SY", "TN", "TW", "YE")
)  # fmt: skip
"""Countries whose kinds of street are translated freely: a khiaban is a street or an avenue, a lu a road or a
street."""

TEXT_SIMILARITY = 80
"""rapidfuzz token_set_ratio from which the words of an address in one line are those of another, where their numbers
agree. A choice: words that one side adds do not count, so a lower value takes other streets with the same house number
for one door."""

SHORTEST_POSTCODE = 4
"""Characters of postcodes that are near with one of them wrong."""

SHORTEST_ADDRESS = 3
"""Words that make a door."""

CITY_SIMILARITY = 84
"""rapidfuzz ratio from which two cities count as one. A choice: it tolerates a wrong letter in seven, or one left out
of four; a lower value takes short names that differ for one."""


class AddressLevel(ComparisonLevel):
    """How two addresses agree."""

    SAME_DOOR = 0.45, 5.0e-6, 0.45, 0.36, 0.30
    SAME_STREET = 0.08, 8.0e-5, 0.08, 0.07, 0.07
    SAME_UNIT_POSTCODE = 0.10, 1.2e-4, 0.10, 0.09, 0.09
    SAME_POSTCODE = 0.10, 4.0e-4, 0.10, 0.09, 0.09
    NEAR_POSTCODE = 0.04, 1.2e-3, 0.04, 0.04, 0.04
    SAME_CITY = 0.10, 8.0e-3, 0.10, 0.10, 0.10
    DIFFERENT = 0.23, 0.98, 0.23, 0.35, 0.40


def compare(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Compare addresses in one joint level; the best pair counts.

    Same door (house, street, and postcode or city), same street, same postcode (more in countries where it is that of a
    few doors), a postcode with one wrong character, same city (rarer ones say more), different. Parts that a side
    lacks, or whose letters can't be read, are unknown: two addresses without a part in common say nothing, and then no
    others are different. An address that the model lists as shared (a hostel, a prison, a head office) counts for
    little.
    """
    if not a.addresses or not b.addresses:
        return None
    DONE.operations += len(a.addresses) * len(b.addresses)
    best: ComparisonResult | None = None
    unknown = False
    for i, j in product(range(len(a.addresses)), range(len(b.addresses))):
        level = address_level(a.addresses[i], b.addresses[j])
        if level is None:
            unknown = True
            continue
        weight = _weight(table, level, a.addresses[i], b.addresses[j])
        best = stronger_of(table.result(level, weight, i, j), best)
    return None if unknown and best is not None and best.level == AddressLevel.DIFFERENT else best


def _weight(table: Table, level: int, p: AddressPrint, q: AddressPrint) -> int:
    if level == AddressLevel.SAME_CITY:
        return _city_weight(table, p, q)
    if (
        level <= AddressLevel.SAME_STREET
        and table.shared
        and (address_key(p) in table.shared or address_key(q) in table.shared)
    ):
        return min(table.weights[level], SHARED_CAP)
    if level < AddressLevel.SAME_CITY and table.terms and shared_city(p, q):
        return max(table.weights[level], _city_weight(table, p, q))
    return table.weights[level]


def _city_weight(table: Table, p: AddressPrint, q: AddressPrint) -> int:
    """Of one city; a rare one may say more than any postcode, which within it says no less."""
    names = shared_city(p, q) or (p.city, q.city)
    return min(table.adjust_weight(AddressLevel.SAME_CITY, name) for name in names)


def address_key(address: AddressPrint) -> str:
    """How the model's list of shared addresses names an address."""
    return f"{address.country}|{address.postcode or address.city}|{address.street or address.text}|{address.house}"


def carry_cities(terms: dict[str, int]) -> dict[str, int]:
    """A model's terms under the names that addresses give cities now; of several spellings the commonest counts."""
    found: dict[str, int] = {}
    for city, bits in terms.items():
        name = city_name(city) or city
        found[name] = min(bits, found.get(name, bits))
    return found


def carry_shared(keys: Iterable[str]) -> frozenset[str]:
    """A model's shared addresses, and those that were named after parts as they were read before."""
    found = set(keys)
    for key in keys:
        country, area, street, house = [*key.split("|"), "", "", ""][:4]
        code, city = (area, "") if any(map(str.isdigit, area)) else ("", area)
        read = address("", house, street, "", code, city, "", country.upper())
        found.add(address_key(AddressPrint(read.house, read.street, read.postcode, read.city, country)))
    return frozenset(found)


def address_value(entity: EntityPrint, index: int) -> str:
    """The address on one line."""
    found = entity.addresses[index]
    name = found.street or found.text
    parts = (found.house, found.building, found.way, name, found.unit, found.postcode, found.city, found.country)
    return " ".join(part for part in parts if part)


@lru_cache(maxsize=65536)
def address_level(p: AddressPrint, q: AddressPrint) -> AddressLevel | None:
    """The level of two addresses; None where they have no part in common that can be compared. Symmetric."""
    if p.country and q.country and p.country != q.country:
        return AddressLevel.DIFFERENT
    if not (p.street and q.street):
        level = _text_level(p, q)
        if level is not None:
            return level
    place = _same_place(p, q)
    if place is False:
        return _area_level(p, q, known=True)
    if _same_words(p, q):
        return AddressLevel.SAME_DOOR
    street = _same_street(p, q)
    if street:
        house = _same_house(p, q)
        if house is None:
            return AddressLevel.SAME_STREET
        return AddressLevel.SAME_DOOR if house else _area_level(p, q, known=True)
    if street is None and p.street and q.street and place and _same_house(p, q) and _is_telling(p, q):
        return AddressLevel.SAME_DOOR
    return _area_level(p, q, known=place is not None or street is not None)


def _is_telling(p: AddressPrint, q: AddressPrint) -> bool:
    """Whether house and postcode, or a house of many parts in one city, tell a door whose street can't be read."""
    if p.postcode and q.postcode:
        return p.postcode == q.postcode
    parts = _house(p.house).tail
    return len(parts) + 1 >= HOUSE_PARTS and parts == _house(q.house).tail


def _same_street(p: AddressPrint, q: AddressPrint) -> bool | None:
    """Whether one street is on both sides; None if a side has none, or in letters that can't be read for certain."""
    if not p.street or not q.street:
        return None
    translated = not TRANSLATED.isdisjoint((p.country.upper(), q.country.upper()))
    if p.way and q.way and p.way != q.way and not translated:
        return False
    found = {_same_name(x, y, translated) for x in p.street.split(", ") for y in q.street.split(", ")}
    if True in found:
        return True
    # A street's line may run on into the city and country that the other side states apart.
    x, y = set(p.street.split()), set(q.street.split())
    if len(x & y) > 1 and x ^ y <= {*p.city.split(), p.country, *q.city.split(), q.country}:
        return True
    return None if None in found else False


@lru_cache(maxsize=65536)
def _same_name(x: str, y: str, romanised: bool) -> bool | None:
    """Whether two names of streets are one; `romanised`: they may be two readings of a name in another script."""
    if x == y:
        return True
    if x.isascii() and y.isascii():
        numbers, others = ({word for word in text.split() if word.isdigit()} for text in (x, y))
        if numbers and others and numbers != others:
            return False
        if fuzz.token_sort_ratio(x, y) >= STREET_SIMILARITY:
            return True
        joined, other = x.replace(" ", ""), y.replace(" ", "")
        if min(len(joined), len(other)) >= OWN_WORD and fuzz.ratio(joined, other) >= STREET_SIMILARITY:
            return True
        if romanised and len(_consonants(joined)) >= OWN_CONSONANTS and _consonants(joined) == _consonants(other):
            return True
        shorter, longer = sorted((set(x.split()), set(y.split())), key=len)
        return shorter < longer and max(map(len, shorter)) >= OWN_WORD
    if script_of(x) == script_of(y):
        alike = max(fuzz.token_sort_ratio(x, y), fuzz.ratio(x.replace(" ", ""), y.replace(" ", "")))
        return alike >= STREET_SIMILARITY
    if not (x.isascii() or y.isascii()):
        return None
    original, latin = (y, x) if x.isascii() else (x, y)
    return _is_romanised(original, latin.replace(" ", "")) or None


def _is_romanised(original: str, latin: str) -> bool:
    """Whether a name in another script may be written so in Latin letters."""
    read = ""
    DONE.operations += LONGEST_NAME
    for word in original.split()[:LONGEST_NAME]:
        plain = _ARTICLE.sub("", word)
        forms = (*token_print(plain, "name").forms, anyascii(plain).casefold())
        read += max(forms, key=lambda form: (fuzz.partial_ratio(form, latin), len(form)))
    if fuzz.ratio(read, latin) >= ROMANISED_SIMILARITY:
        return True
    if script_of(original) in UNPARTED:
        return False  # of which the vowels are told
    consonants, others = _consonants(read), _consonants(latin)
    return len(others) > 1 and fuzz.ratio(consonants, others) >= STREET_SIMILARITY


def _consonants(latin: str) -> str:
    plain = _VOWELS.sub("", _GUTTURALS.sub("k", latin.replace("ch", "s").replace("sh", "s")))
    return _DOUBLED.sub(r"\1", plain)


_ARTICLE = re.compile("^ال(?=..)")
_DOUBLED = re.compile(r"(.)\1+")
_GUTTURALS = re.compile("gh|kh|ck|[cgqx]")
_VOWELS = re.compile("[aeiouyhw]")


def _same_words(p: AddressPrint, q: AddressPrint) -> bool:
    """Whether both are the same words, a number among them, wherever each stands: 176 pr mira 129366 moscow."""
    if p.postcode and q.postcode and p.city and q.city:
        return False  # their parts are told apart, so these compare better
    if p.house and q.house and not _same_house(p, q):
        return False
    words = _words(p)
    return len(words) >= SHORTEST_ADDRESS and words == _words(q) and any(word[0].isdigit() for word in words)


class HouseNumber(NamedTuple):
    """The number of a house, the letter behind it, and the numbers behind a stroke: 12b/3-4."""

    main: str
    letter: str = ""
    tail: tuple[str, ...] = ()


@lru_cache(maxsize=16384)
def _house(text: str) -> HouseNumber:
    found = _HOUSE.match(text)
    if not found:
        return HouseNumber(text)
    tail = tuple(filter(None, _STROKES.split(found[3])))
    letter = found[2]
    if len(tail) > 0 and len(tail[0]) == 1 and tail[0].isalpha():
        letter, tail = letter or tail[0], tail[1:]
    return HouseNumber(found[1].lstrip("0") or "0", letter, tail)


_HOUSE = re.compile(r"(\d+)([^\W\d_]*)(.*)")
_STROKES = re.compile(r"[-/. ]+")


def main_number(house: str) -> str:
    """The number by which two houses may be one."""
    return _house(house).main


def _same_house(p: AddressPrint, q: AddressPrint) -> bool | None:
    """Whether house and building agree as far as both state them; None if a house is unknown, or the flats differ."""
    buildings, others = set(p.building.split()), set(q.building.split())
    units, other_units = set(p.unit.split()), set(q.unit.split())
    if not p.house or not q.house:
        numbers, other_numbers = buildings | units, others | other_units
        return True if numbers & other_numbers and not p.house and not q.house else None
    x, y = _house(p.house), _house(q.house)
    if (
        x.main != y.main
        or (x.letter and y.letter and x.letter != y.letter)
        or (buildings and others and not buildings & others)
    ):
        return False
    if x.tail and y.tail:
        if x.tail[: len(y.tail)] != y.tail[: len(x.tail)]:
            return False
    else:
        # 12/5 may be house 12, building 5, or house 12, flat 5
        stated = others | other_units if x.tail else buildings | units
        if (tail := set(x.tail or y.tail)) and stated and not tail & stated:
            return None
    return None if units and other_units and not units & other_units else True


def _same_place(p: AddressPrint, q: AddressPrint) -> bool | None:
    """Whether postcode or city agree; None where neither can be compared."""
    if p.postcode and q.postcode and _near(p.postcode, q.postcode):
        return True
    if shared_city(p, q):
        return True
    if p.postcode and q.postcode:
        return False
    if not (p.city and q.city):
        return None
    # Letters of two scripts can be compared where both are read one way.
    scripts = {script_of(p.city), script_of(q.city)}
    return False if len(scripts) == 1 or scripts <= READABLE else None


def _near(p: str, q: str) -> bool:
    return (
        p == q
        or (len(p) == len(q) and sum(x != y for x, y in zip(p, q, strict=True)) <= 1)
        or p.startswith(q)
        or q.startswith(p)
    )


def _area_level(p: AddressPrint, q: AddressPrint, known: bool) -> AddressLevel | None:
    if p.postcode and q.postcode:
        if p.postcode == q.postcode:
            return AddressLevel.SAME_UNIT_POSTCODE if UNIT.fullmatch(p.postcode) else AddressLevel.SAME_POSTCODE
        if min(len(p.postcode), len(q.postcode)) >= SHORTEST_POSTCODE and _near(p.postcode, q.postcode):
            return AddressLevel.NEAR_POSTCODE
    if shared_city(p, q):
        return AddressLevel.SAME_CITY
    return AddressLevel.DIFFERENT if known else None


def shared_city(p: AddressPrint, q: AddressPrint) -> tuple[str, str] | None:
    """The names under which both have a city in common: that of one may be a district or a region of the other's."""
    if p.city and q.city and same_city(p.city, q.city):
        return p.city, q.city
    if p.city and p.city in q.region.split(", "):
        return p.city, p.city
    if q.city and q.city in p.region.split(", "):
        return q.city, q.city
    return None


@lru_cache(maxsize=65536)
def same_city(p: str, q: str) -> bool:
    """Whether two cities are spelt alike, in Latin letters if in two scripts."""
    if p.isascii() and q.isascii():
        return fuzz.ratio(p, q) >= CITY_SIMILARITY
    return fuzz.ratio(anyascii(p).casefold(), anyascii(q).casefold()) >= CITY_SIMILARITY


READABLE = frozenset({"Latin", "Cyrillic", "Greek", "Georgian", "Armenian", "Hangul", ""})
"""Scripts whose letters are read one way."""


def _text_level(p: AddressPrint, q: AddressPrint) -> AddressLevel | None:
    """Where one side is a text only: its numbers and words against the other's."""
    x, y = _words(p), _words(q)
    if not x or not y:
        return None
    numbers_x, numbers_y = {w for w in x if w[0].isdigit()}, {w for w in y if w[0].isdigit()}
    alike = fuzz.token_set_ratio(" ".join(x - numbers_x), " ".join(y - numbers_y)) >= TEXT_SIMILARITY
    shared = len(numbers_x & numbers_y)
    if alike and shared and (shared == min(len(numbers_x), len(numbers_y))):
        return AddressLevel.SAME_DOOR if len(x & y) >= 3 else AddressLevel.SAME_STREET
    return None


def _words(address: AddressPrint) -> set[str]:
    parts = (address.text, address.house, address.way, address.street, address.postcode, address.city)
    return {word for part in parts for word in part.replace(",", " ").split()}


CITY_UNLIKE = 1 - CITY_SIMILARITY / 100
"""Share of both cities' letters that may differ (rapidfuzz ratio: edits without substitution, by both lengths)."""

MOST_LETTERS = 250
"""Letters of a city of which a row has room for the number."""

ANY_CITY = 255
"""In place of the number of letters: any city may be the same, as it may be a district's or a region's name, or in
letters that are not read one way."""

NO_ADDRESS, ONE_ADDRESS, OPEN_ADDRESS = range(3)
"""In a row: none; one that is told; several, or one without a street, of which only areas and numbers are told."""

NUMBER_BITS = 32
"""The numbers in addresses have a bit each of so many."""


_UNKNOWN = len(AddressLevel)
"""The state behind the levels: a side has none, or nothing is known that both have."""


class Areas(Layout):
    """Countries of addresses, a bit each, and whether any address has a street, or a postcode."""

    countries = Field(30)
    street = Field()
    postcode = Field()


def encode_addresses(entity: EntityPrint) -> tuple[int, ...]:
    """Give the eight parts that a row holds of addresses.

    The numbers in all of them, and their countries; of one with a street the set of the city's letters; NO_ADDRESS,
    ONE_ADDRESS or OPEN_ADDRESS; the number of the city's letters; hashes of both parts of the postcode, and of the
    house.
    """
    if not entity.addresses:
        return 0, 0, 0, NO_ADDRESS, 0, 0, 0, 0
    address, city = entity.addresses[0], in_ascii(entity.addresses[0].city)
    length = ANY_CITY if address.region or script_of(address.city) not in READABLE else len(city)
    of_all = _encode_door_numbers(entity.addresses), _encode_areas(entity.addresses)
    if len(entity.addresses) > 1 or not address.street or len(address.postcode) == 1 or len(city) > MOST_LETTERS:
        return *of_all, 0, OPEN_ADDRESS, 0, 0, 0, 0
    # one wrong character of a postcode leaves the first two as they are, or all others
    begin, end = address.postcode[:2], address.postcode[2:]
    postcode = (1 + hash_text(begin, 255), 1 + hash_text(end, 255)) if begin else (0, 0)
    house = 1 + hash_text(main_number(address.house), 255) if address.house else 0
    return *of_all, letter_set(city), ONE_ADDRESS, length, *postcode, house


def _encode_door_numbers(addresses: tuple[AddressPrint, ...]) -> int:
    """Numbers of a city are told as they stand: spelling its name changes none."""
    found = 0
    for stated in addresses:
        line = f"{stated.text} {stated.house} {stated.street} {stated.postcode} {stated.city}"
        for word in line.replace(",", " ").split():
            if word[0].isdigit():
                found |= 1 << hash_text(word, NUMBER_BITS)
    return found


def _encode_areas(addresses: tuple[AddressPrint, ...]) -> int:
    found, countries = 0, Areas.countries
    for stated in addresses:
        found |= countries.put(1 << hash_text(stated.country, countries.width)) if stated.country else _ANYWHERE
        found |= (_STREET if stated.street else 0) | (_POSTCODE if stated.postcode else 0)
    return found


_ANYWHERE = Areas.countries.put(Areas.countries.most)
_STREET, _POSTCODE = Areas.street.put(1), Areas.postcode.put(1)


def address_state(a: Rows, b: Rows) -> States:
    """Two addresses with streets agree on more than the area only if their houses, where known, do."""
    one, other = a.byte("address"), b.byte("address")
    postcodes = (a.byte("postcode") > 0) & (b.byte("postcode") > 0)
    begin = postcodes & (a.byte("postcode") == b.byte("postcode"))
    end = postcodes & (a.byte("postcode_end") == b.byte("postcode_end"))
    cities = (a.byte("city_length") > 0) & (b.byte("city_length") > 0)
    lengths = a.byte("city_length").astype(np.int32) + b.byte("city_length")
    unlike = np.bitwise_count(a.words("city")[0] ^ b.words("city")[0])
    any_city = (a.byte("city_length") == ANY_CITY) | (b.byte("city_length") == ANY_CITY)
    city = any_city | (cities & (unlike <= CITY_UNLIKE * lengths + 1e-6))
    level = np.where(city, AddressLevel.SAME_CITY, np.where(postcodes | cities, AddressLevel.DIFFERENT, _UNKNOWN))
    level = np.where(begin | end, AddressLevel.NEAR_POSTCODE, level)
    level = np.where(begin & end, AddressLevel.SAME_UNIT_POSTCODE, level)
    houses = (a.byte("house") == 0) | (b.byte("house") == 0) | (a.byte("house") == b.byte("house"))
    level = np.where(houses & (city | begin | end | ~(postcodes | cities)), AddressLevel.SAME_DOOR, level)
    level = np.where((one == OPEN_ADDRESS) | (other == OPEN_ADDRESS), _open_level(a, b), level)
    abroad = ~Areas.countries.lies_in(a.words("areas")[0] & b.words("areas")[0])
    level = np.where(abroad, AddressLevel.DIFFERENT, level)
    return np.where((one == NO_ADDRESS) | (other == NO_ADDRESS), _UNKNOWN, level)


def _open_level(a: Rows, b: Rows) -> States:
    """The strongest level of any two of the rows' addresses: no door or street without a number, or both streets."""
    areas = a.words("areas")[0] & b.words("areas")[0]
    numbers = a.words("door_numbers")[0] & b.words("door_numbers")[0]
    area = np.where(Areas.postcode.lies_in(areas), AddressLevel.SAME_UNIT_POSTCODE, AddressLevel.SAME_CITY)
    level: States = np.where((numbers != 0) | Areas.street.lies_in(areas), AddressLevel.SAME_DOOR, area)
    return level


def may_share_door(a: Rows, b: Rows) -> Flags:
    """Whether two entities may have a door in common (EntityPrint.selectors)."""
    doors: Flags = np.ones(len(a), np.bool_)
    for part in ("postcode", "postcode_end", "house"):
        doors &= a.byte(part) == b.byte(part)
    doors |= (a.byte("address") == OPEN_ADDRESS) | (b.byte("address") == OPEN_ADDRESS)
    doors &= (a.byte("address") != NO_ADDRESS) & (b.byte("address") != NO_ADDRESS)
    return doors


def _most_bits(table: Table) -> BitsArray:
    """Most hundredths of a bit at each level, or 0 where two addresses may have no part in common, but at DIFFERENT."""
    most = strongest_from(table)
    told = most[:, AddressLevel.DIFFERENT].copy()
    most = np.maximum(most, 0)
    most[:, AddressLevel.DIFFERENT] = told
    return most


ADDRESS = Comparison(
    "address",
    "addresses",
    N_("Address"),
    N_("the address"),
    AddressLevel,
    (
        "m, u and h are judgement, not counts: people move, so 45 of 100 true pairs share a door; relatives live apart "
        "as often as one's own records differ, companies of a group more often; u(same_city) is that of a mid-sized "
        "town, and a model's term frequencies replace it for the city"
    ),
    compare,
    address_value,
    conditional="of same_unit_postcode postcodes of a few doors, of same_postcode all others",
    row_parts=RowParts(
        dict.fromkeys(("door_numbers", "areas", "city"), 1)
        | dict.fromkeys(("address", "city_length", "postcode", "postcode_end", "house"), 0),
        encode_addresses,
    ),
    bound=Bound(address_state, _most_bits),
    bounded=ALL,
    may_share=may_share_door,
    selector=True,
)
