"""A small world of logs, transactions, stores and workers that behave as Kafka's and ours do, around the pure core."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from pipeline.access.release import release_counterpart
from pipeline.correlation.claims import CaseState, Claim, ClaimSide, is_expired, is_visible
from pipeline.correlation.home_store import MemoryHomeStore, SourcePosition
from pipeline.correlation.meeting_store import MemoryMeetingStore
from pipeline.correlation.projection import LinkWrite, RememberedLink, advance_link
from pipeline.correlation.protocol import (
    Answer,
    Ask,
    JudgedClaim,
    Posting,
    ProtocolMessage,
    encode_pair_message,
    target_partition,
)
from pipeline.correlation.store_file import NO_OFFSET
from pipeline.matching.bands import Band
from pipeline.matching.fingerprint import EntityPrint, Fingerprint
from pipeline.matching.handling import Contact, Handling
from pipeline.ops.retention import ended_cases
from pipeline.records.expiry import Expiry
from support.convergence.logs import (
    CASES,
    START,
    FencedError,
    Log,
    SentHit,
    SentVersion,
    order,
)
from support.convergence.matchers import WorldMatcher
from support.convergence.stages import PAIRS, SOURCES, HomeWorker, Intake, MeetingWorker
from support.correlation.key_rings import RING


class World:
    """Intake, homes, meeting places, project and the index, with everything that Kafka keeps between them.

    `remembered` is how many pairs a home remembers, which must decide nothing.
    """

    def __init__(self, matcher: WorldMatcher, partitions: int, remembered: int = 100) -> None:
        self.matcher, self.partitions, self.remembered = matcher, partitions, remembered
        self.now = START
        self.sent: dict[str, list[SentVersion]] = {}
        self.inputs: list[SentVersion] = []
        self.expiries: list[Expiry] = []
        self.accepted, self.links = Log(), Log()
        self.fingerprints, self.postings, self.pairs, self.watches = (
            [Log() for _ in range(partitions)] for _ in range(4)
        )
        self.progress: list[Mapping[str, SourcePosition]]
        self.progress = [dict.fromkeys(SOURCES, SourcePosition()) for _ in range(partitions)]
        self.met = [NO_OFFSET] * partitions
        self.intake = Intake(self)
        self.homes = [HomeWorker(self, partition, MemoryHomeStore()) for partition in range(partitions)]
        self.places = [
            MeetingWorker(self, partition, MemoryMeetingStore(matcher.screen.words)) for partition in range(partitions)
        ]
        self.zombies: list[HomeWorker | MeetingWorker] = []
        self.indexed = self.projected = NO_OFFSET
        self.seen: dict[str, RememberedLink] = {}
        self.stored: tuple[int, dict[str, RememberedLink]] = NO_OFFSET, {}
        self.hits: list[SentHit] = []
        self.written: list[LinkWrite] = []
        self.cases: dict[str, tuple[int, Fingerprint]] = {}
        self.documents: dict[str, LinkWrite] = {}

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
                sketch=self.matcher.sketch(held, hit_only=not withdrawn and handling.code == "H2"),
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

    def send_from_home(
        self, worker: HomeWorker, positions: Mapping[str, SourcePosition], messages: Sequence[ProtocolMessage]
    ) -> None:
        """All of a chunk's messages with its progress, or, from a zombie, nothing."""
        if self.homes[worker.partition] is not worker:
            raise FencedError
        for message in messages:
            self._send_message(message)
        self.progress[worker.partition] = positions

    def send_from_meeting_place(self, worker: MeetingWorker, applied: int, asks: Sequence[Ask]) -> None:
        """The same of a meeting place."""
        if self.places[worker.partition] is not worker:
            raise FencedError
        for ask in asks:
            self._send_message(ask)
        self.met[worker.partition] = applied

    def _send_message(self, message: ProtocolMessage) -> None:
        if isinstance(message, JudgedClaim):
            self.links.append(f"{message.claim.link}|{message.claim.partition}", message.claim)
            return
        target = target_partition(message, self.partitions)
        if isinstance(message, Posting):
            self.postings[target].append(message.case, message.value)
        else:
            logs = self.pairs if isinstance(message, Ask | Answer) else self.watches
            logs[target].append(*encode_pair_message(message))

    def move_home(self, partition: int, kept: MemoryHomeStore) -> None:
        """A new owner, with the store that it has; the former one does not know yet."""
        self.zombies.append(self.homes[partition])
        self.homes[partition] = HomeWorker(self, partition, kept)

    def move_meeting_place(self, partition: int, kept: MemoryMeetingStore) -> None:
        """The same of a meeting place."""
        self.zombies.append(self.places[partition])
        self.places[partition] = MeetingWorker(self, partition, kept)

    def purge(self, partition: int) -> None:
        """What was applied of `pairs` is deleted."""
        self.pairs[partition].purge(self.progress[partition][PAIRS].offset)

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
            step = advance_link(seen.get(claim.link), claim, RING, release_counterpart)
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

    def write(self, write: LinkWrite) -> None:
        """Elasticsearch's external_gte."""
        self.written.append(write)
        held = self.documents.get(write.link)
        if held is None or write.external_version >= held.external_version:
            self.documents[write.link] = write

    def catch_up(self, offset: int, seen: dict[str, RememberedLink]) -> None:
        """Project's store, as of some offset, is brought up to the progress by what `links` holds, without hits."""
        self.seen = dict(seen)
        for _, claim in self.links.between(offset, self.projected):
            self.seen[claim.link] = advance_link(self.seen.get(claim.link), claim, RING, release_counterpart).seen

    # --- all stages

    def move_on(self, stage: str, count: int) -> None:
        if stage == "intake":
            self.intake.step(2 * count, "")
        elif stage == "endings":
            self.intake.end(2 * count, "")
        elif stage == "homes":
            for home in self.homes:
                for source in SOURCES:
                    home.step(source, count, "")
        elif stage == "meeting places":
            for place in self.places:
                place.step(count, "")
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
            if is_visible(claim, states.get(claim.a.case), states.get(claim.b.case), self.now):
                yield claim

    def named(self, side: ClaimSide) -> Fingerprint | None:
        """The version that a claim names; None where that is the mark of its end."""
        return None if side.expired else self.sent[side.case][side.version - 1].fingerprint

    def is_over(self, fingerprint: Fingerprint) -> bool:
        return fingerprint.withdrawn or is_expired(fingerprint.retain_until, self.now)

    def is_true(self, claim: Claim) -> bool:
        a, b = self.cases[claim.a.case][1], self.cases[claim.b.case][1]
        if self.is_over(a) or self.is_over(b) or not self.matcher.claimed(a, b):
            return False
        judgement = self.matcher.linked(a, b)
        told = (judgement.score, judgement.band) if judgement is not None else (0, Band.NONE)
        return told == (claim.score, claim.band)

    # --- rest

    def settle(self) -> None:
        """Let everything that is under way arrive."""
        self.intake.step(len(self.inputs), "")
        self.intake.end(len(self.expiries), "")
        while any(home.waiting for home in self.homes) or any(place.waiting for place in self.places):
            self.move_on("homes", 1000)
            self.move_on("meeting places", 1000)
        self.index_cases(1000)
        self.index_links(1000, "")
        for log in (self.accepted, self.links, *self.fingerprints, *self.postings, *self.watches):
            log.compact(log.end)
        for partition in range(self.partitions):
            self.purge(partition)
