"""The likelihood ratio of a word in another script and a Latin word: written one from the other, or alike by chance.

Both directions are scored in one pass (Viterbi over arcs, in integer hundredths of a bit), which tells true pairs from
random ones better than either direction alone.

A search meets a hundred words and more in another script for the first time. `find_ratios` does in arrays what
`Likelihood` does pair by pair; there a ratio takes a tenth of the time that it takes alone, but nothing is left out:
the ratios are exact, also those of words that are unlike.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from threading import Lock
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.matching.names.transliteration.corridors import BY_NAME, Corridor, latin_letters, source_units
from pipeline.matching.names.transliteration.model import (
    END,
    START,
    ContextCosts,
    DirectionCosts,
    TransliterationModel,
    shipped_model,
)
from pipeline.matching.operations import DONE

IMPOSSIBLE = -100_000
"""Hundredths of a bit of two words that no path of arcs joins."""
_REMEMBERED = 2048
"""Words of each side whose arcs are cached. PairMemory (token_pairs) caches the scores."""
_PLACES = 8192
"""Places in words of each side whose arcs are cached, about 1 kB each; many words share them."""

_EVEN, _SHARE = 700, 21
"""log2(m / u) of a likelihood ratio of 0 in hundredths of a bit, and how many more each bit of the ratio is worth: less
than a hundred, since letters depend on each other and both directions say much the same.

