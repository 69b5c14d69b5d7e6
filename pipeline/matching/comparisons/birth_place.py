"""Birth places, by their names in parts: the most specific first, without words for what kind of place it is.

No gazetteer: that Spin Boldak lies in Kandahar is not known. Words of other scripts are held by the Latin forms that
names have too. Of several places the best pair counts.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np
from babel import Locale
from rapidfuzz import fuzz

from pipeline.locale import N_
from pipeline.matching.comparisons.comparison import (
    PERSON,
    Comparison,
    ComparisonLevel,
    ComparisonResult,
    RowParts,
    States,
    Table,
    best_of_several,
    bound_by_level,
)
from pipeline.matching.encoded import Field, Flags, Layout, Rows, WordArray, hash_text, letter_set
from pipeline.matching.fingerprint import EntityPrint
from pipeline.matching.names.prints import token_print
from pipeline.matching.operations import DONE
from pipeline.records.countries import are_compatible, country_code

_WORDS_BY_LANGUAGE = (
    "village villages town city cities municipality commune community district districts subdistrict county counties",
    "province provinces governorate region area state department prefecture canton parish republic autonomous federal",
    "territory locality settlement hamlet camp suburb neighbourhood neighborhood quarter oblast raion rayon krai okrug",
    "wilaya wilayat vilayat muhafazat mohafazat markaz tehsil tahsil taluk upazila woreda aimag",
    "provincia departamento estado municipio ciudad pueblo distrito aldeia concelho comune paese",
    "ville departement département région arrondissement stadt gemeinde kreis landkreis bezirk dorf provinz",
    "село деревня посёлок поселок город область район край республика місто",
    "محافظة مدينة قرية ولاية منطقة مديرية ناحية قضاء استان شهر روستا",
    "of the and in near former formerly now de del della di da do du la le les el y et und von der",
)
KINDS_OF_PLACE = frozenset(word for words in _WORDS_BY_LANGUAGE for word in words.split())
"""Also the small words between. Words that are never a place's own name."""

LETTERS_OF_CODES = 2
"""A part of so many letters may be a country's code or a part of a country ("CA")."""

NEAR_PLACE = 80
"""rapidfuzz ratio: one or two wrong letters in a place name."""

_PARTS = re.compile(r"[,;/()\n]+| - ")
_WORDS = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")

Forms = tuple[str, ...]
"""Latin forms of a word."""


class BirthPlaceLevel(ComparisonLevel):
    """How two places of birth agree."""

    SAME = 0.60, 4.0e-3, 0.60, 0.30, 0.60
    NEAR = 0.15, 3.0e-3, 0.15, 0.08, 0.15
    WORD_IN_COMMON = 0.10, 1.5e-2, 0.10, 0.10, 0.10
    DIFFERENT = 0.15, 0.98, 0.15, 0.52, 0.15


