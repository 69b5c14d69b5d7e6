"""One partition that is the home of all cases and the meeting place of all keys: fingerprints in, claims out.

The stream passes the messages of homes and meeting places through Kafka. Where all of them are of one partition they
are passed on at once, so that a batch run and `liaison ops shadow` link what the stream links.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from pipeline.correlation.home_store import HomeStore, LmdbHomeStore, MemoryHomeStore
from pipeline.correlation.homes import Arrival, Home
from pipeline.correlation.matcher import Matcher, SmallScreen
from pipeline.correlation.meeting_places import BlockSizeObserver, MeetingPlace, PostedSketchScreen
from pipeline.correlation.meeting_store import CaseNumberArray, MemoryMeetingStore, split_ids
from pipeline.correlation.meeting_store_on_disk import DiskMeetingStore
from pipeline.correlation.postings import IdArray
from pipeline.correlation.protocol import Answer, Ask, CaseVersion, JudgedClaim, Posting, ProtocolMessage, Watch
from pipeline.correlation.store_file import NO_OFFSET, StoreIdentity
from pipeline.matching.bounds.sketches import ROW_WORDS, Sketches, find_rows
from pipeline.matching.encoded import WORD_BYTES, WordArray
from pipeline.matching.fingerprint import Fingerprint

TOGETHER = 200
"""Cases that are best taken in one call: many are looked up and screened at once, and few wait in memory."""


class LonePartition:
    """A home and a meeting place that send to each other alone, both of partition 0 of 1."""

    def __init__(self, home: Home, place: MeetingPlace) -> None:
        self.home, self.place = home, place

    @classmethod
    def on_disk(
        cls,
        folder: Path,
        identity: StoreIdentity,
        matcher: Matcher,
        screen: SmallScreen,
        *,
        generation: str = "",
        observer: BlockSizeObserver | None = None,
    ) -> LonePartition:
        """One with stores in a folder, in memory that does not grow with the cases if it is committed now and then.

        It screens by small sketches, as the stream does. Raises StoreInUseError.
        """
        versions = LmdbHomeStore(folder / "home", identity)
        try:
            postings = DiskMeetingStore(folder / "meeting-place", identity, screen.words)
        except BaseException:
            versions.close()
            raise
        place = MeetingPlace(postings, PostedSketchScreen(postings, screen), observer=observer)
        return cls(Home(versions, 0, 1, matcher, screen=screen, generation=generation), place)

    @classmethod
    def in_memory(cls, matcher: Matcher, *, within: bool = False) -> LonePartition:
        """One with stores in memory, which screens by whole sketches; `within` also links cases of one country."""
        versions = MemoryHomeStore()
        screen = HeldSketchScreen(versions, matcher)
        place = MeetingPlace(MemoryMeetingStore(screen.words), screen, within=within)
        return cls(Home(versions, 0, 1, matcher, within=within), place)

    def take(self, fingerprints: Sequence[Fingerprint]) -> Iterator[JudgedClaim]:
        """Take in versions of cases, in order, and yield the claims that they lead to; those of a link are in order."""
        messages: Sequence[ProtocolMessage] = self.home.take_fingerprints(
            [Arrival(CaseVersion(fingerprint), first=True) for fingerprint in fingerprints]
        )
        while messages:
            yield from (message for message in messages if isinstance(message, JudgedClaim))
            postings = [message for message in messages if isinstance(message, Posting)]
            messages = [
                *self._meet(postings),
                *self.home.take_asks([message for message in messages if isinstance(message, Ask)]),
                *self.home.take_answers([message for message in messages if isinstance(message, Answer)]),
                *self.home.take_watches([message for message in messages if isinstance(message, Watch)]),
            ]

    def commit(self) -> None:
        """Write what was taken in; it is not kept beyond `close`."""
        self.home.store.commit({})
        self.place.store.commit(NO_OFFSET)

    def close(self) -> None:
        """Close both stores."""
        self.home.store.close()
        self.place.store.close()

    def _meet(self, postings: Sequence[Posting]) -> Sequence[Ask]:
        if not postings:
            return ()
        return self.place.take_postings([one.case for one in postings], [one.value for one in postings])


GROWTH = 8
"""A full array grows by an eighth."""

_Word = TypeVar("_Word", np.uint32, np.int64)


class HeldSketchScreen:
    """Screens by the whole sketches of the versions that a home holds, which rule out more than those of postings."""

    words = 0

    def __init__(self, homes: HomeStore, matcher: Matcher) -> None:
        self._homes, self._matcher = homes, matcher
        self._words: WordArray = np.zeros(ROW_WORDS, np.uint32)
        self._used = 0
        self._spans: NDArray[np.int64] = np.zeros((1, 2), np.int64)
        """By a case's number: where its sketch begins among the words, and how many words it has."""

    def add_cases(self, cases: IdArray, numbers: CaseNumberArray) -> None:
        """Put the sketches behind those that are there; the room of earlier versions is not used again."""
        if not len(numbers):
            return
        ids = split_ids(cases)
        versions = self._homes.get_versions(ids)
        sketches = [versions[case].fingerprint.sketch for case in ids]
        sizes = np.array([len(sketch) // WORD_BYTES for sketch in sketches], np.int64)
        ends = self._used + np.cumsum(sizes)
        start, self._used = self._used, int(ends[-1])
        self._words = _make_room(self._words, self._used + ROW_WORDS)
        self._words[start : self._used] = np.frombuffer(b"".join(sketches), np.uint32)
        self._spans = _make_room(self._spans, int(numbers.max()) + 1)
        self._spans[numbers] = np.stack([ends - sizes, sizes], axis=1)

    def may_link(self, asking: CaseNumberArray, held: CaseNumberArray) -> NDArray[np.bool_]:
        """Ask the matcher's screen."""
        return self._matcher.may_link(self._get_sketches(asking), self._get_sketches(held))

    def _get_sketches(self, numbers: CaseNumberArray) -> Sketches:
        starts, sizes = self._spans[numbers].T
        return find_rows(self._words, starts, sizes)


def _make_room(held: NDArray[_Word], count: int) -> NDArray[_Word]:
    """The array with room for so many items along its first axis."""
    if count <= len(held):
        return held
    grown = np.zeros((max(count, len(held) + len(held) // GROWTH), *held.shape[1:]), held.dtype)
    grown[: len(held)] = held
    return grown
