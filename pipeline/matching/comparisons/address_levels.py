"""What two addresses have in common, in levels from the same door to nothing."""

from __future__ import annotations

import re
from functools import lru_cache

from anyascii import anyascii
from rapidfuzz import fuzz
from rigour._core import address_fingerprint

from pipeline.matching.comparisons.levels import Level
from pipeline.matching.fingerprint import AddressPrint

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
"""rapidfuzz token_set_ratio from which the words of an address in one line are those of another, where their numbers
agree. A choice: words that one side adds do not count, so a lower value takes other streets with the same house number
for one door."""

SHORTEST_ADDRESS = 3
"""Words that make a door."""

CITY_SIMILARITY = 84
"""rapidfuzz ratio from which two cities count as one. A choice: it tolerates a wrong letter in seven, or one left out
of four; a lower value takes short names that differ for one."""


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
        return same_city(p.city, q.city)
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
    return CITY if p.city and q.city and same_city(p.city, q.city) else DIFFERENT


def same_city(p: str, q: str) -> bool:
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
