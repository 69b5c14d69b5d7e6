"""The corridors: which scripts have a learnt model, and how their words are cut into units, one character a unit."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path

import msgspec
import orjson
from anyascii import anyascii

from pipeline.errors import LiaisonError


class Corridor(msgspec.Struct, frozen=True):
    """`sources` are the data files it learns from; an arc joins up to `source_span` units to `latin_span` letters.

    The likelihood ratio is computed only if a Latin word is at least as similar as `alike` (normalised Levenshtein) to
    one of the other word's likeliest spellings. At 0.4 that is so for 6 of 100 random pairs and 98 of 100 true ones.
    The likeliest spellings of Chinese and Korean are further off: there it takes 0.3, which 18 of 100 random pairs
    reach.
    """

    name: str
    scripts: tuple[str, ...]
    sources: tuple[str, ...]
    source_span: int
    latin_span: int
    alike: float = 0.4


CORRIDORS = (
    Corridor("arabic", ("Arabic",), ("arabic",), 1, 3),
    Corridor("chinese", ("Han",), ("chinese",), 2, 5, 0.3),
    Corridor("hebrew", ("Hebrew",), ("hebrew",), 1, 3),
    Corridor("japanese", ("Katakana", "Hiragana"), ("japanese", "katakana"), 2, 4),
    Corridor("korean", ("Hangul",), ("korean",), 2, 3, 0.3),
    Corridor("russian", ("Cyrillic",), ("russian",), 2, 4),
)
"""Spans by experiment on the development splits: half a Chinese syllable takes up to five letters, Arabic three."""

BY_SCRIPT = {script: corridor for corridor in CORRIDORS for script in corridor.scripts}
BY_NAME = {corridor.name: corridor for corridor in CORRIDORS}


_POINTS = re.compile("[\u0591-\u05c7\u064b-\u0652\u0640]")
_TONES = re.compile("[\u0300\u0301\u0304\u030c]")
_PINYIN = re.compile("(zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw]?)([a-z]+)")
_INITIALS = ("zh", "ch", "sh", *"bpmfdtnlgkhjqxrzcsyw")
_FINALS = (
    *("a", "ai", "an", "ang", "ao", "e", "ei", "en", "eng", "er", "i", "ia", "ian", "iang", "iao", "ie", "in", "ing"),
    *("iong", "iu", "o", "ong", "ou", "u", "ua", "uai", "uan", "uang", "ue", "ui", "un", "uo", "ü", "üe", "ve", "v"),
)
_PRIVATE = 0xE000
"""Pinyin parts are written as private-use characters, initials first: a unit is one character in every corridor."""
_PINYIN_UNITS = {part: chr(_PRIVATE + at) for at, part in enumerate((*(f"{x}-" for x in _INITIALS), *_FINALS))}
_READ_AS = str.maketrans("یېۍےۀہھەکګټٹډڈړڑڼںځڅږښۇ", "ييييههههكگتتددررننزسزشو")
"""Letters of Persian, Pashto and Urdu that the Arabic model has not learnt, as the nearest that it has."""
UNKNOWN = "?"
MAX_LENGTH = 24
"""Longer words are not aligned: names are shorter, and the cost grows with the square."""


@lru_cache(maxsize=4096)
def source_units(corridor: str, word: str) -> str:
    """Units of a word in a corridor's own script: jamo, initials and finals of pinyin, or letters without points."""
    if corridor == "chinese":
        return "".join(_pinyin_table().get(character, UNKNOWN) for character in word)
    if corridor == "korean":
        return unicodedata.normalize("NFD", word)
    if corridor == "japanese":
        return "".join(chr(ord(char) + 96) if "ぁ" <= char <= "ゖ" else char for char in word)
    return _POINTS.sub("", word.casefold().replace("ё", "е").translate(_READ_AS))


@cache
def _pinyin_table() -> dict[str, str]:
    """Units of the commonest reading of each character.

    Read from pypinyin's data file: importing the package would load its phrases, 50 MB that single characters do not
    need.
    """
    package = find_spec("pypinyin")
    if package is None or package.origin is None:
        raise LiaisonError("pypinyin is not installed")
    readings: dict[str, str] = orjson.loads(Path(package.origin).with_name("pinyin_dict.json").read_bytes())
    return {chr(int(code)): _syllable_units(spelled.partition(",")[0]) for code, spelled in readings.items()}


@lru_cache(maxsize=2048)
def _syllable_units(spelled: str) -> str:
    parts = _PINYIN.fullmatch(_TONES.sub("", unicodedata.normalize("NFD", spelled)).replace("u\u0308", "v"))
    if not parts:
        return UNKNOWN
    initial, final = parts.groups()
    return (_PINYIN_UNITS[f"{initial}-"] if initial else "") + _PINYIN_UNITS.get(final, UNKNOWN)


@lru_cache(maxsize=16384)
def latin_letters(word: str) -> str:
    """Letters a to z of a Latin word: folded, without marks, apostrophes and hyphens."""
    if word.isascii() and word.isalpha() and word.islower():
        return word
    return "".join(char for char in anyascii(word.casefold()).lower() if "a" <= char <= "z")
