"""Likelihood ratio of a word in another script and a Latin word: one written from the other, against by chance.

Both directions are scored in one pass (Viterbi over arcs, in integer hundredths of a bit), which beats either alone.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import NamedTuple

from pipeline.matching.names.transliteration.corridors import BY_NAME, Corridor
from pipeline.matching.names.transliteration.model import (
    END,
    START,
    DirectionCosts,
    TransliterationModel,
    shipped_model,
)
from pipeline.matching.names.transliteration.units import latin_letters, source_units

IMPOSSIBLE = -100_000
"""Hundredths of a bit for words that no path joins."""
_REMEMBERED = 256
"""Words of each side whose arcs are kept ready, 5 to 10 KB each; their scores are remembered elsewhere."""


class UnitSpan(NamedTuple):
    """Neighbouring units of one word, and what each writing of them in the other script costs.

    `narrow`, `middle` and `wide` are the costs by the context's width, to which the surpluses are added; nearly all
    writings of a random pair are in none of them, so that one look into `narrow` settles it: `floor` and `unseen`.
    """

    units: str
    unseen: int
    floor: int
    narrow: dict[str, int]
    middle: dict[str, int]
    wide: dict[str, int]
    narrow_surplus: int
    middle_surplus: int

    def cost(self, units: str) -> int:
        """Cost of a writing that `narrow` has."""
        found = self.wide.get(units)
        if found is None:
            found = self.middle.get(units)
            return self.narrow[units] + self.narrow_surplus if found is None else found + self.middle_surplus
        return found


class Word(NamedTuple):
    """The spans that start at each unit, narrow ones first, and the word's own chance."""

    spans: tuple[tuple[UnitSpan, ...], ...]
    chance: int


class Likelihood:
    """Scores pairs of words of one corridor; the arcs of a word are looked up once and remembered."""

    def __init__(self, corridor: Corridor, model: TransliterationModel) -> None:
        self._corridor = corridor
        self._model = model
        self._source = lru_cache(_REMEMBERED)(self._source_word)
        self._latin = lru_cache(_REMEMBERED)(self._latin_word)

    def ratio(self, word: str, latin: str, least: int = IMPOSSIBLE) -> int:
        """Hundredths of a bit, both directions added; the bands of the model tell what it means.

        What does not exceed `least` is told no more exactly than that. Costs are logarithms of shares, so a path only
        loses: one that has fallen that far is left, and of words that are unlike all are before their middle.
        """
        source, target = self._source(source_units(self._corridor.name, word)), self._latin(latin_letters(latin))
        rows, columns = len(source.spans), len(target.spans) - 1
        best = [[IMPOSSIBLE] * (columns + 1) for _ in range(rows + 1)]
        best[0][0] = 0
        chance = source.chance + target.chance
        lowest = max(IMPOSSIBLE, least + chance)
        for i, spans in enumerate(source.spans):
            first = max(0, columns - (rows - i) * self._corridor.latin_span)
            if max(best[i][first:]) <= lowest:
                continue
            for width, span in enumerate(spans, 1):
                _extend(best[i], best[i + width], first, lowest, span, target.spans)
        return max(IMPOSSIBLE, best[rows][columns] - chance)

    def _source_word(self, units: str) -> Word:
        to_latin, to_source = self._model.to_latin, self._model.to_source
        return _word(units, to_latin, to_source, range(1, self._corridor.source_span + 1), len(units))

    def _latin_word(self, letters: str) -> Word:
        to_latin, to_source = self._model.to_latin, self._model.to_source
        return _word(letters, to_source, to_latin, range(self._corridor.latin_span + 1), len(letters) + 1)


def _word(units: str, away: DirectionCosts, back: DirectionCosts, widths: range, starts: int) -> Word:
    """A word's spans: `away` from its script costs the writings, `back` into it the spans themselves."""
    path = START + units + END * 2
    places = []
    for at in range(starts):
        narrow, middle, wide = away.rows(path[at : at + 3])
        above_narrow, floor = middle.surplus + wide.surplus, narrow.surplus + middle.surplus + wide.surplus
        spans = []
        for width in range(widths.start, min(widths.stop, len(units) - at + 1)):
            end, column = units[at : at + width], width - widths.start
            costs = (narrow.arcs[column], middle.arcs[column], wide.arcs[column])
            spans.append(UnitSpan(end, back.unseen(end), floor, *costs, above_narrow, wide.surplus))
        places.append(tuple(spans))
    return Word(tuple(places), back.background(units))


def _extend(
    row: list[int], ahead: list[int], first: int, lowest: int, span: UnitSpan, targets: tuple[tuple[UnitSpan, ...], ...]
) -> None:
    units, unseen, floor, narrow = span[:4]
    for j in range(first, len(row)):
        value = row[j]
        if value <= lowest:
            continue
        for k, target in enumerate(targets[j], j):
            letters, letters_unseen, back_floor, back = target[:4]
            step = value + (span.cost(letters) if letters in narrow else floor + letters_unseen)
            step += target.cost(units) if units in back else back_floor + unseen
            if step > ahead[k]:
                ahead[k] = step


@cache
def likelihood_of(corridor: str) -> Likelihood:
    """The scorer of a shipped model."""
    return Likelihood(BY_NAME[corridor], shipped_model(corridor))
