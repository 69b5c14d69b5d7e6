"""Blocking keys of everything but persons' names: numbers, e-mails, doors, plates, events, titles."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import combinations

from anyascii import anyascii

from pipeline.correlation.key_kinds import KeyKind, make_key
from pipeline.correlation.name_sounds import sound_out
from pipeline.matching.comparisons.place_names import specific_parts
from pipeline.matching.fingerprint import EntityPrint
from pipeline.matching.names.sounds import skeleton_of

CONFUSABLE = str.maketrans("OIBS", "0185")
"""0/O, 1/I, 8/B, 5/S: what optical readers and people take for each other."""

PHONE_TAIL = 7
"""Digits of a subscriber number that survive a change of area or country code (ITU-T E.164 plans: six to eight)."""

NEAR_IDENTIFIER = 10
"""Last characters of a number that are cut in three: one wrong character leaves two parts as they are."""

SHORTEST_NEAR = 7
"""Shorter numbers are near to too many others."""

PLATE = (4, 3)
"""Characters at either end of a plate that are taken: a witness reads so many."""

CHARACTER, LOOK = 380, 360
"""Rarity of a plate's character, between a digit's and a letter's, and of a vehicle's make, model or colour."""

RARE_DOMAIN, RARE_USER = 5, 2
"""Sounds of a domain beyond any large provider's ("hotmail" has four), and of a user part at such a domain."""

EMAIL_NAME = 6
"""Characters of an e-mail's user part that are telling without a domain."""

SHORTEST_POSTCODE = 4

MAX_PLACE_PARTS = 3
"""Most specific parts of a birth place that yield keys."""

SHORTEST_TEXT = 10
"""Characters of a whole address text that are telling."""


def postal_area(postcode: str) -> str:
    """The postal area of a postcode: without the last three characters where it has letters, else three digits."""
    return postcode[:3] if postcode.isdigit() else postcode[:-3]


def place_names(entity: EntityPrint) -> frozenset[str]:
    """Parts of birth places, but for the country, and cities, as letters and digits."""
    born = [part for place in entity.all_birth_places for part in specific_parts(place)[:MAX_PLACE_PARTS]]
    return frozenset(_fold_text(place) for place in (*born, *(address.city for address in entity.addresses))) - {""}


def place_sounds(entity: EntityPrint) -> frozenset[str]:
    """Birth place and cities as they sound, digits kept: a misspelt city mostly sounds the same."""
    return frozenset(_place_sound(place) for place in place_names(entity)) - {""}


@lru_cache(maxsize=1 << 16)
def _place_sound(place: str) -> str:
    return skeleton_of(_keep_letters(place)) + _keep_digits(place)


def postcodes(entity: EntityPrint) -> frozenset[str]:
    """The postcodes of all addresses."""
    return frozenset(address.postcode for address in entity.addresses if len(address.postcode) >= SHORTEST_POSTCODE)


def thing_keys(entity: EntityPrint, enough: int) -> Iterator[int]:
    """The keys of an entity of any type, a person's names and birth date aside.

    `enough` is how rare a key of what many things have in common must be, in hundredths of a bit.
    """
    for source in SOURCES:
        yield from source(entity)
    yield from _plate_keys(entity, enough)
    yield from _title_keys(entity, enough)


def _identifier_keys(entity: EntityPrint) -> Iterator[int]:
    for identifier in entity.identifiers:
        value = identifier.value.translate(CONFUSABLE)
        yield make_key(KeyKind.IDENTIFIER, value)
        if identifier.type != "plate" and len(value) >= SHORTEST_NEAR:
            yield from _near_end_keys(value[-NEAR_IDENTIFIER:])


