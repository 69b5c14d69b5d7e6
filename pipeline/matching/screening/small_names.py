"""What a small sketch holds of names; small_screening.py says what the names of two of its rows weigh at most.

Of a row's names it has the words alone, each as a SmallWord and a SmallSound: the letters and the classes of variants,
both as folded sets, a hash of the sound, and the steps of length and rarity. Two words give each other what the
strongest level gives that these leave open. The names of a side are worth the sum of what its words find, and no more
than the row's `worth`. Words contradict only where each side has one name of two words (`firm`), as most persons of
cases do: without that 0.50 pairs a made-up case are left in place of 0.34.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.matching.comparisons.name.bound import (
    entry_lengths,
    fold_classes,
)
from pipeline.matching.comparisons.name.encoding import (
    CONFLICTS,
    ENTRY_WORDS,
    INITIAL,
    OPEN,
    RARITY_STEPS,
    FoldedWordClasses,
    WordHashes,
    WordLetters,
    WordPlace,
)
from pipeline.matching.encoded import BitsOfRows, Field, Flags, Layout, Rows, WordArray, letter_set
from pipeline.matching.names.comparison import CULTURE, NUMBERS_AGREE
from pipeline.matching.names.prints import MAX_ACRONYM
from pipeline.matching.names.token_pairs import INITIAL_BITS
from pipeline.matching.ragged import Index, expand_counts
from pipeline.records.entity_types import PERSON, TYPES

SoundArray = NDArray[np.uint16]


class SmallWord(Layout):
    """The first part of a word: its sets of letters and of classes of variants, both folded; its length's high bit."""

    letters = Field(16)
    classes = Field(15)
    long = Field()


class SmallSound(Layout):
    """The second part of a word, of 16 bits: the low bits of its length, the step of its rarity, a hash of its sound.

    The sound ANY_SOUND stands for a word that may be like any other.
    """

    length = Field(3)
    rarity = Field(5)
    sound = Field(8)


ANY_SOUND = SmallSound.sound.most

FEWEST_LETTERS, MOST_LENGTH = 3, (1 << SmallSound.length.width + SmallWord.long.width) - 1
"""The letters of words of the length 0, which shorter ones have too; and the length of all that have more letters."""

SMALL_RARITIES = (
    INITIAL_BITS, *range(560, 673, 56), *range(700, 1149, 28), *range(1204, 1317, 56), 1400, 1484, 1624, 1800, 1980,
    2160, 2340,
)  # fmt: skip
"""The hundredths of a bit of each step of rarity, to which a rarity is rounded up: close where most words are."""

WORTH_STEP, MOST_WORTH = 192, 31
"""The hundredths of a bit of a step of `worth`, and the step that stands for any number."""

FIRM_CONFLICT = -500
"""Hundredths of a bit that the words of firm names cost at least if they contradict (names.comparison.CONFLICT)."""

NO_RUN, LAST_RUN = 0, 15
"""In place of the length of a run, from 1: there is none, and the length of all that have more letters."""


def fold_bits(sets: WordArray, width: int, folded: int) -> WordArray:
    """Sets of `width` bits as sets of fewer: bit k becomes bit k modulo `folded`."""
    found = np.zeros_like(sets)
    for start in range(0, width, folded):
        found |= sets >> np.uint32(start) & np.uint32((1 << min(folded, width - start)) - 1)
    return found


_PERSON = TYPES.index(PERSON.name)
_CULTURE = np.int32(CULTURE)
_RARITIES = np.array([*RARITY_STEPS[:INITIAL], INITIAL_BITS], np.int32)
_SMALL_RARITIES = np.array(SMALL_RARITIES, np.int32)
_SMALL_STEPS = np.searchsorted(_SMALL_RARITIES, _RARITIES).astype(np.uint32)
_OPEN_WORD = WordHashes.wild.bits | WordHashes.unlined.bits
_FAR = 1 << 16
_CONFLICTS = np.array(CONFLICTS, np.int32)
_LETTER_BITS = WordLetters.letters.width, SmallWord.letters.width
VOWELS = fold_bits(np.array([letter_set("aeiouy")], np.uint32), *_LETTER_BITS)[0]
"""The letters that a person's acronym has none of, folded as those of words."""
_UNLIKE_VOWELS = np.uint32(letter_set("q"))
"""The letters that are no vowels but fold as one does."""


