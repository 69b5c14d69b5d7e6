"""Encodes an entity's names for its sketch: each distinct word, each run of words that may be one, and their places.

A word or run is an entry of ENTRY_WORDS 32-bit words: its set of letters and its rarity; its classes of variants or
meanings; its hashes. Two hashes that differ come from values that differ, and two sets that differ in many letters from
words that are far apart, so an entry proves that words can't agree but never that they do. Behind the entries stand the
places: for each name in order the numbers of its entries, words before runs.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple
from zlib import crc32

from pipeline.matching.comparisons.hashes import letter_set
from pipeline.matching.encoded import MOST_PLACES
from pipeline.matching.names.comparison import CONFLICT
from pipeline.matching.names.joined_words import MAX_JOINED, SLACK
from pipeline.matching.names.organisation_words import senses
from pipeline.matching.names.prints import MAX_ACRONYM, NamePrint, TokenPrint, may_be_acronym, token_print
from pipeline.matching.names.sounds import blur, reduce_to_sounds
from pipeline.matching.names.spellings import MOST_EDITS, classes_of
from pipeline.matching.names.token_levels import SHORTEST_CUT, is_latin

OPEN = 255
"""Stands for the number of words if a sketch has no room for the names: they may be anything."""

ENTRY_WORDS = 3

RARITY = 26
"""The first bit of an entry's rarity, which takes six bits behind the set of letters."""
FORM, SOUND, BEGINNING, LENGTH, UNLINED, WILD = 0, 5, 17, 25, 30, 31
"""The first bits of the parts of an entry's third word: hashes of the spelling, of the sound and of the first letters;
the length; a flag for several spellings (UNLINED); a flag for a word that may be like any other (WILD)."""
HASH_BITS = {FORM: 5, SOUND: 12, BEGINNING: 8}
"""How many bits each hash has. The more, the fewer words that differ pass for equal, and the larger a sketch."""
MOST_LENGTH = 31
"""Letters for which the five bits of LENGTH have room; it stands for more, too."""

CLASSES_KEPT = 3
"""Up to so many classes of variants are kept one by one. Half of all words have none, nine of ten no more."""
CLASS_BITS = 10
CLASSES = (1 << CLASS_BITS) - 1
"""A class is kept as its number modulo this, plus one: 0 is none."""
FOLDED_CLASSES = 31
"""More classes are kept as a set of their numbers modulo this, which divides CLASSES, so that both can be compared."""
MANY = 1 << FOLDED_CLASSES

INITIAL = 63
"""The step of rarity that marks initials."""
RARITY_STEPS = (*range(0, 1625, 28), 1800, 1980, 2160, 2340, 2340)
"""The hundredths of a bit of each step of rarity, to which a rarity is rounded up. Those of coined words are wider."""

JOINED_RARITY = 350
"""Hundredths of a bit that a run counts as rarer than its words together, so that no level's cost lowers their sum."""

ENTRY, FIRST, ACRONYM, WEAK, NUMBERED, LOOSE, KIND, SPELT = 0, 8, 9, 10, 11, 12, 13, 16
"""The first bits of the parts of a place: the number of its entry; whether it is the first of its name; whether it may
be an acronym. At the first of a name: whether that is a nickname, has numbers, or may have no certain contradiction.
Then the index in CONFLICTS of what the word costs if it contradicts, and its first letters. The place of a run has its
entry alone."""

LETTERS_SPELT, LETTER_BITS = 3, 5
"""How many first letters a place keeps, and the bits of each: 1 to 26, OTHER_LETTER, or 0 behind the last."""
OTHER_LETTER = 27

CONFLICTS = tuple(sorted({0, *CONFLICT.values()}, reverse=True))
"""Hundredths of a bit that a contradiction costs, in descending order; 0 is that of runs, which contradict nothing."""

FAMILY, GIVEN = 26, 27
"""Bits of `initials`, behind those of letters: whether any word is a family name, or a given name or initial."""


class NameWords(NamedTuple):
    """The names' `words` in a sketch, and what its row says of them.

    The row has the number of `entries`, how many of them are `distinct` words (they come first), the number of
    `places`, and the set of `initials` of all words with the flags FAMILY and GIVEN.
    """

    words: list[int]
    distinct: int = 0
    entries: int = 0
    places: int = 0
    initials: int = 0


Entry = tuple[int, int, int]


class _Run(NamedTuple):
    """Neighbouring words written together: the text, the sum of their rarities, and whether all are Latin."""

    text: str
    rarity: int
    latin: bool


class _WordCode(NamedTuple):
    """A word's entry, the bits that it sets in its places, and those in `initials`."""

    entry: Entry
    place: int
    initials: int


def encode(names: tuple[NamePrint, ...]) -> NameWords:
    """Encode names: the entries of distinct words, those of runs, then all places.

    Returns the number OPEN without words if they do not fit; names without words give an empty encoding.
    """
    words: dict[tuple[str, bool], int] = {}
    runs: dict[str, int] = {}
    entries: list[int] = []
    run_entries: list[int] = []
    places: list[int] = []
    initials = 0
    for name in names:
        flags = _name_flags(name)
        for token in name.tokens:
            code = _encode_token(token)
            key = (token.text, token.kind == "initial")
            at = words.get(key)
            if at is None:
                at = words[key] = len(words)
                entries += code.entry
            initials |= code.initials
            places.append(at | code.place | flags)
            flags = 0
        for run in _find_runs(name):
            at = runs.get(run.text)
            if at is None:
                at = runs[run.text] = len(runs)
                run_entries += _encode_run(run, core=name.tokens[0].kind == "core")
            places.append(~at)
    if len(words) + len(runs) >= OPEN or len(places) > MOST_PLACES:
        return NameWords([], OPEN, OPEN)
    entries += run_entries
    entries += [at if at >= 0 else len(words) + ~at for at in places]
    return NameWords(entries, len(words), len(words) + len(runs), len(places), initials)


