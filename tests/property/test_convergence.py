"""Invariant I1: whatever happens on the way, the visible links end as a batch run's, and none that shows is ever stale.

The pure core runs in a small world of logs, transactions, stores and workers that behave as Kafka's and ours do; the
hypothesis state machine decides what happens next.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from pipeline.correlation import batch
from pipeline.correlation.claims import Claim, State, external_version
from pipeline.correlation.correlator import THRESHOLD, Correlator, targets
from pipeline.correlation.fingerprinting import expiry_mark
from pipeline.correlation.hits import Hit, Kind
from pipeline.correlation.keys import keys
from pipeline.correlation.projection import Seen, Write, advance
from pipeline.correlation.references import reference
from pipeline.correlation.store import MemoryStore
from pipeline.correlation.store_file import NO_OFFSET
from pipeline.correlation.visibility import CaseState, visible
from pipeline.matching.explanation import explain
from pipeline.matching.fingerprint import Contact, EntityPrint, Fingerprint, Handling, entity_print
from pipeline.matching.model import load_model
from pipeline.matching.scoring import Judgement, judge
from pipeline.records.names import normalise_name
from pipeline.records.normalised import Entity, Identifier, PartialDate, Phone

NOW = datetime(2026, 6, 1, tzinfo=UTC)
SECRET = b"a secret of the test"
CASES = {"a:1": "AA", "a:2": "AA", "b:1": "BB", "b:2": "BB", "c:1": "CC"}
HANDLINGS = (
    Handling("H0", ("*",), ("correlation",)),
    Handling("H2", ("*",), ("correlation",)),
    Handling("H1", ("BB",), ("correlation",)),
    Handling("H3", ("*",), ("correlation",)),
    Handling("H0", ("*",), ("investigation",)),
)
CRASHES = ("", "", "before sending", "before storing")


class Matcher(NamedTuple):
    """What the world correlates with: entities to draw from, their keys, the judge."""

    pool: tuple[EntityPrint, ...]
    keys: Callable[[tuple[EntityPrint, ...]], tuple[int, ...]]
    judge: Callable[..., Judgement]
    explain: Callable[..., object]
    model: Any


class Log:
    """One partition of a compacted topic."""

    def __init__(self) -> None:
        self.entries: dict[int, tuple[str, Any]] = {}
        self.end = 0
        self.horizon = NO_OFFSET

    def append(self, key: str, value: Any) -> None:
        self.entries[self.end] = key, value
        self.end += 1

    def between(self, after: int, last: int) -> list[tuple[int, Any]]:
        return [(offset, value) for offset, (_, value) in self.entries.items() if after < offset <= last]

    def compact(self, last: int) -> None:
        """Keep the last value of each key among the offsets up to `last`."""
        latest = {key: offset for offset, (key, _) in self.entries.items() if offset <= last}
        gone = [offset for offset, (key, _) in self.entries.items() if offset <= last and latest[key] != offset]
        for offset in gone:
            del self.entries[offset]
            self.horizon = max(self.horizon, offset)


class FencedError(Exception):
    """Another worker has taken the partition over."""


def copied(store: MemoryStore) -> MemoryStore:
    """What a crash leaves of a store: its last commit."""
    copy = MemoryStore()
    copy.offset = store.offset
    copy._cases, copy._records = dict(store._cases), dict(store._records)
    copy._blocks = {key: listed[:] for key, listed in store._blocks.items()}
    copy._links = {number: set(linked) for number, linked in store._links.items()}
    copy._numbers.count, copy._numbers.countries = store._numbers.count, list(store._numbers.countries)
    return copy


class World:
    """Intake, the correlate partitions, project and the index, with everything that Kafka keeps between them."""

    def __init__(self, matcher: Matcher, partitions: int) -> None:
        self.matcher, self.partitions = matcher, partitions
        self.sent: dict[str, list[Fingerprint]] = {}
        self.inputs: list[Fingerprint] = []
        self.taken = 0
        self.known: dict[str, int] = {}
        self.accepted, self.links = Log(), Log()
        self.blocks = [Log() for _ in range(partitions)]
        self.progress = [NO_OFFSET] * partitions
        self.owners = [Worker(self, partition, MemoryStore(), NO_OFFSET) for partition in range(partitions)]
        self.zombies: list[Worker] = []
        self.indexed = self.projected = NO_OFFSET
        self.seen: dict[str, Seen] = {}
        self.hits: list[Hit] = []
        self.written: list[Write] = []
        self.cases: dict[str, tuple[int, Fingerprint]] = {}
        self.documents: dict[str, Write] = {}

    # --- agencies

    def send(self, case: str, entities: tuple[EntityPrint, ...], handling: Handling, *, withdrawn: bool) -> None:
        """A new version of a case; its hash covers what it holds, as the real one does."""
        held = entities if not withdrawn else ()
        self._send(
            Fingerprint(
                case,
                len(self.sent.get(case, ())) + 1,
                repr((held, handling, withdrawn)),
                case[0],
                CASES[case],
                withdrawn=withdrawn,
                handling=Handling() if withdrawn else handling,
                contact=Contact() if withdrawn else Contact(f"unit of {case[0]}"),
                keys=self.matcher.keys(held),
                entities=held,
            )
        )

    def amend_nothing(self, case: str) -> None:
        """A new version that changes nothing to match on."""
        last = self.sent[case][-1]
        self._send(msgspec.structs.replace(last, version=last.version + 1, expired=False))

    def expire(self, case: str) -> None:
        """The mark that retention writes."""
        if not self.sent[case][-1].expired:
            self._send(expiry_mark(self.sent[case][-1]))

    def _send(self, fingerprint: Fingerprint) -> None:
        versions = self.sent.setdefault(fingerprint.case, [])
        versions.append(fingerprint)
        self.inputs.append(fingerprint)

    # --- intake

    def intake(self) -> None:
        """One input: the version rules, then the fingerprint to the partitions that must see it, in one transaction."""
        if self.taken >= len(self.inputs):
            return
        fingerprint = self.inputs[self.taken]
        self.taken += 1
        if order(fingerprint) <= self.known.get(fingerprint.case, 0):
            return
        first = fingerprint.case not in self.known
        self.known[fingerprint.case] = order(fingerprint)
        self.accepted.append(fingerprint.case, fingerprint)
        for partition in targets(fingerprint, first=first, partitions=self.partitions):
            self.blocks[partition].append(fingerprint.case, fingerprint)

    def lose_intake(self) -> None:
        """Intake's store is lost: what is known comes from `accepted`."""
        self.known = {value.case: order(value) for _, value in self.accepted.between(NO_OFFSET, self.accepted.end)}

    # --- correlate

    def transaction(self, worker: Worker, offset: int, claims: list[Claim]) -> None:
        """All of a chunk's claims with its progress, or, from a zombie, nothing."""
        if self.owners[worker.partition] is not worker:
            raise FencedError
        for claim in claims:
            self.links.append(f"{claim.link}|{claim.partition}", claim)
        self.progress[worker.partition] = offset

    def move(self, partition: int, kept: MemoryStore) -> None:
        """A new owner, with the store that it has; the former one does not know yet."""
        self.zombies.append(self.owners[partition])
        self.owners[partition] = Worker(self, partition, kept, self.progress[partition])

    # --- project

    def index_cases(self, count: int) -> None:
        for offset, fingerprint in self.accepted.between(self.indexed, self.accepted.end)[:count]:
            if order(fingerprint) >= self.cases.get(fingerprint.case, (0,))[0]:
                self.cases[fingerprint.case] = order(fingerprint), fingerprint
            self.indexed = offset

    def index_links(self, count: int, crash: str) -> None:
        """A chunk of claims: the index first, then hits and progress in one transaction, then the store."""
        seen, hits, projected = dict(self.seen), list(self.hits), self.projected
        for offset, claim in self.links.between(self.projected, self.links.end)[:count]:
            step = advance(seen.get(claim.link), claim, SECRET)
            seen[claim.link] = step.seen
            if step.write:
                self.write(step.write)
            hits += step.hits
            projected = offset
        if crash != "before sending":
            self.hits, self.projected, self.seen = hits, projected, seen
        if crash == "before storing":
            self.lose_project()

    def write(self, write: Write) -> None:
        """Elasticsearch's external_gte."""
        self.written.append(write)
        held = self.documents.get(write.link)
        if held is None or write.external_version >= held.external_version:
            self.documents[write.link] = write

    def lose_project(self) -> None:
        """Project's store is lost and made again from `links`, without hits."""
        self.seen = {}
        for _, claim in self.links.between(NO_OFFSET, self.projected):
            self.seen[claim.link] = advance(self.seen.get(claim.link), claim, SECRET).seen

    # --- all stages

    def move_on(self, stage: str, count: int) -> None:
        if stage == "intake":
            for _ in range(2 * count):
                self.intake()
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
            if visible(claim, states.get(claim.a.case), states.get(claim.b.case), NOW):
                yield claim

    def is_true(self, claim: Claim) -> bool:
        a, b = self.cases[claim.a.case][1], self.cases[claim.b.case][1]
        judgement = linked(self.matcher, a, b)
        return judgement is not None and (judgement.score, judgement.band) == (claim.score, claim.band)

    # --- rest

    def settle(self) -> None:
        """Let everything that is under way arrive."""
        while self.taken < len(self.inputs):
            self.intake()
        for worker in self.owners:
            worker.step(1000, "")
        self.index_cases(1000)
        self.index_links(1000, "")
        for log in (self.links, *self.blocks):
            log.compact(log.end)


