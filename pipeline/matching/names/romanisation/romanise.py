"""A name's romanisation: each word by the rule of its script and language, Latin words as they are."""

from __future__ import annotations

import re
from functools import lru_cache

from anyascii import anyascii

from pipeline.matching.names.romanisation.letter_tables import CHINESE_SURNAMES, KOREAN_SURNAMES
from pipeline.matching.names.romanisation.letters import romanise_cyrillic, romanise_greek, romanise_kana
from pipeline.matching.names.romanisation.likely_names import find_foreign_name, romanise_consonants
from pipeline.matching.names.romanisation.name_languages import name_language
from pipeline.records.names import clean_text, fold_case, normalise_name
from pipeline.records.scripts import MARKS, has_mixed_alphabets, script_of, unmask

_WORDS = re.compile(rf"[\w{MARKS}]{{2,}}(?:['’ʼ׳״][\w{MARKS}]+)*|[\w{MARKS}]+")
"""An apostrophe parts a first letter (О'Коннор), and else says how the letters beside it are spoken (Дар'я)."""
_APOSTROPHES = re.compile("['’ʼ׳״]")
_CASED = ("Armenian", "Cyrillic", "Greek")
"""Scripts that tell small letters from capitals: a particle stays small."""

MAX_NAME_LENGTH = 400
"""Longer texts are no names; what would be read of them costs more than it tells."""


@lru_cache(maxsize=8192)
def romanise_name(name: str, country: str = "") -> str:
    """A name in Latin letters, in the order in which it was sent; "" where it is Latin already, or can't be read.

    `country` is of the agency that wrote it (ISO 3166-1 alpha-2), and decides between languages of one script. Names in
    Chinese characters from Japan are not read: their sound isn't in their letters.
    """
    text = clean_text(name[:MAX_NAME_LENGTH])
    foreign = "" if text.isascii() else " ".join(word for word in _WORDS.findall(text) if _is_foreign(word))
    if not foreign:
        return ""
    language = name_language(foreign, country)
    romanised = _WORDS.sub(lambda found: _romanise_word(found[0], language, country), text)
    return "" if romanised == name or script_of(romanised) not in ("", "Latin") else romanised


def _is_foreign(word: str) -> bool:
    return script_of(word) not in ("", "Latin") or has_mixed_alphabets(word)


def _romanise_word(word: str, language: str, country: str) -> str:
    """One word; what is Latin stays, but for letters of other alphabets that only look so."""
    if has_mixed_alphabets(word):
        word = unmask(word)
    script = script_of(word)
    if script in ("", "Latin"):
        return word
    if script == "Han" and language == "ja":
        return word
    if script in ("Han", "Hangul"):
        return _romanise_syllables(word, KOREAN_SURNAMES if script == "Hangul" else CHINESE_SURNAMES)
    spelled = _spell_word(_APOSTROPHES.sub("", fold_case(word)), script, language, country)
    if script in _CASED and word[:1].islower():
        return spelled
    return spelled.upper() if _is_shouted(word) else "-".join(map(_capitalise, spelled.split("-")))


def _spell_word(folded: str, script: str, language: str, country: str) -> str:
    if script == "Cyrillic":
        return romanise_cyrillic(folded, language)
    if script == "Greek":
        return romanise_greek(folded)
    if script == "Katakana":
        return find_foreign_name(folded) or romanise_kana(folded)
    if script == "Hiragana":
        return romanise_kana(folded)
    if script in ("Arabic", "Hebrew"):
        return romanise_consonants(folded, script, country)
    return anyascii(folded).replace("'", "").lower()


def _romanise_syllables(word: str, surnames: dict[str, str]) -> str:
    """A name written without blanks: its family name, where it is known as one, and its given name."""
    parts = [token.text for token in normalise_name(word, "", "", "", "", "", "person").tokens] or [word]
    family = surnames.get(parts[0], "") if len(parts) > 1 or len(word) == 1 else ""
    read = [_capitalise(anyascii(part).replace(" ", "").lower()) for part in parts]
    return " ".join([family or read[0], *read[1:]])


def _is_shouted(word: str) -> bool:
    """Whether a word is in capitals, as many lists write family names."""
    return len(word) > 1 and word.isupper()


def _capitalise(word: str) -> str:
    return " ".join(part[:1].upper() + part[1:] for part in word.split(" "))