class RowNames(NamedTuple):
    """What small sketches tell of the names of rows of sketches.

    One item for each row:

    - `told`: how many words are told if there is room
    - `worth`: the step of the most that the names weigh, 0 for no name
    - `untold`: the names may agree in more than their words tell
    - `single`: the names may agree in one word alone
    - `numbered`: the names are a thing's and have numbers
    - `run`: the length of the shortest run of words that may be one
    - `glued`: runs may have letters that no word has
    - `one_run`: there is one run alone, spelt in one way and without variants, with the sound `run_sound`
    - `firm`: that is all of the only name, whose words contradict others that are unlike them, by FIRM_CONFLICT

    One item for each word, the rarest of each row first: the index of its `row`, whether that is a person's, its
    SmallWord and SmallSound, and whether it may be an acronym.
    """

    told: Index
    worth: WordArray
    untold: Flags
    single: Flags
    numbered: Flags
    run: WordArray
    glued: Flags
    one_run: Flags
    run_sound: WordArray
    firm: Flags
    row: Index
    persons: Flags
    words: WordArray
    sounds: SoundArray
    acronyms: Flags


class _Entries(NamedTuple):
    """Words of rows' names, or runs of them, one item each: the row that has it, and the three words of its entry."""

    row: Index
    letters: WordArray
    classes: WordArray
    hashes: WordArray


def _read_entries(rows: Rows, skipped: Index, count: Index) -> _Entries:
    """So many entries of each row behind those skipped."""
    row, nth = expand_counts(count)
    first = rows.name_starts[row] + ENTRY_WORDS * (skipped[row] + nth)
    return _Entries(row, *(rows.table[first + part] for part in range(ENTRY_WORDS)))


class _Places(NamedTuple):
    """The places of words and runs in names, name by name, one item each.

    Its row, its WordPlace, the number of its entry in the row, and which of all words stands there, -1 for a run.
    `begins` is the first place of each name.
    """

    row: Index
    flags: WordArray
    entry: Index
    word: Index
    begins: Index


def _read_places(rows: Rows, words: Index, entries: Index) -> _Places:
    """The places of rows that have so many words, and so many entries."""
    row, nth = expand_counts(np.where(words > 0, rows.name_places, 0))
    flags = rows.table[rows.name_starts[row] + ENTRY_WORDS * entries[row] + nth]
    entry = WordPlace.entry.take(flags).astype(np.int64)
    word = np.where(entry < words[row], (np.cumsum(words) - words)[row] + entry, -1)
    return _Places(row, flags, entry, word, np.flatnonzero(WordPlace.first.lies_in(flags)))


