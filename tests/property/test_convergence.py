"""Invariant I1: whatever happens on the way, the visible links end as a batch run's, and none that shows is ever stale.

The pure core runs in the small world of tests/support/convergence/world.py; the hypothesis state machine decides what
happens next.
"""

from __future__ import annotations

import itertools
from contextlib import suppress
from datetime import timedelta
from random import SystemRandom
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from pipeline.correlation import batch
from pipeline.correlation.claims import ClaimSide, ClaimState, external_version
from pipeline.correlation.hits import Hit, HitKind
from pipeline.correlation.home_store import MemoryHomeStore
from pipeline.correlation.key_ring import make_reference
from pipeline.correlation.matcher import PairJudgement
from pipeline.correlation.meeting_store import MemoryMeetingStore
from pipeline.correlation.postings import decode_postings
from pipeline.correlation.protocol import case_id, order_pair
from pipeline.correlation.store_file import NO_OFFSET
from pipeline.matching.bands import Basis
from pipeline.matching.fingerprint import Fingerprint
from pipeline.matching.handling import Contact, Handling
from support.convergence.histories import History
from support.convergence.logs import CASES, FencedError, SentHit, SentVersion, day
from support.convergence.matchers import SYNTHETIC, WorldMatcher, real, unscreened
from support.convergence.stages import FINGERPRINTS, PAIRS, SOURCES, HomeWorker, MeetingWorker
from support.convergence.world import World
from support.correlation.key_rings import RING

HANDLINGS = (
    Handling("H0", ("*",), ("correlation",)),
    Handling("H2", ("*",), ("correlation",)),
    Handling("H1", ("BB",), ("correlation",)),
    Handling("H3", ("*",), ("correlation",)),
    Handling("H0", ("*",), ("investigation",)),
)
CRASHES = ("", "", "before sending", "before storing")

Link = tuple[str, str, int, int, int, Basis]
"""Cases, versions, score and basis."""


class Truth(NamedTuple):
    """What the last versions alone give at a moment: links, pairs told as a hit alone, and the cases that are over."""

    last: dict[str, Fingerprint]
    pairs: dict[tuple[str, str], PairJudgement]
    hits: set[tuple[str, str]]
    over: set[str]

    @classmethod
    def of(cls, world: World) -> Truth:
        last = {case: versions[-1].fingerprint for case, versions in world.sent.items()}
        over = {case for case, fingerprint in last.items() if world.is_over(fingerprint)}
        current = sorted(
            (fingerprint for case, fingerprint in last.items() if case not in over),
            key=lambda fingerprint: fingerprint.case,
        )
        met = list(itertools.combinations(current, 2))
        judged = ((a, b, world.matcher.linked(a, b)) for a, b in met)
        pairs = {(a.case, b.case): found for a, b, found in judged if found}
        claimed = {(a.case, b.case) for a, b in met if world.matcher.claimed(a, b)}
        return cls(last, pairs, claimed - pairs.keys(), over)

    @property
    def links(self) -> set[Link]:
        return {
            (a, b, self.last[a].version, self.last[b].version, found.score, found.basis)
            for (a, b), found in self.pairs.items()
        }

    def order(self, case: str) -> int:
        """The external version of its document once retention has been."""
        fingerprint = self.last[case]
        return external_version(fingerprint.version, case in self.over and not fingerprint.withdrawn)

    def told(self, world: World) -> set[tuple[str, str, str]]:
        return {
            (fingerprint.agency, fingerprint.case, make_reference(RING, RING.first, fingerprint.agency, other.case))
            for pair in {*self.pairs, *self.hits}
            for fingerprint, other in itertools.permutations([self.last[case] for case in pair])
            if may_know(world, fingerprint, other)
        }


def may_know(world: World, receiver: Fingerprint, other: Fingerprint) -> bool:
    """The table of handling codes for a hit, written down once more."""
    hidden = other.handling.code == "H2"
    return (
        (world.matcher.asks(receiver, other) if hidden else world.matcher.linked(receiver, other) is not None)
        and all("correlation" in side.handling.purposes for side in (receiver, other))
        and other.handling.code != "H3"
        and ("*" in other.handling.releasable_to or receiver.country in other.handling.releasable_to)
    )


