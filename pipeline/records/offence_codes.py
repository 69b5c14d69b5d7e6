"""What offence codes are called: International Classification of Crime for Statistical Purposes (ICCS, UNODC, 2015).

A code's digits are its place: two for a section, four for a division, five for a group, six for a class. Each code
stands for all that begin with it.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from pipeline.locale import LANGUAGES, SOURCE

ICCS = "ICCS"
"""The scheme, as records name it."""

_LEVELS = (6, 5, 4, 2)
"""Digits of a class, a group, a division and a section."""

_WORDS = re.compile(r"\w+")
SHORTEST_WORD = 7
"""Letters of a word beside the names that tells an offence by itself; shorter ones (house) tell of many things."""
SHORTEST_HEAD = 4
"""Letters of a name's first word that tells its offence alone: robo, homicide."""
MOST_HEADED = 2
"""Divisions whose names a word may begin: in Spanish robbery and burglary are both *robo*; *acts* begins dozens."""
MAX_WORDS = 20
"""Of a question; the longest name has fifteen."""


class OffenceCode(NamedTuple):
    """A code with its name in each of LANGUAGES."""

    code: str
    names: Mapping[str, str]

    def name(self, language: str) -> str:
        """Its name in a language; in English where that language has none."""
        return self.names.get(language) or self.names[SOURCE]


@cache
def offence_codes() -> Mapping[str, OffenceCode]:
    """All codes that are known by name, in the classification's order."""
    tables = _read_tables()
    return {
        code: OffenceCode(code, {language: table[code][0] for language, table in tables.items() if code in table})
        for code in tables[SOURCE]
    }


def find_offence(scheme: str, code: str) -> OffenceCode | None:
    """What a record's code means: the code itself, else the narrowest known one it belongs to.

    None for another scheme, or where not even the section is known.
    """
    if scheme.upper() != ICCS:
        return None
    known, digits = offence_codes(), code.strip()
    return next((known[digits[:length]] for length in _LEVELS if digits[:length] in known), None)


def search_offences(text: str) -> tuple[OffenceCode, ...]:
    """The codes whose name, in any of LANGUAGES, or whose digits have all words of `text` at the beginning of a word.

    Those that have them as whole words come first. Usual words that the names lack are known too (murder, braquage). Of
    a code and those below it only the code, which stands for them all. () where `text` has no word, or more than
    MAX_WORDS.
    """
    asked = _fold(text)
    if not 0 < len(asked) <= MAX_WORDS:
        return ()
    words_by_code = _searched_words()
    whole = _keep_highest([code for code, words in words_by_code.items() if words.issuperset(asked)])
    begun = _keep_highest(
        [
            code
            for code, words in words_by_code.items()
            if all(any(word.startswith(start) for word in words) for start in asked)
        ]
    )
    return tuple(offence_codes()[code] for code in dict.fromkeys((*whole, *begun)))


class TitleReading(NamedTuple):
    """What the title of a case says in a reader's language, and the language that the title is in."""

    name: str
    language: str


def read_title(title: str, language: str) -> TitleReading | None:
    """What a title that names an offence, and nothing else, says in a reader's language.

    None of any other title, and where it is in that language already.
    """
    found = _titles().get(tuple(_fold(title)))
    if found is None or language in found.languages:
        return None
    code, names = found.title
    usual = next(iter(names.get(language, ())), "") or offence_codes()[code].name(language)
    return TitleReading(usual, found.languages[0])


class _Title(NamedTuple):
    """A code, and what cases are called by it in each language; of a name of the classification nothing more."""

    code: str
    names: Mapping[str, Sequence[str]]


class _KnownTitle(NamedTuple):
    """A title, and the languages in which it is written so."""

    title: _Title
    languages: Sequence[str]


@cache
def _titles() -> Mapping[tuple[str, ...], _KnownTitle]:
    """All titles that name an offence, by their folded words; the classification's own names where nothing else has."""
    written = tomllib.loads(files("pipeline.records").joinpath("offences", "titles.toml").read_text("utf-8"))["title"]
    usual = [_Title(one.pop("code"), one) for one in written]
    codes = offence_codes().items()
    official = [_Title(code, {tag: (name,) for tag, name in one.names.items()}) for code, one in codes]
    found: dict[tuple[str, ...], _KnownTitle] = {}
    for title in (*usual, *official):
        for language, names in title.names.items():
            for words in map(tuple, map(_fold, names)):
                held = found.setdefault(words, _KnownTitle(title, ()))
                if held.title is title:
                    found[words] = _KnownTitle(title, (*held.languages, language))
    return found


def name_in_words(word: str) -> str:
    """The name by which a word, in the plural too, asks for an offence: one word that is a whole name, or means it.

    "" where it is no such word: what only stands within a name, as *premises* does, asks for nothing.
    """
    (folded, *others) = _fold(word) or [""]
    singulars = (folded, folded.removesuffix("ies") + "y", folded.removesuffix("s"), folded.removesuffix("es"))
    return "" if others else next((one for one in singulars if one in _lone_words()), "")


@cache
def _lone_words() -> frozenset[str]:
    """Names of one word in any of LANGUAGES, words that begin hardly any other division's name, long usual words."""
    found = set[str]()
    for table in _read_tables().values():
        heads = Counter(_fold(name)[0] for code, (name, *_) in table.items() if len(code) == len("0501"))
        found.update(head for head, count in heads.items() if count <= MOST_HEADED and len(head) >= SHORTEST_HEAD)
        for name, *besides in table.values():
            words = _fold(name)
            found.update(words if len(words) == 1 else ())
            found.update(word for word in _fold(" ".join(besides)) if len(word) >= SHORTEST_WORD)
    return frozenset(found)


def _keep_highest(codes: list[str]) -> list[str]:
    """Those that lie below no other of them."""
    return [code for code in codes if not any(code != other and code.startswith(other) for other in codes)]


def _fold(text: str) -> list[str]:
    """Words in small letters without accents."""
    plain = "".join(char for char in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(char))
    return _WORDS.findall(plain)


@cache
def _searched_words() -> Mapping[str, frozenset[str]]:
    tables = _read_tables().values()
    return {
        code: frozenset((code, *(word for table in tables for word in _fold(" ".join(table.get(code, ()))))))
        for code in offence_codes()
    }


@cache
def _read_tables() -> dict[str, dict[str, Sequence[str]]]:
    """By language and code: a name, and the words by which people ask for it besides."""
    folder = files("pipeline.records").joinpath("offences")
    return {language: tomllib.loads(folder.joinpath(f"{language}.toml").read_text("utf-8")) for language in LANGUAGES}
