"""The sketch of a case: rows of bytes from which what it scores with another at most is found by arithmetic.

One row for each name of each entity. A row holds too little to tell what agrees, but enough to tell what can't: hashes
that differ are of values that differ, sets of letters that differ in many are of words that are many edits apart.
pipeline.matching.screening.screening reads it; what a row can't say is left open there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import chain
from struct import Struct
from zlib import crc32

from anyascii import anyascii

from pipeline.matching.comparisons.catalogue import TYPES, of_type
from pipeline.matching.fingerprint import CONFUSABLE_CLASSES, EntityPrint
from pipeline.matching.names import NamePrint
from pipeline.matching.names.prints import TokenPrint
from pipeline.matching.names.variants import classes_of
from pipeline.records.normalised import PartialDate

TOKENS = 4

LETTERS, VARIANTS, HASHES, PHONES, IDENTIFIERS, BORN, CITY, SMALL = 0, 4, 8, 12, 14, 16, 17, 18
"""First 32-bit word of a row's parts: three for each name token, both ends of two phones and of two identifiers, the
birth date's eight digits, letters of the city, and behind them bytes:"""
BYTES = (
    "type", "others", "gender", "nations", "first", "names", "longest", "joined", "acronym", "glue",
    "address", "city_length", "postcode", "postcode_end", "house", "numbers",
)  # fmt: skip
"""`names` counts the tokens, `longest`, `joined` and `acronym` are NamePrint's letters; `numbers` tells the kinds of
identifiers (NUMBERS), `others` the comparisons that have a value but no room, in the order of `unmodelled`; what is no
number is hashed, 0 where there is none."""
WORDS = SMALL + len(BYTES) // 4
ROW_BYTES = 4 * WORDS

_PACK = Struct(f"<{SMALL}I{len(BYTES)}B").pack

MAX_ROWS = 15
"""Rows of a sketch; a case with more names and entities has none, and is compared with all that it meets."""

OPEN = 255
"""In `names`: tokens that a row has no room or no terms for."""

RARITY = 26
"""First bit of a token's rarity, in six bits behind the letters of its spelling."""
FORM, SOUND, BEGINNING, LENGTH, UNLINED, WILD = 0, 5, 17, 25, 30, 31
"""First bits of a token's hashes: of its spelling, whose letters are known besides, of its sound and first letters, its
length, whether it has no outline, whether it may be like any other."""
HASH_BITS = {FORM: 5, SOUND: 12, BEGINNING: 8}
MOST_LENGTH = 31

CLASSES_KEPT = 3
"""Classes of variants of a token that are told one by one: half of all tokens have none, nine of ten no more."""
CLASS_BITS = 10
CLASSES = (1 << CLASS_BITS) - 1
"""A class is told by its number modulo this, and one more, as 0 is none."""
FOLDED_CLASSES = 31
"""Of more classes a set is told: of their numbers modulo this, which divides CLASSES, so that both can be compared."""
MANY = 1 << FOLDED_CLASSES

RARITY_STEP = 26
"""Hundredths of a bit of a step of a token's rarity, which is rounded up; the last step is that of initials."""
INITIAL = 63

NUMBERS = ("vin", "plate", "identifier")
"""Comparisons of identifiers; those of the last one are of no other's kind."""

NUMBERS_KEPT = 2
"""Phones, or identifiers, of an entity of which a row holds both ends; more are left open."""
END_BITS = 16
MOST_END = (1 << END_BITS) - 2
ANY_NUMBER = (1 << 2 * END_BITS) - 1

SHORTEST = 5

_TWO = tuple(int(str(number), 16) for number in range(100))
"""Two digits, four bits each."""

NO_TOKENS = (0,) * 3 * TOKENS
NO_ADDRESS, ADDRESS, OPEN_ADDRESS = range(3)
MOST_LETTERS = 250

MODELLED = frozenset(
    {"birth_date", "birth_date_partial", "birth_date_text", "gender", "nationality", "phone", "identifier", "vin",
     "plate", "address"}
)  # fmt: skip
"""Comparisons whose values have room in a row; so have persons' names."""

FIELDS = {
    "name": "names", "email": "emails", "birth_place": "birth_place", "make": "make", "model": "model",
    "colour": "colour", "calibre": "calibre", "method": "method", "when_where": "span", "coordinates": "place",
}  # fmt: skip
"""The field without which a comparison says nothing; one that is not listed may always speak."""


def sketch(entities: tuple[EntityPrint, ...]) -> bytes:
    """The rows one after the other; b"" where they can't bound a score."""
    if any(one.birth_date_text for one in entities):
        return b""
    rows = [row for one in entities for row in _rows(one)]
    return b"".join(rows) if len(rows) <= MAX_ROWS else b""


@lru_cache(maxsize=len(TYPES))
def unmodelled(entity_type: str) -> tuple[str, ...]:
    """Names of a type's comparisons of which a row only tells whether there is a value."""
    names = (one.name for one in of_type(entity_type) if one.name not in MODELLED)
    return tuple(name for name in names if name != "name" or entity_type != "person")


def _rows(one: EntityPrint) -> Iterator[bytes]:
    values = (*_phones(one), *_identifiers(one), _digits(one.birth_date))
    gender = 1 + _hash(one.gender, 255) if one.gender else 0
    kinds = (TYPES.index(one.type), _others(one), gender, _nations(one.nationalities))
    city, *address = _address(one)
    numbers = _numbers(one)
    names = one.names if one.type == "person" else ()
    for at, name in enumerate(names or (None,)):
        tokens, named = _name(name)
        yield _PACK(*tokens, *values, city, *kinds, at == 0, *named, *address, numbers)