def check(world: World) -> None:
    """After the stream is quiet: links, hits and claims are what the last versions alone give.

    What is over is not shown; once retention has been, it is nowhere.
    """
    world.settle()
    truth = Truth.of(world)
    assert shown(world) == truth.links == in_batch(world, truth.over)
    assert shown_as_hits(world) == truth.hits
    world.retention(len(CASES))
    world.settle()
    assert (shown(world), shown_as_hits(world)) == (truth.links, truth.hits)
    check_claims(world, truth)
    check_homes(world, truth)
    check_erasure(world, truth.over)
    assert told(world.hits) == truth.told(world)
    assert all(is_true(world, hit) for hit in world.hits)
    world.retention(len(CASES))
    assert len(world.expiries) == world.intake.ended, "nothing is ended twice"


def shown(world: World) -> set[Link]:
    return {
        (claim.a.case, claim.b.case, claim.a.version, claim.b.version, claim.score, claim.basis)
        for claim in world.shown()
        if claim.band
    }


def shown_as_hits(world: World) -> set[tuple[str, str]]:
    return {(claim.a.case, claim.b.case) for claim in world.shown() if not claim.band}


def in_batch(world: World, over: set[str]) -> set[Link]:
    inputs = [version.fingerprint for version in world.inputs if version in world.sent[version.fingerprint.case]]
    found = batch.find_links(inputs, unscreened(world.matcher.pairs))
    return {
        (link.case_a, link.case_b, link.version_a, link.version_b, link.score, link.basis)
        for link in found
        if over.isdisjoint((link.case_a, link.case_b))
    }


def check_claims(world: World, truth: Truth) -> None:
    for _, claim in world.links.entries.values():
        named = [side.order for side in (claim.a, claim.b)]
        current = [truth.order(side.case) for side in (claim.a, claim.b)]
        assert claim.state is ClaimState.RETRACTED or named == current, "nothing names an old version"
    live = [claim.link for _, claim in world.links.entries.values() if claim.state is ClaimState.LIVE]
    assert len(live) == len(truth.pairs) + len(truth.hits), "each link is asserted by its judge alone"


def check_homes(world: World, truth: Truth) -> None:
    """What is linked is followed by A's home and watched by B's, and nothing else is."""
    linked = {order_pair(case_id(one), case_id(other)) for one, other in {*truth.pairs, *truth.hits}}
    cases = [case_id(case) for case in CASES]
    stores = [worker.kept for worker in world.homes]
    followed = {
        (a, b) for kept in stores for a, others in zip(cases, kept.get_followed(cases), strict=True) for b in others
    }
    watched = {
        (a, b) for kept in stores for b, judges in zip(cases, kept.get_watching(cases), strict=True) for a in judges
    }
    assert followed == watched == linked
    posted: set[tuple[bytes, int]] = set()
    for log in world.postings:
        records = log.records(NO_OFFSET, log.end)
        found = decode_postings([key for _, key, _ in records], [value for _, _, value in records], words_of(world))
        ids = [found.cases[at].tobytes() for at in np.repeat(np.arange(len(records)), found.counts)]
        posted |= set(zip(ids, found.keys.tolist(), strict=True))
    keys = {(case_id(one.case), key) for one in truth.last.values() if one.case not in truth.over for key in one.keys}
    assert posted == keys, "each case is posted under its keys and no others"
    counts = [worker.home.counts for worker in world.homes]
    assert all(count.disordered == count.bounds_exceeded == 0 for count in counts)


