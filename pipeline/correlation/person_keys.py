"""Blocking keys of persons: one value that is rare enough, or two or three values that are rare enough together.

The model's `key_rarity` says how rare that is, in hundredths of a bit: at 15 bits a key meets three cases in 100,000.
A key is the XOR of the hashes of its values (Zobrist hashing), so each value is hashed once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import combinations

from pipeline.correlation.key_combinations import PAIRS, RARITIES, KeyPlan, plan_keys
from pipeline.correlation.name_words import Begun, NameWord, choose_words, hash_text
from pipeline.correlation.place_values import place_sounds, postal_area, postcodes
from pipeline.matching.comparisons.address import UNIT
from pipeline.matching.comparisons.birth_date import year_span
from pipeline.matching.comparisons.birth_date_text import readings
from pipeline.matching.fingerprint import EntityPrint
from pipeline.records.normalised import BirthDate

DECEMBER = 12

DEFAULT_DAY = "1-1"
"""1 January often stands for an unknown day (in a third of the historical figures), so it says as much as the year."""

MAX_DATES = 12
"""Birth dates of one person that yield keys, those known to the day first."""

WIDEST_RANGE = 6
"""Years of the widest range that yields keys, one for each year; a wider one says too little."""

MAX_JOINED = 16
"""Combinations of the values of two attributes of one person that yield keys."""

_WRITTEN_YEAR = re.compile(r"(\d{4})\b")

Values = dict[str, tuple[int, ...]]
"""Hashes of attributes by their letters (key_combinations)."""

NO_VALUES: Values = {"": (0,), **dict.fromkeys((*RARITIES, *PAIRS), ())}


def person_keys(entity: EntityPrint, enough: int) -> set[int]:
    """The keys of a person by names, birth dates and places; `enough` is the rarity that a key must have."""
    joined_by, words, values = plan_keys(enough), choose_words(entity.names, enough), _attribute_values(entity)
    begun = list(joined_by.alone)
    for word in words:
        begun += word.begun
    for word, other in combinations(words, 2):
        if word.names & other.names:
            begun += _pair_words(word, other, joined_by)
    return {base ^ value for attributes, base in begun for value in values[attributes]}


def _pair_words(one: NameWord, other: NameWord, joined_by: KeyPlan) -> Iterator[Begun]:
    """The keys that hold a part of each of two words."""
    some, others = ([part for part in word.parts if part.rarity < joined_by.too_rare] for word in (one, other))
    for letter, text, p, p_heard, value in some if others else ():
        joined = joined_by.pairs[letter]
        for following, another, q, q_heard, other_value in others:
            wanted, rarity = joined.get(following), p + q
            if wanted is None or rarity < wanted[0].least or text == another:
                continue
            heard = max(p_heard and p_heard + q, q_heard and p + q_heard) if p_heard or q_heard else 0
            for attributes, base, least, below, first, second, heard_below in wanted:
                if rarity < least:
                    break  # the next ones ask for no less
                if rarity < below and p < first and q < second and heard < heard_below:
                    yield attributes, base ^ value ^ other_value


def _attribute_values(entity: EntityPrint) -> Values:
    values = {**NO_VALUES, **_date_values(entity)}
    if sounds := place_sounds(entity):
        values["p"] = _hash_texts("p", sounds)
    if codes := [_split_postcode(code) for code in postcodes(entity)]:
        for kind in "cu":
            values[kind] = tuple([value for letter, value, _ in codes if letter == kind])
        values["a"] = tuple({value for _, _, value in codes})
    initials = {token.forms[0][:1] for name in entity.names for token in name.tokens} - {""}
    values["i"] = _hash_texts("i", initials)
    for pair in PAIRS:
        some, others = values[pair[0]], values[pair[1]]
        if some and others:
            values[pair] = _join_hashes(some, others)
    return values


def _join_hashes(some: tuple[int, ...], others: tuple[int, ...]) -> tuple[int, ...]:
    """Combine each value with each other one; of too many keep the smallest, so that two persons keep the same ones."""
    joined = [one ^ other for one in some for other in others]
    return tuple(joined if len(joined) <= MAX_JOINED else sorted(set(joined))[:MAX_JOINED])


@lru_cache(maxsize=1 << 15)
def _split_postcode(code: str) -> tuple[str, int, int]:
    """The letter of a postcode (key_combinations), its hash, and the hash of its area."""
    return "u" if UNIT.fullmatch(code) else "c", hash_text("c", code), hash_text("a", postal_area(code))


def _date_values(entity: EntityPrint) -> Values:
    date = entity.birth_date
    if date is not None:
        return _date_hashes(date.year, date.month, date.day)
    if entity.birth_dates:
        first = sorted(entity.birth_dates, key=lambda one: not (one.exact and one.first.day))[:MAX_DATES]
        return _merge_values(values for date in first for values in _range_hashes(date))
    return _text_hashes(entity.birth_date_text) if entity.birth_date_text else {}


def _text_hashes(text: str) -> Values:
    """The values of the readable parts of a damaged date, or of the four digits with which a text begins."""
    if dates := readings(text):
        return _merge_values(_date_hashes(*date) for date in dates)
    year = _WRITTEN_YEAR.match(text)
    return _date_hashes(int(year[1]), 0, 0) if year else {}


def _merge_values(some: Iterable[Values]) -> Values:
    found: dict[str, dict[int, None]] = {}
    for values in some:
        for letter, hashes in values.items():
            found.setdefault(letter, {}).update(dict.fromkeys(hashes))
    return {letter: tuple(hashes) for letter, hashes in found.items()}


def _range_hashes(date: BirthDate) -> Iterator[Values]:
    """The values of a date; of a range those of each year."""
    if date.exact:
        yield _date_hashes(date.first.year, date.first.month, date.first.day)
        return
    first, last = year_span(date)
    if last - first < WIDEST_RANGE:
        yield from (_date_hashes(year, 0, 0) for year in range(first, last + 1))


@lru_cache(maxsize=1 << 15)
def _date_hashes(year: int, month: int, day: int) -> Values:
    """The values of a date, with day and month in either order if both are possible; a part that is 0 is unknown."""
    months = {month, day} if 0 < day <= DECEMBER else {month}
    either = f"{min(month, day)}-{max(month, day)}"
    values = {}
    if year:
        values["y"] = _hash_texts("y", [f"{year}"])
        values["m"] = _hash_texts("m", [f"{year}-{part}" for part in months if part])
    if day and either != DEFAULT_DAY:
        values["d"] = _hash_texts("d", [either])
        if year:
            values["f"] = (hash_text("f", f"{year}-{either}"),)
    return values


def _hash_texts(letter: str, texts: Iterable[str]) -> tuple[int, ...]:
    return tuple([_recall_hash(letter, text) for text in texts])


_recall_hash = lru_cache(maxsize=1 << 15)(hash_text)
"""Years, months, birthdays, initials and places come again; whole dates and postcodes seldom do."""