def _others(one: EntityPrint) -> int:
    found = 0
    for at, field in enumerate(_fields(one.type)):
        if not field or getattr(one, field):
            found |= 1 << at
    return found


@lru_cache(maxsize=len(TYPES))
def _fields(entity_type: str) -> tuple[str, ...]:
    return tuple(FIELDS.get(name, "") for name in unmodelled(entity_type))


def _digits(date: PartialDate | None) -> int:
    if date is None:
        return 0
    century, year = divmod(date.year, 100)
    return _TWO[century] << 24 | _TWO[year] << 16 | _TWO[date.month] << 8 | _TWO[date.day]


def _nations(nations: tuple[str, ...]) -> int:
    return 0 if not nations else sum({1 << _hash(nation, 8) for nation in nations})


def _name(name: NamePrint | None) -> tuple[Iterable[int], tuple[int, ...]]:
    if name is None:
        return NO_TOKENS, (0, 0, 0, 0, 0)
    longest, joined, acronym = name.letters
    if not 0 < len(name.tokens) <= TOKENS or longest > MOST_LETTERS or not name.person:
        return NO_TOKENS, (OPEN, 0, 0, 0, 0)
    words = [_token(one) for one in name.tokens] + [(0, 0, 0)] * (TOKENS - len(name.tokens))
    return chain(*zip(*words, strict=True)), (
        len(name.tokens), longest, min(joined, OPEN), min(acronym, OPEN), bool(name.glue)
    )  # fmt: skip


@lru_cache(maxsize=1 << 16)
def _token(token: TokenPrint) -> tuple[int, int, int]:
    form, step = token.forms[0], -(-token.rarity // RARITY_STEP)
    wild = token.script not in ("Latin", "") or token.kind == "core" or len(token.text) > len(form) or step >= INITIAL
    step = INITIAL if token.kind == "initial" else min(step, INITIAL - 1)
    hashes = _part(form, FORM) | _part(token.sound, SOUND) | _part(form[:3], BEGINNING)
    unlined = not token.outline or not _letter_by_letter(token.text, form)
    hashes |= min(len(form), MOST_LENGTH) << LENGTH | unlined << UNLINED | wild << WILD
    return letters(form) | step << RARITY, _classes(classes_of(form)), hashes


def _classes(numbers: frozenset[int]) -> int:
    if len(numbers) > CLASSES_KEPT:
        return MANY | sum({1 << number % FOLDED_CLASSES for number in numbers})
    return sum(1 + number % CLASSES << CLASS_BITS * at for at, number in enumerate(sorted(numbers)))


def _letter_by_letter(text: str, form: str) -> bool:
    """Whether each letter of a word became one of its spelling, so that edits of the one are edits of the other."""
    return text == form or (not text.isascii() and all(len(anyascii(letter)) == 1 for letter in text))


def _part(text: str, first: int) -> int:
    return _hash(text, 1 << HASH_BITS[first]) << first


def letters(text: str) -> int:
    """The set of the letters a to z of a text."""
    return sum({1 << ord(letter) - ord("a") for letter in text if "a" <= letter <= "z"})


def _phones(one: EntityPrint) -> tuple[int, int]:
    """One wrong digit leaves the first four as they are, or the last three."""
    return _ends([(phone.national[:4], phone.national[-3:]) for phone in one.phones])


def _identifiers(one: EntityPrint) -> tuple[int, int]:
    """One wrong character of five or more leaves the first two as they are, or the last two; * and ? are any."""
    values = [identifier.value.translate(CONFUSABLE_CLASSES) for identifier in one.identifiers]
    short = any(len(identifier.value) < SHORTEST for identifier in one.identifiers if identifier.type == "vin")
    if short or any("*" in value or "?" in value for value in values):
        return ANY_NUMBER, ANY_NUMBER
    return _ends([(value[:2], value[-2:]) for value in values])


def _numbers(one: EntityPrint) -> int:
    if not one.identifiers:
        return 0
    kinds = {identifier.type if identifier.type in NUMBERS else "identifier" for identifier in one.identifiers}
    return sum(1 << at for at, kind in enumerate(NUMBERS) if kind in kinds)


def _ends(values: list[tuple[str, str]]) -> tuple[int, int]:
    """Beginning and end of each number, not all of whose bits are set; 0 for none."""
    if len(values) > NUMBERS_KEPT:
        return ANY_NUMBER, ANY_NUMBER
    found = [1 + _hash(one, MOST_END) << END_BITS | 1 + _hash(other, MOST_END) for one, other in values]
    first, second = (*found, 0, 0)[:NUMBERS_KEPT]
    return first, second


def _address(one: EntityPrint) -> tuple[int, ...]:
    """City letters, state, number of city letters, postcode, its end, house."""
    if not one.addresses:
        return 0, NO_ADDRESS, 0, 0, 0, 0
    address, city = one.addresses[0], _ascii(one.addresses[0].city)
    if len(one.addresses) > 1 or not address.street or len(address.postcode) == 1 or len(city) > MOST_LETTERS:
        return 0, OPEN_ADDRESS, 0, 0, 0, 0
    return letters(city), ADDRESS, len(city), *_postcode(address.postcode), _house(address.house)


def _postcode(code: str) -> tuple[int, int]:
    """One wrong character leaves the first two as they are, or all others."""
    return (1 + _hash(code[:2], 255), 1 + _hash(code[2:], 255)) if code else (0, 0)


def _house(house: str) -> int:
    return 1 + _hash(house.rstrip("abcdefgh"), 255) if house else 0


@lru_cache(maxsize=1 << 14)
def _ascii(text: str) -> str:
    return text if text.isascii() else anyascii(text).casefold()


def _hash(text: str, size: int) -> int:
    """0 to `size` - 1, the same on every machine."""
    return crc32(text.encode()) % size
