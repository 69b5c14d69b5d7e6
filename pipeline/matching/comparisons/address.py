"""Addresses: house, street, postcode and city as one joint comparison, since they depend on each other."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from anyascii import anyascii
from rapidfuzz import fuzz
from rigour._core import address_fingerprint

from pipeline.locale import N_
from pipeline.matching.comparisons.bounds import States, bound_by_level
from pipeline.matching.comparisons.hashes import hash_text, in_ascii, letter_set
from pipeline.matching.comparisons.levels import SHARED_CAP, Comparison, ComparisonResult, Level, Table, stronger_of
from pipeline.matching.comparisons.types import ALL
from pipeline.matching.fingerprint import AddressPrint, EntityPrint

if TYPE_CHECKING:
    from pipeline.matching.screening.rows import Flags, Rows

LEVELS = (
    Level("same_door", 0.45, 5.0e-6, 0.45, 0.36, 0.30),
    Level("same_street", 0.08, 8.0e-5, 0.08, 0.07, 0.07),
    Level("same_unit_postcode", 0.10, 1.2e-4, 0.10, 0.09, 0.09),
    Level("same_postcode", 0.10, 4.0e-4, 0.10, 0.09, 0.09),
    Level("near_postcode", 0.04, 1.2e-3, 0.04, 0.04, 0.04),
    Level("same_city", 0.10, 8.0e-3, 0.10, 0.10, 0.10),
    Level("different", 0.23, 0.98, 0.23, 0.35, 0.40),
)
DOOR, STREET, UNIT_POSTCODE, POSTCODE, NEAR_POSTCODE, CITY, DIFFERENT, UNKNOWN = range(8)
"""UNKNOWN is no level: a side has none."""
SOURCE = (
    "m, u and h are judgement, not counts: people move, so 45 of 100 true pairs share a door; relatives live apart as "
    "often as one's own records differ, companies of a group more often; u(same_city) is that of a mid-sized town, "
    "and a model's term frequencies replace it for the city"
)

UNIT = re.compile(r"[a-z]{1,2}\d[a-z\d]?\d[a-z]{2}|[a-z]\d[a-z]\d[a-z]\d|\d{4}[a-z]{2}|[a-z]\d[\dw][a-z\d]{4}")
"""Postcodes of a few doors each: United Kingdom, Canada, Netherlands, Ireland. Elsewhere they are those of a town."""

STREET_SIMILARITY = 82
"""rapidfuzz token_sort_ratio from which two street lines count as one: tolerates a wrong letter or an abbreviation."""

TEXT_SIMILARITY = 80

SHORTEST_ADDRESS = 3
"""Words that make a door."""

CITY_SIMILARITY = 84


def compare(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Compare addresses in one joint level; the best pair counts.

    Same door (house, street, and postcode or city), same street, same postcode (more in countries where it is that of a
    few doors), a postcode with one wrong character, same city (rarer ones say more), different. An address that the
    model lists as shared (a hostel, a prison, a head office) counts for little.
    """
    if not a.addresses or not b.addresses:
        return None
    best: ComparisonResult | None = None
    for i, j in product(range(len(a.addresses)), range(len(b.addresses))):
        level = address_level(a.addresses[i], b.addresses[j])
        weight = _weight(table, level, a.addresses[i], b.addresses[j])
        best = stronger_of(table.result(level, weight, i, j), best)
    return best


def _weight(table: Table, level: int, p: AddressPrint, q: AddressPrint) -> int:
    if level == CITY:
        return _city_weight(table, p, q)
    if level <= STREET and table.shared and (address_key(p) in table.shared or address_key(q) in table.shared):
        return min(table.weights[level], SHARED_CAP)
    if level < CITY and table.terms and p.city and q.city and _same_city(p.city, q.city):
        return max(table.weights[level], _city_weight(table, p, q))
    return table.weights[level]


def _city_weight(table: Table, p: AddressPrint, q: AddressPrint) -> int:
    """Of one city; a rare one may say more than any postcode, which within it says no less."""
    return min(table.adjust_weight(CITY, p.city), table.adjust_weight(CITY, q.city))


def address_key(address: AddressPrint) -> str:
    """How the model's list of shared addresses names an address."""
    return f"{address.country}|{address.postcode or address.city}|{address.street or address.text}|{address.house}"


@lru_cache(maxsize=65536)
def address_level(p: AddressPrint, q: AddressPrint) -> int:
    """The level of two addresses; symmetric."""
    if p.country and q.country and p.country != q.country:
        return DIFFERENT
    if not (p.street and q.street):
        level = _text_level(p, q)
        if level is not None:
            return level
    place = _same_place(p, q)
    if place is not False and _same_words(p, q):
        return DOOR
    if place is not False and p.street and q.street and _same_street(p, q):
        if p.house and q.house:
            return DOOR if _same_house(p.house, q.house) else _area_level(p, q)
        return STREET
    return _area_level(p, q)