class Worker:
    """One owner of one partition of `blocks`."""

    def __init__(self, world: World, partition: int, kept: MemoryStore, applied: int) -> None:
        self.world, self.partition = world, partition
        self.kept = kept
        self.restart(applied)

    def restart(self, applied: int) -> None:
        """Open the kept store and bring it up to what was applied, without emitting.

        A store is caught up only if nothing after its offset may have been compacted away: min.compaction.lag.ms of
        `blocks` is longer than stores are kept.
        """
        log = self.world.blocks[self.partition]
        usable = self.kept.offset == applied or self.kept.offset >= max(log.horizon, 0)
        self.correlator = self._correlator(copied(self.kept) if usable else MemoryStore())
        if usable:
            for _, fingerprint in log.between(self.kept.offset, applied):
                self.correlator.receive(fingerprint)
        else:
            self._rebuild(log, applied)
        self.commit(applied)

    def _rebuild(self, log: Log, applied: int) -> None:
        for _, fingerprint in log.between(NO_OFFSET, applied):
            self.correlator.load(fingerprint)
        claims = (claim for _, claim in self.world.links.between(NO_OFFSET, self.world.links.end))
        own = {claim.link: claim for claim in claims if claim.partition == self.partition}
        for claim in own.values():
            self.correlator.adopt(claim)

    def _correlator(self, store: MemoryStore) -> Correlator[Any]:
        matcher = self.world.matcher
        return Correlator(
            store, self.partition, self.world.partitions, matcher.model, matcher.judge, matcher.explain, generation="g"
        )

    def commit(self, offset: int) -> None:
        self.correlator.store.commit(offset)
        assert isinstance(self.correlator.store, MemoryStore)
        self.kept = copied(self.correlator.store)

    def step(self, count: int, crash: str) -> None:
        """A chunk: claims and progress in one transaction, then the store's commit; a crash between any two."""
        chunk = self.world.blocks[self.partition].between(self.kept.offset, 1 << 60)[:count]
        claims = [claim for _, fingerprint in chunk for claim in self.correlator.receive(fingerprint)]
        if chunk and crash != "before sending":
            self.world.transaction(self, chunk[-1][0], claims)
        if crash:
            self.restart(self.world.progress[self.partition])
        elif chunk:
            self.commit(chunk[-1][0])


