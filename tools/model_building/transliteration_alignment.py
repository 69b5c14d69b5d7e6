"""Alignment of word pairs by hard expectation-maximisation over joint units (many-to-many, after Jiampojamarn 2007).

Each pair is cut into arcs of up to `source_span` source units and `latin_span` Latin letters. Six rounds of Viterbi
alignment re-estimate the probability of each arc; from the third on, pairs that are not transliterations of each other
(their likelihood ratio against chance is below e) are left out.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec

from pipeline.matching.names.transliteration.corridors import Corridor

Arc = tuple[int, int]
_ROUNDS = 6
"""Rounds of hard EM. The last one gives the alignments, the others the weights for the next."""
_FIRST_STRICT_ROUND = 2
_MIN_RATIO = 1.0
"""From this round on (the first is 0) a pair is dropped if its alignment is less than e times as likely as chance,
since not all mined pairs are transliterations. The weights of earlier rounds tell too little."""
_LOST = -1e18
"""Stands for the logarithm of 0: no path of arcs comes here."""
_UNSEEN = -16.1
"""ln 1e-7: what an arc costs that was never seen."""
_WIDE_SOURCE = math.log(0.5)
"""Arcs of two source units must explain more than twice what two arcs do."""


class WordPair(msgspec.Struct, frozen=True):
    """`source` is one private character a unit, so that spans are cheap slices; `weight` how often it counts."""

    source: str
    latin: str
    weight: int


class _Chance:
    """Likelihood of a pair by chance: unigrams of both sides."""

    def __init__(self, pairs: Sequence[WordPair]) -> None:
        self._source = _log_frequencies(pair.source for pair in pairs)
        self._latin = _log_frequencies(pair.latin for pair in pairs)

    def __call__(self, pair: WordPair) -> float:
        return sum(self._source[unit] for unit in pair.source) + sum(self._latin[letter] for letter in pair.latin)


def _log_frequencies(words: Iterator[str]) -> dict[str, float]:
    counts: Counter[str] = Counter()
    ends = 0
    for word in words:
        counts.update(word)
        ends += 1
    total = counts.total() + ends
    return {unit: math.log(count / total) for unit, count in counts.items()}


def align_pairs(pairs: Sequence[WordPair], corridor: Corridor) -> Iterator[tuple[WordPair, list[Arc]]]:
    """The pairs that are transliterations, each with its arcs (source units, Latin letters), left to right."""
    chance = _Chance(pairs)
    weights = _initial_weights(pairs, corridor)
    for round_ in range(_ROUNDS):
        counts: Counter[str] = Counter()
        last = round_ == _ROUNDS - 1
        for pair in pairs:
            likelihood, arcs = _best_path(pair, weights, corridor)
            if not arcs or (round_ >= _FIRST_STRICT_ROUND and likelihood - chance(pair) < _MIN_RATIO):
                continue
            if last:
                yield pair, arcs
            else:
                _count_arcs(pair, arcs, counts)
        if not last:
            weights = _log_shares(Counter({unit: count for unit, count in counts.items() if count >= 1}))


def _initial_weights(pairs: Sequence[WordPair], corridor: Corridor) -> dict[str, float]:
    """Every arc near the diagonal counts, less the wider it is."""
    counts: dict[str, float] = {}
    for pair in pairs:
        for unit, weight in _near_diagonal(pair, corridor):
            counts[unit] = counts.get(unit, 0.0) + weight
    return _log_shares(counts)


def _near_diagonal(pair: WordPair, corridor: Corridor) -> Iterator[tuple[str, float]]:
    rows, columns = len(pair.source), len(pair.latin)
    for i in range(rows):
        for j in range(columns + 1):
            distance = abs(i / rows - j / columns) if columns else 1.0
            if distance > 0.35:
                continue
            for a in range(1, min(corridor.source_span, rows - i) + 1):
                for b in range(min(corridor.latin_span, columns - j) + 1):
                    narrow = 0.2 if a > 1 or b == 0 else 1.0
                    yield (
                        pair.source[i : i + a] + pair.latin[j : j + b],
                        narrow * 0.2 ** max(0, b - 1) / (1 + 10 * distance),
                    )


def _log_shares(counts: dict[str, float] | Counter[str]) -> dict[str, float]:
    total = sum(counts.values())
    return {unit: math.log(count / total) for unit, count in counts.items()}


def _best_path(pair: WordPair, weights: dict[str, float], corridor: Corridor) -> tuple[float, list[Arc]]:
    source, latin = pair.source, pair.latin
    rows, width = len(source), len(latin) + 1
    unseen = [_UNSEEN + math.log(0.03) * max(0, b - 1) for b in range(corridor.latin_span + 1)]
    best = [_LOST] * ((rows + 1) * width)
    back = [0] * len(best)
    best[0] = 0.0
    for i in range(rows):
        for j in range(
            max(0, width - 1 - (rows - i) * corridor.latin_span), min(width - 1, i * corridor.latin_span) + 1
        ):
            here = best[i * width + j]
            if here <= _LOST:
                continue
            for a in range(1, min(corridor.source_span, rows - i) + 1):
                units, base = source[i : i + a], (i + a) * width + j
                start = here if a == 1 else here + _WIDE_SOURCE
                for b in range(min(corridor.latin_span, width - 1 - j) + 1):
                    value = start + weights.get(units + latin[j : j + b], unseen[b])
                    if value > best[base + b]:
                        best[base + b] = value
                        back[base + b] = a * 8 + b
    return best[-1], _walk_back(back, rows, width) if best[-1] > _LOST else []


def _walk_back(back: list[int], rows: int, width: int) -> list[Arc]:
    i, j = rows, width - 1
    arcs: list[Arc] = []
    while i or j:
        a, b = divmod(back[i * width + j], 8)
        arcs.append((a, b))
        i, j = i - a, j - b
    return arcs[::-1]


def _count_arcs(pair: WordPair, arcs: list[Arc], counts: Counter[str]) -> None:
    i = j = 0
    for a, b in arcs:
        counts[pair.source[i : i + a] + pair.latin[j : j + b]] += pair.weight
        i, j = i + a, j + b
