"""Learn which words of organisations' names mean the same, from lists that state each name in many languages.

    PYTHONPATH=tools python -m model_building.word_alignment ../shared/data/lists/eu26/all-names.ndjson.gz [fold]

writes pipeline/records/organisation_translations.toml: English words, each with the words that translate it and the
number of entries that show it. With a fold (0 to 4) the entries are left out whose case key has it (crc32 modulo 5), as
a benchmark wants that measures on them, and the table is printed.

The words of each English name of an entry are aligned with those of its other names by IBM model 1 (Brown and others,
1993, "The mathematics of statistical machine translation"), by EM in both directions; a word is aligned with the one
for which the product of both probabilities is greatest. Compounds of aligned words are then parted, and the model is
learnt again. Plain Python, without a random number: the same input gives the same table. About half a minute.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import msgspec
from anyascii import anyascii
from rapidfuzz.distance import Levenshtein

from pipeline.errors import LiaisonError
from pipeline.matching.names.organisation_words import is_frequent
from pipeline.records.legal_forms import fold_word
from pipeline.records.names import normalise_name
from pipeline.records.normalised import NameToken
from pipeline.records.organisation_words import (
    Translations,
    TranslationTable,
    stem_of,
    translations_of,
    use_translations,
)

FOLDS = 5
_ROUNDS = 6
"""Rounds of EM. IBM model 1 has one optimum; after six rounds the table no longer changes."""
_LEAST_ENTRIES = 2
"""Entries in which a word must be aligned with its English one."""
_LEAST_SHARE = 0.4
"""The least share of the entries with a word, and an English name, in which it is aligned with its English one."""
_LEAST_CHANCE = 0.3
"""The least probability of the English word where the other name has the word: both directions must agree."""
TABLE = Path(__file__).parents[2] / "pipeline" / "records" / "organisation_translations.toml"

_NO_WORD = 0.2
"""How much likelier a word stands for one of the other name than for none."""
_KNOWN_AFFINITY, _UNKNOWN_AFFINITY = 4.0, 0.2
"""How much likelier two words are aligned that mean the same by the table by hand, or are spelled alike; and two that
the table knows for different things. Choices; the table changes little between 2 and 8."""
_LEAST_LETTERS = 3
"""Letters of an English word: shorter ones connect words."""
_ALIKE = 0.6
"""The similarity of two romanised words from which one may be a transliteration of the other."""
_ENGLISH_SIGNS = frozenset(("of", "the", "and", "for", "named", "after"))
"""Connecting words that only names in English have."""
_MOST_WORDS = 14
"""Words of a name from which its alignment is too uncertain to learn from."""
_ELIDED = re.compile(r"(?<!\w)(?:dell|dall|nell|sull|all|[dlb])['’](?=\w{3})", re.IGNORECASE)
_HEADER = """\
# Words of organisations' names with the English word that they mean, and in how many entries they stand for it.
# Learnt from the EU's consolidated list of financial sanctions of 2026-05 (https://github.com/ammitto/data-eu,
# CC BY 4.0, European Union), which states names in up to 24 languages, {entries} organisations with {names} names, by
# PYTHONPATH=tools python -m model_building.word_alignment ../shared/data/lists/eu26/all-names.ndjson.gz
# on {date}. Not edited by hand. Read by organisation_words.py.