def _near_end_keys(end: str) -> Iterator[int]:
    """Two of three parts of a number's end, each with its place."""
    third = -(-len(end) // 3)
    parts = (end[: -2 * third], end[-2 * third : -third], end[-third:])
    for (first, one), (second, other) in combinations(enumerate(parts), 2):
        yield make_key(KeyKind.IDENTIFIER_NEAR, f"{first}{second} {one} {other}")


def _plate_keys(entity: EntityPrint, enough: int) -> Iterator[int]:
    """Keys of either end of a plate, with as much of the vehicle's looks as makes it rare enough.

    Of a plate that was read in part (? stands for one character, * for any number) only whole ends count.
    """
    for plate in entity.identifiers:
        if plate.type == "plate":
            for length in PLATE:
                for end, text in (("first", plate.value[:length]), ("last", plate.value[-length:])):
                    if len(text) == length and text.isalnum():
                        yield from _plate_end_keys(end, text.translate(CONFUSABLE), entity, enough)


def _plate_end_keys(end: str, text: str, entity: EntityPrint, enough: int) -> Iterator[int]:
    rarity = CHARACTER * len(text)
    looks = ""
    for look in ("", entity.make, entity.model, entity.colour):
        rarity, looks = rarity + (LOOK if look else 0), f"{looks} {look}"
        if rarity >= enough:
            yield make_key(KeyKind.PLATE, f"{end} {text}{looks}")
            return


def _phone_keys(entity: EntityPrint) -> Iterator[int]:
    for phone in entity.phones:
        yield make_key(KeyKind.PHONE_TAIL, phone.national[-PHONE_TAIL:])


def _email_keys(entity: EntityPrint) -> Iterator[int]:
    """Keys of e-mail addresses.

    A provider of millions is known by a few sounds, and there the user part must agree but for its sound; at other
    domains both may be misspelt.
    """
    for email in entity.emails:
        user, _, domain = email.partition("@")
        heard, heard_domain = skeleton_of(_keep_letters(user)), skeleton_of(_keep_letters(domain.rpartition(".")[0]))
        yield make_key(KeyKind.EMAIL_USER, f"{user} {heard_domain}")
        if len(heard_domain) >= RARE_DOMAIN <= len(heard) + len(heard_domain) - RARE_USER:
            yield make_key(KeyKind.EMAIL_DOMAIN, f"{heard} {heard_domain}")
        else:
            yield make_key(KeyKind.EMAIL_DOMAIN, f"{heard} {_keep_digits(user)} {domain}")
        if len(user) >= EMAIL_NAME:
            yield make_key(KeyKind.EMAIL_NAME, user)


def _house_keys(entity: EntityPrint) -> Iterator[int]:
    for address in entity.addresses:
        if address.house and address.postcode:
            yield make_key(KeyKind.HOUSE, f"{address.house} {address.postcode}")
        if address.house and address.street:
            yield make_key(KeyKind.HOUSE, f"{address.house} {_street_word(address.street)} {address.city}")
        if not address.street and len(address.text) >= SHORTEST_TEXT:
            yield make_key(KeyKind.HOUSE, _fold_text(address.text))


def _street_word(street: str) -> str:
    """The sound of a street's longest word, which tells most and is seldom abbreviated."""
    return skeleton_of(_fold_text(max(street.split(), key=len)))


GRIDS = 4
"""Shifted grids: in three dimensions, two points nearer than a quarter of a cell in each share one of four cells."""

CELL_DEGREES = 0.08
"""Four times 0.02 degrees, about 2 km: reports of one event place it that differently."""

CELL_SECONDS = 4 * 3 * 3600
"""Four times three hours."""


def _event_keys(entity: EntityPrint) -> Iterator[int]:
    if entity.type != "event" or entity.place is None or entity.span is None:
        return
    middle = (entity.span.start + entity.span.end) / 2 / CELL_SECONDS
    north, east = entity.place.latitude / CELL_DEGREES, entity.place.longitude / CELL_DEGREES
    for grid in range(GRIDS):
        shift = grid / GRIDS
        cell = tuple(int((part + shift) // 1) for part in (north, east, middle))
        yield make_key(KeyKind.EVENT, f"{grid} {cell}")


MAX_WORDS = 4
"""Rarest words of one title that yield keys."""

LESS_FOR_WORDS = 200
"""How much less rare a word of a title may be than a key must: there are fewer organisations than persons."""

WORD_PLACE = 600
"""Rarity of a word's place, one in 64, in hundredths of a bit."""

ACRONYM = 3
"""Words from which on a title may be known by its initials."""


def _title_keys(entity: EntityPrint, enough: int) -> Iterator[int]:
    """Names of organisations, vessels and whatever else is not a person's."""
    if entity.type == "person":
        return
    where, least = place_sounds(entity) | postcodes(entity), enough - LESS_FOR_WORDS
    for name in entity.names[:MAX_TITLES]:
        tokens = [token for token in name.tokens if token.kind != "initial"]
        words = {skeleton: token.rarity for token in tokens for skeleton, _ in sound_out(token).skeletons}
        rarest = sorted(words, key=lambda word: (-words[word], word))[:MAX_WORDS]
        for one, other in combinations(rarest, 2):
            yield from _words_keys(" ".join(sorted((one, other))), words[one] + words[other], where, least)
        for word in rarest:
            yield from _words_keys(word, least if len(rarest) == 1 else words[word], where, least)
            yield from (
                make_key(KeyKind.TITLE_PLACE, f"{word} {place}") for place in where if words[word] + WORD_PLACE >= least
            )
        if len(tokens) >= ACRONYM:
            yield make_key(KeyKind.TITLE, "".join(sound_out(token).initial for token in tokens))
        yield make_key(KeyKind.TITLE, "".join(token.forms[0] for token in tokens))


def _words_keys(words: str, rarity: int, where: Iterable[str], least: int) -> Iterator[int]:
    """Words alone where they are rare enough, else with a place."""
    if rarity >= least:
        yield make_key(KeyKind.TITLE, words)
    elif rarity + WORD_PLACE >= least:
        yield from (make_key(KeyKind.TITLE_PLACE, f"{words} {place}") for place in where)


MAX_TITLES = 6
"""Names of one entity that yield keys; further aliases are still compared once a pair has met."""


@lru_cache(maxsize=1 << 16)
def _fold_text(text: str) -> str:
    return "".join(char for char in anyascii(text).lower() if char.isalnum())


def _keep_letters(text: str) -> str:
    return "".join(char for char in text if "a" <= char <= "z")


def _keep_digits(text: str) -> str:
    return "".join(char for char in text if char.isdigit())


SOURCES: tuple[Callable[[EntityPrint], Iterator[int]], ...] = (
    _identifier_keys,
    _phone_keys,
    _email_keys,
    _house_keys,
    _event_keys,
)
