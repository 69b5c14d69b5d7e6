"""Intake and correlate of a small world, with stores of their own and crashes between any two steps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pipeline.correlation.claims import Claim
from pipeline.correlation.correlator import Correlator, target_partitions
from pipeline.correlation.fingerprinting import expiry_mark
from pipeline.correlation.store import MemoryStore
from pipeline.correlation.store_file import NO_OFFSET
from pipeline.records.agencies import Agency
from pipeline.records.expiry import mark
from pipeline.records.messages import KnownVersion, VersionRelation, compare_version
from support.convergence.logs import (
    CASES,
    NONE,
    AppliedOffset,
    Log,
    SentVersion,
)

if TYPE_CHECKING:
    from support.convergence.world import World


class Intake:
    """The one writer of `accepted` and `blocks`: the version rules for what comes, and the ends that retention asks.

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
            self._write(version, target_partitions(version.fingerprint, first=first, partitions=self.world.partitions))
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
                self._write(SentVersion(expiry_mark(made), asked.content_hash), set(range(self.world.partitions)))
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

    def _write(self, version: SentVersion, partitions: set[int]) -> None:
        case = version.fingerprint.case
        self.world.accepted.append(case, version)
        for partition in partitions:
            self.world.blocks[partition].append(case, version.fingerprint)

    def _catch_up(self) -> None:
        """After a crash: the store is behind what was sent, and decides the same once more without sending it."""
        for _ in self._newer(self.world.inputs[self.stored : self.taken], self.known):
            pass
        self.stored = self.taken


class Worker:
    """One owner of one partition of `blocks`."""

    def __init__(self, world: World, partition: int, kept: MemoryStore, applied: AppliedOffset) -> None:
        self.world, self.partition = world, partition
        self.kept = kept
        self.restart(applied)

    def restart(self, applied: AppliedOffset) -> None:
        """Open the kept store and bring it up to what was applied, without emitting.

        A store is caught up only if nothing after its offset was compacted away: then fewer records are left than were
        applied.
        """
        log = self.world.blocks[self.partition]
        since = log.between(self.kept.offset, applied.offset)
        usable = self.kept.offset != NO_OFFSET and self.kept.records + len(since) == applied.records
        self.correlator = self._correlator(self.kept.snapshot() if usable else MemoryStore())
        if usable:
            with self.correlator.catching_up():
                for _, fingerprint in since:
                    self.correlator.receive(fingerprint)
        else:
            self._rebuild(log, applied.offset)
        self.commit(applied)

    def _rebuild(self, log: Log, applied: int) -> None:
        self.correlator.load_versions([fingerprint for _, fingerprint in log.between(NO_OFFSET, applied)])
        claims = (claim for _, claim in self.world.links.between(NO_OFFSET, self.world.links.end))
        own = {claim.link: claim for claim in claims if claim.partition == self.partition}
        self.correlator.adopt_claims(own.values())

    def _correlator(self, store: MemoryStore) -> Correlator:
        return Correlator(store, self.partition, self.world.partitions, self.world.matcher.pairs, generation="g")

    def commit(self, applied: AppliedOffset) -> None:
        self.correlator.store.records = applied.records
        self.correlator.store.commit(applied.offset)
        assert isinstance(self.correlator.store, MemoryStore)
        self.kept = self.correlator.store.snapshot()

    def step(self, count: int, crash: str) -> None:
        """A chunk: claims and progress in one transaction, then the store's commit; a crash between any two."""
        chunk = self.world.blocks[self.partition].between(self.kept.offset, 1 << 60)[:count]
        taken = self.correlator.receive_all([fingerprint for _, fingerprint in chunk])
        claims = [claim for some in taken for claim in some]
        applied = AppliedOffset(chunk[-1][0], self.kept.records + len(chunk)) if chunk else NONE
        if chunk and crash != "before sending":
            self.world.transaction(self, applied, claims)
        if crash:
            self.restart(self.world.progress[self.partition])
        elif chunk:
            self.commit(applied)

    def again(self, count: int) -> list[Claim]:
        """What the last records applied lead to when they are delivered once more."""
        applied = self.world.blocks[self.partition].between(NO_OFFSET, self.kept.offset)[-count:]
        return [claim for _, fingerprint in applied for claim in self.correlator.receive(fingerprint)]