[words]
"""


class StatedName(msgspec.Struct, frozen=True):
    """The core words of a name, and whether it is surely or probably English."""

    words: list[str]
    english: bool


BodyNames = list[StatedName]
"""The names of an organisation."""
Weights = dict[str, dict[str, float]]


def main(arguments: Sequence[str]) -> None:
    """Write the table, or print one that leaves a fold out."""
    if len(arguments) not in (1, 2):
        raise LiaisonError("learning translations needs the list of names, and may take a fold to leave out")
    left_out = int(arguments[1]) if len(arguments) > 1 else None
    use_translations({})
    entries = list(read_entries(Path(arguments[0]), lambda key: fold_of(key) != left_out))
    text = format_table(entries, learn_translations(entries), datetime.now(UTC).date().isoformat())
    if left_out is None:
        TABLE.write_text(text, "utf-8")
    else:
        sys.stdout.write(text)


def fold_of(case_key: str) -> int:
    """The fold of a case ("eu-fsf:EU.1001.60"), 0 to 4."""
    return zlib.crc32(case_key.encode()) % FOLDS


def read_entries(path: Path, wanted: Callable[[str], bool] = lambda _: True) -> Iterator[BodyNames]:
    """The organisations with several names of a list of case events, packed or not, chosen by their case keys.

    Words are as use_translations({}) leaves them: compounds whole.
    """
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    tokens: list[list[tuple[NameToken, ...]]] = []
    for line in raw.splitlines():
        case = json.loads(line)["data"]
        if wanted(f"{case['agency']}:{case['case_id']}"):
            tokens += [
                [
                    normalise_name(_ELIDED.sub("", name["full"]), "", "", "", "", "", "organisation").tokens
                    for name in entity["names"]
                ]
                for entity in case["entities"]
                if entity["type"] == "organisation" and len(entity["names"]) > 1
            ]
    sure = {_stem(word) for names in tokens for name in names if _has_signs(name) for word in _core_words(name)}
    for names in tokens:
        yield [StatedName(_core_words(name), _is_english(name, sure)) for name in names]


def _core_words(tokens: Iterable[NameToken]) -> list[str]:
    return [token.text for token in tokens if token.kind == "core" and len(token.text) > 1]


def _has_signs(tokens: Iterable[NameToken]) -> bool:
    texts = [token.text for token in tokens]
    return all(map(str.isascii, texts)) and not _ENGLISH_SIGNS.isdisjoint(texts)


def _is_english(tokens: Iterable[NameToken], sure: set[str]) -> bool:
    """Whether a name has English words for signs, or most of its words are those of names that have them."""
    words = _core_words(tokens)
    if _has_signs(tokens):
        return True
    if not all(map(str.isascii, words)) or any(token.kind == "particle" for token in tokens):
        return False
    known = sum(is_frequent(word) or _stem(word) in sure for word in words)
    return known > len(words) / 2


def learn_translations(entries: Sequence[BodyNames]) -> Translations:
    """English words with the words that translate them, and in how many entries; {} if there is nothing to learn.

    The model is learnt twice: compounds of words that the first table has are parted for the second, as the table by
    hand parted some before.
    """
    parts = TranslationTable(_learn(entries)).part_compound
    parted = [
        [StatedName([part for word in name.words for part in parts(word) or (word,)], name.english) for name in names]
        for names in entries
    ]
    return _learn(parted)


def _learn(entries: Sequence[BodyNames]) -> Translations:
    pairs = list(_pair_names(entries))
    affinity = _Affinity(pairs)
    onward = _expect([(pair.stems[0], pair.stems[1], pair.weight) for pair in pairs], affinity)
    backward = _expect([(pair.stems[1], pair.stems[0], pair.weight) for pair in pairs], affinity)
    shown: defaultdict[tuple[str, str], defaultdict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    borne: defaultdict[str, set[int]] = defaultdict(set)
    leads: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for pair in pairs:
        ones, others = pair.stems
        for j, other in enumerate(others):
            borne[other].add(pair.entry)
            i = max(range(len(ones)), key=lambda at: onward[ones[at]][other] * backward[other][ones[at]])
            if backward[other][ones[i]] >= _LEAST_CHANCE and onward[ones[i]][other] > onward[""][other] * _NO_WORD:
                shown[ones[i], other][pair.words[1][j]].add(pair.entry)
                leads[ones[i]][pair.words[0][i]] += 1
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for (one, other), spelled in sorted(shown.items()):
        where = len(set().union(*spelled.values()))
        if where >= _LEAST_ENTRIES and where >= _LEAST_SHARE * len(borne[other]):
            lead = min(leads[one], key=lambda word: (-leads[one][word], word))
            found[lead].update({word: len(entries_of) for word, entries_of in spelled.items()})
    kept = {lead: words for lead, words in found.items() if len(lead) >= _LEAST_LETTERS and _is_usual(lead, words)}
    _join_spellings(kept)
    order = sorted(kept, key=lambda lead: (-kept[lead].total(), lead))
    return {lead: dict(sorted(kept[lead].items(), key=lambda item: (-item[1], item[0]))) for lead in order}


def _join_spellings(found: dict[str, Counter[str]]) -> None:
    """Make one of two English spellings that the same words translate: centre, center."""
    for lead in sorted(found, key=lambda lead: (found[lead].total(), lead)):
        for other in sorted(found, key=lambda lead: (-found[lead].total(), lead)):
            common = sum((found[lead] & found[other]).values())
            if other != lead and lead[:4] == other[:4] and 2 * common >= found[lead].total():
                joined = found.pop(lead)
                found[other] |= joined
                found[other][lead] = max(found[other][lead], max(joined.values()))
                break


class _NamePair(msgspec.Struct, frozen=True):
    """An English name of an entry and another one, in words and in stems, and how much the pair counts."""

    entry: int
    words: tuple[tuple[str, ...], tuple[str, ...]]
    stems: tuple[list[str], list[str]]
    weight: float


def _pair_names(entries: Sequence[BodyNames]) -> Iterator[_NamePair]:
    """Pairs of names, each once, however often it is stated; all pairs of one of the other names count as one."""
    for at, names in enumerate(entries):
        english, others = (
            list(dict.fromkeys(tuple(name.words) for name in names if name.english == wanted and name.words))
            for wanted in (True, False)
        )
        for one, other in product(english, others):
            shorter, longer = sorted((len(one), len(other)))
            if longer <= min(_MOST_WORDS, 2 * shorter + 1):
                stems = [_stem(word) for word in one], [_stem(word) for word in other]
                yield _NamePair(at, (one, other), stems, 1 / len(english))


class _Affinity:
    """How much likelier than others two stems are aligned, by the table by hand and by their spelling.

    Without it words that always stand together ("Ministry", "of Defence") can't be told apart.
    """

    def __init__(self, pairs: Iterable[_NamePair]) -> None:
        self._meanings: defaultdict[str, set[str]] = defaultdict(set)
        for pair in pairs:
            for words, stems in zip(pair.words, pair.stems, strict=True):
                for word, stem in zip(words, stems, strict=True):
                    self._meanings[stem] |= translations_of(word)

    def __call__(self, one: str, other: str) -> float:
        if not one:
            return _NO_WORD
        ours, theirs = self._meanings[one], self._meanings[other]
        if ours and theirs:
            return _UNKNOWN_AFFINITY if ours.isdisjoint(theirs) else _KNOWN_AFFINITY
        alike = Levenshtein.normalized_similarity(anyascii(one).lower(), anyascii(other).lower()) >= _ALIKE
        return _KNOWN_AFFINITY if alike else 1.0


def _expect(pairs: Sequence[tuple[list[str], list[str], float]], affinity: Callable[[str, str], float]) -> Weights:
    """t[a][b], the probability of a word b where the other name has a, by EM; "" is no word.

    The chances of a pair of words are multiplied by their affinity in each round.
    """
    factors: Weights = defaultdict(dict)
    weights: Weights = defaultdict(dict)
    for ones, others, _ in pairs:
        for one in ("", *ones):
            weights[one].update(dict.fromkeys(others, 1.0))
    for one, row in weights.items():
        factors[one] = {other: affinity(one, other) for other in row}
    for _ in range(_ROUNDS):
        counts: dict[str, defaultdict[str, float]] = {one: defaultdict(float) for one in weights}
        for ones, others, weight in pairs:
            sources = ("", *ones)
            for other in others:
                chances = [weights[one][other] * factors[one][other] for one in sources]
                share = weight / sum(chances)
                for one, chance in zip(sources, chances, strict=True):
                    counts[one][other] += chance * share
        totals = {one: sum(row.values()) for one, row in counts.items()}
        weights = {one: {other: count / totals[one] for other, count in row.items()} for one, row in counts.items()}
    return weights


def _is_usual(lead: str, words: Iterable[str]) -> bool:
    """Whether a word is no name of a single body: usual in names, or translated and not only transliterated."""
    return is_frequent(lead) or any(
        Levenshtein.normalized_similarity(anyascii(word).lower(), lead) < _ALIKE for word in words
    )


def _stem(word: str) -> str:
    return stem_of(fold_word(word))


def format_table(entries: Sequence[BodyNames], table: Translations, date: str) -> str:
    """The file's text."""
    lines = []
    for english, words in table.items():
        key = english if english.isascii() and english.isalnum() else json.dumps(english, ensure_ascii=False)
        lines.append(f'{key} = "{" ".join(f"{word}:{count}" for word, count in words.items())}"')
    return _HEADER.format(entries=len(entries), names=sum(map(len, entries)), date=date) + "\n".join(lines) + "\n"


if __name__ == "__main__":
    main(sys.argv[1:])
