"""What a comparison is: named levels with reference probabilities, and a function that finds the level of a pair."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

from pipeline.matching.fingerprint import EntityPrint

Found = tuple[int, int, int, int]
"""(bits in hundredths, level, index of the value in a, index of the value in b)."""


@dataclass(frozen=True, slots=True)
class Level:
    """One outcome of a comparison, with the share of pairs that fall into it.

    `m` among true pairs, `u` among pairs of strangers, `h` among pairs of companions: different people of one household
    (relatives, twins, father and son), different companies of one group. They are the reference that a model starts
    from and keeps where data cannot tell. Only ratios matter: a level's weight is log2(m/u), against companions it is
    log2(m/h).
    """

    name: str
    m: float
    u: float
    h: float

    @property
    def weight(self) -> int:
        """The match weight: log2(m/u) in hundredths of a bit."""
        return hundredths(self.m, self.u)

    @property
    def companion(self) -> int:
        """log2(m/h) in hundredths of a bit."""
        return hundredths(self.m, self.h)


@dataclass(frozen=True, slots=True)
class Table:
    """A comparison's numbers as scoring reads them: weights by level, rarity by value, values known to be shared.

    `terms` maps a value to the hundredths of a bit that agreeing on it adds to (or takes from) the level's weight;
    a value that is not listed is rare and takes `rare`. `curve` bends the bits of names (model.WeightedComparison).
    """

    weights: tuple[int, ...]
    companions: tuple[int, ...]
    terms: dict[str, int] = field(default_factory=dict)
    rare: int = 0
    shared: frozenset[str] = frozenset()
    curve: tuple[tuple[int, int], ...] = ()

    def adjusted(self, level: int, value: str) -> int:
        """The weight of agreeing on `value`; never below the next weaker level, nor below nothing (monotone)."""
        bits = self.weights[level] + self.terms.get(value, self.rare)
        return max(bits, self.weights[level + 1], 0)


Compare = Callable[[EntityPrint, EntityPrint, Table], Found | None]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A field of the model. `levels` go from the strongest agreement to the strongest contradiction."""

    name: str
    types: frozenset[str]
    levels: tuple[Level, ...]
    compare: Compare
    value: Callable[[EntityPrint, int], str]
    selector: bool = False

    @property
    def documentation(self) -> str:
        """What the comparison does, for people."""
        return self.compare.__doc__ or ""


def hundredths(numerator: float, denominator: float) -> int:
    """log2(numerator / denominator) in hundredths of a bit."""
    return round(100 * math.log2(numerator / denominator))


def bend(bits: int, curve: tuple[tuple[int, int], ...]) -> int:
    """`bits` through the curve's straight lines; beyond its ends the outermost knot's shift stays."""
    if not curve:
        return bits
    if bits <= curve[0][0]:
        return bits + curve[0][1] - curve[0][0]
    for (x0, y0), (x1, y1) in pairwise(curve):
        if bits <= x1:
            return y0 + (y1 - y0) * (bits - x0) // (x1 - x0)
    return bits + curve[-1][1] - curve[-1][0]


def stronger(found: Found, best: Found | None) -> Found:
    """The one with more bits; on a tie the lower level and indices, so that order never matters."""
    if best is None or found[0] > best[0] or (found[0] == best[0] and found[1:] < best[1:]):
        return found
    return best
