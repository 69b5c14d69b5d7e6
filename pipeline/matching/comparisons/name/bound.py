"""Bounds what the names of many pairs of entities weigh, without aligning their words, from the words of sketches.

Each word of a side gets the best that it finds among all words of the other side, whichever name they are in and even
if other words find the same. So does each run of words that may be written together (encoding.py beside this). What
two words, or a word and a run, give each other at most their entries tell (bound_gains). A name is worth the sum of
what its words find (weigh_names), and two names agree in no more than either is worth. If words of both find nothing,
these words contradict (combine_worths).
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.matching.alternatives import ALTERNATIVES, GROUP, HOUSEHOLD, STRANGERS
from pipeline.matching.comparisons.comparison import BitsArray, Bound, States, Table, apply_curve, strongest_from
from pipeline.matching.comparisons.name.encoding import (
    CONFLICTS,
    ENTRY_WORDS,
    INITIAL,
    OPEN,
    RARITY_STEPS,
    FoldedWordClasses,
    Initials,
    WordClasses,
    WordHashes,
    WordLetters,
    WordPlace,
)
from pipeline.matching.comparisons.name.groups import MOST_FURTHER
from pipeline.matching.comparisons.name.name_levels import MOST_GROWTH, NameLevel
from pipeline.matching.encoded import BitsOfRows, Flags, Rows, WordArray
from pipeline.matching.names import comparison, levels
from pipeline.matching.names.comparison import CULTURE, FURTHER_CONFLICT, NUMBERS_AGREE
from pipeline.matching.names.joined_words import ACRONYM_LETTER
from pipeline.matching.names.rarity import CEILING
from pipeline.matching.names.spellings import MOST_EDITS
from pipeline.matching.names.token_levels import RESEMBLANCE, SHORTEST_ALIKE
from pipeline.matching.names.token_pairs import INITIAL_BITS, SHORT_FORM_BITS
from pipeline.matching.operations import DONE
from pipeline.matching.ragged import Index, expand_counts, expand_pairs
from pipeline.records.entity_types import PERSON, TYPES

STEP, LOWEST = 32, -2016
"""Hundredths of a bit: the step to which a bound is rounded up, and the lowest bound. Names have -2000 at least."""

MOST_BITS = 1 << 16
"""Hundredths of a bit that no score exceeds (alternatives.SCORE_LIMIT)."""

STEPS = (MOST_BITS - LOWEST) // STEP + 1


class OpenNames(IntEnum):
    """What two entities' names may leave open; a state is its number times STEPS, plus the bound in steps.

    Anything; one word that agrees, or only the family name contradicting; and, for entities with one name each and no
    word that agrees: other parts of a name, a word with slips, or neither.
    """

    ANYTHING = 0
    ONE_AGREES = 1
    OTHER_PARTS = 2
    UNSURE = 3
    APART = 4


_STRONGEST = {
    OpenNames.ANYTHING: NameLevel.SAME,
    OpenNames.ONE_AGREES: NameLevel.FAMILY_DIFFERS,
    OpenNames.OTHER_PARTS: NameLevel.OTHER_PARTS,
    OpenNames.UNSURE: NameLevel.ALIKE,
    OpenNames.APART: NameLevel.DIFFERENT,
}

NO_NAME = len(OpenNames) * STEPS
"""The state of entities one of which has no name."""

IN_ARRAYS = 20
"""Pairs of words that are bounded in the time of one operation."""

TOGETHER = 1 << 18
"""Pairs of words that are compared at once, which takes about 30 MB."""


def name_state(a: Rows, b: Rows) -> States:
    """The states of pairs of rows; NO_NAME if a side has no name."""
    words, other = a.byte("name_words"), b.byte("name_words")
    named = (words > 0) & (other > 0)
    state = np.where(named, np.int32(STEPS - 1), np.int32(NO_NAME))
    closed = np.flatnonzero(named & (words != OPEN) & (other != OPEN) & (a.byte("type") == b.byte("type")))
    sizes = a.byte("name_entries")[closed].astype(np.int64) * b.byte("name_entries")[closed]
    for some in _cut(closed, sizes):
        DONE.operations += int(sizes[np.searchsorted(closed, some)].sum()) // IN_ARRAYS
        state[some] = _bound_names(EntityNames(a, some), EntityNames(b, some))
    return state


def _cut(some: Index, sizes: Index) -> Iterator[Index]:
    """Cut indices into parts whose sizes sum up to TOGETHER at most; one that is larger is a part of its own."""
    if len(some):
        yield from np.split(some, np.flatnonzero(np.diff(np.cumsum(sizes) // TOGETHER)) + 1)


def _bound_names(one: EntityNames, other: EntityNames) -> States:
    """The states of the names of both sides, row by row."""
    gains = _Gains(BestMatches(one), BestMatches(other))
    zero = np.zeros_like(one.words)
    _find_gains(one, other, zero, zero, one.words, other.words, gains)
    _find_gains(one, other, one.words, zero, one.entries - one.words, other.words, gains, joined=True)
    _find_gains(one, other, zero, other.words, one.words, other.entries - other.words, gains, joined=True)
    sides = PlacedNames(one, gains.one, other), PlacedNames(other, gains.other, one)
    worth, worth_other = weigh_names(*sides), weigh_names(*reversed(sides))
    states = combine_worths(worth, worth_other, _may_be_other_kinds(one.initials, other.initials))
    told = np.flatnonzero(worth.only & worth_other.only & ((worth.words == 0) | (worth_other.words == 0)))
    if told.size:
        states[told] += STEPS * (_tell_apart(one.take(told), other.take(told)) - OpenNames.ONE_AGREES)
    return states


def _tell_apart(one: EntityNames, other: EntityNames) -> States:
    """The level index of single names none of whose words agrees.

    It is UNSURE or APART if both have a family name, else OTHER_PARTS.
    """
    pair, row, column = expand_pairs(one.words, other.words)
    left, right = one.starts[pair] + ENTRY_WORDS * row, other.starts[pair] + ENTRY_WORDS * column
    resembling: Flags = np.zeros(len(one.words), np.bool_)
    resembling[pair[may_resemble(one.table, other.table, left, right)]] = True
    family = Initials.family.lies_in(one.initials & other.initials)
    state: States = np.where(family, np.where(resembling, OpenNames.UNSURE, OpenNames.APART), OpenNames.OTHER_PARTS)
    return state


class _Gains(NamedTuple):
    """What the entries of each side find in the other."""

    one: BestMatches
    other: BestMatches


def _find_gains(
    one: EntityNames,
    other: EntityNames,
    skipped: Index,
    skipped_other: Index,
    count: Index,
    count_other: Index,
    gains: _Gains,
    *,
    joined: bool = False,
) -> None:
    """Add to `gains` what entries of both sides find in each other: `count` of each row behind the `skipped` ones.

    `joined`: the entries of one side are runs, which agree as a whole or not at all.
    """
    pair, row, column = expand_pairs(count, count_other)
    if not len(pair):
        return
    if joined:
        row, column = row + skipped[pair], column + skipped_other[pair]
    left, right = one.starts[pair] + ENTRY_WORDS * row, other.starts[pair] + ENTRY_WORDS * column
    alike, bits = bound_gains(one.table, other.table, left, right, joined=joined)
    pair = pair[alike]
    gains.one.take(one.first[pair] + row[alike], bits, joined=joined)
    gains.other.take(other.first[pair] + column[alike], bits, joined=joined)


def _may_be_other_kinds(one: WordArray, other: WordArray) -> Flags:
    """Whether one side has a family name and the other a given name; aligned, such words do not contradict."""
    found: Flags = Initials.family.lies_in(one) & Initials.given.lies_in(other)
    found |= Initials.given.lies_in(one) & Initials.family.lies_in(other)
    return found


def combine_worths(one: NameWorth, other: NameWorth, other_kinds: Flags) -> States:
    """The states of the best two names. A pair of held names weighs less by what contradicts on both sides."""
    free, held = one.free + other.acronyms, one.held + other.acronyms
    other_free, other_held = other.free + one.acronyms, other.held + one.acronyms
    further = np.maximum(np.minimum(one.left, other.left) - 1, 0)
    against = np.maximum(one.heaviest, other.heaviest) + np.int32(FURTHER_CONFLICT) * further
    pairs = (
        np.minimum(free, np.maximum(other_free, other_held)),
        np.minimum(held, other_free),
        np.minimum(held, other_held) + against,
    )
    same = one.single & other.single
    same |= one.free_agree & (other.free_agree | other.held_agree) | one.held_agree & other.free_agree
    same |= one.held_agree & other.held_agree & other_kinds
    bits = np.clip(np.maximum.reduce(pairs), LOWEST, MOST_BITS)
    state: States = -((LOWEST - bits) // STEP) + np.where(same, OpenNames.ANYTHING, OpenNames.ONE_AGREES * STEPS)
    return state


def _most_by_state(table: Table) -> BitsArray:
    """The upper limit of the bits in each state, against each alternative: shape (alternatives, states).

    Against strangers these are the bits of the state by the model's curve, against companions those of the level.
    """
    found = strongest_from(table)[:, [_STRONGEST[names] for names in OpenNames]].repeat(STEPS, 1)
    found[STRANGERS] = [apply_curve(LOWEST + STEP * step, table.curve) for step in range(STEPS)] * len(OpenNames)
    found[HOUSEHOLD, :STEPS] = np.maximum(found[HOUSEHOLD, :STEPS] + MOST_GROWTH, 0)
    found[GROUP, :STEPS] += MOST_FURTHER
    return np.concatenate([found, np.zeros((ALTERNATIVES, 1), np.int32)], 1)


NAME_BOUND = Bound(name_state, _most_by_state, costly=True)

SHORT_ACRONYM = 3
"""The most words that an acronym of two letters stands for: an initial among them need not have a letter in it."""

NEVER = -1 << 20
"""Hundredths of a bit that stand for the names that a side does not have."""

_CONFLICTS = np.array(CONFLICTS, np.int32)
_PERSON = TYPES.index(PERSON.name)


class EntityNames:
    """The names of some rows: where their entries begin in the table, and per row the counts of entries and words."""

    def __init__(self, rows: Rows, some: Index) -> None:
        """`some`: the indices of the rows."""
        self.table, self.starts, self.places = rows.table, rows.name_starts[some], rows.name_places[some]
        self.words, self.entries = (rows.byte(part)[some].astype(np.int64) for part in ("name_words", "name_entries"))
        self.first = np.cumsum(self.entries) - self.entries
        """The first entry of each row, counted through all."""
        self.first_places = self.starts + ENTRY_WORDS * self.entries
        """The word of the table at which the places of each row begin."""
        self.initials = rows.words("initials")[0, some]
        self.persons = rows.byte("type")[some] == _PERSON
        self._rows, self._some = rows, some

    def take(self, some: Index) -> EntityNames:
        """The names of some of these rows."""
        return EntityNames(self._rows, self._some[some])


class BestMatches:
    """What each entry of a side finds at most, counted through all rows.

    `bits` are hundredths; `joined` says whether it finds any together with a run.
    """

    def __init__(self, names: EntityNames) -> None:
        count = int(names.entries.sum())
        self.bits: BitsOfRows = np.zeros(count, np.int32)
        self.joined: Flags = np.zeros(count, np.bool_)

    def take(self, entries: Index, bits: BitsOfRows, *, joined: bool) -> None:
        """Add what some entries find. An entry may come several times; its highest number counts."""
        np.maximum.at(self.bits, entries, bits)
        if joined:
            self.joined[entries[bits > 0]] = True


class PlacedNames:
    """The places of all names of a side, in order.

    With one item for each place:

    - `row` and `entry` say whose place it is and which entry stands there; `run` marks runs.
    - `found` is the hundredths of a bit that the entry finds at most; `joined` says whether it finds them with a run.
    - `acronyms` is the part of them for a word that may abbreviate words of the other side; 0 if it abbreviates none.

    `starts` has the first place of each name, `first_names` the first name of each row. `numbered`, `abbreviates`,
    `persons` and `distinct` are flags of each row.
    """

    def __init__(self, names: EntityNames, matches: BestMatches, others: EntityNames) -> None:
        self.row, place = expand_counts(names.places)
        self.flags = names.table[names.first_places[self.row] + place]
        entry = self.entry = WordPlace.entry.take(self.flags).astype(np.int64)
        self.run: Flags = entry >= names.words[self.row]
        self.acronyms = np.zeros(len(entry), np.int32)
        self._weigh_acronyms(names, others)
        at = names.first[self.row] + entry
        self.found = np.maximum(matches.bits[at], self.acronyms)
        self.joined: Flags = matches.joined[at] | (self.acronyms > 0)
        self.starts = np.flatnonzero(WordPlace.first.lies_in(self.flags))
        self.first_names = np.searchsorted(self.starts, np.flatnonzero(place == 0))
        self.numbered: Flags = np.bincount(self.row, WordPlace.numbered.lies_in(self.flags), len(names.places)) > 0
        self.abbreviates: Flags = np.bincount(self.row, self.acronyms > 0, len(names.places)) > 0
        self.persons = names.persons
        self.distinct: Flags = np.bincount(self.row, ~self.run, len(names.places)) == names.words
        """For each row, whether no word stands in its names twice."""

    def _weigh_acronyms(self, names: EntityNames, others: EntityNames) -> None:
        """Bound the bits of acronyms. An organisation's has initials of neighbouring words, a person's of any words."""
        may = np.flatnonzero(WordPlace.acronym.lies_in(self.flags))
        letters = WordLetters.letters.take(names.table[names.starts[self.row[may]] + ENTRY_WORDS * self.entry[may]])
        may = may[letters & ~others.initials[self.row[may]] == 0]
        ordered = np.flatnonzero(~names.persons[self.row[may]])
        fits: Flags = np.ones(len(may), np.bool_)
        fits[ordered] = _abbreviate(self.flags[may[ordered]], self.row[may[ordered]], others)
        may = may[fits]
        hashes = names.table[names.starts[self.row[may]] + ENTRY_WORDS * self.entry[may] + 2]
        count = np.maximum(entry_lengths(hashes), SHORT_ACRONYM)
        self.acronyms[may] = np.int32(ACRONYM_LETTER) * count

    def sum_by_name(self, values: NDArray[np.int32] | Flags) -> BitsOfRows:
        """The sum of each name's places."""
        total: BitsOfRows = np.add.reduceat(values, self.starts, dtype=np.int32)
        return total

    def most_by_row(self, of_names: BitsOfRows) -> BitsOfRows:
        """The most of each row's names."""
        most: BitsOfRows = np.maximum.reduceat(of_names, self.first_names)
        return most

    def any_by_row(self, of_names: Flags) -> Flags:
        """Whether any of each row's names is so."""
        found: Flags = np.logical_or.reduceat(of_names, self.first_names)
        return found