def read_names(rows: Rows) -> RowNames:
    """Read the names of rows of sketches."""
    size, named, persons = len(rows), rows.byte("name_words"), rows.byte("type") == _PERSON
    # 1. how many words each row has, and how many entries with the runs; none of names that are OPEN
    count = np.where(named == OPEN, 0, named).astype(np.int64)
    entries = np.where(count > 0, rows.byte("name_entries"), 0).astype(np.int64)
    # 2. the words, the runs, and the places where they stand, each with the row that it is of
    words = _read_entries(rows, np.zeros_like(count), count)
    runs = _read_entries(rows, count, entries - count)
    places = _read_places(rows, count, entries)
    names = places.row[places.begins]
    # 3. the words that may be acronyms, and the rows of which a name has numbers
    acronyms = _mark(places.word[WordPlace.acronym.lies_in(places.flags)], len(words.row))
    numbered = _mark(names[WordPlace.numbered.lies_in(places.flags[places.begins])], size)
    # 4. what the names of each row weigh at most, by the rarities of words as they are kept
    rarity = _SMALL_RARITIES[_SMALL_STEPS[WordLetters.rarity.take(words.letters)]]
    worth, single = _weigh_rows(places, rarity, size)
    worth += np.where(numbered & ~persons, NUMBERS_AGREE, 0)
    # 5. the rows whose words do not tell all: an acronym of a person whose q looks like a vowel may be one all the same
    unread = words.row[acronyms & (words.letters & _UNLIKE_VOWELS != 0) & persons[words.row]]
    untold = (named == OPEN) | _mark(_find_repeating(places), size) | _mark(unread, size)
    # 6. the runs of each row, and the rows that contradict for certain: of one name of two words without anything loose
    run, glued, one_run, run_sound = _tell_runs(words, runs, size)
    soft = WordPlace.loose.lies_in(places.flags) | WordPlace.weak.lies_in(places.flags)
    soft |= (places.word >= 0) & (_CONFLICTS[WordPlace.conflict.take(places.flags)] > FIRM_CONFLICT)
    firm = one_run & ~numbered & ~_mark(places.row[soft], size)
    firm &= (count == 2) & (np.bincount(names, minlength=size) == 1)
    # 7. the words as they are kept, the rarest of each row first
    kept, sounds = _shrink_words(words.letters, fold_classes(words.classes), words.hashes)
    order = np.lexsort((-rarity, words.row))
    return RowNames(
        told=np.where(untold, 0, count),
        worth=_count_steps(worth, untold, named > 0),
        untold=untold,
        single=single | (numbered & persons),
        numbered=numbered & ~persons,
        run=run,
        glued=glued,
        one_run=one_run,
        run_sound=run_sound,
        firm=firm,
        row=words.row[order],
        persons=persons[words.row[order]],
        words=kept[order],
        sounds=sounds[order],
        acronyms=acronyms[order],
    )


def _weigh_rows(places: _Places, rarity: BitsOfRows, size: int) -> tuple[Index, Flags]:
    """The most that the words of a name of each row weigh, and whether it has a name of one word."""
    worth, single = np.zeros(size, np.int64), np.zeros(size, np.bool_)
    if places.begins.size:
        names, is_word = places.row[places.begins], places.word >= 0
        weights = np.where(is_word, rarity[places.word] + _CULTURE, 0)
        np.maximum.at(worth, names, np.add.reduceat(weights, places.begins) - _CULTURE)
        single[names[np.add.reduceat(is_word, places.begins, dtype=np.int64) == 1]] = True
    return worth, single