def check_erasure(world: World, over: set[str]) -> None:
    """Nothing of a case that is over is left in what compaction keeps, nor in the index."""
    held = [one.fingerprint for one in world.accepted.last()]
    held += [arrival.version.fingerprint for log in world.fingerprints for arrival in log.last()]
    held += [fingerprint for _, fingerprint in world.cases.values()]
    for one in held:
        assert one.case not in over or (one.withdrawn and not (one.entities or one.keys or one.contact.unit))
    assert not any(log.entries for log in world.pairs)
    claims = [claim for _, claim in world.links.entries.values()]
    claims += [document.claim for document in world.documents.values()]
    for claim in claims:
        if not over.isdisjoint((claim.a.case, claim.b.case)):
            assert claim.state is not ClaimState.LIVE
            assert is_bare(claim.a)
            assert is_bare(claim.b)


def words_of(world: World) -> int:
    return world.matcher.screen.words


def check_shown(world: World) -> None:
    """Nothing that is shown at any moment is stale."""
    assert all(world.is_true(claim) for claim in world.shown())


def is_bare(side: ClaimSide) -> bool:
    return not side.hash and side.contact == Contact()


def told(hits: list[SentHit]) -> set[tuple[str, str, str]]:
    """What the agencies know after all hits; each must follow from the one before, and none comes twice."""
    assert len({hit.id for hit, _ in hits}) == len(hits)
    known: dict[tuple[str, str, str], Hit] = {}
    for hit, _ in hits:
        link = (hit.receiver, hit.case, hit.reference)
        assert (link in known) == (hit.kind is not HitKind.NEW)
        if hit.kind is HitKind.RETRACTED:
            del known[link]
        else:
            known[link] = hit
    return set(known)


def is_true(world: World, one: SentHit) -> bool:
    """Whether a hit told what the two versions that its claim names make of each other."""
    a, b = world.named(one.claim.a), world.named(one.claim.b)
    receiver, other = (a, b) if one.claim.a.case == one.hit.case else (b, a)
    if not receiver or not other or not world.matcher.claimed(receiver, other):
        return one.hit.kind is HitKind.RETRACTED
    return may_know(world, receiver, other) == (one.hit.kind is not HitKind.RETRACTED)