class NameWorth(NamedTuple):
    """Upper limits of what the names of a side are worth, one item for each row; bits are in hundredths.

    Names are of two kinds: *held* ones, which have a word that certainly contradicts the other side, and *free* ones.

    - `free` and `held` are the bits of the best name of each kind; NEVER if there is none.
    - `heaviest` is the least that contradiction takes from a held name, and `left` the least number of its words that
      contradict.
    - `free_agree` and `held_agree` say whether two words of a name of this kind may agree, `single` whether the only
      word of a name may, and `words` how many words of a name may at most.
    - `only`: the row has a single name, which is held, without numbers and without a word twice.
    - `acronyms` are the bits of the words of one name that may abbreviate words of the other side.
    """

    free: BitsOfRows
    held: BitsOfRows
    heaviest: BitsOfRows
    left: BitsOfRows
    words: BitsOfRows
    only: Flags
    free_agree: Flags
    held_agree: Flags
    single: Flags
    acronyms: BitsOfRows


def weigh_names(side: PlacedNames, other: PlacedNames) -> NameWorth:
    """Bound the worth of a side's names when they meet those of the other side."""
    agrees = (side.found > 0) & ~side.run
    owner = side.row[side.starts]
    first = side.flags[side.starts]
    words = side.sum_by_name(agrees)
    bits = side.sum_by_name(np.where(side.run, side.found, np.maximum(side.found + np.int32(CULTURE), 0)))
    bits -= np.int32(CULTURE) * (words > 0)
    numbered = WordPlace.numbered.lies_in(first) & other.numbered[owner]
    bits += np.where(numbered & ~side.persons[owner], np.int32(NUMBERS_AGREE), 0)
    weak = WordPlace.weak.lies_in(first)
    bits = np.where(weak, np.maximum(bits - np.int32(comparison.WEAK), 0), bits)
    costs = np.where(side.found > 0, 0, _CONFLICTS[WordPlace.conflict.take(side.flags)])
    heaviest = np.minimum.reduceat(costs, side.starts)
    joined = (side.sum_by_name(side.joined) > 0) | other.abbreviates[owner]
    held = (heaviest < 0) & ~WordPlace.loose.lies_in(first) & ~joined & ~weak
    left = side.sum_by_name(costs < 0)
    agree = (words + numbered >= 2) | joined
    single = (side.sum_by_name(~side.run) == 1) & (words > 0)
    return NameWorth(
        side.most_by_row(np.where(held, NEVER, bits)),
        side.most_by_row(np.where(held, bits, NEVER)),
        side.most_by_row(np.where(held, heaviest, NEVER)),
        -side.most_by_row(np.where(held, -left, NEVER)),
        side.most_by_row(words),
        side.any_by_row(held) & side.distinct & (np.bincount(owner, minlength=len(side.persons)) == 1) & ~side.numbered,
        side.any_by_row(agree & ~held),
        side.any_by_row(agree & held),
        side.any_by_row(single),
        side.most_by_row(side.sum_by_name(side.acronyms)),
    )


