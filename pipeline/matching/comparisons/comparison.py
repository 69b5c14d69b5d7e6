"""The parts of a comparison: named levels with reference probabilities, and a function that finds a pair's level.

A comparison gives bits against each alternative. Of several values of a field the best pair counts (`stronger_of`), and
where a value agrees with nothing of the other side, that costs (`best_of_several`).

Its bound is the most that it can be worth, for many pairs at once, from sketches alone. A bound has two parts. `state`
reads two rows of sketches and returns the number of the state that they leave open, for example whether the hashes of
two phones are equal, agree in one half, or differ, or one is missing. `bits` gives the most that the comparison can be
worth in each state. Comparisons that read the same part of a row share one `state`, so that screening looks it up once
for all.

The law: in the state of two entities' rows, `bits` is never below what `compare` gives, against any alternative.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cache
from itertools import pairwise
from typing import NamedTuple, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from pipeline.matching.alternatives import ALTERNATIVES, COMPANION_KINDS, NO_BITS, STRANGERS, Bits
from pipeline.matching.encoded import Bytes, Flags, Rows, WordArray
from pipeline.matching.fingerprint import EntityPrint
from pipeline.records.entity_types import ENTITY_TYPES, TYPES
from pipeline.records.entity_types import PERSON as PERSON_ROW
from pipeline.records.entity_types import VEHICLE as VEHICLE_ROW
from pipeline.records.limits import ENTITY_VALUES

ALL = frozenset(TYPES)
PERSON = frozenset({PERSON_ROW.name})
VEHICLE = frozenset({VEHICLE_ROW.name})
"""Types of entities for whose fields sketches have room (Comparison.bounded)."""

SUM_TOLERANCE = 0.05
"""By how much the rounded shares of levels that exclude each other may miss 1: 0.07 bits."""

SHARED_CAP = 300
"""Hundredths of a bit for agreeing on a value that the model lists as shared: a call centre is not a person."""


class ComparisonLevel(IntEnum):
    """The levels of a comparison, from the strongest agreement to the strongest contradiction, each as `m, u, *h`.

    `m` is the share of true pairs that have the level, `u` that of pairs of strangers, and `h` that of each kind of
    companions, in the order of alternatives.COMPANION_KINDS; a single h stands for all kinds. A model starts from these
    reference shares, and keeps them if data do not tell others. Only ratios matter: the weight of a level is log2(m/u)
    against strangers and log2(m/h) against companions. A level's number, by which results and tables know it, follows
    from its place among the others.
    """

    m: float
    u: float
    h: tuple[float, ...]

    def __new__(cls, m: float, u: float, *h: float) -> Self:
        """Number it by its place."""
        level = int.__new__(cls, len(cls.__members__))
        level._value_ = int(level)
        level.m, level.u, level.h = m, u, h if len(h) > 1 else h * len(COMPANION_KINDS)
        return level

    @classmethod
    def at(cls, number: int) -> Self:
        """The level of a number."""
        return tuple(cls)[number]

    @property
    def key(self) -> str:
        """How models and explanations name it."""
        return self.name.lower()

    @property
    def bits(self) -> Bits:
        """The weight against each alternative, in hundredths of a bit."""
        return tuple(log2_cb(self.m, other) for other in (self.u, *self.h))

    @property
    def weight(self) -> int:
        """The match weight: log2(m/u) in hundredths of a bit."""
        return self.bits[STRANGERS]


class ComparisonResult(msgspec.Struct, frozen=True, gc=False):
    """The result of one comparison of two entities.

    `bits` are hundredths of a bit against each alternative; each alternative may take its bits from another pair of
    values. `level` is the index of the level that people are shown, `a` and `b` are the indices of the values shown.
    `settles` is True if both have the same number for life, so that no other field tells them apart
    (numbers.share_own_number).
    """

    bits: Bits
    level: int
    a: int = 0
    b: int = 0
    settles: bool = False

    @property
    def weight(self) -> int:
        """The weight against strangers, in hundredths of a bit."""
        return self.bits[STRANGERS]


@dataclass(frozen=True, slots=True)
class Table:
    """The numbers of one comparison under one model, as scoring reads them.

    `bits` gives for each level the hundredths of a bit against each alternative. `terms` maps a value to the hundredths
    of a bit that agreeing on it adds to the weight against strangers; a value that is not listed adds `rare`. `shared`
    are values that the model lists as shared by many. `curve` maps the bits of names to those that count
    (model_file.WeightedComparison). `beside` is the table of the comparison that Comparison.beside names.
    """

    bits: tuple[Bits, ...]
    terms: dict[str, int] = field(default_factory=dict)
    rare: int = 0
    shared: frozenset[str] = frozenset()
    curve: tuple[tuple[int, int], ...] = ()
    beside: Table | None = None
    results: tuple[ComparisonResult, ...] = field(init=False)
    """The result of each level, for a field of one value."""
    neutral: tuple[ComparisonResult, ...] = field(init=False)
    """The result of each level without any bits."""
    weights: tuple[int, ...] = field(init=False)
    """Hundredths of a bit of each level against strangers."""
    companions: tuple[Bits, ...] = field(init=False)
    """Hundredths of a bit of each level against each kind of companions."""

    def __post_init__(self) -> None:
        results = tuple(ComparisonResult(bits, level) for level, bits in enumerate(self.bits))
        object.__setattr__(self, "results", results)
        object.__setattr__(self, "weights", tuple(bits[STRANGERS] for bits in self.bits))
        object.__setattr__(self, "companions", tuple(bits[STRANGERS + 1 :] for bits in self.bits))
        object.__setattr__(self, "neutral", tuple(ComparisonResult(NO_BITS, level) for level in range(len(self.bits))))

    def adjust_weight(self, level: int, value: str) -> int:
        """The weight of agreeing on `value` at a level; never below that of the next weaker level, nor below 0."""
        bits = self.weights[level] + self.terms.get(value, self.rare)
        return max(bits, self.weights[level + 1], 0)

    def result(self, level: int, weight: int, a: int = 0, b: int = 0) -> ComparisonResult:
        """The result of a level with its own weight against strangers: only that depends on rarity or shared values."""
        return ComparisonResult((weight,) + self.companions[level], level, a, b)


Compare = Callable[[EntityPrint, EntityPrint, Table], ComparisonResult | None]
"""Compares two entities by one field; None if the field says nothing about the pair."""


BitsArray = NDArray[np.int32]
"""Hundredths of a bit against each alternative: shape (ALTERNATIVES, states) or (ALTERNATIVES, pairs of rows)."""

States = NDArray[np.integer]
"""The number of a state, from 0, for each pair of rows."""

NONE = -1
"""Stands for a level if the comparison says nothing."""

RowState = Callable[[Rows, Rows], States]
"""The states of `a[i]` and `b[i]` for each i. The order of the sides does not matter."""


@dataclass(frozen=True, slots=True)
class Bound:
    """The states of two rows, and the most hundredths of a bit in each state under a table.

    `costly` is True if finding the state takes longer than finding those of all other comparisons.
    """

    state: RowState
    bits: Callable[[Table], BitsArray]
    costly: bool = False


def bound_by_level(strongest_level: RowState) -> Bound:
    """A bound whose states are the strongest levels that rows leave open, or the number of levels if none is known."""
    return Bound(strongest_level, strongest_from)


def bound_by_levels(state: RowState, levels: Mapping[int, int]) -> Bound:
    """A bound of which each state, from 0 on, leaves open at most a level, or NONE."""
    by_state = [levels[number] for number in range(len(levels))]
    return Bound(state, lambda table: strongest_from(table)[:, by_state])


def strongest_from(table: Table) -> BitsArray:
    """Most hundredths of a bit at each level and all weaker ones, then at NONE: (ALTERNATIVES, levels + 1).

    Rarity of a value may raise any level; an agreement never weighs less than nothing.
    """
    extra = max([0, table.rare, *table.terms.values()])
    bits = [(max(weight + extra, 0) if extra else weight, *others) for weight, *others in table.bits]
    reached = np.maximum.accumulate(np.array(bits, np.int32)[::-1])[::-1]
    return np.concatenate([reached, np.zeros((1, ALTERNATIVES), np.int32)]).T.copy()


def most_at_any_level(table: Table) -> BitsArray:
    """Most hundredths of a bit whatever the values, 0 or more: (ALTERNATIVES,)."""
    most: BitsArray = np.maximum(strongest_from(table)[:, 0], 0)
    return most


class SmallBits(NamedTuple):
    """How a small sketch holds a byte of a row: in `width` bits, as it is, or as a hash of more bits by `shrink_hash`.

    `shift` is how many of the hash's lowest bits are left out before.
    """

    width: int
    hashed: bool = False
    shift: int = 0

    def shrink(self, values: Bytes) -> WordArray:
        """The values as they are held; 0 stays 0."""
        wide = values.astype(np.uint32)
        return shrink_hash(wide, (1 << self.width) - 1, self.shift) if self.hashed else wide


def shrink_hash(values: WordArray, most: int, shift: int = 0) -> WordArray:
    """Hashes from 1, without their lowest bits, as hashes from 1 to `most`; 0 stays."""
    return np.where(values == 0, values, (values - np.uint32(1) >> np.uint32(shift)) % np.uint32(most) + np.uint32(1))


@dataclass(frozen=True, slots=True, eq=False)
class RowParts:
    """What a row of a sketch holds of a field; several comparisons may read one.

    - `parts` names them, with the number of 32-bit words of each, or 0 for a byte.
    - `encode` gives an entity's values, of each word and byte in that order; 0 where it has none.
    - `small` says how a small sketch holds bytes of it.
    - `any_value` are values that leave everything open, which a small sketch has for parts that it has no bits for.
    """

    parts: Mapping[str, int]
    encode: Callable[[EntityPrint], tuple[int, ...]]
    small: Mapping[str, SmallBits] = field(default_factory=dict)
    any_value: tuple[int, ...] = ()

    @property
    def slots(self) -> list[tuple[str, int]]:
        """Each value's part, and its number in the part."""
        return [(part, nth) for part, words in self.parts.items() for nth in range(words or 1)]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One entry of the catalogue: how a field of two entities of one type is compared, and what bounds the result.

    - `field` is the field of EntityPrint that it needs, with `least` values or more; an entity with several values may
      hold them in the field `several` instead. `also_reads` names other fields that it reads.
    - `beside` names another comparison, whose levels a pair of several values can have instead.
    - `label` is its name in a table or chart, `phrase` its name within a sentence, both in English.
    - `levels` go from the strongest agreement to the strongest contradiction. `source` says where m, u and h come from,
      and `conditional` of which pairs they are shares where those of all levels do not sum to 1 (SUM_TOLERANCE).
    - `bound` is for the types in `bounded`, of whose rows it reads the `row_parts`, among others. For other types a row
      only tells whether there is a value, and most_at_any_level is the bound.
    - `ceiling` gives bits that `compare` of two entities never exceeds, against any alternative, at a fraction of the
      cost. It is None if there is no cheaper way.
    - `also_of` are types that have it though their row in pipeline.records.entity_types does not name it.
    - `sketched` is False if an entity with a value in `field` has no sketch at all.
    - `selector` is True if agreement ties entities of different types. `may_share` says whether two rows leave that
      open; if it is None, they do if both have a value.
    """

    name: str
    field: str
    label: str
    phrase: str
    levels: type[ComparisonLevel]
    source: str
    compare: Compare
    value: Callable[[EntityPrint, int], str]
    conditional: str = ""
    also_of: frozenset[str] = frozenset()
    several: str = ""
    least: int = 1
    beside: str = ""
    also_reads: tuple[str, ...] = ()
    row_parts: RowParts | None = None
    bound: Bound | None = None
    bounded: frozenset[str] = frozenset()
    sketched: bool = True
    ceiling: Compare | None = None
    selector: bool = False
    may_share: Callable[[Rows, Rows], Flags] | None = None

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields of EntityPrint, one of which it needs."""
        return (self.field, self.several) if self.several else (self.field,)

    @property
    def types(self) -> frozenset[str]:
        """The entity types that have it."""
        return _types_of(self.name) | self.also_of

    @property
    def documentation(self) -> str:
        """What the comparison does, for people: the docstring of `compare`."""
        return self.compare.__doc__ or ""