class Convergence(RuleBasedStateMachine):
    """What may happen, in any order."""

    matcher = SYNTHETIC
    partitions = 3

    def __init__(self) -> None:
        super().__init__()
        self.world = World(self.matcher, self.partitions)

    @initialize(remembered=st.sampled_from((0, 1, 100)))
    def remember(self, remembered: int) -> None:
        """How many pairs a home remembers, which decides nothing."""
        self.world = World(self.matcher, self.partitions, remembered)

    @rule(
        case=st.sampled_from(sorted(CASES)),
        entities=st.sets(st.integers(0, 7), min_size=2, max_size=6),
        handling=st.sampled_from(HANDLINGS + HANDLINGS[:1] * 4),
        until=st.sampled_from(("", "", "", "", day(0), day(1), day(3))),
        withdrawn=st.integers(0, 9).map(lambda number: number == 9),
    )
    def send(self, case: str, entities: set[int], handling: Handling, until: str, withdrawn: bool) -> None:
        pool = self.matcher.pool
        held = tuple(pool[number] for number in sorted({number % len(pool) for number in entities}))
        self.world.send(case, held, handling, until, withdrawn=withdrawn)

    @rule(
        stages=st.permutations(("intake", "endings", "homes", "meeting places", "cases", "links")),
        count=st.integers(1, 3),
    )
    def flow(self, stages: list[str], count: int) -> None:
        """Everything moves on a little, the stages in any order."""
        for stage in stages:
            self.world.move_on(stage, count)

    @rule(data=st.data(), what=st.sampled_from(("again", "late", "nothing new", "nothing new", "extended", "other")))
    def send_more(self, data: st.DataObject, what: str) -> None:
        """A duplicate, a version that comes late, an amendment of other fields, an extension, a contradiction."""
        world = self.world
        if not world.inputs:
            return
        version: SentVersion = data.draw(st.sampled_from(world.inputs))
        if what == "again":
            world.inputs.append(world.inputs[-1])
        elif what == "late":
            world.inputs.append(version)
        elif what == "nothing new":
            world.amend_nothing(version.fingerprint.case)
        elif what == "extended":
            world.extend(version.fingerprint.case, data.draw(st.sampled_from((day(2), day(5), ""))))
        else:
            world.contradict(version)

    @rule(days=st.integers(0, 2), most=st.integers(1, len(CASES)))
    def retention(self, days: int, most: int) -> None:
        """Days pass, and retention is run; it may die after some of its requests."""
        self.world.now += timedelta(days=days)
        self.world.retention(most)

    @rule(count=st.integers(1, 4), crash=st.sampled_from(CRASHES), lost=st.integers(0, 3).map(lambda n: n == 3))
    def intake(self, count: int, crash: str, lost: bool) -> None:
        self.world.intake.step(count, crash)
        if lost:
            self.world.intake.lose()

    @rule(count=st.integers(1, 4), crash=st.sampled_from(CRASHES))
    def endings(self, count: int, crash: str) -> None:
        self.world.intake.end(count, crash)

    @rule(
        partition=st.integers(0, 7),
        source=st.sampled_from(SOURCES),
        count=st.integers(1, 3),
        crash=st.sampled_from(CRASHES),
    )
    def take_at_home(self, partition: int, source: str, count: int, crash: str) -> None:
        self.world.homes[partition % self.partitions].step(source, count, crash)

    @rule(partition=st.integers(0, 7), count=st.integers(1, 4), crash=st.sampled_from(CRASHES))
    def take_postings(self, partition: int, count: int, crash: str) -> None:
        self.world.places[partition % self.partitions].step(count, crash)

    @rule(partition=st.integers(0, 7), count=st.integers(1, 5))
    def redeliver(self, partition: int, count: int) -> None:
        """From an earlier offset: what was applied says nothing more."""
        assert self.world.homes[partition % self.partitions].again(count) == []

    @rule(partition=st.integers(0, 7), data=st.data(), compacted=st.booleans())
    def change_home(self, partition: int, data: st.DataObject, compacted: bool) -> None:
        """To a worker without a store, or to one that comes back with the store it had."""
        partition %= self.partitions
        if compacted:
            for log in (self.world.fingerprints[partition], self.world.watches[partition]):
                log.compact(log.end)
        former = [worker for worker in self.world.zombies if isinstance(worker, HomeWorker)]
        stores = [worker.kept for worker in former if worker.partition == partition]
        self.world.move_home(partition, data.draw(st.sampled_from([MemoryHomeStore(), *stores])))

    @rule(partition=st.integers(0, 7), data=st.data(), compacted=st.booleans())
    def change_meeting_place(self, partition: int, data: st.DataObject, compacted: bool) -> None:
        """The same of a meeting place."""
        partition %= self.partitions
        if compacted:
            self.world.postings[partition].compact(self.world.postings[partition].end)
        former = [worker for worker in self.world.zombies if isinstance(worker, MeetingWorker)]
        stores = [worker.kept for worker in former if worker.partition == partition]
        empty = MemoryMeetingStore(words_of(self.world))
        self.world.move_meeting_place(partition, data.draw(st.sampled_from([empty, *stores])))

    @rule(data=st.data(), source=st.sampled_from(SOURCES), count=st.integers(1, 3))
    def zombie_correlates(self, data: st.DataObject, source: str, count: int) -> None:
        if self.world.zombies:
            zombie = data.draw(st.sampled_from(self.world.zombies))
            with suppress(FencedError):
                if isinstance(zombie, HomeWorker):
                    zombie.step(source, count, "")
                else:
                    zombie.step(count, "")

    @rule(count=st.integers(1, 3))
    def index_cases(self, count: int) -> None:
        self.world.index_cases(count)

    @rule(count=st.integers(1, 3), crash=st.sampled_from((*CRASHES, "store lost", "applied elsewhere")))
    def index_links(self, count: int, crash: str) -> None:
        self.world.index_links(count, crash)

    @rule(data=st.data())
    def zombie_writes(self, data: st.DataObject) -> None:
        """The index fences no one: any earlier write may come once more."""
        if self.world.written:
            self.world.write(data.draw(st.sampled_from(self.world.written)))

    @rule(data=st.data())
    def compact(self, data: st.DataObject) -> None:
        """Any log up to any offset; `links` no further than project has read (its min.compaction.lag.ms)."""
        world = self.world
        logs = [world.accepted, world.links, *world.fingerprints, *world.postings, *world.watches]
        log = data.draw(st.sampled_from(logs))
        last = world.projected if log is world.links else log.end
        log.compact(data.draw(st.integers(NO_OFFSET, max(NO_OFFSET, last))))

    @rule(partition=st.integers(0, 7))
    def purge(self, partition: int) -> None:
        """What was applied of `pairs` is deleted."""
        self.world.purge(partition % self.partitions)

    @invariant()
    def nothing_stale_is_shown(self) -> None:
        check_shown(self.world)

    def teardown(self) -> None:
        check(self.world)


