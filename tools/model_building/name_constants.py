"""Build the constants of names that the package ships: frequencies of tokens and classes of variants.

    PYTHONPATH=tools python -m model_building.name_constants ../shared/data/names

Frequencies: counts of Wikidata labels (CC0, <folder>/*.tsv) and, as those are of notable people and thin outside of the
West, the shares of common_names.toml; the larger one counts. Variants: rigour's names (MIT, from Wikidata) and
nicknames.toml. Asking rigour for names loads 450 MB for a quarter of a minute, which is why it is asked here, once. It
is in the environment that `make` installs, and in no extra of the package.
"""

from __future__ import annotations

import math
import re
import sys
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from rigour._core import NameTypeTag, analyze_names

from model_building import write_name_data
from model_building.transliteration_training import read_pairs
from pipeline.errors import LiaisonError
from pipeline.matching.names.rarity import CEILING, FLOOR, length_limit
from pipeline.matching.names.transliteration.corridors import latin_letters

_FOLDER = Path(__file__).parent
_MAX_CLASS = 24
"""Members of a class of rigour's beyond which it is left out. A choice: the more names a class has, the less it says
that two of them are one person's."""
_VARIANT_SHARE = 0.25
"""A spelling is taken to have at least a quarter of its class's frequency: agencies choose among them freely. Short
forms of a name have as much together: the more there are, the less often each is written."""
_SPELLINGS = frozenset(("chinese", "korean", "arabic", "abbreviations"))
"""Tables of nicknames.toml that hold spellings of names, not short forms."""
_VOWELS = re.compile("[aeiouy]+")


def main(arguments: Sequence[str]) -> None:
    """Write rarity.json.xz and variants.json.xz among the data of names."""
    if len(arguments) != 1:
        raise LiaisonError("building the constants needs the folder of the name pairs")
    frequencies = token_frequencies(Path(arguments[0]))
    classes = variant_classes(frequencies)
    write_name_data("variants", classes)
    write_name_data("rarity", compute_rarities(frequencies, classes))


def token_frequencies(folder: Path) -> dict[str, float]:
    """Share of people that bear a folded Latin token."""
    counts: Counter[str] = Counter()
    for path in sorted(folder.glob("*.tsv")):
        for latin, _, count in read_pairs(path):
            counts[latin_letters(latin)] += count
    total = counts.total()
    frequencies = {token: count / total for token, count in counts.items() if len(token) > 1}
    for token, share in _common_shares().items():
        frequencies[token] = max(share, frequencies.get(token, 0.0))
    return frequencies


def _common_shares() -> dict[str, float]:
    shares: defaultdict[str, float] = defaultdict(float)
    for culture in tomllib.loads((_FOLDER / "common_names.toml").read_text("utf-8")).values():
        words = culture["names"].split()
        for token, of_ten_thousand in zip(words[::2], words[1::2], strict=True):
            shares[token] += int(of_ten_thousand) / 10_000 * culture["weight"] / 100
    return dict(shares)


def variant_classes(vocabulary: Iterable[str]) -> list[list[str]]:
    """Classes of tokens that are spellings or short forms of one name, each sorted, without duplicates."""
    spelt = (group for group, _ in _read_nicknames())
    classes = {frozenset(group) for group in (*spelt, *_rigour_classes(vocabulary)) if len(group) > 1}
    return sorted(sorted(group) for group in classes)


def _read_nicknames() -> list[tuple[frozenset[str], float]]:
    """A name with all its short forms, which stand for each other too (Ed and Eddie); the least share of each."""
    tables = tomllib.loads((_FOLDER / "nicknames.toml").read_text("utf-8"))
    return [
        (frozenset((full, *nicks.split())), _VARIANT_SHARE / (1 if table in _SPELLINGS else len(nicks.split())))
        for table, names in tables.items()
        for full, nicks in names.items()
    ]


def _rigour_classes(vocabulary: Iterable[str]) -> list[set[str]]:
    members: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for token in vocabulary:
        for name in analyze_names(NameTypeTag.PER, [token], None, rewrite=False, phonetics=False):
            for symbol in name.symbols:
                if symbol.category.value in ("NAME", "NICK"):
                    members[symbol.category.value, symbol.id].add(token)
    return [
        group
        for group in members.values()
        if len(group) <= _MAX_CLASS
        # Zhao, Chao and Qiu are readings of one character, and each a name of millions: no variants.
        and sum(len(_VOWELS.findall(token)) < 2 and len(token) < 6 for token in group) * 2 < len(group)
    ]


def compute_rarities(frequencies: dict[str, float], classes: list[list[str]]) -> dict[str, int]:
    """Hundredths of a bit of the tokens that are more frequent than their length lets expect."""
    shares, of_short_forms = dict(frequencies), dict(_read_nicknames())
    for group in classes:
        least = of_short_forms.get(frozenset(group), _VARIANT_SHARE)
        largest = max(frequencies.get(token, 0.0) for token in group) * least
        for token in group:
            shares[token] = max(shares.get(token, 0.0), largest)
    bits = {token: max(FLOOR, round(-100 * math.log2(share))) for token, share in shares.items() if share > 0}
    return {token: value for token, value in sorted(bits.items()) if value < min(CEILING, length_limit(token))}


if __name__ == "__main__":
    main(sys.argv[1:])
