"""Intake and correlate of a small world, with stores of their own and crashes between any two steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pipeline.correlation.fingerprinting import expiry_mark
from pipeline.correlation.home_store import MemoryHomeStore, SourcePosition
from pipeline.correlation.homes import Arrival, Home
from pipeline.correlation.meeting_places import MeetingPlace, PostedSketchScreen, PostingChunk, take_together
from pipeline.correlation.meeting_store import MemoryMeetingStore
from pipeline.correlation.protocol import (
    Answer,
    Ask,
    CaseVersion,
    Follow,
    ProtocolMessage,
    Watch,
    WatchMessage,
    case_id,
    decode_pair_message,
    home_partition,
)
from pipeline.correlation.store_file import NO_OFFSET
from pipeline.records.agencies import Agency
from pipeline.records.expiry import mark
from pipeline.records.messages import KnownVersion, VersionRelation, compare_version
from support.convergence.logs import (
    CASES,
    Log,
    SentVersion,
)

if TYPE_CHECKING:
    from support.convergence.world import World


class Intake:
    """The one writer of `accepted` and `fingerprints`: version rules for what comes, and the ends that retention asks.

    Its store holds what is known of each case; its outputs and its progress are one transaction.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.taken = self.ended = self.stored = 0
        self.known: dict[str, KnownVersion] = {}

    def step(self, count: int, crash: str) -> None:
        """A chunk of inputs: the transaction, then the store's commit; a crash between any two."""
        known = dict(self.known)
        chunk = self.world.inputs[self.taken : self.taken + count]
        outputs = [(version, version.fingerprint.case not in before) for version, before in self._newer(chunk, known)]
        if crash == "before sending":
            return
        for version, first in outputs:
            self._write(version, first=first)
        self.taken += len(chunk)
        if crash == "before storing":
            self._catch_up()
        else:
            self.known, self.stored = known, self.taken

    def end(self, count: int, crash: str) -> None:
        """A chunk of requests to end versions: there is nothing to store."""
        if crash == "before sending":
            return
        for asked in self.world.expiries[self.ended : self.ended + count]:
            agency = Agency(asked.agency, CASES[asked.case])
            made = mark(asked, agency, self.known.get(asked.case))
            if made is not None:
                self._write(SentVersion(expiry_mark(made), asked.content_hash), first=False)
            self.ended += 1

    def lose(self) -> None:
        """The store is lost: what is known comes from `accepted`."""
        self.known = {one.fingerprint.case: one.known for one in self.world.accepted.last()}
        self.stored = self.taken

    def _newer(
        self, chunk: list[SentVersion], known: dict[str, KnownVersion]
    ) -> Iterator[tuple[SentVersion, dict[str, KnownVersion]]]:
        """What is due, each with what was known before it."""
        for version in chunk:
            case = version.fingerprint.case
            if compare_version(known.get(case), version.fingerprint.version, version.content) is VersionRelation.NEWER:
                yield version, dict(known)
                known[case] = version.known

    def _write(self, version: SentVersion, *, first: bool) -> None:
        """To the home of the case, encoded as it is on Kafka."""
        case = version.fingerprint.case
        self.world.accepted.append(case, version)
        home = home_partition(case_id(case), self.world.partitions)
        encoded = CaseVersion(version.fingerprint).encoded
        self.world.fingerprints[home].append(case, Arrival(CaseVersion(encoded=encoded), first))

    def _catch_up(self) -> None:
        """After a crash: the store is behind what was sent, and decides the same once more without sending it."""
        for _ in self._newer(self.world.inputs[self.stored : self.taken], self.known):
            pass
        self.stored = self.taken


FINGERPRINTS, PAIRS, WATCHES = "fingerprints", "pairs", "watches"
SOURCES = (FINGERPRINTS, PAIRS, WATCHES)
"""What a home reads, each with a position of its own."""


