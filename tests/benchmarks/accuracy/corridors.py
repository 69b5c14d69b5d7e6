"""Recall of name pairs in two scripts at false-positive rates of 1 in 100 to 3 in 10,000, on names never trained on.

    PYTHONPATH=tests:tools python tests/benchmarks/accuracy/corridors.py [--pairs N]

For each corridor: the 2,000 test pairs of the split (no folded Latin token of theirs was trained on), against random
cross pairs of the same split. "llr" is the learnt likelihood ratio that decides, "forms" the likeliest Latin spellings
compared by Levenshtein, "anyascii" a plain romanisation compared by Jaro-Winkler (rapidfuzz), all at a rate of 1e-3,
for reference. "product" is what comparison does: the weight of two words, at each of RATES, and of all pairs that it
takes for one name, with that false-positive rate. "level" is the largest share of the true pairs that have one weight
of the alignment, to a quarter of a bit.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from model_building.transliteration_training import fold_latin, read_pairs, split_pairs
from rapidfuzz.distance import JaroWinkler, Levenshtein

from pipeline.matching.names.prints import TokenPrint, token_print
from pipeline.matching.names.token_levels import token_levels
from pipeline.matching.names.token_pairs import PairMemory
from pipeline.matching.names.transliteration.corridors import CORRIDORS, Corridor, latin_letters
from pipeline.matching.names.transliteration.likelihood import likelihood_of
from pipeline.matching.names.transliteration.model import latin_forms
from pipeline.records.scripts import script_of

DATA = Path(__file__).parents[4] / "shared" / "data" / "names"
TARGETS = {
    "arabic": 0.95,
    "chinese": 0.90,
    "hebrew": 0.95,
    "japanese": 0.92,
    "katakana": 0.95,
    "korean": 0.83,
    "russian": 0.96,
}
RATE = 1e-3
RATES = (1e-2, 3e-3, 1e-3, 3e-4)
"""False-positive rates at which the product's recall is told."""
STEP = 25
"""Hundredths of a bit: the width of a level of the alignment."""
PAIRS = 100_000
"""Random pairs of a corridor."""
SEED = 11
"""Any seed would do; a fixed one measures the same pairs each time."""

Pair = tuple[str, str]
Score = Callable[[str, str], float]


def random_pairs(pairs: Sequence[tuple[str, str, int]], count: int) -> list[Pair]:
    """Draw `count` pairs (Latin, other script) from two different names of `pairs`; the seed is fixed."""
    rng = random.Random(SEED)
    chosen: list[Pair] = []
    while len(chosen) < count:
        (latin, _, _), (other, source, _) = rng.choice(pairs), rng.choice(pairs)
        if latin != other:
            chosen.append((latin, source))
    return chosen


def recall(true: Sequence[float], chance: Sequence[float], rate: float) -> float:
    """Share of the true pairs' scores above all but `rate` of the chance pairs'."""
    limit = sorted(chance, reverse=True)[round(rate * len(chance))]
    return sum(score > limit for score in true) / len(true)


def recall_by(score: Score, true: Sequence[Pair], chance: Sequence[Pair]) -> float:
    """The recall at RATE of a way to score pairs."""
    found, drawn = ([score(latin, source) for latin, source in pairs] for pairs in (true, chance))
    return recall(found, drawn, RATE)


class Product(NamedTuple):
    """What comparison makes of pairs: recall at RATES, of all that agree and their rate, and the largest level."""

    recalls: tuple[float, ...]
    whole: float
    rate: float
    level: float


def measure_product(true: Sequence[Pair], chance: Sequence[Pair]) -> Product:
    """Compare the words of pairs as names of people."""
    found, drawn = _weigh(true), _weigh(chance)
    recalls = tuple(recall(found, drawn, rate) for rate in RATES)
    aligned = [level.aligned // STEP for level in token_levels(_tokens(true)) if level.aligned]
    [(_, most)] = Counter(aligned).most_common(1)
    whole, rate = (sum(bits > 0 for bits in some) / len(some) for some in (found, drawn))
    return Product(recalls, whole, rate, most / len(true))


def _weigh(pairs: Sequence[Pair]) -> list[int]:
    return [pair.bits for pair in PairMemory().judge_all(_tokens(pairs))]


def _tokens(pairs: Sequence[Pair]) -> list[tuple[TokenPrint, TokenPrint]]:
    return [(token_print(latin.casefold(), "name"), token_print(source, "name")) for latin, source in pairs]


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


def measure(count: int) -> Iterator[tuple[str, tuple[float, float, float], Product]]:
    """Each data file, the recalls of ratio, forms and romanisation at RATE, and what the product does."""
    for corridor in CORRIDORS:
        for source in corridor.sources:
            test = split_pairs(read_pairs(DATA / f"{source}.tsv")).test
            true, chance = [(latin, other) for latin, other, _ in test], random_pairs(test, count)
            ratio, forms, plain = (
                recall_by(way, true, chance) for way in (by_ratio(corridor), by_forms, by_romanisation)
            )
            yield source, (ratio, forms, plain), measure_product(true, chance)


def main() -> int:
    """Print the table; 1 if a corridor is below its target."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--pairs", type=int, default=PAIRS, help="random pairs per corridor")
    if not DATA.is_dir():
        print(f"no data at {DATA}")
        return 1
    rates = " ".join(f"{f'at {rate:.0e}':>8}" for rate in RATES)
    print(f"{'recall at FPR 1e-3':18} target   llr forms anyascii | product {rates}   all at its rate  level")
    missed = False
    for name, (ratio, forms, plain), product in measure(options.parse_args().pairs):
        missed |= product.recalls[RATES.index(RATE)] < TARGETS[name]
        curve = " ".join(f"{found:8.3f}" for found in product.recalls)
        print(
            f"{name:18} {TARGETS[name]:6.2f} {ratio:5.3f} {forms:5.3f} {plain:8.3f} |         {curve}"
            f" {product.whole:5.3f} {product.rate:11.5f} {product.level:6.3f}",
            flush=True,
        )
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
