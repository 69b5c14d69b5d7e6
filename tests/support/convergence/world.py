"""A small world of logs, transactions, stores and workers that behave as Kafka's and ours do, around the pure core."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from pipeline.correlation.claims import Claim, ClaimSide, external_version
from pipeline.correlation.correlator import Correlator, targets
from pipeline.correlation.fingerprinting import expiry_mark
from pipeline.correlation.hits import Hit
from pipeline.correlation.projection import Seen, Write, advance
from pipeline.correlation.store import MemoryStore
from pipeline.correlation.store_file import NO_OFFSET
from pipeline.correlation.visibility import CaseState, is_expired, visible
from pipeline.matching.fingerprint import Contact, EntityPrint, Fingerprint, Handling
from pipeline.ops.retention.policy import Keeping, ended_cases
from pipeline.records.agencies import Agency
from pipeline.records.expiry import EXPIRED, Expiry, mark
from pipeline.records.versions import Known, VersionRelation, standing
from support.convergence.matchers import WorldMatcher
from support.correlation.key_rings import RING

START = datetime(2026, 6, 1, tzinfo=UTC)
CASES = {"a:1": "AA", "a:2": "AA", "b:1": "BB", "b:2": "BB", "c:1": "CC"}


def day(number: int) -> str:
    """A date so many days after the start."""
    return (START + timedelta(days=number)).date().isoformat()


class Log:
    """One partition of a compacted topic."""

    def __init__(self) -> None:
        self.entries: dict[int, tuple[str, Any]] = {}
        self.end = 0

    def append(self, key: str, value: Any) -> None:
        self.entries[self.end] = key, value
        self.end += 1

    def between(self, after: int, last: int) -> list[tuple[int, Any]]:
        return [(offset, value) for offset, (_, value) in self.entries.items() if after < offset <= last]

    def last(self) -> list[Any]:
        """The last value of each key."""
        return list(dict(self.entries.values()).values())

    def compact(self, last: int) -> None:
        """Keep the last value of each key among the offsets up to `last`."""
        latest = {key: offset for offset, (key, _) in self.entries.items() if offset <= last}
        gone = [offset for offset, (key, _) in self.entries.items() if offset <= last and latest[key] != offset]
        for offset in gone:
            del self.entries[offset]


class AppliedOffset(NamedTuple):
    """How far a partition was applied: its last offset, and how many records in all."""

    offset: int
    records: int


NONE = AppliedOffset(NO_OFFSET, 0)


class FencedError(Exception):
    """Another worker has taken the partition over."""


class SentVersion(NamedTuple):
    """A case's version as it is sent and accepted: its fingerprint, and the hash of all its content."""

    fingerprint: Fingerprint
    content: str

    @property
    def known(self) -> Known:
        return Known(self.fingerprint.version, self.content)

    def keeping(self) -> Keeping:
        """What retention reads of it."""
        one = self.fingerprint
        status = EXPIRED if one.expired else "withdrawn" if one.withdrawn else "active"
        read = {"case": one.case, "version": one.version, "status": status}
        read |= {"data": {"retain_until": one.retain_until}, "provenance": {"content_hash": self.content}}
        return msgspec.convert(read, Keeping)


class SentHit(NamedTuple):
    """A hit, and the claim that brought it."""

    hit: Hit
    claim: Claim


