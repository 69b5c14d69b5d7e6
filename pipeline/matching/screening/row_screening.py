"""What two entities' odds are at most, by a row of each one's sketch, for many pairs of rows at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.matching.comparisons import addresses, contacts, dates, identifiers, things
from pipeline.matching.comparisons.catalogue import TYPES
from pipeline.matching.comparisons.levels import Table, bend
from pipeline.matching.model import Model
from pipeline.matching.screening.name_screening import ANY, most_name_bits
from pipeline.matching.screening.rows import Bits, Flags, Rows, Small, Words
from pipeline.matching.screening.sketches import (  # fmt: skip
    ANY_NUMBER,
    BORN,
    CITY,
    END_BITS,
    IDENTIFIERS,
    NUMBERS,
    NUMBERS_KEPT,
    OPEN_ADDRESS,
    PHONES,
    unmodelled,
)

Levels = NDArray[np.int64]

ODDS = 2
"""Against strangers, and against companions."""

NONE = -1
"""In place of a level: the comparison says nothing. It is the last entry of a comparison's reach."""

CITY_UNLIKE = 1 - addresses.CITY_SIMILARITY / 100
"""Share of both cities' letters that may differ (rapidfuzz ratio: edits without substitution, by both lengths)."""

MOST_OTHERS = 8

_END = np.uint32((1 << END_BITS) - 1)

NUMBER_LEVELS = {
    "vin": (things.VIN_SAME, things.VIN_CHECKED, things.VIN_DIFFERENT),
    "plate": (things.PLATE_SAME, things.PLATE_EDIT, things.PLATE_DIFFERENT),
    "identifier": (identifiers.SAME, identifiers.EDIT_CHECKED, NONE),
}
"""Strongest level of two numbers that may agree whole, at one end, or not at all: those may be of two types."""
WHOLE, HALVED, APART, UNKNOWN = range(4)

PHONE_LEVELS = np.array([contacts.SAME, contacts.TAIL, contacts.DIFFERENT, NONE])


class Reach:
    """Most hundredths of a bit of each comparison at a level and all weaker ones, as arrays of (ODDS, levels)."""

    def __init__(self, model: Model) -> None:
        self._of = {name: _reach(table) for name, table in model.tables.items()}
        self._names = _name_reach(model.tables["name"])
        self._dates = np.concatenate([self._of["birth_date"][:, :NONE], self._of["birth_date_partial"]], 1)
        self._numbers = np.concatenate([_number_reach(state, self._of) for state in (WHOLE, HALVED, APART, UNKNOWN)], 1)
        self._others = np.concatenate([_others_reach(kind, self._of) for kind in TYPES], 1)

    def odds(self, a: Rows, b: Rows) -> Bits:
        """Most bits against strangers and against companions, where both rows are of one type."""
        named = (a.small("names") > 0) & (b.small("names") > 0)
        found: Bits = self._names.take(np.where(named, most_name_bits(a, b), NONE), 1)
        found += self._dates.take(_dates(a.words[BORN], b.words[BORN]), 1)
        found += self._of["phone"].take(PHONE_LEVELS[_halves(a, b, PHONES)], 1)
        numbers = a.small("numbers") & b.small("numbers")
        found += self._numbers.take(_halves(a, b, IDENTIFIERS) << len(NUMBERS) | numbers, 1)
        found += self._of["address"].take(_addresses(a, b), 1)
        found += self._of["nationality"].take(_nations(a.small("nations"), b.small("nations")), 1)
        genders = self._of["gender"].take(_genders(a.small("gender"), b.small("gender")), 1)
        genders[0, named] = np.minimum(genders[0, named], 0)
        others = (a.small("others") & b.small("others")).astype(np.int32)
        found += genders + self._others.take(a.small("type").astype(np.int32) << MOST_OTHERS | others, 1)
        return found


