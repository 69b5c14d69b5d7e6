"""A meeting place: the partition that owns some keys, keeps the postings under them, and asks for pairs of cases.

What is held of the cases of a chunk and under their keys is looked up in one search, then the chunk is stored. Its
cases meet those that were held and each other. Pairs of one country and those that the screen excludes are dropped. A
value that everybody has makes a key with very many cases, a crowd. Cases that meet the same crowd are screened against
it side by side, a bounded number of its cases at a time. None of the crowd is skipped: whether a pair is left out
depends on its two cases alone, never on how many other cases there are or which came first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple, Protocol, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from pipeline.correlation.matcher import SmallScreen
from pipeline.correlation.meeting_store import NO_CASE, CaseNumberArray, Entries, LookUp, MeetingStore, split_ids
from pipeline.correlation.postings import (
    UNKNOWN_COUNTRY,
    IdArray,
    KeyArray,
    Postings,
    RowArray,
    decode_chunks,
    decode_postings,
)
from pipeline.correlation.protocol import Ask, order_pair
from pipeline.correlation.sorted_runs import sort_entries, turn_keys
from pipeline.matching.ragged import Index, expand_counts

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

SAMPLED = 10_000
"""One in so many pairs, by a hash of the asking case and the other's number here, is asked for whatever the screen says
of it, and is held to what the screens promise: no link is ruled out."""

_MIXED, _IN_SAMPLE = np.uint32(0x9E3779B1), np.uint32((1 << 32) // SAMPLED)
"""Knuth's multiplicative hash of a case's number in its store, and the pairs whose hash is below the sample's share."""

_NUMBER_BITS, _NUMBER = np.uint64(32), np.uint64((1 << 32) - 1)

_NO_KEYS: KeyArray = np.empty(0, np.uint64)

_NO_ENTRIES: Final = Entries(np.empty(0, np.int64), np.empty(0, np.uint32), np.empty(0, np.uint16))

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


class MeetingCounts(msgspec.Struct):
    """What a meeting place has done since it was made. It feeds metrics; nothing is decided by it."""

    candidates: int = 0
    """Cases of other countries that shared a key with one that came."""
    screened: int = 0
    """Those of them that the screen left."""


class FoundPairs(NamedTuple):
    """Pairs: the index of the asking case, and the number of the other one; which are of the sample.

    They are in the order of the places that they are of.
    """

    asking: Index
    numbers: CaseNumberArray
    sampled: NDArray[np.bool_]