def _find_repeating(places: _Places) -> Index:
    """The rows of which a name has an entry twice."""
    names = np.cumsum(WordPlace.first.lies_in(places.flags))
    entries = np.sort(names * np.int64(_FAR) + places.entry)
    found: Index = places.row[places.begins][entries[1:][np.diff(entries) == 0] // _FAR - 1]
    return found


def _tell_runs(words: _Entries, runs: _Entries, size: int) -> tuple[WordArray, Flags, Flags, WordArray]:
    """The parts `run`, `glued`, `one_run` and `run_sound` of RowNames."""
    shortest = np.full(size, _FAR)
    np.minimum.at(shortest, runs.row, entry_lengths(runs.hashes))
    run = np.where(shortest == _FAR, NO_RUN, np.clip(shortest - FEWEST_LETTERS + 1, 1, LAST_RUN)).astype(np.uint32)
    of_words, of_runs = np.zeros((2, size), np.uint32)
    np.bitwise_or.at(of_words, words.row, WordLetters.letters.take(words.letters))
    np.bitwise_or.at(of_runs, runs.row, WordLetters.letters.take(runs.letters))
    glued = (of_runs & ~of_words != 0) | _mark(words.row[words.hashes & _OPEN_WORD != 0], size)
    glued |= _mark(runs.row[WordHashes.wild.lies_in(runs.hashes)], size)
    unlike = _mark(runs.row[(runs.hashes & _OPEN_WORD != 0) | (runs.classes != 0)], size)
    run_sound = np.zeros(size, np.uint32)
    run_sound[runs.row] = _shrink_sounds(runs.hashes)
    return run, glued, (np.bincount(runs.row, minlength=size) == 1) & ~unlike & ~glued, run_sound


def _mark(some: Index, size: int) -> Flags:
    found: Flags = np.zeros(size, np.bool_)
    found[some] = True
    return found


def _count_steps(worth: Index, untold: Flags, named: Flags) -> WordArray:
    """The steps of `worth` of each row, rounded up."""
    steps = np.clip(-(-worth // WORTH_STEP), 1, MOST_WORTH)
    return np.where(untold, MOST_WORTH, steps * named).astype(np.uint32)


def _shrink_words(letters: WordArray, classes: WordArray, hashes: WordArray) -> tuple[WordArray, SoundArray]:
    """The SmallWord and SmallSound of words, from their WordLetters, their classes and their WordHashes."""
    folded = fold_bits(classes, FoldedWordClasses.numbers.width, SmallWord.classes.width)
    step = WordLetters.rarity.take(letters)
    sound = _shrink_sounds(hashes)
    sound[(hashes & _OPEN_WORD != 0) | (step == INITIAL)] = ANY_SOUND
    length = np.clip(entry_lengths(hashes) - FEWEST_LETTERS, 0, MOST_LENGTH).astype(np.uint32)
    long = length >> np.uint32(SmallSound.length.width)
    words = fold_bits(WordLetters.letters.take(letters), *_LETTER_BITS)
    words |= folded << np.uint32(SmallWord.classes.first) | long << np.uint32(SmallWord.long.first)
    sounds = SmallSound.length.take(length) | _SMALL_STEPS[step] << np.uint32(SmallSound.rarity.first)
    sounds |= sound << np.uint32(SmallSound.sound.first)
    return words, sounds.astype(np.uint16)


def _shrink_sounds(hashes: WordArray) -> WordArray:
    return WordHashes.sound.take(hashes) % np.uint32(ANY_SOUND)


class KeptWords(NamedTuple):
    """Words of names, sorted by row: the index of each one's row, its SmallWord, and its SmallSound."""

    row: Index
    words: WordArray
    sounds: SoundArray


def keep_words(names: RowNames, kept: Index) -> KeptWords:
    """The words that are told where each row has room for `kept`.

    If a row has more, the last one stands for all others too: it may be like any word. Its letters and length are those
    of any acronym if one of these may be one.
    """
    count = np.bincount(names.row, minlength=len(kept))
    nth = np.arange(len(names.row)) - (np.cumsum(count) - count)[names.row]
    some = np.flatnonzero(nth < kept[names.row])
    beyond = (nth >= kept[names.row] - 1) & (kept < names.told)[names.row]
    short = _mark(names.row[beyond & names.acronyms], len(kept))[names.row[some]]
    last = beyond[some]
    words, sounds = names.words[some], names.sounds[some]
    any_word = np.where(short, np.uint32(0), SmallWord.letters.bits | SmallWord.long.bits)
    length = np.where(short, np.where(names.persons[some], 0, MAX_ACRONYM - FEWEST_LETTERS), SmallSound.length.most)
    any_sound = sounds & np.uint16(SmallSound.rarity.bits) | np.uint16(SmallSound.sound.bits)
    words = np.where(last, any_word, words)
    sounds = np.where(last, any_sound | length.astype(np.uint16), sounds)
    return KeptWords(names.row[some], words, sounds)


class SmallWordColumns(NamedTuple):
    """The words of rows' names; each field has the shape (most words of a row, rows), and zeros where there is no word.

    `classes` are as they lie in SmallWord; `rarity` is the step, and one more.
    """

    letters: WordArray
    classes: WordArray
    lengths: NDArray[np.int8]
    rarity: NDArray[np.uint8]
    sounds: NDArray[np.uint8]


def read_words(words: WordArray, sounds: SoundArray, held: Flags) -> SmallWordColumns:
    """Read words from their parts; those that are not held are none."""
    words, parts = words * held, (sounds * held).astype(np.uint32)
    long = SmallWord.long.take(words) << np.uint32(SmallSound.length.width)
    return SmallWordColumns(
        SmallWord.letters.take(words),
        words & SmallWord.classes.bits,
        (SmallSound.length.take(parts) | long).astype(np.int8),
        SmallSound.rarity.take(parts).astype(np.uint8) + held,
        (parts >> np.uint32(SmallSound.sound.first)).astype(np.uint8),
    )