class World:
    """Intake, the correlate partitions, project and the index, with everything that Kafka keeps between them."""

    def __init__(self, matcher: WorldMatcher, partitions: int) -> None:
        self.matcher, self.partitions = matcher, partitions
        self.now = START
        self.sent: dict[str, list[SentVersion]] = {}
        self.inputs: list[SentVersion] = []
        self.expiries: list[Expiry] = []
        self.accepted, self.links = Log(), Log()
        self.blocks = [Log() for _ in range(partitions)]
        self.progress = [NONE] * partitions
        self.intake = Intake(self)
        self.owners = [Worker(self, partition, MemoryStore(), NONE) for partition in range(partitions)]
        self.zombies: list[Worker] = []
        self.indexed = self.projected = NO_OFFSET
        self.seen: dict[str, Seen] = {}
        self.stored: tuple[int, dict[str, Seen]] = NO_OFFSET, {}
        self.hits: list[SentHit] = []
        self.written: list[Write] = []
        self.cases: dict[str, tuple[int, Fingerprint]] = {}
        self.documents: dict[str, Write] = {}

    # --- agencies

    def send(
        self, case: str, entities: tuple[EntityPrint, ...], handling: Handling, until: str, *, withdrawn: bool
    ) -> None:
        """A new version of a case; its hash covers what it holds, as the real one does."""
        held, until = ((), "") if withdrawn else (entities, until)
        self._send(
            Fingerprint(
                case,
                len(self.sent.get(case, ())) + 1,
                repr((held, handling, withdrawn, until)),
                case[0],
                CASES[case],
                withdrawn=withdrawn,
                retain_until=until,
                handling=Handling() if withdrawn else handling,
                contact=Contact() if withdrawn else Contact(f"unit of {case[0]}"),
                keys=self.matcher.keys(held),
                sketch=self.matcher.sketch(held),
                entities=held,
            )
        )

    def amend_nothing(self, case: str) -> None:
        """A new version that changes nothing to match on."""
        last = self.sent[case][-1].fingerprint
        self._send(msgspec.structs.replace(last, version=last.version + 1))

    def extend(self, case: str, until: str) -> None:
        """A new version that is kept until another day."""
        last = self.sent[case][-1].fingerprint
        if not last.withdrawn:
            changed = f"{last.hash} until {until}"
            self._send(msgspec.structs.replace(last, version=last.version + 1, retain_until=until, hash=changed))

    def contradict(self, one: SentVersion) -> None:
        """A version that was sent before, with other content."""
        other = msgspec.structs.replace(one.fingerprint, entities=(), keys=(), hash="other")
        self.inputs.append(SentVersion(other, f"not {one.content}"))

    def _send(self, fingerprint: Fingerprint) -> None:
        version = SentVersion(fingerprint, f"{fingerprint.hash} {fingerprint.version}")
        self.sent.setdefault(fingerprint.case, []).append(version)
        self.inputs.append(version)

    # --- retention

    def retention(self, most: int) -> None:
        """Ask for the ends of what is over, as far as it comes before it dies."""
        keeping = [one.keeping() for one in self.accepted.last()]
        self.expiries += ended_cases(keeping, self.now)[:most]

    # --- correlate

    def transaction(self, worker: Worker, applied: AppliedOffset, claims: list[Claim]) -> None:
        """All of a chunk's claims with its progress, or, from a zombie, nothing."""
        if self.owners[worker.partition] is not worker:
            raise FencedError
        for claim in claims:
            self.links.append(f"{claim.link}|{claim.partition}", claim)
        self.progress[worker.partition] = applied

    def move(self, partition: int, kept: MemoryStore) -> None:
        """A new owner, with the store that it has; the former one does not know yet."""
        self.zombies.append(self.owners[partition])
        self.owners[partition] = Worker(self, partition, kept, self.progress[partition])

    # --- project

    def index_cases(self, count: int) -> None:
        for offset, (fingerprint, _) in self.accepted.between(self.indexed, self.accepted.end)[:count]:
            if order(fingerprint) >= self.cases.get(fingerprint.case, (0,))[0]:
                self.cases[fingerprint.case] = order(fingerprint), fingerprint
            self.indexed = offset

    def index_links(self, count: int, crash: str) -> None:
        """A chunk of claims: the index first, then hits and progress in one transaction, then the store."""
        seen, hits, projected = dict(self.seen), list(self.hits), self.projected
        for offset, claim in self.links.between(self.projected, self.links.end)[:count]:
            step = advance(seen.get(claim.link), claim, RING)
            seen[claim.link] = step.seen
            if step.write:
                self.write(step.write)
            hits += [SentHit(hit, claim) for hit in step.hits]
            projected = offset
        if crash != "before sending":
            self.hits, self.projected, self.seen = hits, projected, seen
        if crash == "before storing":
            self.catch_up(*self.stored)
        elif crash == "store lost":
            self.catch_up(NO_OFFSET, {})
        if crash != "applied elsewhere":
            self.stored = self.projected, dict(self.seen)

    def write(self, write: Write) -> None:
        """Elasticsearch's external_gte."""
        self.written.append(write)
        held = self.documents.get(write.link)
        if held is None or write.external_version >= held.external_version:
            self.documents[write.link] = write

    def catch_up(self, offset: int, seen: dict[str, Seen]) -> None:
        """Project's store, as of some offset, is brought up to the progress by what `links` holds, without hits."""
        self.seen = dict(seen)
        for _, claim in self.links.between(offset, self.projected):
            self.seen[claim.link] = advance(self.seen.get(claim.link), claim, RING).seen

    # --- all stages

    def move_on(self, stage: str, count: int) -> None:
        if stage == "intake":
            self.intake.step(2 * count, "")
        elif stage == "endings":
            self.intake.end(2 * count, "")
        elif stage == "correlate":
            for worker in self.owners:
                worker.step(count, "")
        elif stage == "cases":
            self.index_cases(count)
        else:
            self.index_links(count, "")

    # --- reading

    def shown(self) -> Iterator[Claim]:
        states = {
            case: CaseState(held.hash, held.withdrawn, held.retain_until) for case, (_, held) in self.cases.items()
        }
        for document in self.documents.values():
            claim = document.claim
            if visible(claim, states.get(claim.a.case), states.get(claim.b.case), self.now):
                yield claim

    def named(self, side: ClaimSide) -> Fingerprint | None:
        """The version that a claim names; None where that is the mark of its end."""
        return None if side.expired else self.sent[side.case][side.version - 1].fingerprint

    def is_over(self, fingerprint: Fingerprint) -> bool:
        return fingerprint.withdrawn or is_expired(fingerprint.retain_until, self.now)

    def is_true(self, claim: Claim) -> bool:
        a, b = self.cases[claim.a.case][1], self.cases[claim.b.case][1]
        judgement = self.matcher.linked(a, b)
        gone = self.is_over(a) or self.is_over(b)
        return not gone and judgement is not None and (judgement.score, judgement.band) == (claim.score, claim.band)

    # --- rest

    def settle(self) -> None:
        """Let everything that is under way arrive."""
        self.intake.step(len(self.inputs), "")
        self.intake.end(len(self.expiries), "")
        for worker in self.owners:
            worker.step(1000, "")
        self.index_cases(1000)
        self.index_links(1000, "")
        for log in (self.accepted, self.links, *self.blocks):
            log.compact(log.end)