def _name_flags(name: NamePrint) -> int:
    """The flags of a name's first place. LOOSE: a word without weight may agree and gain nothing."""
    loose = any(token.kind == "patronymic" or (not token.rarity and token.kind != "initial") for token in name.tokens)
    return 1 << FIRST | name.weak << WEAK | bool(name.numbers) << NUMBERED | loose << LOOSE


def _find_runs(name: NamePrint) -> Iterator[_Run]:
    """The runs that joined_words may take for one word.

    A run is two or three neighbouring words, one word with its particle, or more words if they have a letter or two.
    """
    tokens, glue = name.tokens, name.glue
    for start in range(len(tokens)):
        text, rarity, latin = "", 0, True
        for size, token in enumerate(tokens[start : start + MAX_ACRONYM], start=1):
            before = glue[start + size - 1] if glue else ""
            text += before + token.text
            rarity += token.rarity
            latin = latin and is_latin(token.script)
            if size > MAX_JOINED and len(text) > MAX_ACRONYM + SLACK and latin:
                break
            if size > 1 or before:
                yield _Run(text, rarity, latin)


_CONFLICT_NUMBERS = {kind: CONFLICTS.index(cost) for kind, cost in CONFLICT.items()}
_KIND_FLAGS = {"family": 1 << FAMILY, "given": 1 << GIVEN, "initial": 1 << GIVEN}


@lru_cache(maxsize=1 << 16)
def _encode_token(token: TokenPrint) -> _WordCode:
    step = INITIAL if token.kind == "initial" else _rarity_step(token.rarity)
    form = token.forms[0]
    place = may_be_acronym(token) << ACRONYM | _CONFLICT_NUMBERS[token.kind] << KIND | _spell_beginning(form) << SPELT
    return _WordCode(_encode_word(token, step), place, letter_set(form[:1]) | _KIND_FLAGS.get(token.kind, 0))


def _spell_beginning(form: str) -> int:
    numbers = [ord(letter) - ord("a") + 1 if "a" <= letter <= "z" else OTHER_LETTER for letter in form[:LETTERS_SPELT]]
    return sum(number << LETTER_BITS * at for at, number in enumerate(numbers))


def _rarity_step(rarity: int) -> int:
    return min(bisect_left(RARITY_STEPS, rarity), INITIAL - 1)


def _encode_word(token: TokenPrint, step: int) -> Entry:
    """The entry of a word by its likeliest spelling. UNLINED: further spellings may have other letters than these."""
    lengths = [len(one) for one in token.forms]
    wild = not is_latin(token.script) or max(lengths) - min(lengths) > MOST_EDITS
    form, core = token.forms[0], token.kind == "core"
    classes = _encode_classes(_classes_of(form, token.text, core=core))
    hashes = _encode_hashes(form, token.sound, core=core) | (len(lengths) > 1) << UNLINED | wild << WILD
    return letter_set(form) | step << RARITY, classes, hashes


def _encode_hashes(form: str, sound: str, *, core: bool) -> int:
    """An entry's third word. An organisation's word is never cut short, so its beginning is all of it."""
    spelt = crc32(form.encode())
    beginning = spelt if core else crc32(form[:SHORTEST_CUT].encode())
    heard = crc32((blur(sound) if core else sound).encode())
    parts = _part_of(spelt, FORM) | _part_of(heard, SOUND) | _part_of(beginning, BEGINNING)
    return parts | min(len(form), MOST_LENGTH) << LENGTH


def _classes_of(form: str, text: str, *, core: bool) -> frozenset[int]:
    """Numbers of the classes in which words of other spellings mean the same: of variants, or of meanings (`core`)."""
    return frozenset([crc32(meaning.encode()) for meaning in senses(text)]) if core else classes_of(form)


def _encode_run(run: _Run, *, core: bool) -> Entry:
    """The entry of a run. Its rarity is not looked up but bounded by JOINED_RARITY."""
    step = _rarity_step(run.rarity + JOINED_RARITY)
    if not run.latin:
        return step << RARITY, 0, 1 << WILD
    letters, classes, hashes = _encode_joined(run.text, core=core)
    return letters | step << RARITY, classes, hashes


@lru_cache(maxsize=1 << 16)
def _encode_joined(text: str, *, core: bool) -> Entry:
    """The entry of words written together, without rarity. Cached: a third of the runs come again."""
    if not (text.isascii() and text.isalpha()):
        return _encode_word(token_print(text, "core" if core else "name"), 0)
    classes = _encode_classes(_classes_of(text, text, core=core))
    return letter_set(text), classes, _encode_hashes(text, reduce_to_sounds(text), core=core)


def _encode_classes(numbers: frozenset[int]) -> int:
    if not numbers:
        return 0
    if len(numbers) > CLASSES_KEPT:
        return MANY | sum({1 << number % FOLDED_CLASSES for number in numbers})
    return sum(1 + number % CLASSES << CLASS_BITS * at for at, number in enumerate(sorted(numbers)))


def _part_of(hashed: int, first: int) -> int:
    return hashed % (1 << HASH_BITS[first]) << first