m: the 4,000 pairs of a corridor's development and test splits; u: 2.4 million of their words with another's Latin word,
without spellings of one name. From -30 to 50, in bands of ten bits, log2(m / u) is 2.4 to 3.8, 4.7 to 5.5, 6.6 to 7.8,
8.2 to 9.8, 10.9 to 12.1, 12.8 to 14.2, 15.4 to 17.7 and 17.3 to 19.6, in Arabic, Chinese, katakana, Korean and Russian
alike: 790 + 21 * ratio. If words are drawn by how often they occur it is some two bits less below 0, and one above."""
LEAST = -5000
"""The ratio, in hundredths of a bit, up to which words contradict each other. There log2(m / u) is -3.5; words without
any resemblance have -6."""


def weigh_ratio(ratio: int) -> int:
    """What a likelihood ratio above LEAST says of words that resemble each other (Corridor.alike): log2(1 + m / u).

    In hundredths of a bit. From 5 bits on it is log2(m / u); where that is less than 0, the words say next to nothing.
    """
    return round(100 * math.log2(1 + 2 ** ((_EVEN + ratio * _SHARE / 100) / 100)))


def ratio_below(weight: int) -> int:
    """A likelihood ratio that any of so much weight exceeds (weigh_ratio, and its rounding)."""
    return math.floor((100 * math.log2(2 ** ((weight - 1) / 100) - 1) - _EVEN) * 100 / _SHARE)


class UnitSpan(NamedTuple):
    """Neighbouring `units` of one word, and the cost of each writing of them in the other script.

    Costs are negative hundredths of a bit. `narrow`, `middle` and `wide` hold those of the writings that a context of
    this width had; what is found only in a narrower one costs its surplus too. A writing that no context had costs
    `floor` and the other span's `unseen`. Nearly all writings of a random pair are of this kind, so one look into
    `narrow` settles them. `least` is the cost of the cheapest writing.
    """

    units: str
    unseen: int
    floor: int
    narrow: dict[str, int]
    middle: dict[str, int]
    wide: dict[str, int]
    narrow_surplus: int
    middle_surplus: int
    least: int


Spans = tuple[UnitSpan, ...]
"""The spans that start at one unit of a word, in ascending order of width."""


class Word(NamedTuple):
    """A word of one side.

    `spans[i]` are the spans that start at unit i; `chance` is the cost of the word by itself (bigrams); `rest[i]` is
    the least that writing the word costs from unit i on.
    """

    spans: tuple[Spans, ...]
    chance: int
    rest: tuple[int, ...]


class _Side:
    """Makes words of one script.

    `away` has the costs of writing its spans in the other script, `back` those of the spans themselves in the other
    direction; `widths` are the spans' widths in units.
    """

    def __init__(self, away: DirectionCosts, back: DirectionCosts, widths: range) -> None:
        self._away, self._back, self._widths = away, back, widths
        self._around = max(2, widths[-1])
        self.spans_at = lru_cache(_PLACES)(self._make_spans)

    def make_word(self, units: str, starts: int) -> Word:
        """Make a word with the spans at its first `starts` places."""
        path = START + units + END * 2
        widest = self._widths[-1]
        spans = [self.spans_at(path[at : at + 1 + self._around], min(widest, len(units) - at)) for at in range(starts)]
        return Word(tuple(spans), self._back.background(units), _bound_rests(spans, len(units)))

    def _make_spans(self, around: str, widest: int) -> Spans:
        """The spans that begin at the second unit of `around`, up to `widest` units wide."""
        narrow, middle, wide = self._away.rows(around[:3])
        above_narrow, floor = middle.surplus + wide.surplus, narrow.surplus + middle.surplus + wide.surplus
        first, spans = self._widths[0], []
        for width in range(first, widest + 1):
            end, column = around[1 : 1 + width], width - first
            costs = (narrow.arcs[column], middle.arcs[column], wide.arcs[column])
            least = max(wide.least[column], middle.least[column] + wide.surplus, narrow.least[column] + above_narrow)
            spans.append(UnitSpan(end, self._back.unseen(end), floor, *costs, above_narrow, wide.surplus, least))
        return tuple(spans)


class Likelihood:
    """Scores pairs of words of one corridor. The arcs of recent words are cached."""

    def __init__(self, corridor: Corridor, model: TransliterationModel) -> None:
        self._corridor = corridor
        to_latin, to_source = model.to_latin, model.to_source
        self._written = _Side(to_latin, to_source, range(1, corridor.source_span + 1))
        self._spelt = _Side(to_source, to_latin, range(corridor.latin_span + 1))
        self._source = lru_cache(_REMEMBERED)(lambda units: self._written.make_word(units, len(units)))
        self._latin = lru_cache(_REMEMBERED)(lambda word: self._spelt.make_word(word, len(word) + 1))

    def ratio(self, word: str, latin: str, least: int = IMPOSSIBLE) -> int:
        """The log2 of the likelihood ratio in hundredths of a bit, the sum of both directions.

        weigh_ratio says what a score means. A score of `least` or less is not exact. Costs are
        logarithms of shares, so a path never gains: one that can't stay above `least` is given up. For words that are
        unlike, all paths are given up before the middle of the word.
        """
        source, target = self._source(source_units(self._corridor.name, word)), self._latin(latin_letters(latin))
        rows, columns = len(source.spans), len(target.spans) - 1
        best = [[IMPOSSIBLE] * (columns + 1) for _ in range(rows + 1)]
        best[0][0] = 0
        chance = source.chance + target.chance
        lowest = max(IMPOSSIBLE, least + chance)
        for i, spans in enumerate(source.spans):
            first = max(0, columns - (rows - i) * self._corridor.latin_span)
            lowest_here = lowest - source.rest[i]
            if max(best[i][first:]) <= lowest_here:
                continue
            for width, span in enumerate(spans, 1):
                _extend(best[i], best[i + width], first, lowest - source.rest[i + width], span, target)
        return max(IMPOSSIBLE, best[rows][columns] - chance)


def _bound_rests(places: Sequence[Spans], length: int) -> tuple[int, ...]:
    """The least that writing a word costs, from each of its places to its end."""
    rest = [0] * (length + 1)
    for at in range(length - 1, -1, -1):
        rest[at] = max([span.least + rest[at + width] for span in places[at] if (width := len(span.units))])
    return tuple(rest)


def _extend(row: list[int], ahead: list[int], first: int, lowest: int, span: UnitSpan, latin: Word) -> None:
    """Take all arcs that begin at one place of the source, with `span`, to the place behind it.

    The costs of each arc are looked up here rather than in functions of their own, which would take half the time.
    """
    units, unseen, floor, narrow, middle, wide, narrow_surplus, middle_surplus, least = span
    targets, rest = latin.spans, latin.rest
    for j in range(first, len(row)):
        value = row[j]
        if value + least + rest[j] <= lowest:
            continue
        for k, target in enumerate(targets[j], j):
            letters, unspelt, back_floor, back, back_middle, back_wide, more, less, back_least = target
            if letters not in narrow:
                step = value + floor + unspelt
            elif letters in wide:
                step = value + wide[letters]
            elif letters in middle:
                step = value + middle[letters] + middle_surplus
            else:
                step = value + narrow[letters] + narrow_surplus
            if step + back_least + rest[k] <= lowest:
                continue
            if units not in back:
                step += back_floor + unseen
            elif units in back_wide:
                step += back_wide[units]
            elif units in back_middle:
                step += back_middle[units] + less
            else:
                step += back[units] + more
            if step > ahead[k]:
                ahead[k] = step


@cache
def likelihood_of(corridor: str) -> Likelihood:
    """The scorer of a shipped model."""
    return Likelihood(BY_NAME[corridor], shipped_model(corridor))


FEW = {1: 4, 2: 20}
"""Up to so many pairs cost less one by one, by how many units of the source an arc may join: with two, a place has ten
times as many costs to be read, and most words are new."""

OF_RATIO = 10
"""Operations that a likelihood ratio takes among many."""

TOGETHER = 1024
"""Pairs whose ratios are found at once; they take some 10 MB. More would take longer each, as caches of the processor
hold them no more."""

_UNKNOWN = "\0"
"""Stands for all units that no context ever had and the other side does not know."""

_MOST_BYTES = 8_000_000
"""Of the costs at places that are kept, for each side of a corridor; a place takes 0.3 to 23 kB."""

_MOST_WORDS = 8192
"""Words of each side that are kept."""

_NOWHERE = 10 * IMPOSSIBLE
"""Hundredths of a bit of a place that no path reaches: no costs make anything of it."""

_FIRST_PLACES = 64
"""Room for so many places at first, then for twice as many each time."""

Costs = NDArray[np.int16]
IndexArray = NDArray[np.intp]


class NumberedWord(NamedTuple):
    """A word in numbers, and how likely it is by chance (hundredths of a bit).

    `places` are the numbers of its places in the PlaceCosts of its own side; `units[i][k]` is the number, in those of
    the other side, of the k-th narrowest span that begins at place i: shape (places, widths).
    """

    places: IndexArray
    units: IndexArray
    chance: int


class PlaceCosts:
    """What writing words of one side costs at each of their places: an array by place, width and units written.

    Places with the same neighbours are one. They are numbered as they are met; costs are hundredths of a bit.
    """

    def __init__(self, costs: DirectionCosts) -> None:
        self._costs = costs
        units = [*costs.all_units(), _UNKNOWN]
        self.units = {unit: number for number, unit in enumerate(units)}
        self.unknown = len(units) - 1
        self._unseen = np.array([[costs.unseen(unit) for unit in units]] * costs.widths, np.int16)
        self._narrow: dict[str, Costs] = {}
        self._middle: dict[str, Costs] = {}
        self._places: dict[str, int] = {}
        self.table = np.empty((_FIRST_PLACES, *self._unseen.shape), np.int16)

    @property
    def is_full(self) -> bool:
        """Whether so much is kept that it should be forgotten."""
        return (len(self._places) + len(self._middle)) * self._unseen.nbytes > _MOST_BYTES

    def forget(self) -> None:
        """Forget all places; their numbers mean nothing any more."""
        self._places.clear()
        self._middle.clear()

    def number_place(self, context: str) -> int:
        """The number of a place by the unit before it, its own and the one after."""
        found = self._places.get(context)
        if found is None:
            found = self._places[context] = len(self._places)
            if found == len(self.table):
                self.table = np.concatenate([self.table, np.empty_like(self.table)])
            narrow, middle, wide = self._costs.rows(context)
            known = self._middle.get(context[1:])
            if known is None:
                narrower = self._narrow.get(context[1])
                if narrower is None:
                    narrower = self._narrow[context[1]] = self._widen(self._unseen, narrow)
                known = self._middle[context[1:]] = self._widen(narrower, middle)
            self._widen(known, wide, self.table[found])
        return found

    def _widen(self, narrower: Costs, row: ContextCosts, into: Costs | None = None) -> Costs:
        """The costs in a wider context: those of the arcs that it had, and the narrower one's with a surplus."""
        costs: Costs = np.add(narrower, np.int16(row.surplus), out=into)
        at: list[int] = []
        values: list[int] = []
        for column, arcs in enumerate(row.arcs):
            if arcs:
                start = column * len(self.units)
                at += [start + self.units[unit] for unit in arcs]
                values += arcs.values()
        if at:
            costs.reshape(-1)[at] = values
        return costs