@cache
def _types_of(comparison: str) -> frozenset[str]:
    return frozenset(row.name for row in ENTITY_TYPES if comparison in row.comparisons)


def log2_cb(numerator: float, denominator: float) -> int:
    """log2(numerator / denominator) in hundredths of a bit."""
    return round(100 * math.log2(numerator / denominator))


def apply_curve(bits: int, curve: tuple[tuple[int, int], ...]) -> int:
    """Map `bits` by straight lines between the curve's knots; beyond its ends the shift of the outer knot stays."""
    if not curve:
        return bits
    if bits <= curve[0][0]:
        return bits + curve[0][1] - curve[0][0]
    for (x0, y0), (x1, y1) in pairwise(curve):
        if bits <= x1:
            return y0 + (y1 - y0) * (bits - x0) // (x1 - x0)
    return bits + curve[-1][1] - curve[-1][0]


def stronger_of(found: ComparisonResult, best: ComparisonResult | None) -> ComparisonResult:
    """Combine the results of two pairs of values: the larger bits against each alternative.

    The level and the values are those of the result with more bits against strangers; on a tie, of the one with the
    lower level, then the lower indices, so that the order of values does not matter.
    """
    if best is None:
        return found
    ours, theirs = found.bits, best.bits
    if ours[0] != theirs[0]:
        shown = found if ours[0] > theirs[0] else best
    else:
        shown = found if (found.level, found.a, found.b) < (best.level, best.a, best.b) else best
    most = tuple(map(max, ours, theirs))
    return shown if most == shown.bits else ComparisonResult(most, shown.level, shown.a, shown.b)


