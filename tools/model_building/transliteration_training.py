"""Train the transliteration models from name pairs and write the files that the package ships.

    PYTHONPATH=tools python -m model_building.transliteration_training ../shared/data/names [corridor ...]

reads <folder>/<source>.tsv (Latin, other script, count; CC0 pairs from Wikidata labels), leaves out every name of the
development and test splits (split_pairs), and writes ../data/transliteration-<corridor>.json.xz. Plain Python, without
a random number but for the split's own: the same input gives the same file. Half a minute to five minutes a corridor.
"""

from __future__ import annotations

import random
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
from anyascii import anyascii

from model_building import write_name_data
from model_building.transliteration_alignment import Arc, WordPair, align_pairs
from pipeline.errors import LiaisonError
from pipeline.matching.names.transliteration.corridors import (
    BY_NAME,
    CORRIDORS,
    MAX_LENGTH,
    UNKNOWN,
    Corridor,
    latin_letters,
    source_units,
)
from pipeline.matching.names.transliteration.model import (
    END,
    START,
    ContextCounts,
    Direction,
    TransliterationCounts,
)

_SEED = 7
"""Any seed would do. With another one names on which the shipped models were trained come into the test split, so that
what is measured on it no longer holds of names that they never saw."""
_HELD_OUT = 2000
"""Pairs of each held-out split: a recall of .9 is known to .007 (standard deviation of a share of 2,000)."""
_MIN_TEST_LETTERS = 3
"""The fewest Latin letters of a held-out pair: shorter words are never measured. A choice."""


class NamePairs(msgspec.Struct, frozen=True):
    """(Latin, other script, count) triples; no folded Latin token of `dev` or `test` occurs in `train`."""

    train: tuple[tuple[str, str, int], ...]
    dev: tuple[tuple[str, str, int], ...]
    test: tuple[tuple[str, str, int], ...]


def read_pairs(path: Path) -> list[tuple[str, str, int]]:
    """Triples of a tab-separated file, blanks within the other script's word removed."""
    rows = (line.split("\t") for line in path.read_text("utf-8").splitlines())
    triples = ((row[0], row[1].replace(" ", ""), int(row[2])) for row in rows if len(row) == 3)
    return [triple for triple in triples if triple[0] and triple[1]]


def split_pairs(pairs: Iterable[tuple[str, str, int]]) -> NamePairs:
    """2,000 test pairs, 2,000 development pairs, and the rest without any of their Latin tokens; always the same."""
    shuffled = list(pairs)
    random.Random(_SEED).shuffle(shuffled)  # noqa: S311 - a fixed split, no secret
    test, rest = _hold_out(shuffled)
    dev, train = _hold_out(rest)
    return NamePairs(tuple(train), tuple(dev), tuple(test))


def _hold_out(pairs: list[tuple[str, str, int]]) -> tuple[list[tuple[str, str, int]], list[tuple[str, str, int]]]:
    held = [pair for pair in pairs if len(pair[0]) >= _MIN_TEST_LETTERS][:_HELD_OUT]
    tokens = {fold_latin(pair[0]) for pair in held}
    return held, [pair for pair in pairs if fold_latin(pair[0]) not in tokens]


def fold_latin(word: str) -> str:
    """The folded token that decides whether a name is held out."""
    return anyascii(word.lower()).lower()


_MAX_WEIGHT = 3
"""A frequent name counts thrice at most: the model learns spelling, not who is famous."""
_MIN_UNIT = 5
"""Source units rarer than this (kanji among kana) are unknown."""
_KEEP = (1, 2, 4)
"""Arcs of wider contexts are kept from two and four occurrences on; by experiment, rarer ones bring nothing."""
_MIN_LATIN_UNITS, _MIN_SOURCE_UNITS = 4, 2
"""Times that an arc's output must have been written in training to count as known, of Latin letters and of source
units."""
_DECAY_LATIN, _DECAY_SOURCE = 0.05, 0.03
"""Prior of an unseen arc, per letter: about one over the alphabet."""