def _abbreviate(words: WordArray, row: Index, others: EntityNames) -> Flags:
    """Whether each word may be an acronym of neighbouring words in the names of its `row` of the other side.

    `words` are the flags of their places, which hold their first letters.
    """
    count = others.places[row]
    word, place = expand_counts(count)
    at, left = others.first_places[row][word] + place, count[word] - place
    for nth, field in enumerate(WordPlace.SPELT):
        wanted = field.take(words[word])
        there = others.table[at + np.minimum(nth, left - 1)]
        alike = (left > nth) & (WordPlace.first_letter.take(there) == wanted)
        if nth:
            alike &= ~WordPlace.first.lies_in(there)
            alike |= wanted == 0
        word, at, left = word[alike], at[alike], left[alike]
    found: Flags = np.zeros(len(words), np.bool_)
    found[word] = True
    return found


EDITS = np.array([-1, -1, -1, 1, *[MOST_EDITS] * (WordHashes.length.most - 3)], np.int32)
"""The most edits that leave two words alike (token_levels), by the letters of the shorter word; -1 if none does."""

_OPEN_WORD = WordHashes.wild.bits | WordHashes.unlined.bits
_STEPS = np.array(RARITY_STEPS, np.int32)


class EntryGains(NamedTuple):
    """The indices of those pairs of entries that may give bits, and the hundredths of a bit that each gives at most."""

    pairs: Index
    bits: BitsOfRows