def _same_street(p: AddressPrint, q: AddressPrint) -> bool:
    """One street, or one whose line runs on into the city and country that the other side states apart."""
    if fuzz.token_sort_ratio(p.street, q.street) >= STREET_SIMILARITY:
        return True
    x, y = set(p.street.split()), set(q.street.split())
    place = {*p.city.split(), p.country, *q.city.split(), q.country}
    return len(x & y) > 1 and x ^ y <= place


def _same_words(p: AddressPrint, q: AddressPrint) -> bool:
    """Whether both are the same words, a number among them, wherever each stands: 176 pr mira 129366 moscow."""
    if p.postcode and q.postcode and p.city and q.city:
        return False  # their parts are told apart, so these compare better
    if p.house and q.house and not _same_house(p.house, q.house):
        return False
    words = _words(p)
    return len(words) >= SHORTEST_ADDRESS and words == _words(q) and any(word[0].isdigit() for word in words)


def _same_house(p: str, q: str) -> bool:
    return p == q or p.rstrip("abcdefgh") == q.rstrip("abcdefgh")


def _same_place(p: AddressPrint, q: AddressPrint) -> bool | None:
    """Whether postcode or city agree; None where neither can be compared."""
    if p.postcode and q.postcode and _near(p.postcode, q.postcode):
        return True
    if p.city and q.city:
        return _same_city(p.city, q.city)
    return False if p.postcode and q.postcode else None


def _near(p: str, q: str) -> bool:
    return (
        p == q
        or (len(p) == len(q) and sum(x != y for x, y in zip(p, q, strict=True)) <= 1)
        or p.startswith(q)
        or q.startswith(p)
    )


def _area_level(p: AddressPrint, q: AddressPrint) -> int:
    if p.postcode and q.postcode:
        if p.postcode == q.postcode:
            return UNIT_POSTCODE if UNIT.fullmatch(p.postcode) else POSTCODE
        if len(p.postcode) >= 4 and _near(p.postcode, q.postcode):
            return NEAR_POSTCODE
    return CITY if p.city and q.city and _same_city(p.city, q.city) else DIFFERENT


def _same_city(p: str, q: str) -> bool:
    """Whether two cities are spelt alike, in Latin letters if in two scripts."""
    if p.isascii() and q.isascii():
        return fuzz.ratio(p, q) >= CITY_SIMILARITY
    return fuzz.ratio(anyascii(p).casefold(), anyascii(q).casefold()) >= CITY_SIMILARITY


def _text_level(p: AddressPrint, q: AddressPrint) -> int | None:
    """Where one side is a text only: its numbers and words against the other's."""
    x, y = _words(p), _words(q)
    if not x or not y:
        return None
    numbers_x, numbers_y = {w for w in x if w[0].isdigit()}, {w for w in y if w[0].isdigit()}
    alike = fuzz.token_set_ratio(" ".join(x - numbers_x), " ".join(y - numbers_y)) >= TEXT_SIMILARITY
    shared = len(numbers_x & numbers_y)
    if alike and shared and (shared == min(len(numbers_x), len(numbers_y))):
        return DOOR if len(x & y) >= 3 else STREET
    return None


def _words(address: AddressPrint) -> set[str]:
    city = _spell_city(address.city) if address.street else address.city
    parts = (address.text, address.house, address.street, address.postcode, city)
    return {word for part in parts for word in part.replace(",", " ").split()}


@lru_cache(maxsize=16384)
def _spell_city(city: str) -> str:
    """As pipeline.records.addresses has it within a line; the first call reads rigour's data (0.7 s)."""
    return (address_fingerprint(city) or city) if city else ""


def address_value(entity: EntityPrint, index: int) -> str:
    """The address on one line."""
    found = entity.addresses[index]
    return " ".join(
        part for part in (found.house, found.street or found.text, found.postcode, found.city, found.country) if part
    )


CITY_UNLIKE = 1 - CITY_SIMILARITY / 100
"""Share of both cities' letters that may differ (rapidfuzz ratio: edits without substitution, by both lengths)."""

MOST_LETTERS = 250
"""Letters of a city of which a row has room for the number."""

NO_ADDRESS, ONE_ADDRESS, OPEN_ADDRESS = range(3)
"""In a row: none; one that is told; several, or one without a street, of which only areas and numbers are told."""

NUMBER_BITS, COUNTRY_BITS = 32, 30
"""The numbers in addresses, and their countries, have a bit each of so many."""
STREET_BIT, POSTCODE_BIT = 1 << COUNTRY_BITS, 1 << COUNTRY_BITS + 1
"""Behind the countries: whether any address has a street, and whether any has a postcode."""
_ALL_COUNTRIES = (1 << COUNTRY_BITS) - 1


