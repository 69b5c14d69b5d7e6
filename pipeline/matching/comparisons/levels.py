"""What a comparison is: named levels with reference probabilities, and a function that finds the level of a pair."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

import msgspec

from pipeline.matching.comparisons.bounds import Bound
from pipeline.matching.fingerprint import EntityPrint
from pipeline.matching.score.alternatives import COMPANION_KINDS, NO_BITS, STRANGERS, Bits
from pipeline.records.entity_types import ENTITY_TYPES

if TYPE_CHECKING:
    from pipeline.matching.screening.rows import Flags, Rows

SHARED_CAP = 300
"""Hundredths of a bit for agreeing on a value that the model lists as shared: a call centre is not a person."""


@dataclass(frozen=True, slots=True, init=False)
class Level:
    """One outcome of a comparison, with the share of pairs that fall into it.

    `m` among true pairs, `u` among pairs of strangers, `h` among pairs of each kind of companions in the order of
    alternatives.COMPANION_KINDS; a single h is that of all kinds. They are the reference that a model starts from and
    keeps where data cannot tell. Only ratios matter: a level's weight is log2(m/u), against companions it is log2(m/h).
    """

    name: str
    m: float
    u: float
    h: tuple[float, ...]

    def __init__(self, name: str, m: float, u: float, *h: float) -> None:
        shares = h if len(h) > 1 else h * len(COMPANION_KINDS)
        for key, value in (("name", name), ("m", m), ("u", u), ("h", shares)):
            object.__setattr__(self, key, value)

    @property
    def bits(self) -> Bits:
        """Hundredths of a bit against each alternative."""
        return tuple(log2_cb(self.m, other) for other in (self.u, *self.h))

    @property
    def weight(self) -> int:
        """The match weight: log2(m/u) in hundredths of a bit."""
        return self.bits[STRANGERS]

    @property
    def companions(self) -> Bits:
        """log2(m/h) in hundredths of a bit, for each kind of companions."""
        return self.bits[STRANGERS + 1 :]


class ComparisonResult(msgspec.Struct, frozen=True, gc=False):
    """What a comparison says of two entities.

    `bits`: hundredths of a bit against each alternative; `level`: index of the level shown to people; `a` and `b`:
    indices of the values shown. Each alternative may have its bits from another pair of values. `settles`: the two have
    their own number in common, so that nothing else tells them apart (numbers.share_own_number).
    """

    bits: Bits
    level: int
    a: int = 0
    b: int = 0
    settles: bool = False

    @property
    def weight(self) -> int:
        """Hundredths of a bit against strangers."""
        return self.bits[STRANGERS]


@dataclass(frozen=True, slots=True)
class Table:
    """A comparison's numbers as scoring reads them: bits by level, rarity by value, values known to be shared.

    `bits` holds for each level the hundredths of a bit against each alternative. `terms` maps a value to the hundredths
    of a bit that agreeing on it adds to (or takes from) the weight against strangers; a value that is not listed is
    rare and takes `rare`. `curve` bends the bits of names (model.WeightedComparison). `beside` is the table of the
    comparison that Comparison.beside names.
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
    """The same with nothing against any alternative."""
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
        """The weight of agreeing on `value`; never below the next weaker level, nor below nothing (monotone)."""
        bits = self.weights[level] + self.terms.get(value, self.rare)
        return max(bits, self.weights[level + 1], 0)

    def result(self, level: int, weight: int, a: int = 0, b: int = 0) -> ComparisonResult:
        """The level's result with another weight against strangers: rarity and shared values count there alone."""
        return ComparisonResult((weight,) + self.companions[level], level, a, b)


Compare = Callable[[EntityPrint, EntityPrint, Table], ComparisonResult | None]
"""None: it says nothing of the pair."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One entry of the catalogue: how a field of two entities of one type is compared, and what bounds that.

    `field`: the field of EntityPrint without which it says nothing, or `several`, which holds several values of it in
    its place; `least`: values of `field` that it needs; `also_reads`: others that it reads. `beside`: a comparison
    whose levels two of several values may fall into instead.
    `label` names it in a table or a chart, `phrase` within a sentence; translations are in pipeline/locale/fr.po.
    `levels` go from the strongest agreement to the strongest contradiction; `source` says where m, u and h come from.
    `bound` holds for the types `bounded`, whose sketches have room for the field. Of other types a sketch only tells
    whether the field has a value: bounds.most_at_any_level bounds the comparison then.
    `ceiling` gives for two entities bits that `compare` never exceeds, against any alternative, at a fraction of its
    cost; None where that costs no less.
    `sketched`: False where an entity with a value in `field` has no sketch at all.
    `selector`: agreement ties two entities of different types; `may_share` says whether rows leave that open (None:
    where both have a value).
    """

    name: str
    field: str
    label: str
    phrase: str
    levels: tuple[Level, ...]
    source: str
    compare: Compare
    value: Callable[[EntityPrint, int], str]
    several: str = ""
    least: int = 1
    beside: str = ""
    also_reads: tuple[str, ...] = ()
    bound: Bound | None = None
    bounded: frozenset[str] = frozenset()
    sketched: bool = True
    ceiling: Compare | None = None
    selector: bool = False
    may_share: Callable[[Rows, Rows], Flags] | None = None

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields of EntityPrint of which it needs one."""
        return (self.field, self.several) if self.several else (self.field,)

    @property
    def types(self) -> frozenset[str]:
        """The types of entities that are compared by it, by their rows in pipeline.records.entity_types."""
        return _types_of(self.name)

    @property
    def documentation(self) -> str:
        """What the comparison does, for people."""
        return self.compare.__doc__ or ""


@cache
def _types_of(comparison: str) -> frozenset[str]:
    return frozenset(row.name for row in ENTITY_TYPES if comparison in row.comparisons)


def log2_cb(numerator: float, denominator: float) -> int:
    """log2(numerator / denominator) in hundredths of a bit."""
    return round(100 * math.log2(numerator / denominator))


def apply_curve(bits: int, curve: tuple[tuple[int, int], ...]) -> int:
    """`bits` through the curve's straight lines; beyond its ends the outermost knot's shift stays."""
    if not curve:
        return bits
    if bits <= curve[0][0]:
        return bits + curve[0][1] - curve[0][0]
    for (x0, y0), (x1, y1) in pairwise(curve):
        if bits <= x1:
            return y0 + (y1 - y0) * (bits - x0) // (x1 - x0)
    return bits + curve[-1][1] - curve[-1][0]


def stronger_of(found: ComparisonResult, best: ComparisonResult | None) -> ComparisonResult:
    """The most bits of two results against each alternative; the level and the values of the one that is shown.

    Shown is the one with more bits against strangers; on a tie the lower level and indices: order never matters.
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
