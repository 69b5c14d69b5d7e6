"""The values of places that blocking uses: sounds of cities and birth places, postcodes and postal areas."""

from __future__ import annotations

from functools import lru_cache

from anyascii import anyascii

from pipeline.matching.comparisons.birth_place import specific_parts
from pipeline.matching.fingerprint import EntityPrint
from pipeline.matching.names.sounds import reduce_to_skeleton

SHORTEST_POSTCODE = 4
"""Characters of a postcode that makes a key. A choice: shorter ones, as of a British district (M1), stand for so many
people that most cases of a key would be strangers."""

MAX_PLACE_PARTS = 3
"""Most specific parts of a birth place that yield keys."""


def postal_area(postcode: str) -> str:
    """The postal area of a postcode: its first three digits, or all but the last three characters if it has letters."""
    plain = postcode.replace("-", "")
    return plain[:3] if plain.isdigit() else plain[:-3]


def place_sounds(entity: EntityPrint) -> frozenset[str]:
    """The sounds of cities and of birth places without the country, with their digits.

    A misspelt city mostly sounds the same.
    """
    places = [address.city for address in entity.addresses]
    for place in entity.all_birth_places:
        places += specific_parts(place)[:MAX_PLACE_PARTS]
    return frozenset(map(_place_sound, places)) - {""}


@lru_cache(maxsize=1 << 16)
def _place_sound(place: str) -> str:
    folded = fold_text(place)
    return reduce_to_skeleton(keep_letters(folded)) + keep_digits(folded)


def postcodes(entity: EntityPrint) -> frozenset[str]:
    """The postcodes of all addresses."""
    return frozenset([address.postcode for address in entity.addresses if len(address.postcode) >= SHORTEST_POSTCODE])


def fold_text(text: str) -> str:
    """Letters and digits of a text in any script, in ASCII."""
    return "".join(filter(str.isalnum, (text if text.isascii() else _in_ascii(text)).lower()))


@lru_cache(maxsize=1 << 14)
def _in_ascii(text: str) -> str:
    return anyascii(text)


def keep_letters(text: str) -> str:
    """The letters a to z of a text."""
    return "".join([char for char in text if "a" <= char <= "z"])


def keep_digits(text: str) -> str:
    """The digits of a text."""
    return "".join(filter(str.isdigit, text))