def order(fingerprint: Fingerprint) -> int:
    return external_version(fingerprint.version, fingerprint.expired)


def linked(matcher: Matcher, one: Fingerprint, other: Fingerprint) -> Judgement | None:
    """The definition of a link, written down once more without the correlator."""
    a, b = sorted((one, other), key=lambda fingerprint: fingerprint.case)
    if a.withdrawn or b.withdrawn or a.country == b.country or not set(a.keys) & set(b.keys):
        return None
    judgement = matcher.judge(a, b, matcher.model)
    return judgement if judgement.probability >= THRESHOLD else None


def may_know(receiver: Fingerprint, other: Fingerprint) -> bool:
    """disclosure.md's table for a hit, written down once more."""
    return (
        all("correlation" in side.handling.purposes for side in (receiver, other))
        and other.handling.code != "H3"
        and ("*" in other.handling.releasable_to or receiver.country in other.handling.releasable_to)
    )


def check(world: World) -> None:
    """After the stream is quiet: links, hits and claims are what the last versions alone give."""
    world.settle()
    last = {case: max(versions, key=order) for case, versions in world.sent.items()}
    pairs = {
        (a.case, b.case): judgement
        for a, b in itertools.combinations(sorted(last.values(), key=lambda one: one.case), 2)
        if (judgement := linked(world.matcher, a, b))
    }
    wanted = {(a, b, last[a].version, last[b].version, found.score) for (a, b), found in pairs.items()}
    shown = {(one.a.case, one.b.case, one.a.version, one.b.version, one.score) for one in world.shown()}
    assert shown == wanted
    assert in_batch(world) == wanted
    for _, claim in world.links.entries.values():
        named = [(side.case, side.order) for side in (claim.a, claim.b)]
        current = [(case, order(last[case])) for case, _ in named]
        assert claim.state is State.RETRACTED or named == current, "nothing names an old version"
    live = [claim.link for _, claim in world.links.entries.values() if claim.state is State.LIVE]
    assert len(live) == len(pairs), "each link is asserted by its owner alone"
    assert told(world.hits) == {
        (one.agency, one.case, reference(SECRET, one.agency, other.case))
        for pair in pairs
        for one, other in itertools.permutations([last[case] for case in pair])
        if may_know(one, other)
    }