def bound_gains(table: WordArray, other: WordArray, left: Index, right: Index, *, joined: bool) -> EntryGains:
    """Bound the gains of pairs of entries, which begin at `left` in `table` and at `right` in `other`.

    `joined`: the entries of one side are runs, which agree as a whole or not at all.
    """
    alike = _find_alike(table, other, left, right)
    return EntryGains(alike, _bound_gains(_pair_tokens(table, other, left[alike], right[alike]), joined=joined))


def _find_alike(table: WordArray, other: WordArray, left: Index, right: Index) -> Index:
    """The indices of the pairs that may give bits. Letters and hashes rule out most of the others."""
    one, two = table[left], other[right]
    found: Flags = np.bitwise_count((one ^ two) & WordLetters.letters.bits) <= 2 * MOST_EDITS
    found |= np.maximum(one, two) >= np.uint32(WordLetters.rarity.put(INITIAL))
    one, two = table[left + 1], other[right + 1]
    found |= (one != 0) & (two != 0)
    one, two = table[left + 2], other[right + 2]
    apart = one ^ two
    found |= (
        ~WordHashes.sound.lies_in(apart) | ~WordHashes.beginning.lies_in(apart) | WordHashes.wild.lies_in(one | two)
    )
    return np.flatnonzero(found)