class HomeWorker:
    """One owner of one partition of `fingerprints`, `pairs` and `watches`."""

    def __init__(self, world: World, partition: int, kept: MemoryHomeStore) -> None:
        self.world, self.partition = world, partition
        self.kept = kept
        self.restart()

    def restart(self) -> None:
        """Open the kept store and bring it up to what was applied, without sending anything.

        A store is caught up only if nothing after its position in `fingerprints` was compacted away: then fewer records
        are left than were applied. `watches` is read to its end, and `pairs` not at all.
        """
        applied = self.world.progress[self.partition]
        log, last = self.world.fingerprints[self.partition], applied[FINGERPRINTS]
        store, at = self.kept.snapshot(), self.kept.positions.get(FINGERPRINTS, SourcePosition())
        since = log.between(at.offset, last.offset)
        if at.records + len(since) != last.records:
            store = MemoryHomeStore()
            store.rebuilt = True
            since = log.between(NO_OFFSET, last.offset)
        elif store.positions and store.positions != applied:
            store.behind = True
        self.home = self._home(store)
        self.home.load_fingerprints([arrival for _, arrival in since])
        watches = self.world.watches[self.partition]
        known = store.positions.get(WATCHES, SourcePosition()).offset
        self.home.load_watches(decode_watches(watches.records(known, watches.end)))
        self._commit(applied)

    def _home(self, store: MemoryHomeStore) -> Home:
        world = self.world
        return Home(
            store,
            self.partition,
            world.partitions,
            world.matcher.pairs,
            screen=world.matcher.screen,
            generation="g",
            remembered=world.remembered,
        )

    def _commit(self, positions: Mapping[str, SourcePosition]) -> None:
        self.home.store.commit(positions)
        assert isinstance(self.home.store, MemoryHomeStore)
        self.kept = self.home.store.snapshot()

    def step(self, source: str, count: int, crash: str) -> None:
        """A chunk: messages and progress in one transaction, then the store's commit; a crash between any two."""
        at = self.kept.positions[source]
        chunk = self._log(source).records(at.offset, 1 << 60)[:count]
        messages = self._take(source, chunk)
        if not chunk:
            return
        positions = {**self.kept.positions, source: SourcePosition(chunk[-1][0], at.records + len(chunk))}
        if crash != "before sending":
            self.world.send_from_home(self, positions, messages)
        if crash:
            self.restart()
        else:
            self._commit(positions)

    def _log(self, source: str) -> Log:
        logs = {FINGERPRINTS: self.world.fingerprints, PAIRS: self.world.pairs, WATCHES: self.world.watches}
        return logs[source][self.partition]

    def _take(self, source: str, chunk: Sequence[tuple[int, bytes, Any]]) -> Sequence[ProtocolMessage]:
        if source == FINGERPRINTS:
            return self.home.take_fingerprints([arrival for _, _, arrival in chunk])
        if source == WATCHES:
            return self.home.take_watches(decode_watches(chunk))
        found = [decode_pair_message(key, value) for _, key, value in chunk]
        answers = self.home.take_asks([message for message in found if isinstance(message, Ask)])
        return [*answers, *self.home.take_answers([message for message in found if isinstance(message, Answer)])]

    def again(self, count: int) -> Sequence[ProtocolMessage]:
        """What the last fingerprints applied lead to when they are delivered once more."""
        last = self.kept.positions[FINGERPRINTS].offset
        return self._take(FINGERPRINTS, self._log(FINGERPRINTS).records(NO_OFFSET, last)[-count:])

    @property
    def waiting(self) -> bool:
        return any(self._log(source).end > self.kept.positions[source].offset + 1 for source in SOURCES)


def decode_watches(records: Sequence[tuple[int, bytes, bytes]]) -> list[WatchMessage]:
    found = [decode_pair_message(key, value) for _, key, value in records]
    return [message for message in found if isinstance(message, Watch | Follow)]


MOST_MET = 8
"""Entries that postings of one step may meet: so few that many steps take a part of what came."""


class MeetingWorker:
    """One owner of one partition of `postings`."""

    def __init__(self, world: World, partition: int, kept: MemoryMeetingStore) -> None:
        self.world, self.partition = world, partition
        self.kept = kept
        self.restart()

    def restart(self) -> None:
        """Open the kept store and bring it up to what was applied; a lost one is empty, and is brought up as any."""
        applied = self.world.met[self.partition]
        store, screen = self.kept.snapshot(), self.world.matcher.screen
        self.place = MeetingPlace(store, PostedSketchScreen(store, screen))
        since = self._log.records(store.offset, applied)
        self.place.load_postings([key for _, key, _ in since], [value for _, _, value in since])
        self._commit(applied)

    @property
    def _log(self) -> Log:
        return self.world.postings[self.partition]

    def _commit(self, applied: int) -> None:
        self.place.store.commit(applied)
        assert isinstance(self.place.store, MemoryMeetingStore)
        self.kept = self.place.store.snapshot()

    def step(self, count: int, crash: str) -> None:
        """A chunk: asks and progress in one transaction, then the store's commit; a crash between any two."""
        chunk = self._log.records(self.kept.offset, 1 << 60)[:count]
        posted = PostingChunk(self.place, [key for _, key, _ in chunk], [value for _, _, value in chunk])
        ((asks, taken),) = take_together([posted], self.world.matcher.screen, MOST_MET)
        chunk = chunk[:taken]
        if chunk and crash != "before sending":
            self.world.send_from_meeting_place(self, chunk[-1][0], asks)
        if crash:
            self.restart()
        elif chunk:
            self._commit(chunk[-1][0])

    @property
    def waiting(self) -> bool:
        return self._log.end > self.kept.offset + 1
