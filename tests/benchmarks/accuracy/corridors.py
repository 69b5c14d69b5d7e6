"""Recall of name pairs in two scripts at a false-positive rate of one in a thousand, on names never trained on.

    python tests/benchmarks/accuracy/corridors.py [--pairs N]

For each corridor: the 2,000 test pairs of the split (no folded Latin token of theirs was trained on), against random
cross pairs of the same split. "llr" is the learnt likelihood ratio that decides, "forms" the likeliest Latin spellings
compared by Levenshtein, "anyascii" a plain romanisation compared by Jaro-Winkler (rapidfuzz), for reference. "product"
is what comparison does: forms first, then the ratio against the shipped threshold, with its own false-positive rate.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from rapidfuzz.distance import JaroWinkler, Levenshtein

from pipeline.matching.names import levels
from pipeline.matching.names.prints import token_print
from pipeline.matching.names.token_levels import token_level
from pipeline.matching.names.transliteration.bands import random_pairs
from pipeline.matching.names.transliteration.corridors import CORRIDORS, Corridor
from pipeline.matching.names.transliteration.forms import latin_forms
from pipeline.matching.names.transliteration.likelihood import likelihood_of
from pipeline.matching.names.transliteration.units import latin_letters
from pipeline.model_building.transliteration_pairs import fold_latin, read_pairs, split_pairs
from pipeline.records.scripts import script_of

DATA = Path(__file__).parents[4] / "shared" / "data" / "names"
TARGETS = {
    "arabic": 0.95,
    "chinese": 0.88,
    "hebrew": 0.95,
    "japanese": 0.92,
    "katakana": 0.95,
    "korean": 0.83,
    "russian": 0.96,
}
RATE = 1e-3
PAIRS = 100_000
"""Random pairs of a corridor."""

Pair = tuple[str, str]
Score = Callable[[str, str], float]


def recall(score: Score, true: Sequence[Pair], chance: Sequence[Pair]) -> float:
    """Share of true pairs that score above all but RATE of the chance pairs."""
    scores = sorted((score(latin, source) for latin, source in chance), reverse=True)
    limit = scores[round(RATE * len(scores))]
    return sum(score(latin, source) > limit for latin, source in true) / len(true)


def share_alike(pairs: Sequence[Pair]) -> float:
    """Share of pairs that comparison takes for one name."""
    tokens = ((token_print(latin.casefold(), "name"), token_print(source, "name")) for latin, source in pairs)
    return sum(token_level(x, y) != levels.DIFFERENT for x, y in tokens) / len(pairs)


def by_ratio(corridor: Corridor) -> Score:
    """The learnt likelihood ratio."""
    ratio = likelihood_of(corridor.name).ratio
    return lambda latin, source: ratio(source, latin)


def by_forms(latin: str, source: str) -> float:
    """Similarity to the nearest of the likeliest Latin spellings."""
    letters = latin_letters(latin)
    return max(Levenshtein.normalized_similarity(letters, form) for form in latin_forms(source, script_of(source)))


def by_romanisation(latin: str, source: str) -> float:
    """Jaro-Winkler of plain romanisations."""
    return JaroWinkler.similarity(fold_latin(latin), fold_latin(source))


def measure(count: int) -> list[tuple[str, float, float, float, float, float]]:
    """One row a data file: ratio, forms, romanisation, product, the product's false-positive rate."""
    rows = []
    for corridor in CORRIDORS:
        for source in corridor.sources:
            test = split_pairs(read_pairs(DATA / f"{source}.tsv")).test
            true, chance = [(latin, other) for latin, other, _ in test], random_pairs(test, count)
            scores = [recall(score, true, chance) for score in (by_ratio(corridor), by_forms, by_romanisation)]
            rows.append((source, scores[0], scores[1], scores[2], share_alike(true), share_alike(chance)))
    return rows


def main() -> int:
    """Print the table; 1 if a corridor is below its target."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--pairs", type=int, default=PAIRS, help="random pairs per corridor")
    if not DATA.is_dir():
        print(f"no data at {DATA}")
        return 1
    print(f"{'recall at FPR 1e-3':20} target    llr  forms  anyascii  product at its own FPR")
    missed = False
    for name, ratio, forms, plain, product, rate in measure(options.parse_args().pairs):
        missed |= ratio < TARGETS[name]
        print(
            f"{name:20} {TARGETS[name]:6.2f} {ratio:6.3f} {forms:6.3f} {plain:9.3f} {product:8.3f} {rate:.5f}",
            flush=True,
        )
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
