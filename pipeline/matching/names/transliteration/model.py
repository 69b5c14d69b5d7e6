"""The transliteration model of one corridor: counts of aligned units in three widths of context, in both directions.

An arc writes a few units of one side as a few units of the other. Its cost is log2 of its share in the widest context
seen at its place, interpolated with the narrower ones (Jelinek-Mercer with `_PRIOR` pseudo-counts), as an integer in
hundredths of a bit. An arc that a context never had costs what it does in the next narrower context plus a surplus, so
the rows of wide contexts need to hold only their own arcs.

`latin_forms` finds the likeliest Latin spellings of a word by a beam search over the model's arcs.
"""

from __future__ import annotations

import heapq
import lzma
import math
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple

import msgspec

from pipeline.matching.names.transliteration.corridors import (
    BY_NAME,
    BY_SCRIPT,
    MAX_LENGTH,
    latin_letters,
    source_units,
)

START, END = "^", "$"
ContextCounts = dict[str, tuple[int, dict[str, int]]]
"""Per context its count and that of each arc; an arc is its width as a digit and the other side's units."""

_PRIOR = 3.0
"""Occurrences that the narrower context counts for in a wider one. With more, a context that was seldom seen says
less."""
_MIN_CONTEXT = (0, 8, 16)
"""A wider context counts only where it was seen often enough."""
_BACKGROUND_PRIOR = 5.0
"""The same for a letter's share after another one, which falls back on the letter's own."""
UNSEEN = -996
"""Hundredths of a bit that an arc which no context ever had costs at least: one in a thousand."""


class Direction(msgspec.Struct, frozen=True):
    """P(arc | context) of one side: `contexts` by width, `units` the known units of the other side.

    `background` counts the pairs of neighbouring letters of the side that the arcs write ("ab", with ^ and $).
    """

    contexts: tuple[ContextCounts, ContextCounts, ContextCounts]
    units: frozenset[str]
    background: dict[str, int]
    decay: float


class TransliterationCounts(msgspec.Struct, frozen=True):
    """The contents of a model file. `facts` say what it was trained on, how, and the licence of the source."""

    corridor: str
    facts: dict[str, str | int]
    to_latin: Direction
    to_source: Direction


class ContextCosts(NamedTuple):
    """The costs of the arcs that one context had: `arcs[i]` maps the units written to the cost, for the ith width.

    `surplus` is added to the costs of the next narrower context. `least[width]` is the cost of the cheapest arc of each
    width, including those that the context never had.
    """

    arcs: tuple[dict[str, int], ...]
    surplus: int
    least: tuple[int, ...]


class TransliterationModel:
    """Rows and backgrounds of both directions, computed when first asked for."""

    def __init__(self, counts: TransliterationCounts, spans: tuple[int, int]) -> None:
        self.counts = counts
        self.to_latin = DirectionCosts(counts.to_latin, widths=(1, spans[0]))
        self.to_source = DirectionCosts(counts.to_source, widths=(0, spans[1]))


