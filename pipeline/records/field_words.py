"""Words by which people call fields, and say that nothing is known, in the languages of their registers.

field_words.toml has them by language and field. Headings of columns, prefixes in the search box and placeholders are
read from it.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Final

_TABLE: Final[Mapping[str, Mapping[str, str]]] = tomllib.loads(
    files("pipeline.records").joinpath("field_words.toml").read_text("utf-8")
)

LANGUAGES_OF_FIELDS: Final = tuple(_TABLE)
"""In the order in which they win where they disagree about a word; "any" is of all."""

SMALL_WORDS: Final = frozenset((
    "of", "the", "de", "du", "des", "der", "del", "di", "da", "do", "la", "le", "van", "het", "dello", "della", "na",
    "za",
))  # fmt: skip
"""Left out where names are compared: date of birth, date de naissance."""

_SIGNS = re.compile(r"[\W_]+")
_UMLAUT = re.compile("([aou])e")
_LETTERS = str.maketrans({"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ı": "i", "ß": "ss"})
"""Letters that have no accent to take off."""
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")


def fold_heading(name: str) -> str:
    """Small letters of any script without accents, signs as blanks; `ae` as `ä` and `a`, as keyboards write it."""
    words = _SIGNS.sub(" ", _remove_accents(_HUMP.sub(" ", name))).split()
    return " ".join(_UMLAUT.sub(r"\1", word) for word in words if word not in SMALL_WORDS)


def _remove_accents(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    letters = "".join(char for char in folded if not unicodedata.combining(char)).casefold()
    return unicodedata.normalize("NFC", letters)  # syllables of Hangul, which NFKD takes apart


def list_words(field: str, language: str = "") -> tuple[str, ...]:
    """The words of a field as the table writes them, of one language or of all."""
    sections = [_TABLE[language]] if language else _TABLE.values()
    written = (word.strip() for section in sections for word in section.get(field, "").split(","))
    return tuple(filter(None, written))


def fold_words(fields: Iterable[str]) -> frozenset[str]:
    """The words of these fields in all languages, as `fold_heading` writes them."""
    return frozenset(fold_heading(word) for field in fields for word in list_words(field))


def say_nothing(field: str) -> frozenset[str]:
    """The words of `unknown` or `nothing`, case-folded, with their accents and as keyboards without them write them."""
    words = [word.casefold() for word in list_words(field)]
    return frozenset(words).union(map(_remove_accents, words))


def fields_called(word: str, language: str = "") -> tuple[str, ...]:
    """The fields that somebody calls by this word, those of the reader's language first, the others as they stand."""
    called = _fields_by_word().get(fold_heading(word), ())
    own = (field for spoken, field in called if spoken == language)
    return tuple(dict.fromkeys((*own, *(field for _, field in called))))


@cache
def _fields_by_word() -> Mapping[str, tuple[tuple[str, str], ...]]:
    """By folded word each language and field that has it, in the table's order."""
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    for language, section in _TABLE.items():
        for field in section:
            for word in map(fold_heading, list_words(field, language)):
                found[word] = (*found.get(word, ()), (language, field))
    return found