def encode(entity: EntityPrint) -> tuple[int, ...]:
    """Give the eight parts that a row holds of addresses.

    The numbers in all of them, and their countries; of one with a street the set of the city's letters; NO_ADDRESS,
    ONE_ADDRESS or OPEN_ADDRESS; the number of the city's letters; hashes of both parts of the postcode, and of the
    house.
    """
    if not entity.addresses:
        return 0, 0, 0, NO_ADDRESS, 0, 0, 0, 0
    address, city = entity.addresses[0], in_ascii(entity.addresses[0].city)
    of_all = _encode_numbers(entity.addresses), _encode_areas(entity.addresses)
    if len(entity.addresses) > 1 or not address.street or len(address.postcode) == 1 or len(city) > MOST_LETTERS:
        return *of_all, 0, OPEN_ADDRESS, 0, 0, 0, 0
    postcode, house = _encode_postcode(address.postcode), _encode_house(address.house)
    return *of_all, letter_set(city), ONE_ADDRESS, len(city), *postcode, house


def _encode_numbers(addresses: tuple[AddressPrint, ...]) -> int:
    """Numbers of a city are told as they stand: spelling its name changes none."""
    found = 0
    for address in addresses:
        line = f"{address.text} {address.house} {address.street} {address.postcode} {address.city}"
        for word in line.replace(",", " ").split():
            if word[0].isdigit():
                found |= 1 << hash_text(word, NUMBER_BITS)
    return found


def _encode_areas(addresses: tuple[AddressPrint, ...]) -> int:
    found = 0
    for address in addresses:
        found |= 1 << hash_text(address.country, COUNTRY_BITS) if address.country else _ALL_COUNTRIES
        found |= STREET_BIT if address.street else 0
        found |= POSTCODE_BIT if address.postcode else 0
    return found


def _encode_postcode(code: str) -> tuple[int, int]:
    """One wrong character leaves the first two as they are, or all others."""
    return (1 + hash_text(code[:2], 255), 1 + hash_text(code[2:], 255)) if code else (0, 0)


def _encode_house(house: str) -> int:
    return 1 + hash_text(house.rstrip("abcdefgh"), 255) if house else 0


def strongest_level(a: Rows, b: Rows) -> States:
    """Two addresses with streets agree on more than the area only if their houses, where known, do."""
    one, other = a.byte("address"), b.byte("address")
    postcodes = (a.byte("postcode") > 0) & (b.byte("postcode") > 0)
    begin = postcodes & (a.byte("postcode") == b.byte("postcode"))
    end = postcodes & (a.byte("postcode_end") == b.byte("postcode_end"))
    cities = (a.byte("city_length") > 0) & (b.byte("city_length") > 0)
    lengths = a.byte("city_length").astype(np.int32) + b.byte("city_length")
    unlike = np.bitwise_count(a.words("city")[0] ^ b.words("city")[0])
    city = cities & (unlike <= CITY_UNLIKE * lengths + 1e-6)
    level = np.where(city, CITY, DIFFERENT)
    level = np.where(begin | end, NEAR_POSTCODE, level)
    level = np.where(begin & end, UNIT_POSTCODE, level)
    houses = (a.byte("house") == 0) | (b.byte("house") == 0) | (a.byte("house") == b.byte("house"))
    level = np.where(houses & (city | begin | end | ~(postcodes | cities)), DOOR, level)
    level = np.where((one == OPEN_ADDRESS) | (other == OPEN_ADDRESS), _open_level(a, b), level)
    abroad = a.words("areas")[0] & b.words("areas")[0] & np.uint32(_ALL_COUNTRIES) == 0
    level = np.where(abroad, DIFFERENT, level)
    return np.where((one == NO_ADDRESS) | (other == NO_ADDRESS), UNKNOWN, level)


def _open_level(a: Rows, b: Rows) -> States:
    """The strongest level of any two of the rows' addresses: no door or street without a number, or both streets."""
    areas = a.words("areas")[0] & b.words("areas")[0]
    numbers = a.words("door_numbers")[0] & b.words("door_numbers")[0]
    area = np.where(areas & np.uint32(POSTCODE_BIT) != 0, UNIT_POSTCODE, CITY)
    level: States = np.where((numbers != 0) | (areas & np.uint32(STREET_BIT) != 0), DOOR, area)
    return level


def may_share_door(a: Rows, b: Rows) -> Flags:
    """Whether two entities may have a door in common (EntityPrint.selectors)."""
    doors: Flags = np.ones(len(a), np.bool_)
    for part in ("postcode", "postcode_end", "house"):
        doors &= a.byte(part) == b.byte(part)
    doors |= (a.byte("address") == OPEN_ADDRESS) | (b.byte("address") == OPEN_ADDRESS)
    doors &= (a.byte("address") != NO_ADDRESS) & (b.byte("address") != NO_ADDRESS)
    return doors


ADDRESS = Comparison(
    "address",
    "addresses",
    N_("Address"),
    N_("the address"),
    LEVELS,
    SOURCE,
    compare,
    address_value,
    bound=bound_by_level(strongest_level),
    bounded=ALL,
    may_share=may_share_door,
    selector=True,
)