def test_an_ask_that_another_store_dropped_is_made_again() -> None:
    """Of 40,000 histories two: a store without a version that compaction took answers in place of one that has it."""
    world, handling = World(SYNTHETIC, 1), HANDLINGS[0]
    one, other = sorted(("a:1", "b:2"), key=case_id)
    for case in (other, one):
        world.send(case, tuple(SYNTHETIC.pool[:2]), handling, "", withdrawn=False)
        world.intake.step(1, "")
        world.homes[0].step(FINGERPRINTS, 1, "")
        world.places[0].step(2, "")
    before = world.homes[0].kept
    world.amend_nothing(other)
    world.intake.step(1, "")
    world.fingerprints[0].compact(world.fingerprints[0].end)
    world.move_home(0, MemoryHomeStore())
    world.homes[0].step(PAIRS, 1, "")
    assert len(world.pairs[0].entries) == 1, "the ask is not answered, since B is unknown"
    world.move_home(0, before)
    check(world)
    assert [claim.state for claim in world.links.last()] == [ClaimState.LIVE]


def machine(matcher: WorldMatcher, partitions: int) -> type[Convergence]:
    return type("Convergence", (Convergence,), {"matcher": matcher, "partitions": partitions})


EXAMPLES = settings().max_examples
STEPS = 60
"""Rules in one history."""


@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    ("partitions", "share"),
    [
        (1, 0.1), (2, 0.2), (3, 0.15), (5, 0.1),
        *(pytest.param(*of_many, marks=pytest.mark.rare) for of_many in ((2, 0.4), (3, 0.3), (5, 0.2))),
    ],
)  # fmt: skip
def test_links_converge(partitions: int, share: float) -> None:
    """The examples are shared out over installations of several sizes; twice as many where one looks further."""
    examples = settings(max_examples=round(EXAMPLES * share), stateful_step_count=STEPS)
    run_state_machine_as_test(machine(SYNTHETIC, partitions), settings=examples)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("share", [0.1, pytest.param(0.2, marks=pytest.mark.rare)])
def test_links_converge_with_the_real_matcher(share: float) -> None:
    examples = settings(max_examples=round(EXAMPLES * share), stateful_step_count=STEPS)
    run_state_machine_as_test(machine(real(), 2), settings=examples)


@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    ("partitions", "share"),
    [
        (1, 0.05), (2, 0.2), (3, 0.2), (5, 0.1),
        *(pytest.param(*of_many, marks=pytest.mark.rare) for of_many in ((2, 1), (3, 1), (5, 1))),
    ],
)  # fmt: skip
def test_links_converge_in_dense_histories(partitions: int, share: float) -> None:
    """The same ones each time, and others in `make test-random` and `make test-long`."""
    first = 0 if settings().derandomize else SystemRandom().randrange(1 << 40)
    for seed in range(first, first + round(EXAMPLES * share)):
        try:
            check(History(seed, SYNTHETIC, partitions, HANDLINGS).run(check_shown))
        except AssertionError:
            print(f"check(History({seed}, SYNTHETIC, {partitions}, HANDLINGS).run(check_shown))")
            raise
