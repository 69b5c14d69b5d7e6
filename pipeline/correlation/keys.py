"""Blocking keys: short hashes that two cases must share before they are compared.

A key is `kind << 48 | hash`, below 2**53. Kinds are numbered from the most to the least selective, so the smallest
key that a pair shares is its most telling one; the partition that owns it evaluates the pair. A key depends on the
case alone, never on what else is known, so every partition and every run derives the same keys.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator
from enum import IntEnum
from itertools import combinations

import msgspec

from pipeline.matching.fingerprint import EntityPrint
from pipeline.matching.names import NamePrint, sound_keys
from pipeline.records.normalised import PartialDate

HASH_BITS = 48
MAX_KEYS = 512
"""Keys of one case, most selective kinds first: 200 entities stay within 10 kB of fingerprint."""

MAX_NAMES = 6
"""Names of one entity that yield keys; further aliases are still compared once a pair has met."""


class Kind(IntEnum):
    """Kinds of key, most selective first; their number is the key's top five bits."""

    IDENTIFIER = 0
    EMAIL = 1
    PHONE = 2
    NAME_BIRTH_DATE = 3
    PHONE_TAIL = 4
    ADDRESS = 5
    ORGANISATION = 6
    EVENT = 7
    NAME_BIRTH_YEAR = 8
    NAME_PAIR = 9


class KeyKind(msgspec.Struct, frozen=True):
    """The published description of one kind of key."""

    kind: Kind
    of: str
    brings: str


CATALOGUE = (
    KeyKind(Kind.IDENTIFIER, "the exact core of an identifier, plate, VIN, account or serial", "one thing named twice"),
    KeyKind(Kind.EMAIL, "the whole address", "the same mailbox"),
    KeyKind(Kind.PHONE, "the E.164 number", "the same line, as an attribute or on its own"),
    KeyKind(
        Kind.NAME_BIRTH_DATE, "sound of a name token, birth date with day and month in either order", "one bad name"
    ),
    KeyKind(Kind.PHONE_TAIL, "the last seven digits of a phone", "a wrong or missing area or country code"),
    KeyKind(Kind.ADDRESS, "house number and postcode", "the same door"),
    KeyKind(Kind.ORGANISATION, "two core tokens of an organisation's name", "legal form and word order"),
    KeyKind(Kind.EVENT, "a cell of one of four shifted space-time grids", "one event reported twice"),
    KeyKind(Kind.NAME_BIRTH_YEAR, "sound of a name token and the birth year", "a partial or misread birth date"),
    KeyKind(Kind.NAME_PAIR, "sounds of two name tokens, order-free", "no birth date on one side"),
)


def kind_of(key: int) -> Kind:
    """The kind a key belongs to."""
    return Kind(key >> HASH_BITS)


def key(kind: Kind, *parts: object) -> int:
    """The key of one value: 48 bits of BLAKE2b under the kind's number."""
    digest = hashlib.blake2b("\x1f".join(map(str, parts)).encode(), digest_size=HASH_BITS // 8).digest()
    return kind << HASH_BITS | int.from_bytes(digest)


def keys(entities: Iterable[EntityPrint], stop: Collection[int] = frozenset()) -> tuple[int, ...]:
    """The blocking keys of a case, ascending, at most MAX_KEYS; `stop` are the model's keys of too common values."""
    found = {one for entity in entities for source in SOURCES for one in source(entity)}
    return tuple(sorted(found.difference(stop))[:MAX_KEYS])


def owner(key: int, partitions: int) -> int:
    """The partition of `blocks` that owns a key."""
    return key % partitions


def _identifiers(entity: EntityPrint) -> Iterator[int]:
    for identifier in entity.identifiers:
        yield key(Kind.IDENTIFIER, identifier.value)


def _emails(entity: EntityPrint) -> Iterator[int]:
    for email in entity.emails:
        yield key(Kind.EMAIL, email)


PHONE_TAIL = 7
"""Digits of a subscriber number that survive a change of area or country code (ITU-T E.164 plans: six to eight)."""


def _phones(entity: EntityPrint) -> Iterator[int]:
    for phone in entity.phones:
        yield key(Kind.PHONE, phone.e164)
        if len(phone.national) >= PHONE_TAIL:
            yield key(Kind.PHONE_TAIL, phone.national[-PHONE_TAIL:])


def _addresses(entity: EntityPrint) -> Iterator[int]:
    for address in entity.addresses:
        if address.postcode and address.house:
            yield key(Kind.ADDRESS, address.postcode, address.house)


MAX_TOKENS = 4
"""Rarest tokens of one name that yield keys."""


def _sounds(name: NamePrint) -> list[str]:
    """The sounds of a name's rarest tokens."""
    return sorted({sound for token in sound_keys(name)[:MAX_TOKENS] for sound in token.sounds})


def _persons(entity: EntityPrint) -> Iterator[int]:
    if entity.type != "person":
        return
    for name in entity.names[:MAX_NAMES]:
        sounds = _sounds(name)
        yield from (key(Kind.NAME_PAIR, *pair) for pair in combinations(sounds, 2))
        if entity.birth_date:
            yield from _with_birth_date(sounds, entity.birth_date)


def _with_birth_date(sounds: list[str], date: PartialDate) -> Iterator[int]:
    day_month = sorted((date.month, date.day))
    for sound in sounds:
        if date.day:
            yield key(Kind.NAME_BIRTH_DATE, sound, date.year, *day_month)
        yield key(Kind.NAME_BIRTH_YEAR, sound, date.year)


def _organisations(entity: EntityPrint) -> Iterator[int]:
    if entity.type == "person":
        return
    for name in entity.names[:MAX_NAMES]:
        sounds = _sounds(name)
        yield from (key(Kind.ORGANISATION, *pair) for pair in combinations(sounds, 2))
        if len(sounds) == 1:
            yield key(Kind.ORGANISATION, *sounds)


GRIDS = 4
"""Shifted grids: in three dimensions two points nearer than a quarter of a cell in each share a cell of one of four."""

CELL_DEGREES = 0.08
"""Four times 0.02 degrees, about 2 km: reports of one event place it that differently."""

CELL_SECONDS = 4 * 3 * 3600
"""Four times three hours."""


def _events(entity: EntityPrint) -> Iterator[int]:
    if entity.type != "event" or entity.place is None or entity.span is None:
        return
    middle = (entity.span.start + entity.span.end) / 2 / CELL_SECONDS
    north, east = entity.place.latitude / CELL_DEGREES, entity.place.longitude / CELL_DEGREES
    for grid in range(GRIDS):
        shift = grid / GRIDS
        yield key(Kind.EVENT, grid, *(int((part + shift) // 1) for part in (north, east, middle)))


SOURCES: tuple[Callable[[EntityPrint], Iterator[int]], ...] = (
    _identifiers,
    _emails,
    _phones,
    _addresses,
    _persons,
    _organisations,
    _events,
)
