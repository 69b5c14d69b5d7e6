"""The small sketch of a case: a fixed number of 32-bit words, made of its sketch (sketches.py), for each posting.

A case is posted under its keys in many places, each of which keeps its small sketch, so every byte of it counts some
27 times. It holds SmallHead, then a row of ROW_WORDS words for each entity, then the words of names (small_names.py).
Each part leaves open at least what the sketch's part does, so the same states and tables bound scores
(small_screening.py). A case with more entities than there is room for has no rows, and is ruled out nowhere.

The size is measured. Pairs a case met in other countries under the shipped keys, and those that were left:

| | met | 24 bytes | 44 | 56 | 68 | 80 | its sketch |
|---|---|---|---|---|---|---|---|
| made-up cases, 10,000 held | 1.23 | 1.15 | 0.78 | 0.66 | 0.09 | 0.09 | 0.07 |
| made-up cases, 100,000 held | 12.1 | 11.2 | 7.7 | 6.6 | 0.34 | 0.34 | 0.14 |
| lists, 10,000 held | 13.8 | 12.5 | 12.4 | 12.1 | 11.9 | 11.9 | 4.4 |
| lists, 100,000 held | 94 | 79 | 78 | 76 | 76 | 76 | 21 |

No part can be left out: of made-up cases, 100,000 held, 10.1 were left without names, 5.1 without phones, 4.8 without
birth dates, 4.2 without addresses, 3.2 without numbers, 1.3 without what has no room in a row, 0.6 without genders.
Entries of lists have too many names: nothing short of all words and runs of words rules them out. A case of three
entities needs 100 bytes, one of four 132: then one pair in 25 is left, else 24 in 25.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pipeline.matching.bounds.sketches import ROW_PARTS, Sketches
from pipeline.matching.comparisons.address import ANY_CITY, ONE_ADDRESS, Areas
from pipeline.matching.comparisons.birth_place import OPEN_PLACE
from pipeline.matching.comparisons.comparison import shrink_hash
from pipeline.matching.comparisons.name.encoding import Initials
from pipeline.matching.comparisons.number_ends import ANY_NUMBER, Ends
from pipeline.matching.comparisons.other_names import Heard
from pipeline.matching.encoded import WORD_BYTES, Bytes, Field, Flags, Layout, Rows, WordArray
from pipeline.matching.ragged import Index, expand_counts
from pipeline.matching.screening.small_names import (
    RowNames,
    SmallWord,
    SmallWordColumns,
    fold_bits,
    keep_words,
    read_names,
    read_words,
)
from pipeline.records.entity_types import PERSON, TYPES

SMALL_SKETCH_WORDS = 17
"""32-bit words of a small sketch, 68 bytes: room for two entities with four words of names, or for one with seven."""

_DECLARED = {part: small for held in ROW_PARTS for part, small in held.small.items()}


class SmallHead(Layout):
    """The first word: how many rows follow, whether the case is hit-only, and how many words each row's names have."""

    rows = Field(3)
    hidden = Field()
    first = Field(4)
    second = Field(4)
    third = Field(4)
    fourth = Field(4)
    fifth = Field(4)
    sixth = Field(4)
    seventh = Field(4)

    KEPT = (first, second, third, fourth, fifth, sixth, seventh)


class SmallEnds(Layout):
    """A row's second word: both ends of its phone and of its number, each hashed to 1 to 254; 0 is none, 255 any."""

    phone_ending = Field(8)
    phone_beginning = Field(8)
    number_ending = Field(8)
    number_beginning = Field(8)


class SmallAddress(Layout):
    """A row's third word: of the address as in a sketch, and flags.

    Of an OPEN_ADDRESS `postcode` is whether any has a street, `postcode_end` whether any has a postcode. `birth_place`:
    there is one. `single` is as in RowNames. `complete`: all words of the names are told.
    """

    postcode = Field(8)
    postcode_end = Field(8)
    house = Field(6)
    city_length = Field(5)
    address = Field(2)
    birth_place = Field()
    single = Field()
    complete = Field()


class SmallLetters(Layout):
    """A row's fourth word.

    `city` is the set of the city's letters, folded, or of an OPEN_ADDRESS that of the numbers; `heard` is as in a
    sketch, folded, and `collide` whether two names have one bit. `run`, `glued` and `one_run` are as in RowNames. With
    one run alone, `heard` is its sound, since there are no other names, and `collide` whether it is firm.
    """

    city = Field(17)
    heard = Field(8)
    collide = Field()
    run = Field(4)
    glued = Field()
    one_run = Field()