def in_batch(world: World) -> set[tuple[str, str, int, int, int]]:
    matcher = world.matcher
    found = batch.links(world.inputs, matcher.model, matcher.judge, matcher.explain)
    return {(link.case_a, link.case_b, link.version_a, link.version_b, link.score) for link in found}


def told(hits: list[Hit]) -> set[tuple[str, str, str]]:
    """What the agencies know after all hits; each must follow from the one before, and none comes twice."""
    assert len({one.id for one in hits}) == len(hits)
    known: dict[tuple[str, str, str], Hit] = {}
    for one in hits:
        link = (one.receiver, one.case, one.reference)
        assert (link in known) == (one.kind is not Kind.NEW)
        if one.kind is Kind.RETRACTED:
            del known[link]
        else:
            known[link] = one
    return set(known)


def synthetic_keys(entities: tuple[EntityPrint, ...]) -> tuple[int, ...]:
    """Two keys an attribute, few enough that the smallest shared one often changes."""
    numbers = [int(entity.id) for entity in entities]
    return tuple(sorted({number % 5 for number in numbers} | {5 + number % 3 for number in numbers}))


def synthetic_judge(a: Fingerprint, b: Fingerprint, _: object) -> Judgement:
    """A link from two shared attributes on."""
    shared = len(set(a.entities) & set(b.entities))
    probability = (0.1, 0.3, 0.6, 0.95, 0.99)[min(shared, 4)]
    return Judgement(100 * shared, probability, ("", "", "possible", "probable", "certain")[min(shared, 4)])


def synthetic_explain(a: Fingerprint, b: Fingerprint, _: object) -> object:
    """The versions that it explains."""
    return [a.version, b.version]


SYNTHETIC = Matcher(
    tuple(EntityPrint(str(number), "attribute") for number in range(6)),
    synthetic_keys,
    synthetic_judge,
    synthetic_explain,
    None,
)


def person(
    given: str, family: str, born: PartialDate | None, phones: tuple[Phone, ...] = (), passport: str = ""
) -> Entity:
    name = normalise_name("", given, "", family, "", "primary", "person")
    identifiers = (Identifier("passport", passport, "FR"),) if passport else ()
    return Entity("p", "person", names=(name,), birth_date=born, phones=phones, identifiers=identifiers)


def real() -> Matcher:
    """The real matcher with entities that match, nearly match, or only share a key."""
    model = load_model()
    phone = Phone("+33612345678", "612345678")
    entities = (
        person("Zbigniew", "Oczko", PartialDate(1980, 5, 14), passport="12AB34567"),
        person("Zbigniew", "Oczka", PartialDate(1980, 5, 14)),
        person("Иван", "Петров", PartialDate(1975, 2, 3), (phone,)),
        person("Ivan", "Petrov", PartialDate(1975, 2, 3)),
        person("Ivan", "Petrov", PartialDate(1991, 11, 30)),
        person("Maria", "Oczko", None, passport="12AB34567"),
        Entity("n", "phone", phones=(phone,)),
        Entity("v", "vehicle", identifiers=(Identifier("plate", "AB123CD", "FR"),), make="renault"),
    )
    pool = tuple(
        msgspec.structs.replace(entity_print(entity), id=f"e{number}") for number, entity in enumerate(entities)
    )
    return Matcher(pool, lambda held: keys(held, model.stop_keys, model.key_rarity), judge, explain, model)