class StoredChunk(NamedTuple):
    """Postings that a meeting place has stored, the numbers of their cases, and what it held before.

    `sizes` says of each key how many cases have it at most.
    """

    place: MeetingPlace
    postings: Postings
    numbers: CaseNumberArray
    held: LookUp
    sizes: NDArray[np.int64]

    def count_fitting(self, most: int) -> tuple[int, int]:
        """How many of the cases meet at most so many entries, but one at least; and how many entries they meet."""
        total = int(self.sizes.sum())
        if total <= most:
            return len(self.numbers), total
        owner = np.repeat(np.arange(len(self.numbers)), self.postings.counts)
        met = np.cumsum(np.bincount(owner, self.sizes, len(self.numbers)).astype(np.int64))
        fitting = max(int(np.searchsorted(met, most, side="right")), 1)
        return fitting, int(met[fitting - 1])


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
        self.store, self.screen, self.within, self.observer = store, screen, within, observer
        self.counts = MeetingCounts()

    def take_postings(self, cases: Sequence[bytes], values: Sequence[bytes]) -> list[Ask]:
        """Take in postings, by the ids of their cases, and ask for the pairs that they make.

        One that is older than the stored one changes nothing; one of the same version asks anew. Raises ProtocolError,
        before anything is changed.
        """
        postings = decode_postings(cases, values, self.screen.words)
        chunk = self.store_chunk(postings, _AlikeKeys(postings.keys).counts)
        meeting = Meeting([chunk], [len(chunk.numbers)])
        asks: list[Ask] = []
        for pairs in meeting.find_pairs():
            may = np.zeros(len(pairs.numbers), np.bool_)
            for start in range(0, len(may), MOST_TOGETHER):
                some = slice(start, start + MOST_TOGETHER)
                may[some] = self.screen.may_link(chunk.numbers[pairs.asking[some]], pairs.numbers[some])
            asks += (ask for _, ask in meeting.make_asks(pairs, may))
        return asks

    def load_postings(self, cases: Sequence[bytes], values: Sequence[bytes]) -> None:
        """Take in postings without asking for anything, for a store that is behind what was applied."""
        self._put_postings(decode_postings(cases, values, self.screen.words), asked=False)

    def store_chunk(self, postings: Postings, counts: NDArray[np.int64]) -> StoredChunk:
        """Store postings whose pairs are to be found; one that is older than the stored one changes nothing.

        `counts` says of each key how many of the postings have it.
        """
        stored, numbers, held = self._put_postings(postings, asked=True)
        if len(stored.keys) < len(postings.keys):
            counts = _AlikeKeys(stored.keys).counts
        return StoredChunk(self, stored, numbers, held, held.sizes + counts)

    def _put_postings(self, postings: Postings, *, asked: bool) -> tuple[Postings, CaseNumberArray, LookUp]:
        """Store postings that are not older than the stored ones: those, their numbers, and what was held before."""
        held = self.store.look_up(postings.cases, postings.keys if asked else _NO_KEYS)
        known = np.flatnonzero(held.numbers != NO_CASE)
        if known.size:
            kept = np.ones(len(held.numbers), np.bool_)
            kept[known] = self.store.get_orders(held.numbers[known]) <= postings.orders[known]
            if not kept.all():
                return self._put_postings(postings.take(kept), asked=asked)
        numbers = self.store.put_postings(postings, held.numbers)
        self.screen.add_cases(postings.cases, numbers)
        return postings, numbers, held


