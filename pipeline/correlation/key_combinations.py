"""Which values of a person make a blocking key together, by how rare each is.

Only the shortest combinations yield keys: values that are rare enough by themselves are not combined further.
COMBINATIONS were chosen by forward selection and backward elimination, by the true pairs found for each candidate and
each key, on historical figures, FEBRL, fake_1000 and census-like collections.

All attributes of one kind count as equally rare, so the combinations of a name token follow from its own rarity.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from pipeline.correlation.key_kinds import KeyKind, first_of, hash_value

RARITIES = {"y": 600, "m": 950, "d": 800, "f": 1400, "p": 550, "c": 1100, "u": 1600, "a": 800, "i": 350}
"""Rarity of an attribute's common value, in hundredths of a bit: 64 birth years; 12 months in each; 365 days in any
order of day and month; both; a city of one in 45, since cities that sound alike are one; 2,000 postcodes; of those that
a few doors share more than a million; 256 postal areas; 11 first letters."""

COMBINATIONS = {
    KeyKind.POSTCODE: "/c /a",
    KeyKind.DATE: "/f /m",
    KeyKind.DATE_PLACE: "/fp /dp /yp",
    KeyKind.DATE_INITIAL: "/fi",
    KeyKind.NAME: "s/ v/ x/ o/",
    KeyKind.NAME_PAIR: "ss/ sv/ sx/ vx/ xx/ oo/ ox/",
    KeyKind.NAME_DATE: "s/f o/f s/d",
    KeyKind.NAME_POSTCODE: "o/c s/a",
    KeyKind.NAME_YEAR: "s/y x/y",
    KeyKind.NAME_PLACE: "s/p v/p o/p x/p",
    KeyKind.NAMES_DATE: "ss/y sv/y oo/y ss/d",
    KeyKind.NAMES_PLACE: "ss/p oo/p oo/a",
    KeyKind.NAME_YEAR_PLACE: "s/yp v/yp x/yp o/yp",
}
"""What each kind puts together, as letters of name parts / letters of attributes.

Of a name token: o its onset, s its consonant skeleton, v a class of variants, x its spelling where the skeleton is too
common. Of a birth date: y year, m month, d day in either order of day and month, f all of it. p a place's sound, c
postcode (u where a few doors share it), a postal area, i initial.
"""

NAME_PARTS = "osvx"
"""The letters of name parts."""

TOO_RARE = 1 << 20
"""No value is so rare."""


class KeyCombination(NamedTuple):
    """Attributes that make a key together with name parts, and the limits for these; all in hundredths of a bit.

    The rarities of the parts must sum to at least `least`. The other fields are exclusive upper limits; above one of
    them a shorter combination makes a key already. `below` limits the sum, `first` and `second` the rarity of each of
    two parts, and `heard` the sum with a sound in place of a spelling.
    """

    attributes: str
    base: int
    """The kind and a hash of the letters; XOR with the hashes of all values gives the key."""
    least: int
    below: int = TOO_RARE
    first: int = TOO_RARE
    second: int = TOO_RARE
    heard: int = TOO_RARE


class KeyPlan(NamedTuple):
    """All combinations that make keys under one key rarity."""

    alone: tuple[tuple[str, int], ...]
    """Attributes that make a key without a name part, each with the base of the key (KeyCombination.base)."""
    names: Mapping[str, tuple[KeyCombination, ...]]
    """Combinations of one name part by its letter; the lowest `least` first."""
    pairs: Mapping[str, Mapping[str, tuple[KeyCombination, ...]]]
    """Those of two, in either order, by the letter of the first and then of the second."""
    too_rare: int
    """A part that is as rare as this makes a key without a second one, and so none with it."""


_WANTED = [(kind, *wanted.partition("/")[::2]) for kind, some in COMBINATIONS.items() for wanted in some.split()]
_KNOWN = {(named, attributes) for _, named, attributes in _WANTED}

PAIRS = sorted({pair for _, _, join in _WANTED if len(join) > 1 for pair in (join, join.replace("c", "u"))})
"""Pairs of attributes that are combined."""


@lru_cache(maxsize=8)
def plan_keys(enough: int) -> KeyPlan:
    """The combinations that make keys if a key must have the rarity `enough`, in hundredths of a bit."""
    found: dict[str, list[KeyCombination]] = {}
    for kind, named, attributes in _WANTED:
        for variant in dict.fromkeys((attributes, attributes.replace("c", "u"))):
            if (joined := _combination_limits(kind, named, attributes, variant, enough)) is not None:
                found.setdefault(named, []).append(joined)
    alone = tuple(
        (combination.attributes, combination.base)
        for combination in found.pop("")
        if combination.least <= 0 < combination.below
    )
    swapped = {
        named[::-1]: [one._replace(first=one.second, second=one.first) for one in some]
        for named, some in found.items()
        if named != named[::-1]
    }
    ordered = {named: tuple(sorted(some, key=lambda one: one.least)) for named, some in (found | swapped).items()}
    pairs: dict[str, dict[str, tuple[KeyCombination, ...]]] = {letter: {} for letter in NAME_PARTS}
    for named in [named for named in ordered if len(named) > 1]:
        pairs[named[0]][named[1]] = ordered.pop(named)
    of_two = [combination for some in pairs.values() for combination in chain.from_iterable(some.values())]
    return KeyPlan(alone, ordered, pairs, max([min(one.first, one.below) for one in of_two], default=0))


def _combination_limits(kind: KeyKind, named: str, attributes: str, variant: str, enough: int) -> KeyCombination | None:
    """The limits of one combination; None if its attributes make a key without it."""
    rarities = [RARITIES[letter] for letter in variant]
    together, (first, second) = sum(rarities), rarities if len(rarities) > 1 else (0, 0)

    def limit(lesser: str, others: str, rarity: int) -> int:
        """The rarity of name parts from which a shorter combination makes a key; TOO_RARE if there is no such one."""
        is_shorter = (lesser, others) != (named, attributes) and (lesser, others) in _KNOWN
        return enough - rarity if is_shorter else TOO_RARE

    if limit("", attributes, together) <= 0:
        return None
    heard = "".join(sorted(named.replace("x", "s", 1)))
    return KeyCombination(
        variant,
        first_of(kind) | hash_value(f"{named}/{attributes}"),
        enough - together,
        min(limit(named, "", 0), limit(named, attributes[:-1], first), limit(named, attributes[-1:], second)),
        limit(named[:1], attributes, together),
        limit(named[1:], attributes, together),
        limit(heard, attributes, together),
    )