CHOICE_FEES = tuple(round(100 * math.log2(count)) for count in range(1, ENTITY_VALUES + 2))
"""Hundredths of a bit by the values on a side that agree with nothing: among 1 + n values one agrees by chance 1 + n
times as often."""

Grid = Sequence[Sequence[ComparisonResult]]
"""Every value of one side with every value of the other."""


def best_of_several(grid: Grid) -> ComparisonResult:
    """The best of all pairs of values, against each alternative by itself.

    An agreement pays for the values of each side that agree with nothing on the other, down to no bits: so one more
    value that agrees never costs anything, and one that does not costs less than it could gain by chance.
    """
    fee = CHOICE_FEES[_count_alone(grid)] + CHOICE_FEES[_count_alone(tuple(zip(*grid, strict=True)))]
    shown: ComparisonResult | None = None
    for row in grid:
        for found in row:
            shown = stronger_of(found, shown)
    if shown is None:
        raise ValueError("a side has no value")
    best = (max(bits) for bits in zip(*(found.bits for row in grid for found in row), strict=True))
    return ComparisonResult(tuple(less_fee(bits, fee) for bits in best), shown.level, shown.a, shown.b)


def _count_alone(grid: Grid) -> int:
    """Rows in which nothing agrees."""
    return sum(all(found.bits[STRANGERS] <= 0 for found in row) for row in grid)


def less_fee(bits: int, fee: int) -> int:
    """An agreement less the fee, no less than nothing; a contradiction as it is."""
    return max(bits - fee, 0) if bits > 0 else bits


def less_fees(bits: Bits, fee: int) -> Bits:
    """The same against each alternative."""
    return tuple(less_fee(one, fee) for one in bits) if fee else bits