class Intake:
    """The one writer of `accepted` and `blocks`: the version rules for what comes, and the ends that retention asks.

    Its store holds what is known of each case; its outputs and its progress are one transaction.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.taken = self.ended = self.stored = 0
        self.known: dict[str, Known] = {}

    def step(self, count: int, crash: str) -> None:
        """A chunk of inputs: the transaction, then the store's commit; a crash between any two."""
        known = dict(self.known)
        chunk = self.world.inputs[self.taken : self.taken + count]
        outputs = [(one, one.fingerprint.case not in before) for one, before in self._newer(chunk, known)]
        if crash == "before sending":
            return
        for one, first in outputs:
            self._write(one, targets(one.fingerprint, first=first, partitions=self.world.partitions))
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
        self, chunk: list[SentVersion], known: dict[str, Known]
    ) -> Iterator[tuple[SentVersion, dict[str, Known]]]:
        """What is due, each with what was known before it."""
        for one in chunk:
            case = one.fingerprint.case
            if standing(known.get(case), one.fingerprint.version, one.content) is VersionRelation.NEWER:
                yield one, dict(known)
                known[case] = one.known

    def _write(self, one: SentVersion, partitions: set[int]) -> None:
        case = one.fingerprint.case
        self.world.accepted.append(case, one)
        for partition in partitions:
            self.world.blocks[partition].append(case, one.fingerprint)

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
            for _, fingerprint in since:
                self.correlator.receive(fingerprint)
        else:
            self._rebuild(log, applied.offset)
        self.commit(applied)

    def _rebuild(self, log: Log, applied: int) -> None:
        self.correlator.load([fingerprint for _, fingerprint in log.between(NO_OFFSET, applied)])
        claims = (claim for _, claim in self.world.links.between(NO_OFFSET, self.world.links.end))
        own = {claim.link: claim for claim in claims if claim.partition == self.partition}
        self.correlator.adopt(own.values())

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


def order(fingerprint: Fingerprint) -> int:
    return external_version(fingerprint.version, fingerprint.expired)