def _reach(table: Table) -> Bits:
    """By level, then NONE. Rarity of a value may raise any level; an agreement never weighs less than nothing."""
    extra = max([0, table.rare, *table.terms.values()])
    bits = [(max(weight + extra, 0) if extra else weight, companion) for weight, companion in _weighted(table)]
    reached = np.maximum.accumulate(np.array(bits, np.int32)[::-1])[::-1]
    return np.concatenate([reached, np.zeros((1, ODDS), np.int32)]).T.copy()


def _weighted(table: Table) -> list[tuple[int, int]]:
    return list(zip(table.weights, table.companions, strict=True))


def _name_reach(table: Table) -> Bits:
    """By bits of the names package, then NONE."""
    most = max(table.companions)
    return np.array([*((max(0, bend(bits, table.curve)), most) for bits in range(ANY + 1)), (0, 0)], np.int32).T.copy()


def _number_reach(state: int, of: dict[str, Bits]) -> Bits:
    """By the kinds of identifiers that both sides have (sketches.NUMBERS)."""
    levels = [NUMBER_LEVELS[kind][state] if state < UNKNOWN else NONE for kind in NUMBERS]
    return _sums([of[kind][:, level] for kind, level in zip(NUMBERS, levels, strict=True)])


def _others_reach(entity_type: str, of: dict[str, Bits]) -> Bits:
    """By the comparisons without room in a row for which both sides have values (sketches.unmodelled)."""
    most = [of[name][:, 0] + (ANY if name == "name" else 0) for name in unmodelled(entity_type)]
    none = [np.zeros(ODDS, np.int32)] * (MOST_OTHERS - len(most))
    return _sums([*(np.maximum(one, 0) for one in most), *none])


def _sums(parts: list[Bits]) -> Bits:
    """The sum of each subset of parts, by their bits."""
    masks = np.arange(1 << len(parts))
    sums = sum((part[:, None] * (masks >> bit & 1) for bit, part in enumerate(parts)), np.zeros((ODDS, 1), np.int32))
    return sums.astype(np.int32)


def _halves(a: Rows, b: Rows, word: int) -> Levels:
    """WHOLE, HALVED or APART: what both ends of two entities' numbers leave open; UNKNOWN where a side has none."""
    one, other = a.words[word : word + NUMBERS_KEPT], b.words[word : word + NUMBERS_KEPT]
    apart = one[:, None] ^ other[None]
    both = (one != 0)[:, None] & (other != 0)[None]
    alike = ((apart <= _END) | (apart & _END == 0)) & both
    whole = (apart == 0) & both
    state = np.where(whole.any((0, 1)), WHOLE, np.where(alike.any((0, 1)), HALVED, APART))
    state[(one[0] == ANY_NUMBER) | (other[0] == ANY_NUMBER)] = WHOLE
    return np.where((one[0] == 0) | (other[0] == 0), UNKNOWN, state)


def _genders(one: Small, other: Small) -> Levels:
    return np.where((one == 0) | (other == 0), NONE, one != other)


def _nations(one: Small, other: Small) -> Levels:
    return np.where((one == 0) | (other == 0), NONE, one & other == 0)


_YEARS = np.array([int(f"{year:x}") if f"{year:x}".isdecimal() else 0 for year in range(1 << 16)], np.int16)
"""Years by their four digits, four bits each."""


def _whole_dates(code: int) -> int:
    """comparisons.dates.whole_level by what is the same, which is all it asks for (bits as in `_dates`)."""
    year, month, day, edit, near, flipped = (code >> bit & 1 for bit in range(6))
    if year and month and day:
        return dates.SAME
    if year and flipped:
        return dates.SWAPPED
    if edit and (year or (month and day)):
        return dates.ONE_DIGIT
    if year:
        return dates.SAME_MONTH if month else dates.SAME_YEAR
    return dates.SAME_DAY if month and day else (dates.YEAR_OFF if near else dates.DIFFERENT)


