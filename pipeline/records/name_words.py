"""Words of names that do not tell people or organisations apart (name_words.toml and rigour's lists)."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any

from pipeline.records.field_words import say_nothing
from pipeline.records.vendored import read_table

_LISTS: dict[str, Any] = tomllib.loads(files("pipeline.records").joinpath("name_words.toml").read_text("utf-8"))
_VENDORED = read_table("person_words", dict[str, list[str]])


def _words(name: str) -> frozenset[str]:
    return frozenset(_LISTS[name].split())


def _letters(name: str) -> frozenset[str]:
    return frozenset(letter for letter in _LISTS[name] if letter.isalpha())


TITLES = (
    _words("titles") | {word.casefold().rstrip(".") for word in _VENDORED["titles"] if word.replace(".", "").isalpha()}
) - _words("never_titles")
"""Forms of address; they weigh nothing."""

PARTICLES = _words("particles")
GIVEN_WHEN_FIRST = _words("given_when_first")
"""Particles that are as well given or family names (Ben, Al, Le, Van): as the first of two words they are names."""

PREFIX_NAMES = _words("prefix_names")
"""Given names that many bear before the one that they are called by."""

PATRONYMIC_BEFORE = _words("patronymic_before")
"""Particles between a child's name and its father's: bin, ould."""
PATRONYMIC_AFTER = _words("patronymic_after")
"""Particles behind a father's name: oglu, kyzy."""
PATRONYMIC_ENDINGS = tuple(sorted(_words("patronymic_endings")))
ARABIC_ARTICLE = "ال"
ARABIC_SERVANTS = _words("arabic_servants")
"""First words of Arabic names that go on with the article: servant of."""
ARABIC_ENDINGS = _words("arabic_endings")
"""Second words of Arabic names that are also written together with the first: of God, of the faith."""
GENERATIONS: dict[str, str] = _LISTS["generations"]

WEIGHTLESS = PARTICLES | TITLES | GENERATIONS.keys()
"""Words after which a name may end: none of them is a family name."""

_NULL_WORDS = {word.casefold() for word in _VENDORED["nothing"]}
UNKNOWN_WORDS = (
    _words("unknown_words")
    | say_nothing("unknown")
    | {word for word in _NULL_WORDS if len(word) > 1 and word.isalpha() and word not in _words("doubtful_words")}
)
"""Words that stand for a missing name, and are dropped from a name that has others."""
UNKNOWN_NAMES = UNKNOWN_WORDS | frozenset(_LISTS["missing_phrases"]) | _NULL_WORDS | frozenset(_LISTS["unknown_names"])
"""Whole names that name nobody."""

NOTE_WORDS = frozenset(_LISTS["note_words"])
"""Words with which a note in brackets begins."""
BORN, BORN_BEFORE = tuple(_LISTS["born"].split()), tuple(_LISTS["born_before"].split())
"""Words for "born", and those that go on to a place or a date."""

MISSING_PHRASES = tuple(_LISTS["missing_phrases"])
"""Phrases that stand for a missing part of a name, and are dropped from a name that has other words."""
NOBODY_WORDS = _words("nobody_words") - _words("never_nobody")
"""Words for a person by what they are to another: alone, or as a given name, they name nobody."""
CARE_OF = tuple(_LISTS["care_of"])
"""Before the name of another, at whose address mail is sent."""
NOBODY_LINKS = _words("nobody_links")
OF_ANOTHER = _words("nobody_words") | _words("also_of_another")
"""Words that, before one of NOBODY_LINKS, make a name that of another person: "daughter of Maria"."""

TELLTALES = OF_ANOTHER.union(BORN, (phrase.split()[0] for phrase in (*MISSING_PHRASES, *CARE_OF)))
"""Words without which a name neither holds a note nor stands for nobody, but for brackets."""

ORGANISATION_PARTICLES = _words("organisation_particles")
FUNCTION_WORDS = ORGANISATION_PARTICLES | _words("function_words")
"""Connecting words of organisations, which vessels' names may have as words of their own."""
VESSEL_PREFIXES = _words("vessel_prefixes")

CHINESE_SURNAMES = _letters("chinese_surnames")
CHINESE_DOUBLE_SURNAMES = _words("chinese_double_surnames")
KOREAN_SURNAMES = _letters("korean_surnames")
KOREAN_DOUBLE_SURNAMES = _words("korean_double_surnames")
