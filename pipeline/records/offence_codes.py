"""What offence codes are called: International Classification of Crime for Statistical Purposes (ICCS, UNODC, 2015).

A code's digits are its place: two for a section, four for a division, five for a group, six for a class. Each code
stands for all that begin with it.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import NamedTuple

ICCS = "ICCS"
"""The scheme, as records name it."""

_LEVELS = (6, 5, 4, 2)
"""Digits of a class, a group, a division and a section."""

_WORDS = re.compile(r"\w+")
MAX_WORDS = 20
"""Of a question; the longest name has fifteen."""


class OffenceCode(NamedTuple):
    """A code with its name in each language that pages are written in."""

    code: str
    en: str
    fr: str

    def name(self, language: str) -> str:
        """Its name in "en" or "fr"."""
        return self.fr if language == "fr" else self.en


@cache
def offence_codes() -> Mapping[str, OffenceCode]:
    """All codes that are known by name, in the classification's order."""
    return {code: OffenceCode(code, english, french) for code, (english, french, _) in _read_table().items()}


def find_offence(scheme: str, code: str) -> OffenceCode | None:
    """What a record's code means: the code itself, else the narrowest known one it belongs to.

    None for another scheme, or where not even the section is known.
    """
    if scheme.upper() != ICCS:
        return None
    known, digits = offence_codes(), code.strip()
    return next((known[digits[:length]] for length in _LEVELS if digits[:length] in known), None)


def search_offences(text: str) -> tuple[OffenceCode, ...]:
    """The codes whose name, in either language, or whose digits have all words of `text` at the beginning of a word.

    Those that have them as whole words come first. Usual words that the names lack are known too (murder, braquage). Of
    a code and those below it only the code, which stands for them all. () where `text` has no word, or more than
    MAX_WORDS.
    """
    asked = _fold(text)
    if not 0 < len(asked) <= MAX_WORDS:
        return ()
    words_by_code = _searched_words()
    whole = _keep_highest([code for code, words in words_by_code.items() if words.issuperset(asked)])
    begun = _keep_highest([code for code, words in words_by_code.items() if _begins_with(words, asked)])
    return tuple(offence_codes()[code] for code in dict.fromkeys((*whole, *begun)))


def _begins_with(words: frozenset[str], asked: list[str]) -> bool:
    return all(any(word.startswith(start) for word in words) for start in asked)


def _keep_highest(codes: list[str]) -> list[str]:
    """Those that lie below no other of them."""
    return [code for code in codes if not any(code != other and code.startswith(other) for other in codes)]


def _fold(text: str) -> list[str]:
    """Words in small letters without accents."""
    plain = "".join(char for char in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(char))
    return _WORDS.findall(plain)


@cache
def _searched_words() -> Mapping[str, frozenset[str]]:
    return {code: frozenset((code, *_fold(" ".join(names)))) for code, names in _read_table().items()}


@cache
def _read_table() -> dict[str, list[str]]:
    return tomllib.loads(files("pipeline.records").joinpath("offence_codes.toml").read_text("utf-8"))