class Convergence(RuleBasedStateMachine):
    """What may happen, in any order."""

    matcher = SYNTHETIC
    partitions = 3

    def __init__(self) -> None:
        super().__init__()
        self.world = World(self.matcher, self.partitions)

    @rule(
        case=st.sampled_from(sorted(CASES)),
        entities=st.sets(st.integers(0, 7), min_size=2, max_size=6),
        handling=st.sampled_from(HANDLINGS + HANDLINGS[:1] * 4),
        withdrawn=st.integers(0, 9).map(lambda number: number == 9),
    )
    def send(self, case: str, entities: set[int], handling: Handling, withdrawn: bool) -> None:
        pool = self.matcher.pool
        held = tuple(pool[number] for number in sorted({number % len(pool) for number in entities}))
        self.world.send(case, held, handling, withdrawn=withdrawn)

    @rule(stages=st.permutations(("intake", "correlate", "cases", "links")), count=st.integers(1, 3))
    def flow(self, stages: list[str], count: int) -> None:
        """Everything moves on a little, the stages in any order."""
        for stage in stages:
            self.world.move_on(stage, count)

    @rule(data=st.data(), what=st.sampled_from(("again", "late", "nothing new", "nothing new", "expiry")))
    def send_more(self, data: st.DataObject, what: str) -> None:
        """A duplicate, a version that comes late, an amendment of other fields, an expiry mark."""
        world = self.world
        if not world.inputs:
            return
        fingerprint = data.draw(st.sampled_from(world.inputs))
        if what == "again":
            world.inputs.append(world.inputs[-1])
        elif what == "late":
            world.inputs.append(fingerprint)
        elif what == "nothing new":
            world.amend_nothing(fingerprint.case)
        else:
            world.expire(fingerprint.case)

    @rule(count=st.integers(1, 4), lost=st.integers(0, 3).map(lambda number: number == 3))
    def intake(self, count: int, lost: bool) -> None:
        for _ in range(count):
            self.world.intake()
        if lost:
            self.world.lose_intake()

    @rule(partition=st.integers(0, 7), count=st.integers(1, 3), crash=st.sampled_from(CRASHES))
    def correlate(self, partition: int, count: int, crash: str) -> None:
        self.world.owners[partition % self.partitions].step(count, crash)

    @rule(partition=st.integers(0, 7), data=st.data(), compacted=st.booleans())
    def change_owner(self, partition: int, data: st.DataObject, compacted: bool) -> None:
        """To a worker without a store, or to one that comes back with the store it had."""
        partition %= self.partitions
        if compacted:
            self.world.blocks[partition].compact(self.world.blocks[partition].end)
        stores = [worker.kept for worker in self.world.zombies if worker.partition == partition]
        self.world.move(partition, data.draw(st.sampled_from([MemoryStore(), *stores])))

    @rule(data=st.data(), count=st.integers(1, 3))
    def zombie_correlates(self, data: st.DataObject, count: int) -> None:
        if self.world.zombies:
            zombie = data.draw(st.sampled_from(self.world.zombies))
            with suppress(FencedError):
                zombie.step(count, "")

    @rule(count=st.integers(1, 3))
    def index_cases(self, count: int) -> None:
        self.world.index_cases(count)

    @rule(count=st.integers(1, 3), crash=st.sampled_from(CRASHES))
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
        log = data.draw(st.sampled_from([world.accepted, world.links, *world.blocks]))
        last = world.projected if log is world.links else log.end
        log.compact(data.draw(st.integers(NO_OFFSET, max(NO_OFFSET, last))))

    @invariant()
    def nothing_stale_is_shown(self) -> None:
        assert all(self.world.is_true(claim) for claim in self.world.shown())

    def teardown(self) -> None:
        check(self.world)


def machine(matcher: Matcher, partitions: int) -> type[Convergence]:
    return type("Convergence", (Convergence,), {"matcher": matcher, "partitions": partitions})


EXAMPLES = settings().max_examples
STEPS = 60
"""Rules in one history."""


@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("partitions", "share"), [(1, 0.1), (2, 0.4), (3, 0.3), (5, 0.2)])
def test_links_converge(partitions: int, share: float) -> None:
    """The examples are shared out over installations of several sizes."""
    examples = settings(max_examples=round(EXAMPLES * share), stateful_step_count=STEPS)
    run_state_machine_as_test(machine(SYNTHETIC, partitions), settings=examples)


@pytest.mark.timeout(1800)
def test_links_converge_with_the_real_matcher() -> None:
    examples = settings(max_examples=EXAMPLES // 5, stateful_step_count=STEPS)
    run_state_machine_as_test(machine(real(), 2), settings=examples)
