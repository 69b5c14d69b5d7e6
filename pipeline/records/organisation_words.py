"""Words of which organisations' names are made, and what they mean in English, in all languages of the lists.

Two tables say so. organisation_words.toml is by hand: what it holds means the same (`english_of`). The other,
organisation_translations.toml, is learnt from lists that state names in many languages by
tools/model_building/word_alignment.py: what it holds translates a word in names of organisations (`translations_of`).
There inflected words are known by their stems, and compounds by their parts.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path

from pipeline.records.legal_forms import fold_word
from pipeline.records.scripts import UNPARTED, romanise_cyrillic, script_of

Translations = Mapping[str, Mapping[str, int]]
"""For each English word the words that translate it, with the number of organisations in whose names they do."""

_ARTICLES = re.compile("^(?:وال|ولل|ال|لل)(?=..)")
"""The article of Arabic, also after "and" and "for"."""
_ONE_LETTER = str.maketrans("أإآىیکةہۀ", "اااييكههه")
"""Letters that Arabic and Persian keyboards exchange."""
_NONE: frozenset[str] = frozenset()
_LEAST_PART, LEAST_COMPOUND = 4, 10
"""Letters of each part of a compound, and of the whole: shorter ones are parts of names by chance (Atomflot)."""
_LONGEST = 40
"""Letters up to which a word is looked into: no language of the lists writes longer ones in names."""
_LINKS = ("", "о", "е", "s", "o", "-")
"""What stands between the parts of a compound."""
_ENDINGS: dict[str, str] = {
    "Cyrillic": """
        ического ической ическому ический ическая ическое ические ических ическим ическую
        ского скому скими ских ским ские ская ское скую скии скои ска ско ски
        ого его ому ему ыми ими ами ями ите ата ото ета ете ая яя ое ее ые ие ыи ии ои еи ую юю ых их ым им ом ем ам ям
        ах ях ов ев ия ию ки та то ка ку а я о е ы и у ю ь і
    """,
    "Latin": """
        iego iemu ieho ssa lla ies ego emu ych ich ymi imi ami ach ech ova nak nek ban ben ung ului ilor lor nej nych
        eho ese oje ais oms als ija ijos ios iem ien jen ena ene ens ets et es en em er ou os as is
        us ej ai ja je ii ul ei um om ow ov al a e i o u y s n k
    """,
    "Greek": "ουσ ιασ ησ ασ οσ εσ ου ων ια α η ο ι ε υ",
}
"""Endings of the languages of a script, longer ones first; without accents, as words are folded."""
_LEAST_STEM = {"Cyrillic": 4, "Latin": 5, "Greek": 4}
_LEAST_ROMANISED = 5
"""Letters of a stem that is looked for in Latin letters: shorter ones are words of other languages by chance."""


def part_words(word: str) -> list[str]:
    """The known words of which a word consists, or the word itself.

    A word in a script without blanks is parted at the words that are known (朝鮮貿易銀行: 朝鮮, 貿易, 銀行). A
    compound of another script is parted only if all of its parts are known and the whole is not (авиаремонтный: авиа,
    ремонтный).
    """
    if not word.isascii() and script_of(word) in UNPARTED:
        return [part for part in _known_words().split(word) if part]
    return (list(_table().part_compound(word)) if len(word) >= LEAST_COMPOUND else []) or [word]


def english_of(word: str) -> frozenset[str]:
    """The English words for a word of the table by hand, or for an English one of it; none for others."""
    known = _english()
    if word.isascii():
        return known.get(word, _NONE)
    folded = word.translate(_ONE_LETTER)
    return known.get(folded) or known.get(_ARTICLES.sub("", folded), _NONE)


def translations_of(word: str) -> frozenset[str]:
    """The English words that translate a case-folded word in names of organisations, or none.

    Those of both tables, by the word, by its stem or, of a Cyrillic word, by its spelling in Latin letters; an English
    word of a table translates itself.
    """
    return _table().find(word)


def use_translations(table: Translations | Path | None) -> None:
    """Replace the learnt table, or read it from a file; None brings the package's back.

    For benchmarks that measure on entries which the package's table was learnt from, and for learning itself. It counts
    for names that are normalised and compared from then on: call it before the first, as callers remember meanings.
    """
    global _replaced
    _replaced = read_translations(table) if isinstance(table, Path) else table
    _table.cache_clear()


_replaced: Translations | None = None


def read_translations(path: Path) -> Translations:
    """A table as word_alignment writes it; raises OSError, or ValueError where it is none."""
    return _parse(path.read_text("utf-8"))


def _parse(text: str) -> Translations:
    found = {}
    for english, words in tomllib.loads(text).get("words", {}).items():
        counted = [word.rpartition(":") for word in words.split()]
        found[english] = {word: int(count) for word, _, count in counted}
    return found


def stem_of(word: str) -> str:
    """A folded word without what inflection adds in the languages of its script; short ones as they are.

    One list of endings serves all languages of a script, since a name does not say its language. It cuts deeper than a
    stemmer of one language does, which joins adjectives with nouns (заводской, завод) and cognates of two languages.
    """
    least, longest, ends = _endings(script_of(word))
    for size in range(min(longest, len(word) - least), 0, -1):
        if word[-size:] in ends:
            return word[:-size]
    return word


@cache
def _endings(script: str) -> tuple[int, int, frozenset[str]]:
    """Letters that a stem keeps, letters of the longest ending, and the endings; none of other scripts."""
    ends = frozenset(ending.replace("й", "и") for ending in _ENDINGS.get(script, "").split())
    return _LEAST_STEM.get(script, 0), max(map(len, ends), default=0), ends


@cache
def _romanised_endings() -> tuple[frozenset[str], int]:
    """The Cyrillic endings in Latin letters, and none; and the letters of the longest."""
    endings = {*_ENDINGS["Cyrillic"].split()} | {"ий", "ый", "ой", "й", ""}
    spelt = frozenset([spelt for ending in endings for spelt in romanise_cyrillic(ending)]) | {"y", "i"}
    return spelt, max(map(len, spelt))


class TranslationTable:
    """Words with the English ones that translate them: by spelling, by stem, and compounds by their parts."""

    def __init__(self, *tables: Translations) -> None:
        words: defaultdict[str, set[str]] = defaultdict(set)
        romanised: defaultdict[str, set[str]] = defaultdict(set)
        stems: defaultdict[str, Counter[str]] = defaultdict(Counter)
        spellings: dict[str, str] = {}
        for table in tables:
            for lead, translations in table.items():
                english = spellings.setdefault(stem_of(_fold(lead)), lead)
                for word, count in ((lead, 1), *translations.items()):
                    folded = _fold(word)
                    words[folded].add(english)
                    stems[stem_of(folded)][english] += count
                    if script_of(word) == "Cyrillic":
                        for spelt in romanise_cyrillic(word[: len(stem_of(folded))]):
                            romanised[spelt].add(stem_of(folded))
        self._words = {word: frozenset(english) for word, english in words.items()}
        self._stems = {
            stem: frozenset(word for word, count in english.items() if 2 * count >= max(english.values()))
            for stem, english in stems.items()
        }
        self._romanised = {spelt: found for spelt, found in romanised.items() if len(spelt) >= _LEAST_ROMANISED}
        self._romanised_beginnings = frozenset([spelt[:_LEAST_ROMANISED] for spelt in self._romanised])
        self.part_compound = lru_cache(maxsize=65536)(self._part_compound)

    def find(self, word: str) -> frozenset[str]:
        """The English words that translate a case-folded word."""
        if len(word) > _LONGEST:
            return _NONE
        folded = _fold(word)
        if folded.isascii():
            return (self._look_up(folded) or _NONE) | self._find_romanised(folded)
        bare = _ARTICLES.sub("", folded)
        return self._look_up(folded) or (self._look_up(bare) if bare != folded else None) or _NONE

    def _look_up(self, folded: str) -> frozenset[str] | None:
        return self._words.get(folded) or self._stems.get(stem_of(folded))

    def _find_romanised(self, word: str) -> frozenset[str]:
        """What a Cyrillic word means of which this is a spelling in Latin letters ("likerovodochny", "narodnogo")."""
        if word[:_LEAST_ROMANISED] not in self._romanised_beginnings:
            return _NONE
        endings, longest = _romanised_endings()
        for size in range(len(word), max(_LEAST_ROMANISED, len(word) - longest) - 1, -1):
            if (stems := self._romanised.get(word[:size])) and word[size:] in endings:
                return _NONE.union(*(self._stems[stem] for stem in stems))
        return _NONE

    def _part_compound(self, word: str) -> tuple[str, ...]:
        """The parts of a compound; () for a word that is known, or of which a part is not."""
        if not LEAST_COMPOUND <= len(word) <= _LONGEST or not word.isalpha() or self.find(word):
            return ()
        return self._part(word, 2) or ()

    def _part(self, word: str, more: int) -> tuple[str, ...]:
        """Parts of a word, of which the first, as long as can be, may be a stem; `more` times it is parted."""
        for end in range(len(word) - _LEAST_PART, _LEAST_PART - 1, -1):
            head = _fold(word[:end])
            if head in self._words or head in self._stems:
                for link in _LINKS:
                    rest = word[end + len(link) :]
                    if word.startswith(link, end) and len(rest) >= _LEAST_PART:
                        if self.find(rest):
                            return word[:end], rest
                        if more > 1 and (parts := self._part(rest, more - 1)):
                            return (word[:end], *parts)
        return ()


def _fold(word: str) -> str:
    return fold_word(word if word.isascii() else word.translate(_ONE_LETTER))


@cache
def _table() -> TranslationTable:
    by_hand = {english: dict.fromkeys(words, 1) for english, words in _by_hand().items()}
    return TranslationTable(by_hand, _shipped() if _replaced is None else _replaced)


@cache
def _shipped() -> Translations:
    return _parse(files("pipeline.records").joinpath("organisation_translations.toml").read_text("utf-8"))


@cache
def _by_hand() -> dict[str, list[str]]:
    text = files("pipeline.records").joinpath("organisation_words.toml").read_text("utf-8")
    table: dict[str, str] = tomllib.loads(text)["words"]
    return {english: words.translate(_ONE_LETTER).split() for english, words in table.items()}


@cache
def _english() -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for english, words in _by_hand().items():
        for word in (english, *words):
            found[word] = found.get(word, _NONE) | {english}
    return found


@cache
def _known_words() -> re.Pattern[str]:
    """Longer words first, so that 研究所 is one."""
    words: Iterable[str] = (word for word in _english() if script_of(word) in UNPARTED)
    return re.compile(f"({'|'.join(sorted(words, key=lambda word: (-len(word), word)))})")