class SmallKinds(Layout):
    """A row's fifth word, as in a sketch or, `worth`, in RowNames; folded where a sketch has more bits.

    Behind these, and in further words, stand the bytes that comparisons declare (RowParts.small).
    """

    type = Field(4)
    others = Field(5)
    countries = Field(5)
    worth = Field(5)


def _lay_out_declared() -> list[type[Layout]]:
    """The layout of the fifth word and of further ones."""
    words: list[dict[str, Field]] = [{"_kinds": Field(sum(field.width for field in SmallKinds.fields))}]
    for part, small in _DECLARED.items():
        if sum(field.width for field in words[-1].values()) + small.width > 8 * WORD_BYTES:
            words.append({})
        words[-1][part] = Field(small.width)
    return [type("SmallBytes", (Layout,), fields) for fields in words]


_BYTES = _lay_out_declared()
ROW_WORDS = 4 + len(_BYTES)


class ThingParts(Layout):
    """A row's first word where it is no person's, who has the birth date there.

    The first letters of the words of its names, and whether these have numbers; or, if it has no name, both ends of a
    second number.
    """

    initials = Field(Initials.letters.width)
    numbered = Field()


_ANY_END = SmallEnds.phone_ending.most
_PERSON = TYPES.index(PERSON.name)
_OPEN_CITY = SmallAddress.city_length.most
_ALL = np.uint32((1 << 32) - 1)
_HALVES = np.uint32(16)


