"""Words of scripts in which letters alone mislead: Chinese, Arabic and Hebrew, Korean syllables, and derived names.

- Chinese characters that are written differently in Taiwan, mainland China and Japan are one character (`fold_han`).
- Arabic and Hebrew leave out vowels. Letters that keyboards and orthographies exchange are one letter (ى and ي, ک and
  ك, ة and ه, أ and ا). As only consonants are written, a letter says as much as two or three of a Latin word: محمد and
  أحمد are a letter apart, and two names.
- Korean syllables in Latin letters: Kyong and Yong are one letter apart, and two names. A syllable has several
  spellings (Revised, McCune-Reischauer, the North's, and what people use: Jeong, Chong, Jung), and a spelling may stand
  for several syllables. Two spellings without a syllable in common are of two names.
- A name with an ending is another name: Romanov and Romanovich are no spellings of Roman, nor Jansen of Jan.
"""

from __future__ import annotations

from functools import cache, lru_cache
from importlib.resources import files
from itertools import product

from rapidfuzz.distance import OSA

from pipeline.matching.names.sounds import sound_of


def fold_han(text: str) -> str:
    """The text in simplified characters: 張偉 and 张伟, 渡邊 and 渡辺 become equal, what only sounds alike does not."""
    return text.translate(_han_variants())


@cache
def _han_variants() -> dict[int, str]:
    lines = files("pipeline.matching.names").joinpath("data/han_variants.txt").read_text("utf-8").splitlines()
    pairs = "".join(line for line in lines if not line.startswith("#"))
    return {ord(variant): simplified for variant, simplified in zip(pairs[::2], pairs[1::2], strict=True)}


ABJADS = frozenset(("Arabic", "Hebrew"))

_ONE_LETTER = str.maketrans(
    {
        **dict.fromkeys("أإآٱ", "ا"), **dict.fromkeys("ىیےېۍئ", "ي"), **dict.fromkeys("ةۀہھە", "ه"),
        **dict.fromkeys("ؤۇ", "و"), "ک": "ك", "ګ": "گ", "ء": "", "ך": "כ", "ם": "מ", "ן": "נ", "ף": "פ", "ץ": "צ",
    }
)  # fmt: skip
"""Letters that are written for each other: forms of alif, yeh, heh and kaf (Arabic, Persian, Urdu, Pashto; Unicode's
core specification, 9.2), hamza with its seats, and Hebrew final letters."""

_ONE_SOUND = str.maketrans("طصضظذحקטצ", "تسدززهכתס")
"""Letters that Persian, Urdu and Hebrew speakers do not tell apart, by one of them."""

_VOWEL_LETTERS = {"Arabic": "اويه", "Hebrew": "אויה"}
_MIN_EDIT = 6
"""Letters from which one edit leaves a word the same: about as many as nine of a Latin one."""


@lru_cache(maxsize=16384)
def fold_abjad(text: str) -> str:
    """The word with letters that are written for each other replaced by one of them."""
    return text.translate(_ONE_LETTER)


def sound_alike(one: str, other: str) -> bool:
    """Whether two folded words differ only in letters that few writers tell apart."""
    return one.translate(_ONE_SOUND) == other.translate(_ONE_SOUND)


def are_an_edit_apart(one: str, other: str) -> bool:
    """Whether two folded words are long enough to compare, and one edit apart."""
    return min(len(one), len(other)) >= _MIN_EDIT and OSA.distance(one, other, score_cutoff=1) == 1


def differ_in_a_vowel(one: str, other: str, script: str) -> bool:
    """Whether two folded words differ only in a letter for a long vowel, which one of them lacks."""
    longer, shorter = (one, other) if len(one) > len(other) else (other, one)
    if len(longer) != len(shorter) + 1 or len(shorter) < 2:
        return False
    vowels = _VOWEL_LETTERS[script]
    return any(longer[at] in vowels and longer[:at] + longer[at + 1 :] == shorter for at in range(1, len(longer)))