def compare(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    """Birth places: same (rarer ones say more), one or two letters off, a word in common, different.

    Words for kinds of places (village, district, province) say nothing, and a country little: "kirkuk" is the same as
    "kirkuk, iraq", "kandahar" has a word in common with "panjwai district, kandahar province".
    Of several places the best pair counts, less a fee for those that agree with none of the other side.
    """
    if not a.birth_place or not b.birth_place:
        return _compare_several(a, b, table) if a.birth_places or b.birth_places else None
    return _compare_places(a.birth_place, b.birth_place, table)


def _compare_places(p: str, q: str, table: Table, i: int = 0, j: int = 0) -> ComparisonResult | None:
    level = place_level(p, q)
    if level is None:
        return None
    weight = table.weights[level]
    if level == BirthPlaceLevel.SAME:
        weight = min(table.adjust_weight(BirthPlaceLevel.SAME, p), table.adjust_weight(BirthPlaceLevel.SAME, q))
    return table.result(level, weight, i, j)


def _compare_several(a: EntityPrint, b: EntityPrint, table: Table) -> ComparisonResult | None:
    rows, columns = a.all_birth_places, b.all_birth_places
    if not rows or not columns:
        return None
    DONE.operations += len(rows) * len(columns)
    nothing = ComparisonResult((0,) * len(table.bits[BirthPlaceLevel.SAME]), BirthPlaceLevel.DIFFERENT)
    grid = [[_compare_places(p, q, table, i, j) or nothing for j, q in enumerate(columns)] for i, p in enumerate(rows)]
    found = best_of_several(grid)
    return found if any(found.bits) else None


@lru_cache(maxsize=65536)
def place_level(p: str, q: str) -> BirthPlaceLevel | None:
    """The level of two place names; None where one is but the country of the other.

    "kirkuk" and "kirkuk, iraq" are the same: the most specific part decides, unless what lies behind it differs.
    """
    one, other = read_place(p), read_place(q)
    if p == q:
        return BirthPlaceLevel.WORD_IN_COMMON if one.bare else BirthPlaceLevel.SAME
    shared = not one.all.known.isdisjoint(other.all.known)
    if one.is_compatible(other):
        if shared and _is_same(one, other):
            return BirthPlaceLevel.WORD_IN_COMMON if one.bare and other.bare else BirthPlaceLevel.SAME
        if _is_near(one, other):
            return BirthPlaceLevel.NEAR
        if not shared and (one.bare or other.bare):
            return None if one.country and other.country else BirthPlaceLevel.DIFFERENT
    return BirthPlaceLevel.WORD_IN_COMMON if shared else BirthPlaceLevel.DIFFERENT


def _is_same(one: PlaceName, other: PlaceName) -> bool:
    if are_equal_words(one.first, other.first):
        behind, other_behind = one.behind.known, other.behind.known
        return not behind or not other_behind or not behind.isdisjoint(other_behind)
    return are_equal_words(one.all, other.all)


def _is_near(one: PlaceName, other: PlaceName) -> bool:
    """The first part or all a letter or two apart; equal first parts are in two places (Paris in Texas and Ontario)."""
    if not one.parts or not other.parts:
        return False
    several = one.behind.words or other.behind.words
    near = are_near(one.first, other.first) or (several and are_near(one.all, other.all))
    return bool(near) and not are_equal_words(one.first, other.first)


class PlaceWords(NamedTuple):
    """Words of a place, without repeats; `known` holds all their forms, `written` the likeliest of each."""

    words: tuple[Forms, ...]
    known: frozenset[str]
    written: str


class PlaceName(NamedTuple):
    """All words but the country, those of the first and most specific part, and those behind it.

    `bare`: the country is all that is said, and the only part.
    """

    all: PlaceWords
    first: PlaceWords
    behind: PlaceWords
    parts: tuple[str, ...]
    country: str = ""
    bare: bool = False

    def is_compatible(self, other: PlaceName) -> bool:
        """Whether both may lie in one country."""
        return not self.country or not other.country or are_compatible(self.country, other.country)


@lru_cache(maxsize=65536)
def read_place(text: str) -> PlaceName:
    """The parts of a place's folded name."""
    stated = [part.strip(" .'’") for part in _PARTS.split(text)]
    stated = [part for part in stated if part]
    country = ""
    if len(stated) > 1 and len(stated[-1]) > LETTERS_OF_CODES and (country := country_code(stated[-1])):
        stated.pop()
    bare = len(stated) == 1 and stated[0] in _english_names()
    parts = [words for part in stated if (words := _read_words(part))]
    return PlaceName(
        _gather_words(parts), _gather_words(parts[:1]), _gather_words(parts[1:]),
        tuple("".join(forms[0] for forms in part) for part in parts),
        country_code(stated[0]) if bare else country, bare,
    )  # fmt: skip


def _gather_words(parts: list[tuple[Forms, ...]]) -> PlaceWords:
    words = tuple(dict.fromkeys(word for part in parts for word in part))
    known = frozenset(form for forms in words for form in forms)
    return PlaceWords(words, known, " ".join(forms[0] for forms in words))


def specific_parts(text: str) -> tuple[str, ...]:
    """The parts as Latin letters, for blocking keys."""
    return read_place(text).parts


def _read_words(part: str) -> tuple[Forms, ...]:
    """The words but those of KINDS_OF_PLACE; all of them where there are no others."""
    words = _WORDS.findall(part)
    return tuple(_forms(word) for word in [word for word in words if word not in KINDS_OF_PLACE] or words)


@lru_cache(maxsize=65536)
def _forms(word: str) -> Forms:
    return (word,) if word.isascii() and word.isalpha() else token_print(word, "name").forms or (word,)


@cache
def _english_names() -> frozenset[str]:
    names = Locale("en").territories.items()
    return frozenset(name.casefold() for code, name in names if len(code) == LETTERS_OF_CODES)


def are_equal_words(a: PlaceWords, b: PlaceWords) -> bool:
    """Whether each word has a form in common with one of the other side."""
    if a.words == b.words:
        return True
    if a.known.isdisjoint(b.known):
        return False
    return all(map(b.known.intersection, a.words)) and all(map(a.known.intersection, b.words))


def are_near(a: PlaceWords, b: PlaceWords) -> bool:
    """Whether two names are a letter or two apart, by their likeliest forms."""
    return fuzz.ratio(a.written, b.written) >= NEAR_PLACE


WORD_BITS = 32
"""A place's words have a bit each of so many."""


class PlacePart(Layout):
    """The letters of a part of a place, and how many it has; a place with more than there is room for is OPEN_PLACE.

    `bare`: the first part is a country, which leaves open whether two places are compared.
    """

    letters = Field(26)
    length = Field(5)
    bare = Field()


OPEN_PLACE = ((1 << WORD_BITS) - 1, 0, 0)
"""A row that has no room for its places: they may be any."""


def encode_birth_place(entity: EntityPrint) -> tuple[int, int, int]:
    """The place's words as bits, then the letters of its first part, and of all of them; 0 where there is none."""
    if entity.birth_places:
        return OPEN_PLACE
    return _encode_place(entity.birth_place) if entity.birth_place else (0, 0, 0)


@lru_cache(maxsize=1 << 16)
def _encode_place(text: str) -> tuple[int, int, int]:
    place = read_place(text)
    words = sum({1 << hash_text(word, WORD_BITS) for word in place.all.known})
    if not words or len(place.all.written) > PlacePart.length.most:
        return OPEN_PLACE
    return words, _encode_part(place.first) | PlacePart.bare.put(place.bare), _encode_part(place.all)


def _encode_part(part: PlaceWords) -> int:
    return PlacePart.letters.put(letter_set(part.written)) | PlacePart.length.put(len(part.written))


def birth_place_state(a: Rows, b: Rows) -> States:
    """The strongest level: SAME where a word may be in common, NEAR where letters leave it open; behind the levels."""
    (words, first, all_of), (others, other_first, other_all) = a.words("birth_place"), b.words("birth_place")
    unknown = len(BirthPlaceLevel)
    near = _may_be_near(first, other_first) | _may_be_near(all_of, other_all)
    bare = PlacePart.bare.lies_in(first | other_first)
    state = np.where(near, BirthPlaceLevel.NEAR, np.where(bare, unknown, BirthPlaceLevel.DIFFERENT))
    state = np.where(words & others != 0, BirthPlaceLevel.SAME, state)
    found: States = np.where((words == 0) | (others == 0), unknown, state)
    return found


def _may_be_near(one: WordArray, other: WordArray) -> Flags:
    """By rapidfuzz ratio: each letter that only one has is an insertion or deletion, of so many in all letters."""
    letters = PlacePart.length.take(one) + PlacePart.length.take(other)
    apart = np.bitwise_count(PlacePart.letters.take(one ^ other)).astype(np.uint32)
    near: Flags = 100 * apart <= (100 - NEAR_PLACE) * letters
    return near


BIRTH_PLACE = Comparison(
    "birth_place",
    "birth_place",
    N_("Place of birth"),
    N_("the place of birth"),
    BirthPlaceLevel,
    (
        "m, u and h are judgement, not counts: places are spelt or rounded to a city otherwise in 4 of 10; strangers "
        "share one in 4 of 1,000, families in 4 of 10; a model's term frequencies replace u(same) for the place in "
        "hand"
    ),
    compare,
    lambda entity, index: entity.all_birth_places[index],
    several="birth_places",
    row_parts=RowParts({"birth_place": 3}, encode_birth_place),
    bound=bound_by_level(birth_place_state),
    bounded=PERSON,
)