class _WordSide:
    """The words of one side in numbers: `own` costs their places, `other` numbers their spans, of these widths."""

    def __init__(self, own: PlaceCosts, other: PlaceCosts, widths: range, chance: Callable[[str], int]) -> None:
        self._own, self._other, self._widths, self._chance = own, other, widths, chance
        self._words: dict[str, NumberedWord] = {}

    @property
    def is_full(self) -> bool:
        """Whether so many words are kept that they should be forgotten."""
        return len(self._words) > _MOST_WORDS

    def forget(self) -> None:
        """Forget all words."""
        self._words.clear()

    def number(self, units: str, count: int) -> NumberedWord:
        """A word in numbers, with its first `count` places."""
        found = self._words.get(units)
        if found is None:
            path, numbers, unknown = START + units + END * 2, self._other.units, self._other.unknown
            spans = [[numbers.get(units[at : at + width], unknown) for width in self._widths] for at in range(count)]
            places = [self._own.number_place(path[at : at + 3]) for at in range(count)]
            word = NumberedWord(np.array(places, np.intp), np.array(spans, np.intp), self._chance(units))
            found = self._words[units] = word
        return found


class PairedLikelihood:
    """Scores many pairs of words of one corridor at once."""

    def __init__(self, corridor: Corridor, model: TransliterationModel) -> None:
        self._corridor = corridor
        self._busy = Lock()
        self._written, self._spelt = PlaceCosts(model.to_latin), PlaceCosts(model.to_source)
        source_widths, latin_widths = range(1, corridor.source_span + 1), range(corridor.latin_span + 1)
        self._sources = _WordSide(self._written, self._spelt, source_widths, model.to_source.background)
        self._latin = _WordSide(self._spelt, self._written, latin_widths, model.to_latin.background)

    def ratios(self, pairs: Sequence[tuple[str, str]]) -> list[int]:
        """The likelihood ratio (likelihood.Likelihood.ratio) of each word and Latin word; at least one pair."""
        with self._busy:  # two threads would give one number to two places
            return self._score(pairs)

    def _score(self, pairs: Sequence[tuple[str, str]]) -> list[int]:
        self._make_room()
        spelt = [source_units(self._corridor.name, word) for word, _ in pairs]
        sources = [self._sources.number(units, len(units)) for units in spelt]
        latin = [
            self._latin.number(letters, len(letters) + 1) for letters in (latin_letters(word) for _, word in pairs)
        ]
        rows, columns = (np.array([len(word.places) for word in words]) for words in (sources, latin))
        best = self._find_best(sources, latin, int(rows.max()), int(columns.max()))
        chance = np.array([source.chance + target.chance for source, target in zip(sources, latin, strict=True)])
        found = best[rows, np.arange(len(pairs)), columns - 1] - chance
        ratios: list[int] = np.maximum(found, IMPOSSIBLE).tolist()
        return ratios

    def _make_room(self) -> None:
        """Forget what is kept if it is too much: the words of both sides, since they hold numbers of places."""
        if any(one.is_full for one in (self._written, self._spelt, self._sources, self._latin)):
            for one in (self._written, self._spelt, self._sources, self._latin):
                one.forget()

    def _find_best(
        self, sources: list[NumberedWord], latin: list[NumberedWord], rows: int, columns: int
    ) -> NDArray[np.int32]:
        """The best paths to all places of all pairs: shape (places of the source, pairs, places of the Latin word).

        What lies behind the end of a shorter word is never read: paths lead forwards alone.
        """
        written, spelt = self._written.table, self._spelt.table
        (_, widths, letters), (_, spans, units) = written.shape, spelt.shape
        source_places, source_units_ = _fill_up(sources, rows, widths)
        latin_places, latin_units = _fill_up(latin, columns, spans)
        from_source = source_places[:, :, None] * widths * letters + np.arange(widths) * letters
        from_latin = (latin_places[:, :, None] * spans + np.arange(spans)) * units
        best = np.full((rows + widths, len(sources), columns + spans), _NOWHERE, np.int32)
        best[0, :, 0] = 0
        for i in range(rows):
            for width in range(widths):
                forth = written.take(latin_units + from_source[:, i, width, None, None])
                back = spelt.take(from_latin + source_units_[:, i, width, None, None])
                step = best[i, :, :columns, None] + forth + back
                ahead = best[i + width + 1]
                for span in range(spans):
                    reached = ahead[:, span : span + columns]
                    np.maximum(reached, step[:, :, span], out=reached)
        return best


def _fill_up(words: list[NumberedWord], length: int, widths: int) -> tuple[IndexArray, IndexArray]:
    """The places and units of words as arrays, with zeros behind the shorter ones."""
    places, units = np.zeros((len(words), length), np.intp), np.zeros((len(words), length, widths), np.intp)
    for at, word in enumerate(words):
        if count := len(word.places):
            places[at, :count], units[at, :count] = word.places, word.units
    return places, units


def find_ratios(corridor: str, pairs: Sequence[tuple[str, str]], least: int) -> list[int]:
    """The likelihood ratio of each word and Latin word; what does not exceed `least` may be told less exactly."""
    DONE.operations += len(pairs) * OF_RATIO
    if len(pairs) <= FEW[BY_NAME[corridor].source_span]:
        ratio = likelihood_of(corridor).ratio
        return [ratio(word, latin, least) for word, latin in pairs]
    together = _paired_likelihood_of(corridor).ratios
    return [ratio for start in range(0, len(pairs), TOGETHER) for ratio in together(pairs[start : start + TOGETHER])]


@cache
def _paired_likelihood_of(corridor: str) -> PairedLikelihood:
    return PairedLikelihood(BY_NAME[corridor], shipped_model(corridor))