class DirectionCosts:
    """One direction: the costs of writing words of one script in the other."""

    def __init__(self, direction: Direction, widths: tuple[int, int]) -> None:
        self._direction = direction
        self._first, self._last = widths
        self._rows: dict[str, ContextCosts] = {}
        self._chances: dict[str, float] = {}
        self._nothing = ContextCosts(tuple({} for _ in range(self.widths)), 0, (UNSEEN,) * self.widths)
        self._bigrams, self._letters = direction.background, _sums(direction.background, 1)
        self._starts, self._total = _sums(direction.background, 0), sum(direction.background.values())

    @property
    def widths(self) -> int:
        """How many widths an arc may have."""
        return self._last + 1 - self._first

    def all_units(self) -> list[str]:
        """All units that some arc writes, or that are known of the other side, in order."""
        written = {arc[1:] for _, arcs in self._direction.contexts[0].values() for arc in arcs}
        return sorted(written | self._direction.units)

    def best_arcs(self, context: str, count: int) -> tuple[tuple[int, int, str], ...]:
        """The `count` likeliest arcs at a place as (cost, width, units), in descending order of likelihood."""
        costs: dict[tuple[int, str], int] = {}
        surplus = 0
        for row in reversed(self.rows(context)):
            for width, arcs in enumerate(row.arcs, self._first):
                for units, cost in arcs.items():
                    costs.setdefault((width, units), cost + surplus)
            surplus += row.surplus
        ranked = heapq.nsmallest(count, costs.items(), key=lambda item: (-item[1], item[0]))
        return tuple((cost, width, units) for (width, units), cost in ranked)

    def rows(self, context: str) -> tuple[ContextCosts, ContextCosts, ContextCosts]:
        """The costs by the narrow, middle and wide context; `context` is the unit with those before and after."""
        narrow = self._row(0, context[1], None)
        middle = self._row(1, context[1:], narrow) if narrow is not self._nothing else self._nothing
        wide = self._row(2, context, middle) if middle is not self._nothing else self._nothing
        return narrow, middle, wide

    def _row(self, depth: int, context: str, narrower: ContextCosts | None) -> ContextCosts:
        found = self._rows.get(context)
        if found is None:
            counts = self._direction.contexts[depth].get(context)
            enough = counts is not None and counts[0] >= _MIN_CONTEXT[depth]
            found = self._build(counts, narrower) if counts and enough else self._nothing
            self._rows[context] = found
        return found

    def _build(self, counts: tuple[int, dict[str, int]], narrower: ContextCosts | None) -> ContextCosts:
        total, events = counts
        arcs: tuple[dict[str, int], ...] = tuple({} for _ in range(self._first, self._last + 1))
        for arc, count in events.items():
            width, units = int(arc[0]) - self._first, arc[1:]
            cost = None if narrower is None else narrower.arcs[width].get(units)
            share = 1e-3 * self._direction.decay ** len(units) if cost is None else 2 ** (cost / 100)
            arcs[width][units] = _centibits((count + _PRIOR * share) / (total + _PRIOR))
        least = tuple(max(UNSEEN, *costs.values()) if costs else UNSEEN for costs in arcs)
        return ContextCosts(arcs, _centibits(_PRIOR / (total + _PRIOR)), least)

    def unseen(self, units: str) -> int:
        """The cost of an arc that no context ever had, without the contexts' surpluses."""
        known = not units or units in self._direction.units
        return _centibits(1e-3 * self._direction.decay ** len(units)) if known else _centibits(1e-6)

    def background(self, word: str) -> int:
        """log2 of a word's probability by its pairs of neighbouring letters, smoothed; in hundredths of a bit."""
        path = START + word + END
        return round(100 * sum([self._chance(path[i : i + 2]) for i in range(len(path) - 1)]))

    def _chance(self, letters: str) -> float:
        """log2 of the probability of a letter after another, cached: there are few such pairs."""
        found = self._chances.get(letters)
        if found is None:
            before, letter = letters[0], letters[1]
            share = (self._letters.get(letter, 0) + 0.5) / (self._total + 0.5 * len(self._letters))
            seen = self._bigrams.get(letters, 0)
            chance = (seen + _BACKGROUND_PRIOR * share) / (self._starts.get(before, 0) + _BACKGROUND_PRIOR)
            found = self._chances[letters] = math.log2(chance)
        return found


def _sums(bigrams: Mapping[str, int], at: int) -> dict[str, int]:
    sums: dict[str, int] = {}
    for pair, count in bigrams.items():
        sums[pair[at]] = sums.get(pair[at], 0) + count
    return sums


def _centibits(share: float) -> int:
    return round(100 * math.log2(share))


@cache
def shipped_model(corridor: str) -> TransliterationModel:
    """The model of a corridor that the package ships, read when first used."""
    packed = files("pipeline.matching.names").joinpath(f"data/transliteration-{corridor}.json.xz").read_bytes()
    shape = BY_NAME[corridor]
    return TransliterationModel(
        msgspec.json.decode(lzma.decompress(packed), type=TransliterationCounts), (shape.source_span, shape.latin_span)
    )


