"""What a small sketch holds of names, and the most that the names of two of its rows weigh.

Of a row's names it has the words alone, each as a SmallWord and a SmallSound: the letters and the classes of variants,
both as folded sets, a hash of the sound, and the steps of length and rarity. Two words give each other what the
strongest level gives that these leave open. The names of a side are worth the sum of what its words find, and no more
than the row's `worth`. Words contradict only where each side has one name of two words (`firm`), as most persons of
cases do: without that 0.50 pairs a made-up case are left in place of 0.34.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.matching.comparisons.comparison import States
from pipeline.matching.comparisons.name.bound import (
    LOWEST,
    MOST_BITS,
    STEP,
    STEPS,
    OpenNames,
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
from pipeline.matching.names import levels
from pipeline.matching.names.comparison import CULTURE, FURTHER_CONFLICT, NUMBERS_AGREE
from pipeline.matching.names.joined_words import ACRONYM_LETTER, SLACK
from pipeline.matching.names.levels import level_bits
from pipeline.matching.names.prints import MAX_ACRONYM
from pipeline.matching.names.spellings import MOST_EDITS
from pipeline.matching.names.token_pairs import INITIAL_BITS
from pipeline.matching.ragged import Index, expand_counts
from pipeline.records.entity_types import PERSON, TYPES

if TYPE_CHECKING:
    from pipeline.matching.screening.small_sketch import SmallRows

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
_VOWELS = fold_bits(np.array([letter_set("aeiouy")], np.uint32), *_LETTER_BITS)[0]
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


def read_names(rows: Rows) -> RowNames:
    """Read the names of rows of sketches."""
    size, table, starts = len(rows), rows.table, rows.name_starts
    named, persons = rows.byte("name_words"), rows.byte("type") == _PERSON
    has_words = (named > 0) & (named != OPEN)
    count = np.where(has_words, named, 0).astype(np.int64)
    entries = np.where(has_words, rows.byte("name_entries"), 0).astype(np.int64)
    # 1. the entries of words
    row, nth = expand_counts(count)
    at = starts[row] + ENTRY_WORDS * nth
    letters, hashes = table[at], table[at + 2]
    rarity = _SMALL_RARITIES[_SMALL_STEPS[WordLetters.rarity.take(letters)]]
    # 2. the places in names, whose entries are words or runs: what a name weighs at most
    owner, nth = expand_counts(np.where(has_words, rows.name_places, 0))
    places = table[starts[owner] + ENTRY_WORDS * entries[owner] + nth]
    entry = WordPlace.entry.take(places).astype(np.int64)
    is_word = entry < count[owner]
    word = np.where(is_word, (np.cumsum(count) - count)[owner] + entry, 0)
    begins = np.flatnonzero(WordPlace.first.lies_in(places))
    of_name = owner[begins]
    worth, single = np.zeros(size, np.int64), np.zeros(size, np.bool_)
    if begins.size:
        weights = np.where(is_word, rarity[word] + _CULTURE, 0)
        np.maximum.at(worth, of_name, np.add.reduceat(weights, begins) - _CULTURE)
        single[of_name[np.add.reduceat(is_word, begins, dtype=np.int64) == 1]] = True
    numbered = _mark(of_name[WordPlace.numbered.lies_in(places[begins])], size)
    worth += np.where(numbered & ~persons, NUMBERS_AGREE, 0)
    # 3. names that their words do not tell: one has a word twice, or a person's acronym looks as if it had a vowel
    name = np.sort(np.cumsum(WordPlace.first.lies_in(places)) * np.int64(_FAR) + entry)
    twice = of_name[name[1:][np.diff(name) == 0] // _FAR - 1]
    acronyms = _mark(word[WordPlace.acronym.lies_in(places)], len(row))
    unread = row[acronyms & (letters & _UNLIKE_VOWELS != 0) & persons[row]]
    untold = (named == OPEN) | _mark(twice, size) | _mark(unread, size)
    # 4. the entries of runs of words that may be one
    run_row, nth = expand_counts(entries - count)
    run = (starts + ENTRY_WORDS * count)[run_row] + ENTRY_WORDS * nth
    run_hashes = table[run + 2]
    shortest = np.full(size, _FAR)
    np.minimum.at(shortest, run_row, entry_lengths(run_hashes))
    of_words, of_runs = np.zeros((2, size), np.uint32)
    np.bitwise_or.at(of_words, row, WordLetters.letters.take(letters))
    np.bitwise_or.at(of_runs, run_row, WordLetters.letters.take(table[run]))
    glued = (of_runs & ~of_words != 0) | _mark(row[hashes & _OPEN_WORD != 0], size)
    glued |= _mark(run_row[WordHashes.wild.lies_in(run_hashes)], size)
    unlike = _mark(run_row[(run_hashes & _OPEN_WORD != 0) | (table[run + 1] != 0)], size)
    run_sound = np.zeros(size, np.uint32)
    run_sound[run_row] = _shrink_sounds(run_hashes)
    one_run = (entries - count == 1) & ~unlike & ~glued
    soft = WordPlace.loose.lies_in(places) | WordPlace.weak.lies_in(places)
    soft |= is_word & (_CONFLICTS[WordPlace.conflict.take(places)] > FIRM_CONFLICT)
    firm = one_run & ~numbered & ~_mark(owner[soft], size)
    firm &= (count == 2) & (np.bincount(of_name, minlength=size) == 1)
    order = np.lexsort((-rarity, row))
    words, sounds = _shrink_words(letters, fold_classes(table[at + 1]), hashes)
    return RowNames(
        told=np.where(untold, 0, count),
        worth=_count_steps(worth, untold, named > 0),
        untold=untold,
        single=single | (numbered & persons),
        numbered=numbered & ~persons,
        run=np.where(shortest == _FAR, NO_RUN, np.clip(shortest - FEWEST_LETTERS + 1, 1, LAST_RUN)).astype(np.uint32),
        glued=glued,
        one_run=one_run,
        run_sound=run_sound,
        firm=firm,
        row=row[order],
        persons=persons[row[order]],
        words=words[order],
        sounds=sounds[order],
        acronyms=acronyms[order],
    )


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


_GAPS, _LETTERS = 4, 6
"""Letters by which the lengths of two words differ, and letters that only one has; the most stands for more."""
_NEAR, _EDIT, _SOUND, _VARIANT, _ANY = (1 << at for at in range(5))
"""What two words may have in common."""


def _tell_edits() -> NDArray[np.uint8]:
    """_NEAR and _EDIT by both numbers of letters. An insertion changes one of each, another edit two letters."""
    found = np.zeros((_GAPS, _LETTERS), np.uint8)
    for gap in range(_GAPS):
        for apart in range(_LETTERS):
            near = gap + apart <= 2 * MOST_EDITS and gap <= MOST_EDITS
            found[gap, apart] = _NEAR * near | _EDIT * (gap + apart <= 2 and gap <= 1)
    return found.ravel()


def _tell_gains() -> BitsOfRows:
    """What two words give by what they have in common, and the step of rarity of the less rare one."""
    found = np.zeros((2 * _ANY, len(SMALL_RARITIES) + 1), np.int32)
    by_sign = {_NEAR: levels.NEAR, _EDIT: levels.EDIT, _SOUND: levels.SOUND, _VARIANT: levels.VARIANT}
    for signs in range(2 * _ANY):
        reached = [levels.SAME] if signs & _ANY else [level for sign, level in by_sign.items() if signs & sign]
        for step, rarity in enumerate(SMALL_RARITIES, 1):
            found[signs, step] = max([0, *(level_bits(level, rarity) for level in reached)])
    return found.ravel()


_EDITS, _GAINS, _GAIN_STEPS = _tell_edits(), _tell_gains(), np.uint16(len(SMALL_RARITIES) + 1)
_ALONE = np.array([0, *SMALL_RARITIES], np.int32)
"""What a word gives by its step of rarity if it agrees with several words together."""


def bound_gains(some: SmallWordColumns, others: SmallWordColumns) -> BitsOfRows:
    """The most that each word of one side and each of the other give: shape (words, words of the other, rows).

    Words that have the sound, the letters and the length in common may be the same.
    """
    letters, others_letters = some.letters[:, None], others.letters[None]
    sounds, others_sounds = some.sounds[:, None], others.sounds[None]
    apart = np.minimum(np.bitwise_count(letters ^ others_letters), _LETTERS - 1)
    gap = np.minimum(np.abs(some.lengths[:, None] - others.lengths[None]), _GAPS - 1).view(np.uint8)
    signs = _EDITS.take(gap * np.uint8(_LETTERS) + apart)
    both = letters & others_letters
    signs |= ((both == letters) | (both == others_letters)).view(np.uint8) * np.uint8(_NEAR)
    heard = sounds == others_sounds
    signs |= heard.view(np.uint8) * np.uint8(_SOUND)
    signs |= (some.classes[:, None] & others.classes[None] != 0).view(np.uint8) * np.uint8(_VARIANT)
    same = (np.maximum(sounds, others_sounds) == ANY_SOUND) | (heard & (apart == 0) & (gap == 0))
    signs |= same.view(np.uint8) * np.uint8(_ANY)
    rarity = np.minimum(some.rarity[:, None], others.rarity[None])
    gains: BitsOfRows = _GAINS.take(signs * _GAIN_STEPS + rarity)
    return gains


_SLIPS = 4
"""Letters of a word of less than 18 letters that a run lacks which may be that word: one letter of four may differ."""


def find_joined(words: SmallWordColumns, others: SmallWordColumns, rows: SmallRows) -> BitsOfRows:
    """What each word gives as a run of words of the other side, whose `rows` are given; 0 where it is none.

    A run has as many letters as the word, but for SLACK. If it is the only one it has the word's sound, or all of its
    letters but for an edit; else nearly all of its letters.
    """
    of_all = np.bitwise_or.reduce(others.letters, 0)
    longer = words.lengths - rows.run.astype(np.int8) + np.int8(1)
    long = (words.lengths == MOST_LENGTH) | (rows.run == LAST_RUN)
    edited = (np.bitwise_count(words.letters ^ of_all) <= 2) & ((np.abs(longer) <= 1) | long)
    only = (edited | (words.sounds == rows.run_sound)) & ((longer <= SLACK) | long)
    any_run = (np.bitwise_count(words.letters & ~of_all) <= _SLIPS) | rows.glued | ~rows.complete | long
    found = (longer >= -SLACK) & np.where(rows.one_run & rows.complete, only, any_run)
    found = (found | (words.sounds == ANY_SOUND)) & (rows.run != NO_RUN) & (words.rarity > 0)
    gains: BitsOfRows = np.where(found, _ALONE.take(words.rarity), 0)
    return gains


def find_acronyms(words: SmallWordColumns, others: SmallWordColumns, rows: SmallRows) -> BitsOfRows:
    """What each word gives as an acronym of words of the other side, whose `rows` are given; 0 where it is none.

    Of a thing's names the first letters of words are told, of a person's names all letters. A person's acronyms have
    two or three letters and no vowel.
    """
    of_all = np.bitwise_or.reduce(others.letters, 0)
    of_all[~rows.complete | (others.sounds == ANY_SOUND).any(0)] = SmallWord.letters.most
    missing = words.letters & ~np.where(rows.persons, of_all, rows.initials)
    persons_acronym = (words.lengths == 0) & (words.letters & _VOWELS == 0)
    short = np.where(rows.persons, persons_acronym, words.lengths <= MAX_ACRONYM - FEWEST_LETTERS)
    found = (missing == 0) & short & (words.rarity > 0)
    gains: BitsOfRows = np.where(found, np.int32(ACRONYM_LETTER) * (words.lengths + np.int32(FEWEST_LETTERS)), 0)
    return gains


_WORTHS = np.array([*(WORTH_STEP * step for step in range(MOST_WORTH)), MOST_BITS], np.int32)
_RUN_WORTH = np.int32(-CULTURE * (MAX_ACRONYM - 1))
"""Hundredths of a bit by which a name may weigh more for each word of the other side that is a run of its words."""


def bound_names(a: SmallRows, b: SmallRows) -> States:
    """The states (name.bound.name_state) of the names of pairs of rows of one type, which have names."""
    some, others = a.name_words, b.name_words
    gains = bound_gains(some, others)
    joined, others_joined = find_joined(some, others, b), find_joined(others, some, a)
    acronyms, others_acronyms = find_acronyms(some, others, b), find_acronyms(others, some, a)
    found = np.maximum(np.maximum(gains.max(1, initial=0), joined), acronyms)
    others_found = np.maximum(np.maximum(gains.max(0, initial=0), others_joined), others_acronyms)
    numbers = np.where(a.numbered & b.numbered, np.int32(NUMBERS_AGREE), 0)
    short, others_short = acronyms.sum(0), others_acronyms.sum(0)
    told, others_told = a.complete & b.has_words, b.complete & a.has_words
    bits = _sum_found(found, told) + others_joined.sum(0) + others_short
    others_bits = _sum_found(others_found, others_told) + joined.sum(0) + short
    runs, others_runs = (joined > 0).sum(0), (others_joined > 0).sum(0)
    worth = _WORTHS.take(a.worth) + _RUN_WORTH * others_runs
    others_worth = _WORTHS.take(b.worth) + _RUN_WORTH * runs
    most = np.minimum(worth, others_worth) + 2 * (short + others_short)
    bits = np.minimum(np.minimum(bits, others_bits) + numbers, np.minimum(most, MOST_BITS))
    left = 2 - np.maximum((found > 0).sum(0), (others_found > 0).sum(0))
    contradict = a.firm & b.firm & (left > 0) & (runs + others_runs + short + others_short == 0)
    bits = np.where(contradict, bits + FIRM_CONFLICT + FURTHER_CONFLICT * (left - 1), bits)
    same = (((found > 0).sum(0) >= 2) | ~told) & (((others_found > 0).sum(0) >= 2) | ~others_told)
    same |= (runs + others_runs + short + others_short + numbers > 0) | a.single & b.single
    state: States = -((LOWEST - bits) // STEP) + np.where(same, 0, OpenNames.ONE_AGREES * STEPS)
    return state


def _sum_found(found: BitsOfRows, told: Flags) -> BitsOfRows:
    """The bits of a side's names by what its words find; any number where words are not told."""
    bits = np.maximum(found + _CULTURE, 0).sum(0) - _CULTURE * (found > 0).any(0)
    most: BitsOfRows = np.where(told, bits, MOST_BITS)
    return most
