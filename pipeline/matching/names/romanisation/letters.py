"""Words of alphabets and syllabaries in Latin letters, letter by letter."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping

from anyascii import anyascii

from pipeline.matching.names.romanisation.letter_tables import CYRILLIC, CYRILLIC_ENDS, CYRILLIC_STARTS, GREEK

_LONGEST = 2
"""Letters that a row of a table has at most."""

_ACUTE, _DIAERESIS = "\u0301", "\u0308"
_GREEK_SPELLINGS = (
    (re.compile(f"(?<=[αεη])υ(?!{_DIAERESIS})(?=[θκξπσςτφχψ]|$)"), "φ"),
    (re.compile(f"(?<=[αεη])υ(?!{_DIAERESIS})"), "β"),
    (re.compile("^μπ|μπ$"), "b"),
)
"""What is spoken f, v and b (ELOT 743); a diaeresis parts the two vowels."""

_GLIDES = {"ゃ": "a", "ゅ": "u", "ょ": "o"}
_LONG_O = re.compile("o[ou](?![aeiou])")
_BEFORE_LIPS = re.compile("n(?=[bmp])")


def romanise_cyrillic(word: str, language: str) -> str:
    """A case-folded Cyrillic word by the rule of its language; by Russian's where there is none here."""
    table = CYRILLIC.get(language, CYRILLIC["ru"])
    starts, ends = CYRILLIC_STARTS.get(language, {}), CYRILLIC_ENDS.get(language, {})
    start, end = starts.get(word[:1], ""), next((ending for ending in ends if word.endswith(ending)), "")
    stem = word[1 if start else 0 : len(word) - len(end)]
    return start + "".join(_spell(stem, table)) + ends.get(end, "")


def romanise_greek(word: str) -> str:
    """A case-folded Greek word by the rule of Greek passports."""
    letters = unicodedata.normalize("NFD", word).replace(_ACUTE, "")
    for written, spoken in _GREEK_SPELLINGS:
        letters = written.sub(spoken, letters)
    return "".join(_spell(letters, GREEK))


def romanise_kana(word: str) -> str:
    """A word in hiragana or katakana by Hepburn's system as in Japanese passports: long o and u are not marked."""
    spelled, doubled = "", False
    for kana in map(_turn_to_hiragana, word):
        if kana == "っ":
            doubled = True
        elif kana in _GLIDES:
            spelled = _add_glide(spelled) + _GLIDES[kana]
        elif kana != "ー":
            sound = anyascii(kana).lower()
            spelled += ("t" if sound.startswith("ch") else sound[:1]) + sound if doubled else sound
            doubled = False
    return _BEFORE_LIPS.sub("m", _LONG_O.sub("o", spelled).replace("uu", "u"))


def _spell(letters: str, table: Mapping[str, str]) -> Iterator[str]:
    """Latin letters of each row that fits, the longest first; of a letter without one, what anyascii gives."""
    at = 0
    while at < len(letters):
        found = next((part for width in range(_LONGEST, 0, -1) if (part := letters[at : at + width]) in table), "")
        yield table[found] if found else anyascii(letters[at]).lower()
        at += len(found) or 1


def _turn_to_hiragana(kana: str) -> str:
    return chr(ord(kana) - 96) if "ァ" <= kana <= "ヶ" else kana


def _add_glide(spelled: str) -> str:
    """What comes before the vowel of a small kana: ki and ya are kya, shi and ya are sha."""
    stem = spelled.removesuffix("i")
    return stem if stem.endswith(("sh", "ch", "j")) else stem + "y"