class _Tokens(NamedTuple):
    """Pairs of entries; each field has one item for each pair.

    - `edits` counts the letters that only one of the two has;
    - `gap` is the difference of their lengths, `shorter` the lesser length;
    - `apart` has the bits in which their hashes differ, `either` those that are set in either;
    - `rarity` is that of the less rare word, in hundredths of a bit;
    - `initial` says whether one is an initial, `related` whether they may be variants, `within` whether one has all
      letters of the other.
    """

    edits: NDArray[np.uint8]
    gap: BitsOfRows
    shorter: BitsOfRows
    apart: WordArray
    either: WordArray
    rarity: BitsOfRows
    initial: Flags
    related: Flags
    within: Flags


def _pair_tokens(table: WordArray, other: WordArray, left: Index, right: Index) -> _Tokens:
    letters, others_letters = table[left], other[right]
    hashes, others = table[left + 2], other[right + 2]
    steps, other_steps = (WordLetters.rarity.take(words).astype(np.int32) for words in (letters, others_letters))
    length, other_length = entry_lengths(hashes), entry_lengths(others)
    own, others_own = WordLetters.letters.take(letters), WordLetters.letters.take(others_letters)
    both = own & others_own
    return _Tokens(
        edits=np.bitwise_count(own ^ others_own),
        gap=np.abs(length - other_length),
        shorter=np.minimum(length, other_length),
        apart=hashes ^ others,
        either=hashes | others,
        rarity=_STEPS[np.minimum(steps, other_steps)],
        initial=np.maximum(steps, other_steps) == INITIAL,
        related=_share_variants(table[left + 1], other[right + 1]),
        within=(both == own) | (both == others_own),
    )


