"""The transliteration model of one corridor: counts of aligned units in three widths of context, both ways.

A row holds the cost of every arc that may start at a place: the share of the arc in the widest context seen there,
interpolated with the narrower ones (Jelinek-Mercer with `_PRIOR` pseudo-counts), in hundredths of a bit as integers.
"""

from __future__ import annotations

import lzma
import math
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import msgspec

from pipeline.matching.names.transliteration.corridors import BY_NAME

START, END = "^", "$"
ContextCounts = dict[str, tuple[int, dict[str, int]]]
"""Per context its count and that of each arc; an arc is its width as a digit and the other side's units."""

_PRIOR = 3.0
_MIN_CONTEXT = (0, 8, 16)
"""A wider context counts only where it was seen often enough."""
_BACKGROUND_PRIOR = 5.0
_UNSEEN_CONTEXT = -800


class Direction(msgspec.Struct, frozen=True):
    """P(arc | context) of one side: `contexts` by width, `units` the known units of the other side.

    `background` counts the pairs of neighbouring letters of the side that the arcs write ("ab", with ^ and $).
    """

    contexts: tuple[ContextCounts, ContextCounts, ContextCounts]
    units: frozenset[str]
    background: dict[str, int]
    decay: float


class Bands(msgspec.Struct, frozen=True):
    """Scores that one of 10,000, of 1,000 and of 100 random pairs exceed, and the share of true pairs that do."""

    scores: tuple[int, int, int]
    recall: tuple[float, float, float]


class Counts(msgspec.Struct, frozen=True):
    """What a model file holds. `facts` tells what it was trained on, how, and the licence of the source."""

    corridor: str
    facts: dict[str, str | int]
    to_latin: Direction
    to_source: Direction
    bands: Bands


class Row(NamedTuple):
    """Costs of the arcs at one place: per width minus one, by units; `floor` is added to the cost of an unseen arc."""

    arcs: tuple[dict[str, int], ...]
    floor: int


class Model:
    """Rows and backgrounds of both directions, computed when first asked for."""

    def __init__(self, counts: Counts, spans: tuple[int, int]) -> None:
        self.counts = counts
        self.to_latin = _Side(counts.to_latin, widths=(1, spans[0]))
        self.to_source = _Side(counts.to_source, widths=(0, spans[1]))


class _Side:
    def __init__(self, direction: Direction, widths: tuple[int, int]) -> None:
        self._direction = direction
        self._first, self._last = widths
        self._rows: dict[str, Row] = {}
        self._bigrams, self._letters = direction.background, _sums(direction.background, 1)
        self._starts, self._total = _sums(direction.background, 0), sum(direction.background.values())

    def row(self, context: str) -> Row:
        """Costs at a place; `context` is the unit before, the unit and the unit after."""
        found = self._rows.get(context)
        if found is None:
            found = self._rows[context] = self._build(context)
        return found

    def unseen(self, units: str) -> int:
        """Cost of an arc that its context never had, before the row's floor."""
        known = not units or units in self._direction.units
        return _centibits(1e-3 * self._direction.decay ** len(units)) if known else _centibits(1e-6)

    def background(self, word: str) -> int:
        """Hundredths of a bit of a word by chance: neighbouring letters, smoothed."""
        path = START + word + END
        return _centibits_of_product(self._chance(path[i], path[i + 1]) for i in range(len(path) - 1))

    def _chance(self, before: str, letter: str) -> float:
        share = (self._letters.get(letter, 0) + 0.5) / (self._total + 0.5 * len(self._letters))
        seen = self._bigrams.get(before + letter, 0)
        return (seen + _BACKGROUND_PRIOR * share) / (self._starts.get(before, 0) + _BACKGROUND_PRIOR)

    def _build(self, context: str) -> Row:
        chain = self._chain(context)
        arcs: tuple[dict[str, int], ...] = tuple({} for _ in range(self._first, self._last + 1))
        for arc in {arc for _, events in chain for arc in events}:
            width, units = int(arc[0]), arc[1:]
            share = 1e-3 * self._direction.decay ** len(units)
            for total, events in chain:
                share = (events.get(arc, 0) + _PRIOR * share) / (total + _PRIOR)
            arcs[width - self._first][units] = _centibits(share)
        floor = math.prod(_PRIOR / (total + _PRIOR) for total, _ in chain)
        return Row(arcs, _centibits(floor) if chain else _UNSEEN_CONTEXT)

    def _chain(self, context: str) -> list[tuple[int, dict[str, int]]]:
        narrow_to_wide = (context[1], context[1:], context)
        chain = []
        for counts, key, enough in zip(self._direction.contexts, narrow_to_wide, _MIN_CONTEXT, strict=True):
            found = counts.get(key)
            if found is None or found[0] < enough:
                break
            chain.append(found)
        return chain


def _sums(bigrams: Mapping[str, int], at: int) -> dict[str, int]:
    sums: dict[str, int] = {}
    for pair, count in bigrams.items():
        sums[pair[at]] = sums.get(pair[at], 0) + count
    return sums


def _centibits(share: float) -> int:
    return round(100 * math.log2(share))


def _centibits_of_product(shares: Iterable[float]) -> int:
    return round(100 * sum(math.log2(share) for share in shares))


@cache
def shipped_model(corridor: str) -> Model:
    """The model of a corridor that the package ships, read when first used."""
    packed = files("pipeline.matching.names").joinpath(f"data/transliteration-{corridor}.json.xz").read_bytes()
    shape = BY_NAME[corridor]
    return Model(msgspec.json.decode(lzma.decompress(packed), type=Counts), (shape.source_span, shape.latin_span))
