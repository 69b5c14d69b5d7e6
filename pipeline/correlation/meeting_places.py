"""A meeting place: the partition that owns some keys, keeps the postings under them, and asks for pairs of cases.

A chunk of postings is stored, then all of its cases are looked up at once, so that those which meet each other are
found the same way. Pairs of one country and those that the screen excludes are dropped. A value that everybody has
makes a key with very many cases, a crowd. Cases that meet the same crowd are screened against it side by side, a
bounded number of its cases at a time. None of the crowd is skipped: whether a pair is left out depends on its two cases
alone, never on how many other cases there are or which came first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, Protocol, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from pipeline.correlation.matcher import SmallScreen
from pipeline.correlation.meeting_store import NO_CASE, CaseNumberArray, MeetingStore, split_ids
from pipeline.correlation.postings import (
    UNKNOWN_COUNTRY,
    IdArray,
    KeyArray,
    Postings,
    decode_chunks,
    decode_postings,
)
from pipeline.correlation.protocol import Ask, order_pair
from pipeline.matching.encoded import Index

BlockSizeObserver = Callable[[KeyArray, NDArray[np.int64]], None]
"""Receives the keys of the blocks that cases met, and how many other cases are in each, for metrics; nothing is decided
by it."""

MOST_TOGETHER = 1 << 14
"""Entries that are looked up, and pairs that are screened, at once. The full screen needs about 1 kB of memory a
pair."""

MOST_MET = 1 << 18
"""Entries that the cases of one step may meet, some 0.4 s of the small screen. Where a key has a million cases, few
postings at a time are taken, so that others have their turn."""

CROWD = 1 << 10
"""A key with at least so many cases makes a crowd."""

LEAST_SHARE = 0.2
"""The share of a crowd that a case must meet, since it does not meet those of its own country, before the crowd screen
is used for it. The crowd screen looks at the whole crowd, at a fifth of the screen's cost."""

SAMPLED = 10_000
"""One in so many pairs, by a hash of the pair, is asked for whatever the screen says of it, and is held to what the
screens promise: no link is ruled out."""