FORMS = 8
"""Forms kept of a word: 16 would add one percent to the recall of their keys, and double the size of a print."""
BEAM = 24
"""Spellings that the search keeps at each place of the word."""
_ARCS = 8
"""Arcs that are tried at each place, the likeliest."""
_HOPELESS = 1 << 30
"""A loss above that of any spelling, in hundredths of a bit."""
_UNKNOWN_COST = -400
"""Hundredths of a bit of a unit that the model does not know; it is written as anyascii writes it."""


@lru_cache(maxsize=16384)
def latin_forms(word: str, script: str) -> tuple[str, ...]:
    """Up to FORMS spellings in a to z, the likeliest first, with the plain one among them.

    A script without a model, and a word longer than MAX_LENGTH, has the plain form alone.
    """
    plain, corridor = plain_form(word, script), BY_SCRIPT.get(script)
    if corridor is None or len(units := source_units(corridor.name, word)) > MAX_LENGTH:
        return (plain,)
    likely = [form for _, form in _search(corridor.name, units, FORMS) if form]
    return tuple(likely if plain in likely else [*likely[: FORMS - 1], plain])


def rank_forms(word: str, script: str, count: int) -> list[tuple[int, str]]:
    """Up to `count` pairs (score, spelling), the likeliest first; the score is log2 of the likelihood in hundredths.

    Never empty: a word that the model can't spell has its plain form, with the score 0.
    """
    corridor = BY_SCRIPT.get(script)
    if corridor is None or len(units := source_units(corridor.name, word)) > MAX_LENGTH:
        return [(0, plain_form(word, script))]
    found = [(-loss, form) for loss, form in _search(corridor.name, units, count) if form]
    return found or [(0, plain_form(word, script))]


def plain_form(word: str, script: str) -> str:
    """The romanisation by a table (anyascii), which is close to how people write their own names in Latin letters.

    Two scripts depart from the table: Korean eo and eu become the customary o and u, and the Greek digraph becomes ou.
    """
    if script == "Greek":
        return latin_letters(word.replace("ου", "ou").replace("ού", "ou"))
    romanised = latin_letters(word)
    return romanised.replace("eo", "o").replace("eu", "u") if script == "Hangul" else romanised


def _search(corridor: str, units: str, count: int) -> list[tuple[int, str]]:
    """Pairs (loss in hundredths of a bit, spelling), in ascending order of loss.

    `most` is the highest loss that a place still accepts. Once an arc leads on from as many spellings as a place keeps,
    the place ahead holds as many, and a spelling that loses more than the last of them is never among its likeliest.
    """
    path, kept = START + units + END * 2, max(count, BEAM)
    beams: list[dict[str, int]] = [{} for _ in range(len(units) + 1)]
    beams[0][""] = 0
    most = [_HOPELESS] * len(beams)
    for i in range(len(units)):
        likeliest = _rank(beams[i], kept)
        for arc_loss, width, letters in best_arcs(corridor, path[i : i + 3]):
            if i + width > len(units):
                continue
            ahead = beams[i + width]
            if len(likeliest) == kept:
                most[i + width] = min(most[i + width], likeliest[-1][0] + arc_loss)
            for loss, form in likeliest:
                total = loss + arc_loss
                if total > most[i + width]:
                    break
                spelled = form + letters
                if total < ahead.get(spelled, _HOPELESS):
                    ahead[spelled] = total
    return _rank(beams[-1], count)


def _rank(beam: dict[str, int], count: int) -> list[tuple[int, str]]:
    return sorted(zip(beam.values(), beam, strict=True))[:count]


@lru_cache(maxsize=32768)
def best_arcs(corridor: str, context: str) -> tuple[tuple[int, int, str], ...]:
    """The likeliest arcs at a place as (cost in hundredths of a bit, width in units, letters)."""
    best = shipped_model(corridor).to_latin.best_arcs(context, _ARCS)
    found = best or ((_UNKNOWN_COST, 1, latin_letters(context[1])),)
    return tuple((-cost, width, letters) for cost, width, letters in found)
