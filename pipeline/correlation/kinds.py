"""The kinds of blocking key. A key is `kind << 48 | hash`, below 2**53, exact in every JSON reader."""

from __future__ import annotations

from enum import IntEnum
from hashlib import blake2b

import msgspec

HASH_BYTES = 6
HASH_BITS = 8 * HASH_BYTES


class Kind(IntEnum):
    """Most selective first: the smallest key that a pair shares is its most telling one, and its owner judges the pair.

    The number is the key's top five bits, so it never changes its meaning within a generation.
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
    POSTCODE_YEAR = 9
    POSTCODE_PLACE = 10
    DATE_PLACE = 11
    DATE_INITIAL = 12
    NAME = 13
    NAME_PAIR = 14
    NAME_POSTCODE = 15
    NAME_DAY = 16
    NAME_MONTH = 17
    NAME_YEAR = 18
    NAME_AREA = 19
    NAME_PLACE = 20
    TITLE = 21
    TITLE_PLACE = 22


class KeyKind(msgspec.Struct, frozen=True):
    """The published description of one kind: what its value is, what it brings, how many keys a value costs."""

    kind: Kind
    of: str
    brings: str
    cost: str


CATALOGUE = (
    KeyKind(Kind.IDENTIFIER, "an identifier's core, look-alikes folded", "one thing named twice, whoever has it", "1"),
    KeyKind(Kind.EMAIL_USER, "an e-mail's user part and its domain's sound", "a misspelt domain", "1"),
    KeyKind(Kind.EMAIL_DOMAIN, "an e-mail's domain and its user part's sound and digits", "a misspelt user part", "1"),
    KeyKind(Kind.IDENTIFIER_NEAR, "two of three parts of an identifier's end", "one character misread", "3"),
    KeyKind(Kind.PHONE_TAIL, "a phone's last seven digits", "the same line, area or country code aside", "1"),
    KeyKind(
        Kind.HOUSE, "house number and postcode, or house, street and city; a whole address text", "one door", "1-2"
    ),
    KeyKind(Kind.EMAIL_NAME, "an e-mail's user part of six characters or more", "a user who changed the provider", "1"),
    KeyKind(Kind.EVENT, "a cell of one of four shifted grids in space and time", "one event reported twice", "4"),
    KeyKind(Kind.PLATE, "a plate's first or last four characters, or three with the make", "a partial plate", "2-4"),
    KeyKind(
        Kind.POSTCODE_YEAR,
        "postcode and birth year; postal area and birthday",
        "names that have nothing in common",
        "1-2",
    ),
    KeyKind(
        Kind.POSTCODE_PLACE, "a postcode of a few doors and city or birth place", "as above, without a birth date", "1"
    ),
    KeyKind(
        Kind.DATE_PLACE,
        "birth date, or year with an initial, and city or birth place",
        "names that have little in common",
        "1-3",
    ),
    KeyKind(Kind.DATE_INITIAL, "birth date, in either order, and a name token's initial", "badly misspelt names", "2"),
    KeyKind(Kind.NAME, "one very rare name sound or spelling", "all else missing or wrong", "0-2"),
    KeyKind(Kind.NAME_PAIR, "two name sounds or short forms that are rare together", "no other attribute", "1-3"),
    KeyKind(Kind.NAME_POSTCODE, "a name's onset and postcode", "one name misspelt or left out", "2"),
    KeyKind(Kind.NAME_DAY, "a name's onset and the birthday, in either order", "another birth year", "2"),
    KeyKind(Kind.NAME_MONTH, "a common name's onset and birth month", "one name misspelt, the day too", "0-2"),
    KeyKind(Kind.NAME_YEAR, "a name's onset or a common pair, and birth year", "a partial or misread date", "0-2"),
    KeyKind(Kind.NAME_AREA, "a name's onset and postal area", "a neighbouring postcode", "2"),
    KeyKind(Kind.NAME_PLACE, "a name's onset, sound or short form, and city or birth place", "no date", "1-3"),
    KeyKind(
        Kind.TITLE, "words of an organisation's or vessel's name: a pair, one rare, an acronym", "word order", "1-6"
    ),
    KeyKind(Kind.TITLE_PLACE, "one such word and its city or postcode", "the other words misspelt", "0-4"),
)


def key(kind: Kind, value: str) -> int:
    """The key of one value, whose parts are joined by blanks: 48 bits of BLAKE2b under the kind's number."""
    return kind << HASH_BITS | int.from_bytes(blake2b(value.encode(), digest_size=HASH_BYTES).digest())


def kind_of(key: int) -> Kind:
    """The kind a key belongs to."""
    return Kind(key >> HASH_BITS)


def owner(key: int, partitions: int) -> int:
    """The partition of `blocks` that owns a key."""
    return key % partitions
