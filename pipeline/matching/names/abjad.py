"""Words of scripts that leave out vowels: Arabic and Hebrew.

Letters that keyboards and orthographies exchange are one letter (ى and ي, ک and ك, ة and ه, أ and ا). As only
consonants are written, a letter says as much as two or three of a Latin word: محمد and أحمد are a letter apart, and
two names.
"""

from __future__ import annotations

from functools import lru_cache

from rapidfuzz.distance import OSA

SCRIPTS = frozenset(("Arabic", "Hebrew"))

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