def _partial_dates(code: int) -> int:
    """comparisons.dates.partial_level likewise."""
    year, same_month, unknown, near = (code >> bit & 1 for bit in (0, 1, 6, 4))
    if year:
        return 1 if unknown else (0 if same_month else 2)
    return 2 if near else 3


_DATE_LEVELS = np.array(
    [_whole_dates(code) for code in range(64)] * 2 + [dates.DIFFERENT + 1 + _partial_dates(code) for code in range(128)]
)


def _dates(one: Words, other: Words) -> Levels:
    """Levels of whole dates, behind them those of partial ones."""
    apart = one ^ other
    wrong = (apart | apart >> 1 | apart >> 2 | apart >> 3) & 0x11111111
    edits = np.bitwise_count(wrong)
    signs = (
        apart >> 16 == 0,
        apart & 0xFF00 == 0,
        apart & 0xFF == 0,
        (edits == 1) | ((edits == 2) & (wrong & wrong >> 4 != 0)),
        np.abs(_YEARS[one >> 16] - _YEARS[other >> 16]) == 1,
        (one & 0xFF == other >> 8 & 0xFF) & (other & 0xFF == one >> 8 & 0xFF),
        (one & 0xFF00 == 0) | (other & 0xFF00 == 0),
        (one & 0xFF == 0) | (other & 0xFF == 0),
    )
    code = np.zeros(len(one), np.uint8)
    for bit, sign in enumerate(signs):
        code |= sign.view(np.uint8) << np.uint8(bit)
    return np.where((one == 0) | (other == 0), NONE, _DATE_LEVELS[code])


def _addresses(a: Rows, b: Rows) -> Levels:
    """Two addresses with streets agree on more than the area only if their houses, where known, do."""
    one, other = a.small("address"), b.small("address")
    postcodes = (a.small("postcode") > 0) & (b.small("postcode") > 0)
    begin = postcodes & (a.small("postcode") == b.small("postcode"))
    end = postcodes & (a.small("postcode_end") == b.small("postcode_end"))
    cities = (a.small("city_length") > 0) & (b.small("city_length") > 0)
    lengths = a.small("city_length").astype(np.int32) + b.small("city_length")
    city = cities & (np.bitwise_count(a.words[CITY] ^ b.words[CITY]) <= CITY_UNLIKE * lengths + 1e-6)
    level = np.where(city, addresses.CITY, addresses.DIFFERENT)
    level = np.where(begin | end, addresses.NEAR_POSTCODE, level)
    level = np.where(begin & end, addresses.UNIT_POSTCODE, level)
    houses = (a.small("house") == 0) | (b.small("house") == 0) | (a.small("house") == b.small("house"))
    level = np.where(houses & (city | begin | end | ~(postcodes | cities)), addresses.DOOR, level)
    level = np.where((one == OPEN_ADDRESS) | (other == OPEN_ADDRESS), addresses.DOOR, level)
    return np.where((one == 0) | (other == 0), NONE, level)


def may_share(a: Rows, b: Rows) -> Flags:
    """Whether entities of different types may share a selector (EntityPrint.selectors)."""
    doors: Flags = np.ones(len(a), np.bool_)
    for part in ("postcode", "postcode_end", "house"):
        doors &= a.small(part) == b.small(part)
    doors |= (a.small("address") == OPEN_ADDRESS) | (b.small("address") == OPEN_ADDRESS)
    doors &= (a.small("address") > 0) & (b.small("address") > 0)
    lines = _halves(a, b, PHONES) <= HALVED
    numbers = _halves(a, b, IDENTIFIERS) == WHOLE
    doors |= lines | numbers | _mails(a, b)
    return doors


_MAILS = np.array([1 << unmodelled(kind).index("email") for kind in TYPES], np.uint8)


def _mails(a: Rows, b: Rows) -> Flags:
    return (a.small("others") & _MAILS[a.small("type")] > 0) & (b.small("others") & _MAILS[b.small("type")] > 0)
