"""Likelihood ratio of a word in another script and a Latin word: one written from the other, against by chance.

Both directions are scored in one pass (Viterbi over arcs, in integer hundredths of a bit), which beats either alone.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import NamedTuple

from pipeline.matching.names.transliteration.corridors import BY_NAME, Corridor
from pipeline.matching.names.transliteration.model import END, START, Model, shipped_model
from pipeline.matching.names.transliteration.units import latin_letters, source_units

IMPOSSIBLE = -100_000
"""Hundredths of a bit for words that no path joins."""
_REMEMBERED = 32_768
"""Words whose arcs are kept ready: about 10 KB each at worst, 3 KB in the mean."""


class SourceSpan(NamedTuple):
    """One arc's source side: costs of Latin units, what an unseen one costs, the units, what they cost unseen."""

    costs: dict[str, int]
    floor: int
    units: str
    unseen: int


class LatinSpan(NamedTuple):
    """One arc's Latin side, as SourceSpan."""

    letters: str
    unseen: int
    costs: dict[str, int]
    floor: int


class _Source(NamedTuple):
    spans: tuple[tuple[SourceSpan, ...], ...]
    chance: int


class _Latin(NamedTuple):
    spans: tuple[tuple[LatinSpan, ...], ...]
    chance: int


class Likelihood:
    """Scores pairs of words of one corridor; the arcs of a word are looked up once and remembered."""

    def __init__(self, corridor: Corridor, model: Model) -> None:
        self._corridor = corridor
        self._model = model
        self._source = lru_cache(_REMEMBERED)(self._source_spans)
        self._latin = lru_cache(_REMEMBERED)(self._latin_spans)

    def ratio(self, word: str, latin: str) -> int:
        """Hundredths of a bit, both directions added; the bands of the model tell what it means."""
        source, target = self._source(source_units(self._corridor.name, word)), self._latin(latin_letters(latin))
        rows, columns = len(source.spans), len(target.spans) - 1
        best = [[IMPOSSIBLE] * (columns + 1) for _ in range(rows + 1)]
        best[0][0] = 0
        for i, spans in enumerate(source.spans):
            first = max(0, columns - (rows - i) * self._corridor.latin_span)
            for width, span in enumerate(spans, 1):
                _extend(best[i], best[i + width], first, span, target.spans)
        return max(IMPOSSIBLE, best[rows][columns] - source.chance - target.chance)

    def _source_spans(self, units: str) -> _Source:
        path, reach = START + units + END * 2, self._corridor.source_span
        spans = []
        for i in range(len(units)):
            row = self._model.to_latin.row(path[i : i + 3])
            ends = [(row.arcs[a - 1], row.floor, units[i : i + a]) for a in range(1, min(reach, len(units) - i) + 1)]
            spans.append(tuple(SourceSpan(*end, self._model.to_source.unseen(end[2])) for end in ends))
        return _Source(tuple(spans), self._model.to_source.background(units))

    def _latin_spans(self, letters: str) -> _Latin:
        path, reach, unseen = START + letters + END * 2, self._corridor.latin_span, self._model.to_latin.unseen
        spans = []
        for j in range(len(letters) + 1):
            row = self._model.to_source.row(path[j : j + 3])
            ends = [letters[j : j + b] for b in range(min(reach, len(letters) - j) + 1)]
            spans.append(tuple(LatinSpan(end, unseen(end), row.arcs[len(end)], row.floor) for end in ends))
        return _Latin(tuple(spans), self._model.to_latin.background(letters))


def _extend(
    row: list[int], ahead: list[int], first: int, span: SourceSpan, targets: tuple[tuple[LatinSpan, ...], ...]
) -> None:
    costs, floor, units, unseen = span
    for j in range(first, len(row)):
        value = row[j]
        if value <= IMPOSSIBLE:
            continue
        for k, (letters, letters_unseen, reverse, reverse_floor) in enumerate(targets[j], j):
            there, back = costs.get(letters), reverse.get(units)
            step = value + (floor + letters_unseen if there is None else there)
            step += reverse_floor + unseen if back is None else back
            if step > ahead[k]:
                ahead[k] = step


@cache
def likelihood_of(corridor: str) -> Likelihood:
    """The scorer of a shipped model."""
    return Likelihood(BY_NAME[corridor], shipped_model(corridor))
