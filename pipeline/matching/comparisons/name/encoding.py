"""What a row of a sketch holds of one name of a person: for each token its letters, rarity, variants and hashes.

Hashes that differ are of values that differ; sets of letters that differ in many are of words that are far apart.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import chain

from anyascii import anyascii

from pipeline.matching.comparisons.hashes import hash_text, letter_set
from pipeline.matching.names import NamePrint
from pipeline.matching.names.prints import TokenPrint
from pipeline.matching.names.variants import classes_of
from pipeline.matching.screening.rows import TOKENS

OPEN = 255
"""In `names`: tokens that a row has no room or no terms for."""

RARITY = 26
"""First bit of a token's rarity, in six bits behind the letters of its spelling."""
FORM, SOUND, BEGINNING, LENGTH, UNLINED, WILD = 0, 5, 17, 25, 30, 31
"""First bits of a token's hashes: of its spelling, whose letters are known besides, of its sound and first letters, its
length, whether it has no outline, whether it may be like any other."""
HASH_BITS = {FORM: 5, SOUND: 12, BEGINNING: 8}
MOST_LENGTH = 31

CLASSES_KEPT = 3
"""Classes of variants of a token that are told one by one: half of all tokens have none, nine of ten no more."""
CLASS_BITS = 10
CLASSES = (1 << CLASS_BITS) - 1
"""A class is told by its number modulo this, and one more, as 0 is none."""
FOLDED_CLASSES = 31
"""Of more classes a set is told: of their numbers modulo this, which divides CLASSES, so that both can be compared."""
MANY = 1 << FOLDED_CLASSES

RARITY_STEP = 26
"""Hundredths of a bit of a step of a token's rarity, which is rounded up; the last step is that of initials."""
INITIAL = 63

MOST_LETTERS = 250
"""Letters of the longest token of which a row has room for the number."""

NO_TOKENS = (0,) * 3 * TOKENS


def encode(name: NamePrint | None) -> tuple[Iterable[int], tuple[int, ...]]:
    """Give the words and the bytes that a row holds of one name.

    Words: letters and rarity of each token, then variants of each, then hashes. Bytes: number of tokens; letters of the
    longest, of the shortest two together, and of the shortest that may be an acronym; whether there is glue.
    """
    if name is None:
        return NO_TOKENS, (0, 0, 0, 0, 0)
    longest, joined, acronym = name.letters
    if not 0 < len(name.tokens) <= TOKENS or longest > MOST_LETTERS or not name.person:
        return NO_TOKENS, (OPEN, 0, 0, 0, 0)
    words = [_encode_token(token) for token in name.tokens] + [(0, 0, 0)] * (TOKENS - len(name.tokens))
    return chain(*zip(*words, strict=True)), (
        len(name.tokens), longest, min(joined, OPEN), min(acronym, OPEN), bool(name.glue)
    )  # fmt: skip


@lru_cache(maxsize=1 << 16)
def _encode_token(token: TokenPrint) -> tuple[int, int, int]:
    form, step = token.forms[0], -(-token.rarity // RARITY_STEP)
    wild = token.script not in ("Latin", "") or token.kind == "core" or len(token.text) > len(form) or step >= INITIAL
    step = INITIAL if token.kind == "initial" else min(step, INITIAL - 1)
    hashes = _hash_part(form, FORM) | _hash_part(token.sound, SOUND) | _hash_part(form[:3], BEGINNING)
    unlined = not token.outline or not _letter_by_letter(token.text, form)
    hashes |= min(len(form), MOST_LENGTH) << LENGTH | unlined << UNLINED | wild << WILD
    return letter_set(form) | step << RARITY, _encode_classes(classes_of(form)), hashes


def _encode_classes(numbers: frozenset[int]) -> int:
    if len(numbers) > CLASSES_KEPT:
        return MANY | sum({1 << number % FOLDED_CLASSES for number in numbers})
    return sum(1 + number % CLASSES << CLASS_BITS * at for at, number in enumerate(sorted(numbers)))


def _letter_by_letter(text: str, form: str) -> bool:
    """Whether each letter of a word became one of its spelling, so that edits of the one are edits of the other."""
    return text == form or (not text.isascii() and all(len(anyascii(letter)) == 1 for letter in text))


def _hash_part(text: str, first: int) -> int:
    return hash_text(text, 1 << HASH_BITS[first]) << first
