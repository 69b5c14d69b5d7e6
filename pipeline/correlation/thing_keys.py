"""Blocking keys of everything but persons' names: numbers, e-mails, doors, plates, events, titles."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import combinations

from anyascii import anyascii

from pipeline.correlation.kinds import Kind, key
from pipeline.correlation.name_sounds import sounds
from pipeline.matching.fingerprint import EntityPrint, IdentifierPrint
from pipeline.matching.names.sounds import skeleton_of

CONFUSABLE = str.maketrans("OIBS", "0185")
"""0/O, 1/I, 8/B, 5/S: what optical readers and people take for each other (record.md)."""

PHONE_TAIL = 7
"""Digits of a subscriber number that survive a change of area or country code (ITU-T E.164 plans: six to eight)."""

NEAR_IDENTIFIER = 10
"""Last characters of a number that are cut in three: one wrong character leaves two parts as they are."""

SHORTEST_NEAR = 7
"""Shorter numbers are near to too many others."""

PLATE = 4
"""Characters at either end of a plate that are rare enough by themselves; three are with the vehicle's make."""

EMAIL_NAME = 6
"""Characters of an e-mail's user part that are telling without a domain."""

SHORTEST_POSTCODE = 4

SHORTEST_TEXT = 10
"""Characters of a whole address text that are telling."""


def area(postcode: str) -> str:
    """The postal area of a postcode: without the last three characters where it has letters, else three digits."""
    return postcode[:3] if postcode.isdigit() else postcode[:-3]


def places(entity: EntityPrint) -> frozenset[str]:
    """Birth place and cities, as letters and digits."""
    return frozenset(_folded(place) for place in (entity.birth_place, *(one.city for one in entity.addresses))) - {""}


def postcodes(entity: EntityPrint) -> frozenset[str]:
    """The postcodes of all addresses."""
    return frozenset(one.postcode for one in entity.addresses if len(one.postcode) >= SHORTEST_POSTCODE)


def thing_keys(entity: EntityPrint) -> Iterator[int]:
    """The keys of an entity of any type, a person's names and birth date aside."""
    for source in SOURCES:
        yield from source(entity)


def _identifiers(entity: EntityPrint) -> Iterator[int]:
    for identifier in entity.identifiers:
        value = identifier.value.translate(CONFUSABLE)
        yield key(Kind.IDENTIFIER, value)
        if identifier.type == "plate":
            yield from _plate(identifier, entity.make)
        elif len(value) >= SHORTEST_NEAR:
            yield from _near(value[-NEAR_IDENTIFIER:])


def _near(end: str) -> Iterator[int]:
    """Two of three parts of a number's end, each with its place."""
    third = -(-len(end) // 3)
    parts = (end[: -2 * third], end[-2 * third : -third], end[-third:])
    for (first, one), (second, other) in combinations(enumerate(parts), 2):
        yield key(Kind.IDENTIFIER_NEAR, f"{first}{second} {one} {other}")


def _plate(plate: IdentifierPrint, make: str) -> Iterator[int]:
    """Only of what was read: ? stands for one character, * for any number of them."""
    for length, also in ((PLATE, ""), (PLATE - 1, make)):
        if length == PLATE or make:
            for end, text in (("first", plate.value[:length]), ("last", plate.value[-length:])):
                if len(text) == length and text.isalnum():
                    yield key(Kind.PLATE, f"{end} {text.translate(CONFUSABLE)} {also}")


def _phones(entity: EntityPrint) -> Iterator[int]:
    for phone in entity.phones:
        yield key(Kind.PHONE_TAIL, phone.national[-PHONE_TAIL:])


def _emails(entity: EntityPrint) -> Iterator[int]:
    for email in entity.emails:
        user, _, domain = email.partition("@")
        yield key(Kind.EMAIL_USER, f"{user} {skeleton_of(_letters(domain.rpartition('.')[0]))}")
        yield key(Kind.EMAIL_DOMAIN, f"{skeleton_of(_letters(user))} {_digits(user)} {domain}")
        if len(user) >= EMAIL_NAME:
            yield key(Kind.EMAIL_NAME, user)


def _houses(entity: EntityPrint) -> Iterator[int]:
    for address in entity.addresses:
        if address.house and address.postcode:
            yield key(Kind.HOUSE, f"{address.house} {address.postcode}")
        if address.house and address.street:
            yield key(Kind.HOUSE, f"{address.house} {_street_word(address.street)} {address.city}")
        if not address.street and len(address.text) >= SHORTEST_TEXT:
            yield key(Kind.HOUSE, _folded(address.text))


def _street_word(street: str) -> str:
    """The sound of a street's longest word, which tells most and is seldom abbreviated."""
    return skeleton_of(_folded(max(street.split(), key=len)))


GRIDS = 4
"""Shifted grids: in three dimensions, two points nearer than a quarter of a cell in each share one of four cells."""

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
        cell = tuple(int((part + shift) // 1) for part in (north, east, middle))
        yield key(Kind.EVENT, f"{grid} {cell}")


MAX_WORDS = 4
"""Rarest words of one title that yield keys."""

RARE_WORD = 1300
"""Rarity, in hundredths of a bit, of a word that tells an organisation alone: twelve cases in 100,000 at most."""

ACRONYM = 3
"""Words from which on a title may be known by its initials."""


def _titles(entity: EntityPrint) -> Iterator[int]:
    """Names of organisations, vessels and whatever else is not a person's."""
    if entity.type == "person":
        return
    where = places(entity) | postcodes(entity)
    for name in entity.names[:MAX_TITLES]:
        tokens = [token for token in name.tokens if token.kind != "initial"]
        words = {skeleton: token.rarity for token in tokens for skeleton, _ in sounds(token).skeletons}
        rarest = sorted(words, key=lambda word: (-words[word], word))[:MAX_WORDS]
        yield from (key(Kind.TITLE, " ".join(sorted(pair))) for pair in combinations(rarest, 2))
        for word in rarest:
            if words[word] >= RARE_WORD or len(rarest) == 1:
                yield key(Kind.TITLE, word)
            yield from (key(Kind.TITLE_PLACE, f"{word} {place}") for place in where)
        if len(tokens) >= ACRONYM:
            yield key(Kind.TITLE, "".join(sounds(token).initial for token in tokens))
        yield key(Kind.TITLE, "".join(token.forms[0] for token in tokens))


MAX_TITLES = 6
"""Names of one entity that yield keys; further aliases are still compared once a pair has met."""


@lru_cache(maxsize=1 << 16)
def _folded(text: str) -> str:
    return "".join(char for char in anyascii(text).lower() if char.isalnum())


def _letters(text: str) -> str:
    return "".join(char for char in text if "a" <= char <= "z")


def _digits(text: str) -> str:
    return "".join(char for char in text if char.isdigit())


SOURCES: tuple[Callable[[EntityPrint], Iterator[int]], ...] = (
    _identifiers,
    _phones,
    _emails,
    _houses,
    _events,
    _titles,
)