_INITIALS = {
    "g": ("g", "k"), "kk": ("kk", "gg"), "n": ("n",), "d": ("d", "t"), "r": ("r", "l"), "m": ("m",), "b": ("b", "p"),
    "s": ("s", "sh"), "ss": ("ss",), "": ("",), "j": ("j", "ch"), "ch": ("ch",), "k": ("k",), "t": ("t",), "p": ("p",),
    "h": ("h",),
}  # fmt: skip
_MEDIALS = {
    "a": ("a", "ah"), "ae": ("ae",), "ya": ("ya",), "eo": ("eo", "o", "u"), "yeo": ("yeo", "yo", "yu", "you"),
    "o": ("o", "oh"), "wa": ("wa",), "oe": ("oe",), "yo": ("yo",), "u": ("u", "oo"), "wo": ("wo", "weo"),
    "wi": ("wi",), "yu": ("yu", "yoo"), "eu": ("eu", "u"), "ui": ("ui", "eui"), "i": ("i", "ee"), "e": ("e",),
    "ye": ("ye",),
}  # fmt: skip
_FINALS = {"": ("",), "k": ("k", "g"), "n": ("n",), "l": ("l",), "m": ("m",), "p": ("p", "b"), "ng": ("ng",)}
_OPEN = frozenset(("e", "ye", "oe", "ui", "wi"))
"""Vowels after which names have no final consonant."""
_SOFT = frozenset(("i", "ya", "yeo", "yo", "yu", "ye"))
"""Vowels before which the South drops an r or n at a word's beginning (Ri and I, Ryong and Yong)."""


def are_other_syllables(one: str, other: str) -> bool:
    """Whether two Latin spellings are of Korean syllables and have no syllable in common; symmetric."""
    spelled = _spellings()
    a, b = spelled.get(one), spelled.get(other)
    return a is not None and b is not None and a.isdisjoint(b)


@cache
def _spellings() -> dict[str, frozenset[str]]:
    """The syllables, in the South's pronunciation, for which each spelling may stand."""
    found: dict[str, set[str]] = {}
    for initial, medial, final in product(_INITIALS, _MEDIALS, _FINALS):
        if final and medial in _OPEN:
            continue
        parts = _INITIALS[initial], _MEDIALS[medial], _FINALS[final]
        southern = initial
        if initial in ("r", "n"):
            southern = "" if medial in _SOFT else "n"
        for spelling in map("".join, product(*parts)):
            found.setdefault(spelling, set()).add(f"{southern}-{medial}-{final}")
    return {spelling: frozenset(syllables) for spelling, syllables in found.items()}


_ENDINGS = """
ov ova ev eva ovich ovna evich evna ovych ivna ich ichna off eff in ina yn yna enko sky skaya skiy ski
yan ian shvili dze oglu ogly kyzy zade zadeh zada zai zay khel son sen ez
"""
"""Endings of family names and patronymics: Slavic, Armenian, Georgian, Turkic, Afghan, Scandinavian, Spanish."""

_LEAST_STEM = 3
"""Sounds of a stem, less the vowels behind it. A choice: shorter stems begin too many names that are not made of
them."""
_VOWELS = "aiu"
_SOUNDS_OF_ENDINGS = frozenset(sound_of(ending) for ending in _ENDINGS.split())


def is_derived(one: str, other: str) -> bool:
    """Whether one of two sounds (sounds.sound_of) is the other with an ending; symmetric."""
    stem, derived = (one, other) if len(one) < len(other) else (other, one)
    bare = stem.rstrip(_VOWELS)
    if len(stem) == len(derived) or len(bare) < _LEAST_STEM or not derived.startswith(bare):
        return False
    base = stem if derived.startswith(stem) else bare
    return derived[len(base) :] in _SOUNDS_OF_ENDINGS