class Meeting:
    """Whom the cases of some chunks meet: of several meeting places that differ in their stores alone.

    All cases and keys are in arrays, those of a chunk behind those of the one before, since what is done for a few of
    them takes as long as for a hundred. A number has the place in its upper half where it must tell a case from those
    of other places.
    """

    def __init__(self, chunks: Sequence[StoredChunk], asking: Sequence[int]) -> None:
        """Of each chunk the first cases ask, so many; the others are there to be met."""
        self._chunks = chunks
        self._rules = chunks[0].place
        postings = [chunk.postings for chunk in chunks]
        counts = np.array([len(chunk.numbers) for chunk in chunks])
        self._place = np.repeat(np.arange(len(chunks)), counts)
        self._upper = self._place.astype(np.uint64) << _NUMBER_BITS
        self._numbers = np.concatenate([chunk.numbers for chunk in chunks])
        self._cases = np.concatenate([some.cases for some in postings])
        self._orders = np.concatenate([some.orders for some in postings])
        self._countries = np.concatenate([some.countries for some in postings])
        self._sketches = np.concatenate([some.sketches for some in postings])
        self._hashes = np.ascontiguousarray(self._cases[:, :4]).view("<u4")[:, 0]
        self._keys = np.concatenate([some.keys for some in postings])
        self._owner = np.repeat(np.arange(len(self._place)), np.concatenate([some.counts for some in postings]))
        self._first_keys = np.cumsum([0, *(len(some.keys) for some in postings)])
        self._alike = _AlikeKeys(self._keys, self._place[self._owner])
        asks = np.arange(len(self._place)) < (np.cumsum(counts) - counts + asking)[self._place]
        self._sizes = np.where(asks[self._owner], np.concatenate([chunk.sizes for chunk in chunks]), 0)
        whole = self._upper | self._numbers
        self._by_number = np.argsort(whole)
        self._sorted = whole[self._by_number]

    def find_pairs(self) -> Iterator[FoundPairs]:
        """The pairs of cases that ask with others, of bounded many entries at a time."""
        crowded = self._sizes >= CROWD
        # A key with one case at most has the case itself, which is stored.
        few = np.flatnonzero(~crowded & (self._sizes > 1))
        totals = np.bincount(self._owner[few], self._sizes[few], len(self._place)).astype(np.int64)
        begins = np.searchsorted(self._owner[few], np.arange(len(self._place) + 1))
        for shared, cases in self._group_by_crowds(np.flatnonzero(crowded), totals).items():
            crowd = self._find_crowd(shared, len(cases))
            for start, end in _group_bounded(totals[cases].tolist()):
                asking = cases[start:end]
                case, within = expand_counts(begins[asking + 1] - begins[asking])
                yield self._meet_few(few[begins[asking][case] + within], crowd)
                yield from self._meet_crowd(asking, crowd)

    def _group_by_crowds(self, crowded: Index, totals: NDArray[np.int64]) -> dict[tuple[int, ...], Index]:
        """The cases that meet anybody, by the crowds that they meet: by places of keys, the first of those alike."""
        if not crowded.size:
            return {(): np.flatnonzero(totals)}
        keys: dict[int, list[int]] = defaultdict(list)
        for case, key in zip(self._owner[crowded].tolist(), self._alike.first[crowded].tolist(), strict=True):
            keys[case].append(key)
        groups: dict[tuple[int, ...], list[int]] = defaultdict(list)
        for case in np.flatnonzero(totals).tolist():
            if case not in keys:
                groups[()].append(case)
        for case, some in keys.items():
            groups[tuple(some)].append(case)
        return {shared: np.array(cases) for shared, cases in groups.items()}

    def _find_crowd(self, keys: Sequence[int], times: int) -> CaseNumberArray:
        """The distinct cases under the keys of crowds, ascending; `times` is how many cases ask for them."""
        crowd: CaseNumberArray = np.empty(0, np.uint32)
        for key in keys:
            _, numbers, _ = self._find_held(np.array([key]))
            numbers = np.concatenate([numbers, self._numbers[self._owner[self._alike.find_places(key)]]])
            if self._rules.observer is not None:
                observed = np.full(times, self._keys[key]), np.full(times, len(numbers) - 1, np.int64)
                self._rules.observer(*observed)
            crowd = _sort_once(np.concatenate([crowd, numbers]))
        return crowd

    def _find_held(self, keys: Index) -> Entries:
        """Who was under some keys before and is so still, without cases that are here, by the keys' places in `keys`.

        The keys ascend by place.
        """
        bounds = np.searchsorted(keys, self._first_keys).tolist()
        found = []
        for chunk, first, (start, end) in zip(self._chunks, self._first_keys.tolist(), pairwise(bounds), strict=False):
            if end > start:
                asked, numbers, countries = chunk.held.find_entries(keys[start:end] - first)
                found.append(Entries(asked + start, numbers, countries))
        if not found:
            return _NO_ENTRIES
        asked, numbers, countries = (np.concatenate(some) for some in zip(*found, strict=True))
        _, here = self._find_here(self._upper[self._owner[keys[asked]]], numbers)
        if here.any():
            asked, numbers, countries = asked[~here], numbers[~here], countries[~here]
        return Entries(asked, numbers, countries)

    def _find_here(
        self, upper: NDArray[np.uint64] | np.uint64, numbers: CaseNumberArray
    ) -> tuple[Index, NDArray[np.bool_]]:
        """Which of the cases here each number is of, and whether it is of any."""
        whole = upper | numbers
        at = np.minimum(np.searchsorted(self._sorted, whole), len(self._sorted) - 1)
        return self._by_number[at], self._sorted[at] == whole

    def _meet_few(self, keys: Index, crowd: CaseNumberArray) -> FoundPairs:
        """The pairs of cases under some keys (places), without those whose other case is of a crowd."""
        asked, numbers, countries = self._find_held(keys)
        self._observe_sizes(keys, asked)
        asking = self._owner[keys[asked]]
        here, others = self._find_alike(keys)
        asking, numbers = np.concatenate([asking, here]), np.concatenate([numbers, self._numbers[others]])
        met = self._may_meet(self._countries[asking], np.concatenate([countries, self._countries[others]]))
        asking, numbers = _pair_once(asking[met], numbers[met])
        if len(crowd):
            beyond = ~_is_among(numbers, crowd)
            asking, numbers = asking[beyond], numbers[beyond]
        return self._count_pairs(asking, numbers)

    def _count_pairs(self, asking: Index, numbers: CaseNumberArray) -> FoundPairs:
        for place, some in self._split_pairs(asking):
            place.counts.candidates += some.stop - some.start
        return FoundPairs(asking, numbers, _is_sampled(self._hashes[asking], numbers))

    def _find_alike(self, keys: Index) -> tuple[Index, Index]:
        """The cases here that share some keys, `(asking, other)`; of those that ask both, in one direction."""
        shared = keys[self._alike.counts[keys] > 1]
        key, within = expand_counts(self._alike.counts[shared])
        asking = self._owner[shared[key]]
        others = self._owner[self._alike.order[self._alike.begins[shared][key] + within]]
        once = others > asking
        return asking[once], others[once]

    def _meet_crowd(self, cases: Index, crowd: CaseNumberArray) -> Iterator[FoundPairs]:
        """The pairs of a few cases of one place with a crowd there, a part of the crowd at a time."""
        place, upper = self._chunks[self._place[cases[0]]].place, self._upper[cases[0]]
        countries, width = self._countries[cases, None], max(1, MOST_TOGETHER // len(cases))
        for start in range(0, len(crowd), width):
            some = crowd[start : start + width]
            case, here = self._find_here(upper, some)
            met = self._may_meet(countries, place.store.get_countries(some)) & (~here | (case > cases[:, None]))
            row, at = np.nonzero(met)
            yield self._count_pairs(cases[row], some[at])

    def _observe_sizes(self, keys: Index, asked: Index) -> None:
        if self._rules.observer is not None:
            sizes = np.bincount(asked, minlength=len(keys)) + self._alike.counts[keys] - 1
            met = np.flatnonzero(sizes > 0)
            self._rules.observer(self._keys[keys[met]], sizes[met])

    def _may_meet(self, countries: NDArray[np.uint16], others: NDArray[np.uint16]) -> NDArray[np.bool_]:
        """Whether cases of these countries meet those of the others; the arrays are broadcast."""
        if self._rules.within:
            return np.ones(np.broadcast_shapes(countries.shape, others.shape), np.bool_)
        met: NDArray[np.bool_] = (countries == UNKNOWN_COUNTRY) | (countries != others)
        return met

    def _split_pairs(self, asking: Index) -> Iterator[tuple[MeetingPlace, slice]]:
        """Which pairs are of each place that has any, by their asking cases, which are in the order of places."""
        bounds = np.searchsorted(self._place[asking], np.arange(len(self._chunks) + 1)).tolist()
        for chunk, (start, end) in zip(self._chunks, pairwise(bounds), strict=True):
            if end > start:
                yield chunk.place, slice(start, end)

    def read_sketches(self, pairs: FoundPairs) -> tuple[RowArray, RowArray]:
        """The small sketches of both cases of some pairs."""
        others = [place.store.get_sketches(pairs.numbers[some]) for place, some in self._split_pairs(pairs.asking)]
        return self._sketches[pairs.asking], np.concatenate(others)

    def make_asks(self, pairs: FoundPairs, may: NDArray[np.bool_]) -> Iterator[tuple[int, Ask]]:
        """Ask for the pairs that the screen leaves, and for those of the sample; with the index of each one's chunk."""
        for place, some in self._split_pairs(pairs.asking):
            place.counts.screened += int(np.count_nonzero(may[some]))
        left = may | pairs.sampled
        asking, numbers, sampled = pairs.asking[left], pairs.numbers[left], pairs.sampled[left]
        found = [
            (place.store.get_ids(numbers[some]), place.store.get_orders(numbers[some]))
            for place, some in self._split_pairs(asking)
        ]
        if not found:
            return
        other_ids, other_orders = (np.concatenate(some) for some in zip(*found, strict=True))
        ids = split_ids(self._cases[asking]), split_ids(other_ids)
        orders = self._orders[asking].tolist(), other_orders.tolist()
        rest = sampled.tolist(), self._place[asking].tolist()
        for case, other, order, other_order, of_sample, at in zip(*ids, *orders, *rest, strict=True):
            a, b = order_pair(case, other)
            order_a, order_b = (order, other_order) if a == case else (other_order, order)
            yield at, Ask(a, b, order_a, order_b, of_sample)


class _AlikeKeys:
    """Which of some keys are alike, and of one place if places are given.

    `order` has the keys' places with those alike side by side, ascending. Of each key `begins` says where those alike
    to it begin there, and `counts` how many there are, itself among them.
    """

    def __init__(self, keys: KeyArray, places: Index | None = None) -> None:
        turned, order = sort_entries(turn_keys(keys), np.arange(len(keys), dtype=np.uint32))
        self.order: Index = order.astype(np.int64)
        begin = np.ones(len(keys), np.bool_)
        begin[1:] = turned[1:] != turned[:-1]
        if places is not None:
            begin[1:] |= np.diff(places[self.order]) != 0
        group = np.cumsum(begin) - 1
        starts = np.flatnonzero(begin)
        counts = np.diff(starts, append=len(keys))
        self.begins, self.counts = np.empty(len(keys), np.int64), np.empty(len(keys), np.int64)
        self.begins[self.order], self.counts[self.order] = starts[group], counts[group]

    @property
    def first(self) -> Index:
        """The first of those alike to each key."""
        return self.order[self.begins]

    def find_places(self, key: int) -> Index:
        """Those alike to a key."""
        begin = self.begins[key]
        return self.order[begin : begin + self.counts[key]]


def _count_alike(chunks: Sequence[Postings]) -> list[NDArray[np.int64]]:
    """How many postings of each chunk have each of its keys, for all chunks at once."""
    if not chunks:
        return []
    sizes = [len(chunk.keys) for chunk in chunks]
    keys = np.concatenate([chunk.keys for chunk in chunks])
    return np.split(_AlikeKeys(keys, np.repeat(np.arange(len(chunks)), sizes)).counts, np.cumsum(sizes)[:-1])


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
    """Take in the postings of several meeting places that differ in their stores alone, and screen by small sketches.

    Where there are many partitions few cases come to each at a time, and few cost as much as a hundred. So pairs are
    found and screened for all places together. Postings that are not taken are to be taken again later, which asks for
    all of their pairs, whatever is stored of them already. One posting at least is taken. Raises ProtocolError, before
    anything is changed.
    """
    asks: list[list[Ask]] = [[] for _ in chunks]
    taken = [0] * len(chunks)
    stored: list[StoredChunk] = []
    asking: list[int] = []
    places: list[int] = []
    decoded = decode_chunks([(cases, values) for _, cases, values in chunks], small.words)
    met = 0
    for at, ((place, cases, _), postings, counts) in enumerate(
        zip(chunks, decoded, _count_alike(decoded), strict=True)
    ):
        if met >= most_met:
            break
        chunk = place.store_chunk(postings, counts)
        fitting, count = chunk.count_fitting(most_met - met)
        met += count
        taken[at] = _count_taken(cases, chunk, fitting)
        if len(chunk.numbers):
            stored.append(chunk)
            asking.append(fitting)
            places.append(at)
    if stored:
        for at, ask in _ask_together(Meeting(stored, asking), small):
            asks[places[at]].append(ask)
    return [TakenPostings(*of_place) for of_place in zip(asks, taken, strict=True)]


def _ask_together(meeting: Meeting, small: SmallScreen) -> Iterator[tuple[int, Ask]]:
    """The asks of a meeting, with the index of each one's chunk; many pairs are screened at once."""
    waiting: list[FoundPairs] = []
    for pairs in meeting.find_pairs():
        waiting.append(pairs)
        if sum(len(some.numbers) for some in waiting) >= MOST_TOGETHER:
            yield from _screen_waiting(meeting, waiting, small)
            waiting.clear()
    yield from _screen_waiting(meeting, waiting, small)


def _screen_waiting(meeting: Meeting, waiting: Sequence[FoundPairs], small: SmallScreen) -> Iterator[tuple[int, Ask]]:
    waiting = [pairs for pairs in waiting if len(pairs.numbers)]
    if not waiting:
        return
    one, other = map(np.concatenate, zip(*map(meeting.read_sketches, waiting), strict=True))
    ends = np.cumsum([len(pairs.numbers) for pairs in waiting])
    for pairs, may in zip(waiting, np.split(small.may_link(one, other), ends[:-1]), strict=True):
        yield from meeting.make_asks(pairs, may)


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
