"""Rules out pairs of cases by their small sketches: not all that the screen rules out, but most, where cases meet.

The bound is computed as the screen's is (screening.py), from coarser rows (small_sketch.py). So no pair is ruled out
that may be a link, or equal in what meets a hit-only case. Screening takes some 2 microseconds a pair, of 2,000 at
once, and 1.3 milliseconds more a call: pairs of all cases of a chunk should be screened together.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.matching.alternatives import SCORE_LIMIT
from pipeline.matching.bounds.entity_bounds import WeightBound
from pipeline.matching.bounds.sketches import join_sketches
from pipeline.matching.comparisons.comparison import States
from pipeline.matching.comparisons.name.bound import (
    LOWEST,
    MOST_BITS,
    NO_NAME,
    STEP,
    STEPS,
    OpenNames,
    name_state,
)
from pipeline.matching.encoded import BitsOfRows, Flags, Rows, WordArray
from pipeline.matching.fingerprint import Fingerprint
from pipeline.matching.model import Model
from pipeline.matching.names import levels
from pipeline.matching.names.comparison import CULTURE, FURTHER_CONFLICT, NUMBERS_AGREE
from pipeline.matching.names.joined_words import ACRONYM_LETTER, SLACK
from pipeline.matching.names.prints import MAX_ACRONYM
from pipeline.matching.names.spellings import MOST_EDITS
from pipeline.matching.ragged import Index, expand_pairs
from pipeline.matching.screening.screening import RowPairs, ScoreBound, find_equal_parts
from pipeline.matching.screening.small_names import (
    ANY_SOUND,
    FEWEST_LETTERS,
    FIRM_CONFLICT,
    LAST_RUN,
    MOST_LENGTH,
    MOST_WORTH,
    NO_RUN,
    SMALL_RARITIES,
    VOWELS,
    WORTH_STEP,
    SmallWord,
    SmallWordColumns,
)
from pipeline.matching.screening.small_sketch import SMALL_SKETCH_WORDS, SmallHead, SmallRows, make_small_sketches

TOGETHER = 1 << 13
"""Pairs that are screened at once: more no longer cost less each, and need about 2 kB of memory a pair."""


class SmallSketchScreen:
    """Rules out pairs of cases whose probability is certainly below the threshold, under one model.

    Cases are given by their small sketches, one a row: shape (cases, SMALL_SKETCH_WORDS).
    """

    words = SMALL_SKETCH_WORDS

    def __init__(self, model: Model, threshold: float) -> None:
        self._bound = WeightBound(model, {name_state: small_name_state})
        self._scores = ScoreBound(model, threshold, self._bound)

    def make_sketches(self, fingerprints: Sequence[Fingerprint]) -> WordArray:
        """The small sketches of cases."""
        return make_small_sketches(join_sketches([fingerprint.sketch for fingerprint in fingerprints]))

    def may_link(self, asking: WordArray, held: WordArray) -> Flags:
        """Whether the cases of `asking[i]` and `held[i]` may be linked, for each i; one may have a single row for all.

        A pair is screened alike in any company.
        """
        count = max(len(asking), len(held)) if len(asking) and len(held) else 0
        one, other = (np.arange(count) if len(small) > 1 else np.zeros(count, np.int64) for small in (asking, held))
        may: Flags = np.ones(count, np.bool_)
        for start in range(0, len(one), TOGETHER):
            some = slice(start, start + TOGETHER)
            may[some] = self._screen(asking, held, one[some], other[some])
        return may

    def bound_scores(self, asking: WordArray, held: WordArray) -> BitsOfRows:
        """The upper bound of each pair's score, in hundredths of a bit; SCORE_LIMIT where a case has no rows.

        Pairs that pass whatever they score are held to be at the least score of a link.
        """
        at = np.arange(len(asking))
        found = np.full(len(asking), SCORE_LIMIT, np.int32)
        some, of = _pair_rows(asking, held, at, at)
        if some.size:
            found[some] = self._scores(of, len(some), self._bound.odds.bound_odds)
        return found

    def _screen(self, asking: WordArray, held: WordArray, one: Index, other: Index) -> Flags:
        may: Flags = np.ones(len(one), np.bool_)
        some, of = _pair_rows(asking, held, one, other)
        if some.size:
            may[some] = self._scores(of, len(some), self._bound.odds.bound_odds) >= self._scores.least
            hidden = SmallHead.hidden.lies_in(asking[one[some], 0] | held[other[some], 0])
            if hidden.any():
                may[some] |= hidden & _may_be_equal(of, len(some))
        return may


def small_name_state(a: Rows, b: Rows) -> States:
    """The states of the names of pairs of SmallRows of one type, among those of name.bound.name_state."""
    if not (isinstance(a, SmallRows) and isinstance(b, SmallRows)):
        raise TypeError("rows of small sketches have their own names")
    state = np.full(len(a), NO_NAME, np.int32)
    named = np.flatnonzero((a.worth > 0) & (b.worth > 0))
    if named.size:
        state[named] = bound_names(a.take(named), b.take(named))
    return state


def _pair_rows(asking: WordArray, held: WordArray, one: Index, other: Index) -> tuple[Index, RowPairs]:
    """Which pairs have rows on both sides, and these rows."""
    rows = SmallHead.rows.take(asking[one, 0]).astype(np.int64)
    others = SmallHead.rows.take(held[other, 0]).astype(np.int64)
    some = np.flatnonzero((rows > 0) & (others > 0))
    pair, row, column = expand_pairs(rows[some], others[some])
    at = some[pair]
    return some, RowPairs(SmallRows(asking, one[at], row), SmallRows(held, other[at], column), pair, column)


def _may_be_equal(of: RowPairs, count: int) -> Flags:
    """screening.may_be_equal of each pair."""
    parts = find_equal_parts(of.rows, of.other)
    alone, phones, emails = (np.bincount(of.pair[part], minlength=count) > 0 for part in parts)
    found: Flags = alone | phones & emails
    return found


_CULTURE = np.int32(CULTURE)
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
            found[signs, step] = max([0, *(levels.level_bits(level, rarity) for level in reached)])
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
    persons_acronym = (words.lengths == 0) & (words.letters & VOWELS == 0)
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
