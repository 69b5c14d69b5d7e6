"""What a row of a screen holds of addresses, and the level that two rows leave open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipeline.matching.comparisons.address import (
    CITY,
    CITY_SIMILARITY,
    DIFFERENT,
    DOOR,
    NEAR_POSTCODE,
    READABLE,
    UNIT_POSTCODE,
    UNKNOWN,
    main_number,
)
from pipeline.matching.comparisons.bounds import BitsArray, Bound, States, strongest_from
from pipeline.matching.encoded import Field, Layout, hash_text, in_ascii, letter_set
from pipeline.matching.fingerprint import AddressPrint, EntityPrint
from pipeline.records.scripts import script_of

if TYPE_CHECKING:
    from pipeline.matching.comparisons.comparison import Table
    from pipeline.matching.encoded import Flags, Rows

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


class Areas(Layout):
    """Countries of addresses, a bit each, and whether any address has a street, or a postcode."""

    countries = Field(30)
    street = Field()
    postcode = Field()


def encode(entity: EntityPrint) -> tuple[int, ...]:
    """Give the eight parts that a row holds of addresses.

    The numbers in all of them, and their countries; of one with a street the set of the city's letters; NO_ADDRESS,
    ONE_ADDRESS or OPEN_ADDRESS; the number of the city's letters; hashes of both parts of the postcode, and of the
    house.
    """
    if not entity.addresses:
        return 0, 0, 0, NO_ADDRESS, 0, 0, 0, 0
    address, city = entity.addresses[0], in_ascii(entity.addresses[0].city)
    length = ANY_CITY if address.region or script_of(address.city) not in READABLE else len(city)
    of_all = _encode_numbers(entity.addresses), _encode_areas(entity.addresses)
    if len(entity.addresses) > 1 or not address.street or len(address.postcode) == 1 or len(city) > MOST_LETTERS:
        return *of_all, 0, OPEN_ADDRESS, 0, 0, 0, 0
    # one wrong character of a postcode leaves the first two as they are, or all others
    begin, end = address.postcode[:2], address.postcode[2:]
    postcode = (1 + hash_text(begin, 255), 1 + hash_text(end, 255)) if begin else (0, 0)
    house = 1 + hash_text(main_number(address.house), 255) if address.house else 0
    return *of_all, letter_set(city), ONE_ADDRESS, length, *postcode, house


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
    found, countries = 0, Areas.countries
    for address in addresses:
        found |= countries.put(1 << hash_text(address.country, countries.width)) if address.country else _ANYWHERE
        found |= (_STREET if address.street else 0) | (_POSTCODE if address.postcode else 0)
    return found


_ANYWHERE = Areas.countries.put(Areas.countries.most)
_STREET, _POSTCODE = Areas.street.put(1), Areas.postcode.put(1)


def strongest_level(a: Rows, b: Rows) -> States:
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
    level = np.where(city, CITY, np.where(postcodes | cities, DIFFERENT, UNKNOWN))
    level = np.where(begin | end, NEAR_POSTCODE, level)
    level = np.where(begin & end, UNIT_POSTCODE, level)
    houses = (a.byte("house") == 0) | (b.byte("house") == 0) | (a.byte("house") == b.byte("house"))
    level = np.where(houses & (city | begin | end | ~(postcodes | cities)), DOOR, level)
    level = np.where((one == OPEN_ADDRESS) | (other == OPEN_ADDRESS), _open_level(a, b), level)
    abroad = ~Areas.countries.lies_in(a.words("areas")[0] & b.words("areas")[0])
    level = np.where(abroad, DIFFERENT, level)
    return np.where((one == NO_ADDRESS) | (other == NO_ADDRESS), UNKNOWN, level)


def _open_level(a: Rows, b: Rows) -> States:
    """The strongest level of any two of the rows' addresses: no door or street without a number, or both streets."""
    areas = a.words("areas")[0] & b.words("areas")[0]
    numbers = a.words("door_numbers")[0] & b.words("door_numbers")[0]
    area = np.where(Areas.postcode.lies_in(areas), UNIT_POSTCODE, CITY)
    level: States = np.where((numbers != 0) | Areas.street.lies_in(areas), DOOR, area)
    return level


def may_share_door(a: Rows, b: Rows) -> Flags:
    """Whether two entities may have a door in common (EntityPrint.selectors)."""
    doors: Flags = np.ones(len(a), np.bool_)
    for part in ("postcode", "postcode_end", "house"):
        doors &= a.byte(part) == b.byte(part)
    doors |= (a.byte("address") == OPEN_ADDRESS) | (b.byte("address") == OPEN_ADDRESS)
    doors &= (a.byte("address") != NO_ADDRESS) & (b.byte("address") != NO_ADDRESS)
    return doors


def most_bits(table: Table) -> BitsArray:
    """Most hundredths of a bit at each level, or 0 where two addresses may have no part in common, but at DIFFERENT."""
    most = strongest_from(table)
    told = most[:, DIFFERENT].copy()
    most = np.maximum(most, 0)
    most[:, DIFFERENT] = told
    return most


ADDRESS_BOUND = Bound(strongest_level, most_bits, "address")