def entry_lengths(hashes: WordArray) -> BitsOfRows:
    """The number of letters of entries, from their WordHashes."""
    return WordHashes.length.take(hashes).astype(np.int32)


def _share_variants(one: WordArray, other: WordArray) -> Flags:
    """Whether words may have a class of variants in common."""
    found: Flags = np.zeros(len(one), np.bool_)
    both = np.flatnonzero((one != 0) & (other != 0))
    one, other = one[both], other[both]
    related: Flags = np.zeros(len(both), np.bool_)
    theirs = kept_classes(other)
    for mine in kept_classes(one):
        related |= (mine != 0) & np.logical_or.reduce([mine == each for each in theirs])
    many = np.flatnonzero((one | other) & WordClasses.many.bits)
    related[many] = fold_classes(one[many]) & fold_classes(other[many]) != 0
    found[both] = related
    return found


def fold_classes(words: WordArray) -> WordArray:
    """Sets of classes, modulo FoldedWordClasses.MODULUS."""
    told = np.zeros_like(words)
    for kept in kept_classes(words):
        number = (kept - np.uint32(1)) % np.uint32(FoldedWordClasses.MODULUS)
        told |= np.where(kept != 0, np.uint32(1) << number, np.uint32(0))
    return np.where(FoldedWordClasses.many.lies_in(words), FoldedWordClasses.numbers.take(words), told)


def kept_classes(words: WordArray) -> list[WordArray]:
    """The classes that are told one by one, each by its number and one more, 0 for none; nothing of sets of more."""
    return [field.take(words) for field in WordClasses.KEPT]


def _bound_gains(of: _Tokens, *, joined: bool) -> BitsOfRows:
    """Most bits of pairs of entries that may be alike.

    An insertion changes one letter of the set and the length, another edit two letters.
    """
    edits = EDITS[of.shorter]
    near = (of.edits + of.gap <= 2 * edits) & (of.gap <= edits)
    near |= (~WordHashes.beginning.lies_in(of.apart) & of.within) | (of.either & _OPEN_WORD != 0)
    found = np.where(near & ~joined, _level(levels.NEAR, of.rarity), 0)
    unlined = WordHashes.unlined.lies_in(of.either) & (of.edits <= 2 * MOST_EDITS) & (of.gap <= MOST_EDITS)
    same_form = ~WordHashes.form.lies_in(of.apart) & (of.edits == 0)
    for level, reached in (
        (levels.EDIT, (of.edits + of.gap <= 2) & (of.gap <= 1) & (edits == MOST_EDITS)),
        (levels.SOUND, ~WordHashes.sound.lies_in(of.apart)),
        (levels.VARIANT, of.related),
        (levels.SAME, same_form | unlined | WordHashes.wild.lies_in(of.either)),
    ):
        found = np.where(reached, np.maximum(found, _level(level, of.rarity)), found)
    if joined:
        return np.where(of.initial, np.int32(0), found)
    same = of.within | (of.either & _OPEN_WORD != 0)
    return np.where(of.initial, np.where(same, np.int32(INITIAL_BITS), np.int32(SHORT_FORM_BITS)), found)


def _level(level: str, rarity: BitsOfRows) -> BitsOfRows:
    """The same as levels.level_bits, of many."""
    known = np.minimum(rarity, np.int32(CEILING))
    bits: BitsOfRows = np.clip(known - np.int32(levels.COST[level]), np.int32(0), np.int32(levels.LIMIT[level]))
    return bits + (rarity - known) if level in levels.COINED else bits


def may_resemble(table: WordArray, other: WordArray, left: Index, right: Index) -> Index:
    """Which pairs of words may be one with several slips (name_levels.RESEMBLANCE): each changes two of its letters."""
    of = _pair_tokens(table, other, left, right)
    slips = ((of.shorter + of.gap) * (1 - RESEMBLANCE)).astype(np.int32)
    found = (of.edits <= 2 * slips) & (of.gap <= slips) & (of.shorter >= SHORTEST_ALIKE)
    return np.flatnonzero(found | (of.shorter + of.gap >= WordHashes.length.most))
