"""How often the romanisation that pages show is a spelling that bearers of the name have.

    PYTHONPATH=tests:tools python tests/benchmarks/accuracy/romanisation.py [CORRIDOR...]

Of the words of each corridor's test split (no folded Latin token of theirs was trained on), weighed by how often they
occur: the share whose one romanisation is among the Latin spellings that the data have for the word, and the share that
the likeliest spelling by the letters alone and anyascii reach.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path

from model_building.transliteration_training import read_pairs, split_pairs

from pipeline.matching.names.romanisation import romanise_name
from pipeline.matching.names.transliteration.corridors import latin_letters
from pipeline.matching.names.transliteration.model import latin_forms
from pipeline.records.scripts import script_of

DATA = Path(__file__).parents[4] / "shared" / "data" / "names"
CORRIDORS = ("arabic", "hebrew", "katakana", "russian")

WAYS: dict[str, Callable[[str], str]] = {
    "shown": lambda word: latin_letters(romanise_name(word)),
    "likeliest": lambda word: latin_forms(word, script_of(word))[0],
    "anyascii": latin_letters,
}


def share_attested(spellings: Mapping[str, Counter[str]], words: set[str], way: Callable[[str], str]) -> float:
    """Share of the words' occurrences whose romanisation some bearer of the name has."""
    total = sum(spellings[word].total() for word in words)
    return sum(spellings[word].total() for word in words if way(word) in spellings[word]) / total


def main() -> None:
    """Print a line a corridor."""
    print(f"{'':10}" + "".join(f"{name:>12}" for name in WAYS))
    for corridor in sys.argv[1:] or CORRIDORS:
        pairs = read_pairs(DATA / f"{corridor}.tsv")
        spellings: dict[str, Counter[str]] = defaultdict(Counter)
        for latin, word, count in pairs:
            spellings[word.casefold()][latin_letters(latin)] += count
        words = {word.casefold() for _, word, _ in split_pairs(pairs).test}
        shares = (share_attested(spellings, words, way) for way in WAYS.values())
        print(f"{corridor:10}" + "".join(f"{share:12.1%}" for share in shares))


if __name__ == "__main__":
    main()
