"""The kinds of blocking key. A key is `kind << 48 | hash`, below 2**53, exact in every JSON reader."""

from __future__ import annotations

from enum import IntEnum
from hashlib import blake2b

import msgspec

HASH_BYTES = 6
"""Together with a kind of five bits a key stays below 2**53. Of two values of one kind the hashes are equal once in
2.8e14."""
HASH_BITS = 8 * HASH_BYTES


class KeyKind(IntEnum):
    """The kinds of key, the most selective first.

    So the smallest key that two cases share is the most telling one; its owner judges the pair. The number of a kind is
    the top five bits of a key, so it never changes its meaning within a generation. 10 is not used.
    """

    IDENTIFIER = 0
    EMAIL_USER = 1
    EMAIL_DOMAIN = 2
    IDENTIFIER_NEAR = 3
    PHONE_TAIL = 4
    HOUSE = 5
    EMAIL_NAME = 6
    EVENT = 7
    PLATE = 8
    POSTCODE = 9
    DATE = 11
    DATE_PLACE = 12
    DATE_INITIAL = 13
    NAME = 14
    NAME_PAIR = 15
    NAME_DATE = 16
    NAME_POSTCODE = 17
    NAME_YEAR = 18
    NAME_PLACE = 19
    NAMES_DATE = 20
    NAMES_PLACE = 21
    NAME_YEAR_PLACE = 22
    TITLE = 23
    TITLE_PLACE = 24


class KeyKindDescription(msgspec.Struct, frozen=True):
    """The published description of one kind: what its value is, what it finds, and how many keys a value costs."""

    kind: KeyKind
    of: str
    brings: str
    cost: str


CATALOGUE = (
    KeyKindDescription(
        KeyKind.IDENTIFIER, "an identifier's core, look-alikes folded", "one thing named twice, whoever has it", "1"
    ),
    KeyKindDescription(KeyKind.EMAIL_USER, "an e-mail's user part and its domain's sound", "a misspelt domain", "1"),
    KeyKindDescription(
        KeyKind.EMAIL_DOMAIN, "the sounds of an e-mail's user part and domain", "a misspelt user part", "1"
    ),
    KeyKindDescription(
        KeyKind.IDENTIFIER_NEAR,
        "an identifier's beginning, end, or both; two of three parts of a long one's end",
        "one character misread, missing or too many",
        "3-6",
    ),
    KeyKindDescription(
        KeyKind.PHONE_TAIL, "a phone's last seven digits", "the same line, area or country code aside", "1"
    ),
    KeyKindDescription(
        KeyKind.HOUSE, "house number and postcode, or house, street and city; a whole address text", "one door", "1-2"
    ),
    KeyKindDescription(
        KeyKind.EMAIL_NAME, "an e-mail's user part of six characters or more", "a user who changed the provider", "1"
    ),
    KeyKindDescription(
        KeyKind.EVENT, "a cell of one of four shifted grids in space and time", "one event reported twice", "4"
    ),
    KeyKindDescription(
        KeyKind.PLATE, "a plate's first or last four characters, three with the looks", "a partial plate", "2-4"
    ),
    KeyKindDescription(
        KeyKind.POSTCODE, "a postcode of a few doors; among few cases any area", "other names altogether", "0-1"
    ),
    KeyKindDescription(
        KeyKind.DATE, "among few cases, the birth date or month alone", "all else missing or wrong", "0-2"
    ),
    KeyKindDescription(KeyKind.DATE_PLACE, "birth date, and city or birth place", "other names altogether", "1-3"),
    KeyKindDescription(KeyKind.DATE_INITIAL, "birth date and a name's initial", "badly misspelt names", "2"),
    KeyKindDescription(
        KeyKind.NAME, "one very rare name sound, short form or spelling", "all else missing or wrong", "0-2"
    ),
    KeyKindDescription(
        KeyKind.NAME_PAIR, "two sounds, short forms or onsets that are rare together", "no other attribute", "1-4"
    ),
    KeyKindDescription(
        KeyKind.NAME_DATE,
        "a name's sound or onset and the birth date, a rarer sound and day and month",
        "one name misspelt or missing, the year wrong",
        "2-6",
    ),
    KeyKindDescription(
        KeyKind.NAME_POSTCODE,
        "a name's onset and the postcode, a rarer sound and the postal area",
        "one name misspelt or missing, no date",
        "2-4",
    ),
    KeyKindDescription(
        KeyKind.NAME_YEAR, "a rare name's sound or spelling and birth year", "a partial or misread date", "0-2"
    ),
    KeyKindDescription(KeyKind.NAME_PLACE, "a name's sound, short form or onset, and a place", "no date", "1-4"),
    KeyKindDescription(
        KeyKind.NAMES_DATE, "two common names and birth year or birthday", "a partial or misread date", "0-3"
    ),
    KeyKindDescription(KeyKind.NAMES_PLACE, "two common names, and a place or postal area", "no date", "0-3"),
    KeyKindDescription(KeyKind.NAME_YEAR_PLACE, "a common name, birth year and a place", "one name missing", "1-4"),
    KeyKindDescription(
        KeyKind.TITLE, "words of an organisation's or vessel's name: a pair, one rare, an acronym", "word order", "1-6"
    ),
    KeyKindDescription(
        KeyKind.TITLE_PLACE, "one such word and its city or postcode", "the other words misspelt", "0-4"
    ),
)


KIND_NUMBERS = max(KeyKind) + 1
"""How many numbers kinds have, with those that none has any more."""

_FIRST = tuple(number << HASH_BITS for number in range(KIND_NUMBERS))


def make_key(kind: KeyKind, value: str) -> int:
    """The key of one value; the parts of a value are joined by blanks."""
    return _FIRST[kind] | hash_value(value)


def first_of(kind: KeyKind) -> int:
    """The lowest key of a kind: its number above the bits of the hash."""
    return _FIRST[kind]


_NOTHING = blake2b(digest_size=HASH_BYTES)
"""A hash to be copied, which takes a third less than to make one."""


def hash_value(value: str) -> int:
    """48 bits of BLAKE2b."""
    made = _NOTHING.copy()
    made.update(value.encode())
    return int.from_bytes(made.digest())


def kind_of(key: int) -> KeyKind:
    """The kind a key belongs to."""
    return KeyKind(key >> HASH_BITS)


def owner_partition(key: int, partitions: int) -> int:
    """The partition that owns a key: its meeting place."""
    return key % partitions