def max_rows(words: int) -> int:
    """How many rows small sketches of so many words have room for."""
    return min((words - 1) // ROW_WORDS, len(SmallHead.KEPT))


def count_slots(rows: Index, words: int) -> Index:
    """For how many words of names small sketches of `words` have room behind so many rows."""
    left = words - 1 - ROW_WORDS * rows  # a SmallWord and a SmallSound take one and a half
    return np.minimum(left * 2 // 3, SmallHead.first.most)


def make_small_sketches(sketches: Sketches, words: int = SMALL_SKETCH_WORDS) -> WordArray:
    """The small sketch of each case: shape (cases, words). A case without a sketch or without room has one of zeros."""
    small = np.zeros((len(sketches.counts), words), np.uint32)
    fitting = np.flatnonzero((sketches.counts > 0) & (sketches.counts <= max_rows(words)))
    if not fitting.size:
        return small
    held = sketches.take_cases(fitting)
    owner, number = expand_counts(held.counts)
    rows, case = held.take_rows(owner, number), fitting[owner]
    names = read_names(rows)
    room = count_slots(held.counts, words)
    kept = _share_room(names.told, owner, room)
    head = SmallHead.rows.put(1) * held.counts | held.hidden.astype(np.int64) << SmallHead.hidden.first
    for nth, field in enumerate(SmallHead.KEPT):
        of_row = np.flatnonzero(number == nth)
        head[owner[of_row]] |= kept[of_row] << field.first
    small[fitting, 0] = head
    for place, parts in enumerate(_encode_rows(rows, names, kept >= names.told)):
        small[case, 1 + ROW_WORDS * number + place] = parts
    told = keep_words(names, kept)
    of_case = owner[told.row]
    count = np.bincount(of_case, minlength=len(fitting))
    slot = np.arange(len(of_case)) - (np.cumsum(count) - count)[of_case]
    first = 1 + ROW_WORDS * held.counts[of_case]
    small[fitting[of_case], first + slot] = told.words
    small.view(np.uint16)[fitting[of_case], 2 * (first + room[of_case]) + slot] = told.sounds
    return small


def _share_room(told: Index, owner: Index, room: Index) -> Index:
    """For how many of its words each row has room: for all if its case's have, else for about equal shares.

    `told` are the words of each row and `owner` its case, of which each has `room`.
    """
    kept, left = np.zeros_like(told), room.copy()
    while True:
        wanting = kept < told
        share = left // np.maximum(np.bincount(owner[wanting], minlength=len(room)), 1)
        grown = np.where(wanting, np.minimum(told - kept, share[owner]), 0)
        if not grown.any():
            return kept
        kept += grown
        left -= np.bincount(owner, grown, len(room)).astype(np.int64)


def _encode_rows(rows: Rows, names: RowNames, complete: Flags) -> tuple[WordArray, ...]:
    persons = rows.byte("type") == _PERSON
    phones, numbers = _shrink_ends(rows.words("phones")), _shrink_ends(rows.words("identifiers"))
    both = rows.words("identifiers")[1] != 0
    apart = both & ~persons & (names.worth == 0)
    one, other = rows.words("identifiers")
    numbers = np.where(apart, _shrink_end(one), numbers)
    areas = rows.words("areas")[0] & Areas.countries.bits
    kinds = _pack(
        (SmallKinds.type, rows.byte("type")),
        (SmallKinds.others, rows.byte("others")),
        (SmallKinds.countries, fold_bits(areas, Areas.countries.width, SmallKinds.countries.width)),
        (SmallKinds.worth, names.worth),
    )
    further = [
        _pack(*((field, _DECLARED[field.name].shrink(rows.byte(field.name))) for field in layout.fields[first:]))
        for first, layout in zip((1, *(0 for _ in _BYTES)), _BYTES, strict=False)
    ]
    initials = rows.words("initials")[0] & Initials.letters.bits
    thing = initials | names.numbered.astype(np.uint32) << np.uint32(ThingParts.numbered.first)
    thing = np.where(names.worth == 0, np.where(apart, _shrink_end(other), np.uint32(0)), thing)
    return (
        np.where(persons, rows.words("born")[0], thing),
        phones | numbers << _HALVES,
        _encode_address(rows)
        | _pack(
            (SmallAddress.birth_place, rows.words("birth_place")[0] != 0),
            (SmallAddress.single, names.single),
            (SmallAddress.complete, complete & ~names.untold),
        ),
        _encode_letters(rows, names),
        kinds | further[0],
        *further[1:],
    )


def _pack(*parts: tuple[Field, NDArray[np.generic]]) -> WordArray:
    words = [values.astype(np.uint32) << np.uint32(field.first) for field, values in parts]
    packed: WordArray = np.bitwise_or.reduce(words)
    return packed


def _shrink_end(words: WordArray) -> WordArray:
    """Both Ends of one number in 16 bits, hashed to 1 to 254."""
    ending, beginning = (shrink_hash(field.take(words), _ANY_END - 1) for field in (Ends.ending, Ends.beginning))
    return np.where(words == ANY_NUMBER, np.uint32((1 << 16) - 1), ending | beginning << np.uint32(8))


def _shrink_ends(words: WordArray) -> WordArray:
    """The Ends of up to two numbers; any of two."""
    return np.where(words[1] != 0, np.uint32((1 << 16) - 1), _shrink_end(words[0]))


def _encode_address(rows: Rows) -> WordArray:
    kind, length = rows.byte("address"), rows.byte("city_length").astype(np.uint32)
    areas = rows.words("areas")[0]
    told = kind <= ONE_ADDRESS
    return _pack(
        (SmallAddress.postcode, np.where(told, rows.byte("postcode"), Areas.street.take(areas))),
        (SmallAddress.postcode_end, np.where(told, rows.byte("postcode_end"), Areas.postcode.take(areas))),
        (SmallAddress.house, shrink_hash(rows.byte("house").astype(np.uint32), SmallAddress.house.most)),
        (SmallAddress.city_length, np.minimum(length, _OPEN_CITY)),
        (SmallAddress.address, kind),
    )


def _encode_letters(rows: Rows, names: RowNames) -> WordArray:
    width = SmallLetters.city.width
    city, numbers = fold_bits(rows.words("city")[0], 26, width), fold_bits(rows.words("door_numbers")[0], 32, width)
    first, second = rows.words("heard")
    half, folded = Heard.names.width, SmallLetters.heard.width
    heard = fold_bits(Heard.names.take(first), half, folded) | fold_bits(second, half, folded)
    count = np.bitwise_count(Heard.names.take(first)) + np.bitwise_count(second)
    collide = Heard.collide.lies_in(first) | (np.bitwise_count(heard) < count)
    one_run = names.one_run & (heard == 0)
    return _pack(
        (SmallLetters.city, np.where(rows.byte("address") == ONE_ADDRESS, city, numbers)),
        (SmallLetters.heard, np.where(one_run, names.run_sound, heard)),
        (SmallLetters.collide, collide | names.firm & one_run),
        (SmallLetters.run, names.run),
        (SmallLetters.glued, names.glued),
        (SmallLetters.one_run, one_run),
    )


_PLAIN = {
    field.name: (word, field)
    for word, fields in (
        (2, (SmallAddress.address, SmallAddress.postcode, SmallAddress.postcode_end, SmallAddress.house)),
        (4, (SmallKinds.type, SmallKinds.others)),
        *((word, layout.fields) for word, layout in enumerate(_BYTES, ROW_WORDS - len(_BYTES))),
    )
    for field in fields
}
"""Bytes of Rows that a row has as they are, or folded: the number of its word, and the field."""


class SmallRows(Rows):
    """Rows of small sketches, which have the parts of Rows, and those of names; parts are read when they are asked for.

    `small` has the small sketches, one a line; `cases` and `numbers` tell for each row its line and index there.
    """

    def __init__(self, small: WordArray, cases: Index, numbers: Index, parts: WordArray | None = None) -> None:
        self._small, self._cases, self._nth = small, cases, numbers
        if parts is None:
            windows = np.lib.stride_tricks.sliding_window_view(small.reshape(-1), ROW_WORDS)
            parts = np.ascontiguousarray(windows[cases * small.shape[1] + 1 + ROW_WORDS * numbers].T)
        self._parts = parts
        self._bytes: dict[str, Bytes] = {}

    def __len__(self) -> int:
        return len(self._cases)

    def words(self, part: str) -> WordArray:
        """As of Rows: shape (words of the part, rows)."""
        if part in _OPEN:
            return np.tile(np.array(_OPEN[part], np.uint32)[:, None], len(self))
        words: WordArray = getattr(self, f"_{part}")
        return words

    def byte(self, part: str) -> Bytes:
        """As of Rows: shape (rows,)."""
        if part in self._bytes:
            return self._bytes[part]
        if part in _PLAIN:
            word, field = _PLAIN[part]
            values: Bytes = field.take(self._parts[word]).astype(np.uint8)
        else:
            values = np.full(len(self), _OPEN[part][0], np.uint8) if part in _OPEN else getattr(self, f"_{part}")
        self._bytes[part] = values
        return values

    def take(self, some: Index) -> SmallRows:
        """Some of the rows, by index."""
        return SmallRows(self._small, self._cases[some], self._nth[some], self._parts.take(some, 1))

    @cached_property
    def persons(self) -> Flags:
        """Which rows are persons'."""
        found: Flags = self.byte("type") == _PERSON
        return found

    @cached_property
    def _born(self) -> WordArray:
        dates = np.where(self.persons, self._parts[0], np.uint32(0))
        return np.stack([dates, np.full_like(dates, _ALL)])

    @cached_property
    def _phones(self) -> WordArray:
        return _widen_ends(self._parts[1], np.zeros_like(self._parts[1]))

    @cached_property
    def _identifiers(self) -> WordArray:
        second = np.where(self.persons | (self.worth > 0), np.uint32(0), self._parts[0])
        return _widen_ends(self._parts[1] >> _HALVES, second)

    @cached_property
    def _birth_place(self) -> WordArray:
        has = SmallAddress.birth_place.lies_in(self._parts[2])
        return np.where(has, np.array(OPEN_PLACE, np.uint32)[:, None], np.uint32(0))

    @cached_property
    def _door_numbers(self) -> WordArray:
        return np.where(self.byte("address") == ONE_ADDRESS, _ALL, self._city[0])[None]

    @cached_property
    def _areas(self) -> WordArray:
        countries = SmallKinds.countries.take(self._parts[4])
        told = self.byte("address") == ONE_ADDRESS
        streets = (told | (self.byte("postcode") > 0)).astype(np.uint32) << np.uint32(Areas.street.first)
        postcodes = (np.where(told, self.byte("postcode"), self.byte("postcode_end")) > 0).astype(np.uint32)
        areas: WordArray = countries | streets | postcodes << np.uint32(Areas.postcode.first)
        return areas[None]

    @cached_property
    def _city(self) -> WordArray:
        return SmallLetters.city.take(self._parts[3])[None]

    @cached_property
    def _heard(self) -> WordArray:
        heard = np.where(self.one_run, np.uint32(0), SmallLetters.heard.take(self._parts[3]))
        collide = np.where(self.one_run, np.uint32(0), SmallLetters.collide.take(self._parts[3]))
        collide <<= np.uint32(Heard.collide.first)
        return np.stack([heard | collide, np.zeros_like(heard)])

    @cached_property
    def _name_words(self) -> Bytes:
        return (self.worth > 0).astype(np.uint8)

    @cached_property
    def _city_length(self) -> Bytes:
        length = SmallAddress.city_length.take(self._parts[2])
        return np.where(length == _OPEN_CITY, ANY_CITY, length).astype(np.uint8)

    @cached_property
    def worth(self) -> WordArray:
        """RowNames.worth."""
        return SmallKinds.worth.take(self._parts[4])

    @cached_property
    def complete(self) -> Flags:
        """Whether all words of each row's names are told."""
        return SmallAddress.complete.lies_in(self._parts[2])

    @cached_property
    def has_words(self) -> Flags:
        """Which rows tell any word of their names, or have no more words."""
        found: Flags = self.complete | (self.name_words.rarity > 0).any(0)
        return found

    @cached_property
    def single(self) -> Flags:
        """RowNames.single."""
        return SmallAddress.single.lies_in(self._parts[2])

    @cached_property
    def run(self) -> WordArray:
        """RowNames.run."""
        return SmallLetters.run.take(self._parts[3])

    @cached_property
    def glued(self) -> Flags:
        """RowNames.glued."""
        return SmallLetters.glued.lies_in(self._parts[3])

    @cached_property
    def one_run(self) -> Flags:
        """RowNames.one_run."""
        return SmallLetters.one_run.lies_in(self._parts[3])

    @cached_property
    def firm(self) -> Flags:
        """RowNames.firm."""
        return SmallLetters.collide.lies_in(self._parts[3]) & self.one_run & self.complete

    @cached_property
    def run_sound(self) -> WordArray:
        """RowNames.run_sound, where there is one run alone."""
        return SmallLetters.heard.take(self._parts[3])

    @cached_property
    def numbered(self) -> Flags:
        """RowNames.numbered."""
        return ThingParts.numbered.lies_in(self._parts[0]) & ~self.persons

    @cached_property
    def initials(self) -> WordArray:
        """The first letters of the words of a thing's names, folded as the letters of words."""
        letters = ThingParts.initials.take(self._parts[0])
        return fold_bits(letters, ThingParts.initials.width, SmallWord.letters.width)

    @cached_property
    def name_words(self) -> SmallWordColumns:
        """The words of each row's names."""
        flat = self._small.reshape(-1)
        begin = self._cases * self._small.shape[1]
        heads = flat.take(begin)
        rows = SmallHead.rows.take(heads).astype(np.int64)
        of_first = SmallHead.first.take(heads)
        count, before = of_first, np.zeros_like(of_first)
        for nth, field in enumerate(SmallHead.KEPT[1:], 1):
            if (behind := self._nth >= nth).any():
                before = np.where(behind, before + count, before)
                count = np.where(behind, field.take(heads), count)
        nth_word = np.arange(int(count.max(initial=0)))[:, None]
        held = nth_word < count
        first = begin + 1 + ROW_WORDS * rows
        slot = nth_word + before
        words = flat.take(first + slot, mode="clip")
        sounds = flat.view(np.uint16).take(2 * (first + count_slots(rows, self._small.shape[1])) + slot, mode="clip")
        return read_words(words, sounds, held)


def _widen_ends(words: WordArray, second: WordArray) -> WordArray:
    """The Ends that SmallEnds stand for: shape (2, rows)."""
    byte = np.uint32(_ANY_END)
    both = np.stack([words, second])
    ends = both & byte | (both >> np.uint32(8) & byte) << _HALVES
    return np.where(both & byte == byte, np.uint32(ANY_NUMBER), ends)


def _open_parts() -> dict[str, list[int]]:
    """The values of parts that rows of small sketches have no bits for. Raises TypeError for one that is never open."""
    found: dict[str, list[int]] = {}
    for held in ROW_PARTS:
        lacking = [part for part in held.parts if part not in _PLAIN and not hasattr(SmallRows, f"_{part}")]
        if lacking and not held.any_value:
            raise TypeError(f"small sketches have no bits for {', '.join(lacking)}: say its any_value")
        for (part, _), value in zip(held.slots, held.any_value, strict=False):
            if part in lacking:
                found.setdefault(part, []).append(value)
    return found


_OPEN = _open_parts()