def main(arguments: Sequence[str]) -> None:
    """Train the named corridors, or all of them."""
    if not arguments:
        raise LiaisonError("training needs the folder of the name pairs")
    folder, names = Path(arguments[0]), arguments[1:]
    for corridor in [BY_NAME[name] for name in names] or CORRIDORS:
        counts = train_corridor(
            corridor, [split_pairs(read_pairs(folder / f"{source}.tsv")) for source in corridor.sources]
        )
        write_name_data(f"transliteration-{corridor.name}", counts)
        print(f"{corridor.name}: {counts.facts}")


def train_corridor(corridor: Corridor, splits: Sequence[NamePairs]) -> TransliterationCounts:
    """Counts of aligned units of the training pairs."""
    pairs = word_pairs(corridor, splits)
    aligned = list(align_pairs(pairs, corridor))
    facts: dict[str, str | int] = {
        "source": "Wikidata labels, NETransliteration-COLING2018 (CC0-1.0)",
        "pairs": len(pairs),
        "pairs_aligned": len(aligned),
    }
    return TransliterationCounts(corridor.name, facts, *_count_directions(aligned))


def word_pairs(corridor: Corridor, splits: Sequence[NamePairs]) -> list[WordPair]:
    """Training pairs in units; a name held out in one source is left out in all."""
    held = {fold_latin(latin) for split in splits for latin, _, _ in (*split.dev, *split.test)}
    weights: dict[tuple[str, str], int] = {}
    for split in splits:
        for latin, source, count in split.train:
            if fold_latin(latin) not in held:
                key = (source_units(corridor.name, source), latin_letters(latin))
                weights[key] = max(weights.get(key, 0), min(count, _MAX_WEIGHT))
    common = Counter(unit for source, _ in weights for unit in source)
    known = (
        WordPair("".join(unit if common[unit] >= _MIN_UNIT else UNKNOWN for unit in source), latin, weight)
        for (source, latin), weight in weights.items()
    )
    return [pair for pair in known if 0 < len(pair.source) <= MAX_LENGTH and 0 < len(pair.latin) <= MAX_LENGTH]


def _count_directions(aligned: Iterable[tuple[WordPair, list[Arc]]]) -> tuple[Direction, Direction]:
    to_latin, to_source = _Counter(), _Counter()
    for pair, arcs in aligned:
        i = j = 0
        to_latin.count_background(pair.latin, pair.weight)
        to_source.count_background(pair.source, pair.weight)
        for a, b in arcs:
            to_latin.count_unit(pair.source, i, a, pair.latin[j : j + b], pair.weight)
            to_source.count_unit(pair.latin, j, b, pair.source[i : i + a], pair.weight)
            i, j = i + a, j + b
    return to_latin.make_direction(_MIN_LATIN_UNITS, _DECAY_LATIN), to_source.make_direction(
        _MIN_SOURCE_UNITS, _DECAY_SOURCE
    )


class _Counter:
    """Counts of one direction: arcs by context, units written, neighbouring letters written."""

    def __init__(self) -> None:
        self._arcs: tuple[defaultdict[str, Counter[str]], ...] = tuple(defaultdict(Counter) for _ in _KEEP)
        self._units: Counter[str] = Counter()
        self._background: Counter[str] = Counter()

    def count_unit(self, word: str, at: int, width: int, units: str, weight: int) -> None:
        path = START + word + END * 2
        for arcs, context in zip(self._arcs, (path[at + 1], path[at + 1 : at + 3], path[at : at + 3]), strict=True):
            arcs[context][f"{width}{units}"] += weight
        self._units[units] += weight

    def count_background(self, word: str, weight: int) -> None:
        path = START + word + END
        for i in range(len(path) - 1):
            self._background[path[i : i + 2]] += weight

    def make_direction(self, min_units: int, decay: float) -> Direction:
        first, second, third = (_keep_frequent(arcs, least) for arcs, least in zip(self._arcs, _KEEP, strict=True))
        units = frozenset(unit for unit, count in self._units.items() if count >= min_units)
        return Direction((first, second, third), units, dict(self._background), decay)


def _keep_frequent(arcs: dict[str, Counter[str]], least: int) -> ContextCounts:
    kept = {
        context: (counts.total(), {arc: count for arc, count in counts.items() if count >= least})
        for context, counts in arcs.items()
    }
    return {context: found for context, found in kept.items() if found[1]}


if __name__ == "__main__":
    main(sys.argv[1:])