_MIXED, _IN_SAMPLE = np.uint32(0x9E3779B1), np.uint32((1 << 32) // SAMPLED)
"""Knuth's multiplicative hash of a case's number in its store, and the pairs whose hash is below the sample's share."""

_NUMBER_BITS, _NUMBER = np.uint64(32), np.uint64((1 << 32) - 1)

_Number = TypeVar("_Number", np.uint32, np.uint64)


class PairScreen(Protocol):
    """Rules pairs out by what is kept of their cases, by their numbers in the store."""

    @property
    def words(self) -> int:
        """The 32-bit words of a posting's sketch."""

    def add_cases(self, cases: IdArray, numbers: CaseNumberArray, /) -> None:
        """Note the cases that were stored, before anything is asked about them."""

    def may_link(self, asking: CaseNumberArray, held: CaseNumberArray, /) -> NDArray[np.bool_]:
        """Whether `asking[i]` may be linked with `held[i]`, for each i. Pure, and far cheaper than judging the pair."""

    def may_link_crowd(self, some: CaseNumberArray, crowd: CaseNumberArray, /) -> NDArray[np.bool_]:
        """Whether each of some cases may be linked with each of a crowd: shape (some, crowd).

        It costs less a pair than `may_link`, and may rule out fewer.
        """


class PostedSketchScreen:
    """Screens by the small sketches of the postings."""

    def __init__(self, store: MeetingStore, screen: SmallScreen) -> None:
        self._store, self._screen = store, screen
        self.words = screen.words

    def add_cases(self, cases: IdArray, numbers: CaseNumberArray) -> None:
        """The store has the sketches."""

    def may_link(self, asking: CaseNumberArray, held: CaseNumberArray) -> NDArray[np.bool_]:
        """Compare the sketches pair by pair."""
        return self._screen.may_link(self._store.get_sketches(asking), self._store.get_sketches(held))

    def may_link_crowd(self, some: CaseNumberArray, crowd: CaseNumberArray) -> NDArray[np.bool_]:
        """Compare each sketch with all of the crowd, which are read once."""
        rows = self._store.get_sketches(crowd)
        return np.stack([self._screen.may_link(row[None], rows) for row in self._store.get_sketches(some)])


class MeetingCounts(msgspec.Struct):
    """What a meeting place has done since it was made. It feeds metrics; nothing is decided by it."""

    candidates: int = 0
    """Cases of other countries that shared a key with one that came."""
    screened: int = 0
    """Those of them that the screen left."""


class ChunkPairs(NamedTuple):
    """Pairs: the index of the asking case in the chunk, and the number of the other one; which are of the sample."""

    asking: Index
    numbers: CaseNumberArray
    sampled: NDArray[np.bool_]


class StoredChunk:
    """The cases of a chunk, by their numbers in the store, and their keys, case by case.

    `sizes` says of each key how many cases have it at most.
    """

    def __init__(self, postings: Postings, numbers: CaseNumberArray, sizes: NDArray[np.int64]) -> None:
        self.postings, self.numbers, self.sizes = postings, numbers, sizes
        self.keys = postings.keys
        self.owner: Index = np.repeat(np.arange(len(numbers)), postings.counts)
        self._by_number = np.argsort(numbers)
        self._sorted = numbers[self._by_number]

    def count_met(self) -> NDArray[np.int64]:
        """How many entries each case and all before it meet at most."""
        met = np.bincount(self.owner, self.sizes, len(self.numbers)).astype(np.int64)
        return np.cumsum(met)

    def is_asked_once(self, asking: Index, numbers: CaseNumberArray) -> NDArray[np.bool_]:
        """Leave out the case itself, and one of both directions where both cases of a pair are of the chunk."""
        at = np.minimum(np.searchsorted(self._sorted, numbers), len(self._sorted) - 1)
        once: NDArray[np.bool_] = (self._sorted[at] != numbers) | (self._by_number[at] > asking)
        return once

    def hash_cases(self, asking: Index) -> NDArray[np.uint32]:
        """A hash of each case's id, by which pairs are drawn."""
        ids = np.ascontiguousarray(self.postings.cases[asking, :4])
        return ids.view("<u4")[:, 0]


class MeetingPlace:
    """Applies the postings of one partition, in order, to that partition's store, and says what is to be asked.

    `within` also pairs cases of one country. `observer` is told of each block that a case meets.
    """

    def __init__(
        self,
        store: MeetingStore,
        screen: PairScreen,
        *,
        within: bool = False,
        observer: BlockSizeObserver | None = None,
    ) -> None:
        self.store = store
        self.counts = MeetingCounts()
        self._screen, self._within, self._observer = screen, within, observer

    def take_postings(self, cases: Sequence[bytes], values: Sequence[bytes]) -> list[Ask]:
        """Take in postings, by the ids of their cases, and ask for the pairs that they make.

        One that is older than the stored one changes nothing; one of the same version asks anew. Raises ProtocolError,
        before anything is changed.
        """
        chunk = self.store_chunk(decode_postings(cases, values, self._screen.words))
        asks: list[Ask] = []
        for pairs in self.find_pairs(chunk):
            may = np.zeros(len(pairs.numbers), np.bool_)
            for start in range(0, len(may), MOST_TOGETHER):
                some = slice(start, start + MOST_TOGETHER)
                may[some] = self._screen.may_link(chunk.numbers[pairs.asking[some]], pairs.numbers[some])
            asks += self.make_asks(chunk, pairs, may)
        return asks

    def load_postings(self, cases: Sequence[bytes], values: Sequence[bytes]) -> None:
        """Take in postings without asking for anything, for a store that is behind what was applied."""
        self.store_chunk(decode_postings(cases, values, self._screen.words))

    def store_chunk(self, postings: Postings) -> StoredChunk:
        """Store postings whose pairs are to be found; one that is older than the stored one changes nothing."""
        numbers = self.store.find_cases(postings.cases)
        known = np.flatnonzero(numbers != NO_CASE)
        kept = np.ones(len(numbers), np.bool_)
        kept[known] = self.store.get_orders(numbers[known]) <= postings.orders[known]
        postings = postings.take(kept)
        numbers = self.store.put_postings(postings, numbers[kept])
        self._screen.add_cases(postings.cases, numbers)
        return StoredChunk(postings, numbers, self.store.count_entries(postings.keys))

    def find_pairs(self, chunk: StoredChunk, cases: int | None = None) -> Iterator[ChunkPairs]:
        """The pairs of the chunk's first `cases` (all of them) with stored ones, of bounded many entries at a time."""
        sizes = np.where(chunk.owner < (len(chunk.numbers) if cases is None else cases), chunk.sizes, 0)
        crowded = sizes >= CROWD
        # A key with one case at most has the case itself, which is stored.
        few = np.flatnonzero(~crowded & (sizes > 1))
        totals = np.bincount(chunk.owner[few], sizes[few], len(chunk.numbers)).astype(np.int64)
        crowds: dict[tuple[int, ...], list[int]] = defaultdict(list)
        if not crowded.any():
            crowds[()] = np.flatnonzero(totals).tolist()
        else:
            keys: list[list[int]] = [[] for _ in chunk.numbers]
            for at in np.flatnonzero(crowded).tolist():
                keys[chunk.owner[at]].append(int(chunk.keys[at]))
            for place, of_crowds in enumerate(keys):
                crowds[tuple(of_crowds)].append(place)
        begins = np.searchsorted(chunk.owner[few], np.arange(len(chunk.numbers) + 1))
        for shared, places in crowds.items():
            crowd = self._find_crowd(shared, len(places))
            for start, end in _group_bounded(totals[places].tolist()):
                asking = np.array(places[start:end], np.int64)
                some = np.concatenate([few[begins[place] : begins[place + 1]] for place in asking])
                yield self._meet_together(chunk, asking, some, crowd)

    def _find_crowd(self, keys: Sequence[int], times: int) -> CaseNumberArray:
        """The distinct cases under the keys of crowds, ascending; `times` is how many cases ask for them."""
        crowd: CaseNumberArray = np.empty(0, np.uint32)
        for key in keys:
            _, numbers = self.store.find_entries(np.array([key], np.uint64))
            if self._observer is not None:
                self._observer(np.full(times, key, np.uint64), np.full(times, len(numbers) - 1, np.int64))
            crowd = _sort_once(np.concatenate([crowd, numbers]))
        return crowd

    def _meet_together(self, chunk: StoredChunk, cases: Index, keys: Index, crowd: CaseNumberArray) -> ChunkPairs:
        """The pairs of some cases: under these of the chunk's keys (indices), and with a crowd (empty for none).

        Of those with a crowd only what the crowd screen leaves, and what it rules out of the sample.
        """
        asked, numbers = self.store.find_entries(chunk.keys[keys])
        if self._observer is not None:
            self._observe_sizes(chunk.keys[keys], asked)
        asking = chunk.owner[keys[asked]]
        asking, numbers = self._drop_unmet(chunk, asking, numbers)
        sampled: list[ChunkPairs] = []
        if len(crowd):
            beyond = ~_is_among(numbers, crowd)
            asking, numbers = asking[beyond], numbers[beyond]
            met, met_numbers, count = self._meet_crowd(chunk, cases, crowd, sampled)
            asking, numbers = _pair_once(np.concatenate([asking, met]), np.concatenate([numbers, met_numbers]))
            self.counts.candidates += count - len(met)
        self.counts.candidates += len(asking)
        drawn = _is_sampled(chunk.hash_cases(asking), numbers)
        found = [ChunkPairs(asking, numbers, drawn), *sampled]
        return ChunkPairs(*map(np.concatenate, zip(*found, strict=True)))

    def _meet_crowd(
        self, chunk: StoredChunk, cases: Index, crowd: CaseNumberArray, sampled: list[ChunkPairs]
    ) -> tuple[Index, CaseNumberArray, int]:
        """Hold a few cases against a crowd.

        Returns `(asking, numbers, count)`: the pairs that the crowd screen leaves open, and how many pairs there were.
        Those of the sample that it rules out are added to `sampled`.
        """
        count, countries = 0, chunk.postings.countries[cases, None]
        hashes = chunk.hash_cases(cases)[:, None]
        asking, found = [np.empty(0, np.int64)], [crowd[:0]]
        for start in range(0, len(crowd), MOST_TOGETHER):
            some = crowd[start : start + MOST_TOGETHER]
            met = self._may_meet(countries, self.store.get_countries(some)) & chunk.is_asked_once(cases[:, None], some)
            count += int(np.count_nonzero(met))
            many = np.flatnonzero(met.mean(1) >= LEAST_SHARE)
            columns = np.flatnonzero(met.any(0))
            if len(columns) < len(some):
                some, met = some[columns], met[:, columns]
            if many.size:
                may = self._screen.may_link_crowd(chunk.numbers[cases[many]], some)
                place, at = np.nonzero(met[many] & ~may & _is_sampled(hashes[many], some))
                sampled.append(ChunkPairs(cases[many[place]], some[at], np.ones(len(at), np.bool_)))
                met[many] &= may
            place, at = np.nonzero(met)
            asking.append(cases[place])
            found.append(some[at])
        return np.concatenate(asking), np.concatenate(found), count

    def _observe_sizes(self, keys: KeyArray, asked: Index) -> None:
        sizes = np.bincount(asked, minlength=len(keys)) - 1
        met = np.flatnonzero(sizes > 0)
        if self._observer is not None:
            self._observer(keys[met], sizes[met])

    def _drop_unmet(self, chunk: StoredChunk, asking: Index, numbers: CaseNumberArray) -> tuple[Index, CaseNumberArray]:
        """The distinct pairs, without those that are of one country for certain, each in one direction."""
        kept = self._may_meet(chunk.postings.countries[asking], self.store.get_countries(numbers))
        asking, numbers = _pair_once(asking[kept], numbers[kept])
        once = chunk.is_asked_once(asking, numbers)
        return asking[once], numbers[once]

    def _may_meet(self, countries: NDArray[np.uint16], others: NDArray[np.uint16]) -> NDArray[np.bool_]:
        """Whether cases of these countries meet those of the others; the arrays are broadcast."""
        if self._within:
            return np.ones(np.broadcast_shapes(countries.shape, others.shape), np.bool_)
        met: NDArray[np.bool_] = (countries == UNKNOWN_COUNTRY) | (countries != others)
        return met

    def make_asks(self, chunk: StoredChunk, pairs: ChunkPairs, may: NDArray[np.bool_]) -> Iterator[Ask]:
        """Ask for the pairs that the screen leaves, and for those of the sample."""
        self.counts.screened += int(np.count_nonzero(may))
        left = may | pairs.sampled
        pairs = ChunkPairs(pairs.asking[left], pairs.numbers[left], pairs.sampled[left])
        ids = split_ids(chunk.postings.cases[pairs.asking]), split_ids(self.store.get_ids(pairs.numbers))
        orders = chunk.postings.orders[pairs.asking].tolist(), self.store.get_orders(pairs.numbers).tolist()
        for case, other, order, other_order, sampled in zip(*ids, *orders, pairs.sampled.tolist(), strict=True):
            a, b = order_pair(case, other)
            order_a, order_b = (order, other_order) if a == case else (other_order, order)
            yield Ask(a, b, order_a, order_b, sampled)


class PostingChunk(NamedTuple):
    """Postings that come to one of several meeting places: the ids of their cases, and their values."""

    place: MeetingPlace
    cases: Sequence[bytes]
    values: Sequence[bytes]


class TakenPostings(NamedTuple):
    """What postings led to, and how many of them were taken: all, or the first of them where they meet very many."""

    asks: list[Ask]
    taken: int


def take_together(chunks: Sequence[PostingChunk], small: SmallScreen, most_met: int = MOST_MET) -> list[TakenPostings]:
    """Take in the postings of several meeting places that screen by the same small sketches.

    Where there are many partitions few pairs come to each at a time, and to ask the screen costs as much for one pair
    as for a hundred. So it is asked for the pairs of all places together. Those that are not taken are to be taken
    again later, which asks for all of their pairs, whatever is stored of them already. One posting at least is taken.
    Raises ProtocolError, before anything is changed.
    """
    asks: list[list[Ask]] = [[] for _ in chunks]
    taken = [0] * len(chunks)
    waiting: list[tuple[int, StoredChunk, ChunkPairs]] = []

    def screen_waiting() -> None:
        one, other = (
            np.concatenate([chunks[at].place.store.get_sketches(numbers) for at, numbers in of_pairs])
            for of_pairs in (
                [(at, chunk.numbers[pairs.asking]) for at, chunk, pairs in waiting],
                [(at, pairs.numbers) for at, _, pairs in waiting],
            )
        )
        ends = np.cumsum([len(pairs.numbers) for _, _, pairs in waiting])
        for (at, chunk, pairs), may in zip(waiting, np.split(small.may_link(one, other), ends[:-1]), strict=True):
            asks[at] += chunks[at].place.make_asks(chunk, pairs, may)
        waiting.clear()

    decoded = decode_chunks([(cases, values) for _, cases, values in chunks], small.words)
    met = 0
    for at, ((place, cases, _), postings) in enumerate(zip(chunks, decoded, strict=True)):
        if met >= most_met:
            continue
        chunk = place.store_chunk(postings)
        met_by = chunk.count_met()
        fitting = max(int(np.searchsorted(met_by, most_met - met, side="right")), 1)
        met += int(met_by[fitting - 1 : fitting].sum())
        taken[at] = _count_taken(cases, chunk, fitting)
        for pairs in place.find_pairs(chunk, fitting):
            waiting.append((at, chunk, pairs))
            if sum(len(some.numbers) for _, _, some in waiting) >= MOST_TOGETHER:
                screen_waiting()
    if waiting:
        screen_waiting()
    return [TakenPostings(*of_place) for of_place in zip(asks, taken, strict=True)]


def _count_taken(cases: Sequence[bytes], chunk: StoredChunk, fitting: int) -> int:
    """How many of the records that have these cases are taken where the chunk's first cases alone are."""
    if fitting >= len(chunk.numbers):
        return len(cases)
    left = set(split_ids(chunk.postings.cases[fitting:]))
    return next(at for at, case in enumerate(cases) if case in left)


def _is_sampled(hashes: NDArray[np.uint32], numbers: CaseNumberArray) -> NDArray[np.bool_]:
    """Whether pairs of cases of these hashes with those of these numbers are of the sample; the arrays broadcast."""
    sampled: NDArray[np.bool_] = (hashes ^ numbers * _MIXED) < _IN_SAMPLE
    return sampled


def _pair_once(asking: Index, numbers: CaseNumberArray) -> tuple[Index, CaseNumberArray]:
    """The distinct pairs, ascending by the asking case, then by number."""
    pairs = _sort_once(asking.astype(np.uint64) << _NUMBER_BITS | numbers)
    return (pairs >> _NUMBER_BITS).astype(np.int64), (pairs & _NUMBER).astype(np.uint32)


def _sort_once(values: NDArray[_Number]) -> NDArray[_Number]:
    """The distinct values, ascending."""
    values = np.sort(values)  # np.unique hashes first, which takes several times as long
    return values[np.concatenate([[True], values[1:] != values[:-1]])] if len(values) else values


def _is_among(numbers: CaseNumberArray, crowd: CaseNumberArray) -> NDArray[np.bool_]:
    """Whether each number is one of a crowd, which ascends and is not empty."""
    found: NDArray[np.bool_] = crowd[np.minimum(np.searchsorted(crowd, numbers), len(crowd) - 1)] == numbers
    return found


def _group_bounded(sizes: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Cut a list of sizes into slices `(begin, end)` that sum to at most MOST_TOGETHER; a larger size stands alone."""
    start = total = 0
    for at, size in enumerate(sizes):
        if at > start and total + size > MOST_TOGETHER:
            yield start, at
            start, total = at, 0
        total += size
    if start < len(sizes):
        yield start, len(sizes)
