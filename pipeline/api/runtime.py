"""What lives as long as the server: one object, opened once, that every session refers to.

With it runs what follows the registers, and counts once a minute what owners have not reviewed in time. Every server
counts all of it, so that one that is alone says all; Prometheus takes the most that any says.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Final, Protocol

import msgspec
from elasticsearch import AsyncElasticsearch

from pipeline.access.audit import Act
from pipeline.access.break_glass import Oversight, oversight_of
from pipeline.access.guesses import AskedGuesses, GuessLedger
from pipeline.access.query_cipher import QueryCipher, keys_in
from pipeline.access.redaction import OpaqueCodec
from pipeline.access.release import Grant
from pipeline.access.requester import Requester
from pipeline.access.revocations import DenyList, Revocation
from pipeline.access.token_keys import make_verifier
from pipeline.access.tokens import TokenVerifier, check_session
from pipeline.api.hit_budget import HitBudget
from pipeline.api.list_store import ListStore
from pipeline.api.metrics import (
    AUDIT_UNREADABLE,
    BREAK_GLASS_OVERDUE,
    show_audit_log,
    show_index_age,
    show_refused_guesses,
)
from pipeline.api.quotas import (
    MOST_COSTLY,
    PersonSlots,
    PersonTurns,
    RequestRates,
    costly_slots,
    open_rates,
    stream_slots,
)
from pipeline.api.recent_answers import RecentAnswers
from pipeline.api.sealed import SealedReader
from pipeline.correlation.key_ring import KeyRing
from pipeline.index.decisions import DecisionReader
from pipeline.index.engine import IndexAwayError, SearchEngine, connect_for_reading, refresh_indices
from pipeline.index.mappings import Indices
from pipeline.index.reading import IndexReader
from pipeline.matching.model import Model
from pipeline.records.agencies import Registry
from pipeline.settings import Settings
from pipeline.streams.audit.audit_log import AuditLog, audit_log, writer_name
from pipeline.streams.audit.audit_tail import TrailCheck
from pipeline.streams.audit.decision_log import DecisionLog, NewValue
from pipeline.streams.audit.guess_log import GuessLog
from pipeline.streams.audit.log_keys import served_log, tag_keys
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka import admin
from pipeline.streams.kafka.following import Follower, Followers
from pipeline.streams.monitoring.freshness import Freshness, NoticeIndex, SettledNotices, watch_freshness
from pipeline.streams.registers import control, registry, revocations
from pipeline.streams.registers.installation_secret import key_ring
from pipeline.streams.registers.registry import trusted_registry
from pipeline.times import Clock, now
from pipeline.transparency.served_log import ServedLog
from pipeline.transparency.tag_keys import TagKeys

PAUSE_S: Final = 60.0
"""A review has a day: a minute more changes nothing, and a search a minute costs nothing."""

SHOW_GUESSES_S: Final = 15.0
"""Pause between two counts of refused guesses for the metrics: as often as Prometheus commonly asks."""


MOST_PROCESSES: Final = MOST_COSTLY + 1
"""Processes that one server has at a time for tables and charts, each of up to a gibibyte: one more than a person may
have, so that nobody keeps all others waiting."""


class AuditSink(Protocol):
    """Where acts are recorded before they are answered."""

    async def write(self, act: Act) -> None:
        """Returns once the act is kept for good. Raises pipeline.streams.audit.audit_log.AuditError."""

    @property
    def waits_s(self) -> float:
        """How long what is being recorded has waited to be kept; 0 where nothing is."""


class GrantSource(Protocol):
    """Owners' grants and supervisors' break-glass."""

    async def read_grants(self, cases: Iterable[str], requester: Requester) -> tuple[Grant, ...]:
        """Those that may open one of these cases to the requester, in real time; the policy decides if one does."""

    async def list_opened(self, requester: Requester, now: datetime) -> tuple[str, ...]:
        """The cases that one of them may open to the requester, to narrow queries by; each is decided on after."""


class GuessSink(Protocol):
    """Where guesses are counted before hit-only records are asked."""

    ledger: GuessLedger

    async def ask(self, asked: AskedGuesses) -> frozenset[str]:
        """The kinds that may not be asked. Raises pipeline.streams.audit.guess_log.GuessError."""

    async def forget(self, agency: str, about: str) -> None:
        """Note that an alert guesses nothing any more. Raises GuessError."""


class DecisionSink(Protocol):
    """Where decisions are recorded."""

    async def write(
        self, topic: topics.Topic, key: str, value: msgspec.Struct, replaces: msgspec.Struct | None = None
    ) -> int:
        """The offset at which the value was kept for good. Raises pipeline.streams.audit.decision_log.DecisionError."""

    async def write_all(self, values: Sequence[NewValue]) -> list[int]:
        """The same of several values, all or none."""


@dataclass
class Runtime:
    """The server's long-lived parts."""

    settings: Settings
    unsealed: IndexReader
    """The index as it is, for those alone who show nothing of it to anybody."""
    model: Model
    audit: AuditSink
    cipher: QueryCipher
    opaque: OpaqueCodec
    tokens: TokenVerifier
    grants: GrantSource
    decisions: DecisionReader
    decide: DecisionSink
    hits: HitBudget
    guesses: GuessSink
    rates: RequestRates
    refusals: RequestRates
    """At which refused requests are recorded, by each server for itself."""
    lists: ListStore
    trail: TrailCheck
    log: ServedLog
    tag_keys: TagKeys
    as_of: Callable[[], datetime | None]
    """Everything pushed by then is in the index; None while nobody knows."""
    indexed_as_of: Callable[[], datetime | None]
    """The same of what has passed intake and correlate: what reads are refused by, which a flood of one agency's must
    not shut for all."""
    without: Callable[[], tuple[str, ...]]
    """Agencies of which records may be missing though pushed by `as_of`, since a transaction of theirs stays open."""
    settled: SettledNotices
    """Up to which notice cursors may pass."""
    followers: Followers = field(default_factory=Followers)
    """What this server follows of Kafka, and why something of it stands still."""
    clock: Clock = now
    agencies: Registry = field(default_factory=dict)
    """The registry as last read; every token's claims are held against it."""
    denied: DenyList = field(default_factory=DenyList)
    """Sessions that were ended, here or at another server."""
    answered: RecentAnswers = field(default_factory=RecentAnswers)
    """What this server's searches have just shown."""
    costly: PersonSlots = field(default_factory=costly_slots)
    streams: PersonSlots = field(default_factory=stream_slots)
    computing: PersonTurns = field(default_factory=PersonTurns)
    """Taken for what is computed in a thread: threads share one interpreter, so one person has one at a time."""
    processes: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MOST_PROCESSES))
    """Held while a file that a person sent or asked for is read or written in a process of its own."""

    @property
    def reader(self) -> SealedReader:
        """The index as services read it."""
        return SealedReader(self.unsealed)

    async def requester(self, token: str) -> Requester:
        """Whose token it is. Raises TokenError where it does not hold, was ended, or its agency does not take part."""
        bearer = await self.tokens.verify_bearer(token)
        check_session(bearer, self.agencies, self.denied)
        return bearer.requester

    async def end_session(self, token: str) -> None:
        """End a token before its time, for all servers. Raises TokenError, DecisionError where that is not recorded."""
        bearer, now = await self.tokens.verify_bearer(token), self.clock()
        if self.denied.covers(bearer):
            return
        until = now + self.settings.longest_token_use
        ended = Revocation(bearer.requester.subject, now, until, token=bearer.token_id)
        await self.decide.write(topics.REVOCATIONS, ended.key, ended)
        self.denied.add_revocations([ended], now)


@dataclass(frozen=True)
class _Connections:
    """What a server keeps open to Kafka, Elasticsearch and the rates' store."""

    elasticsearch: AsyncElasticsearch
    audit: AuditLog
    decide: DecisionLog
    guesses: GuessLog
    settled: SettledNotices
    freshness: Freshness
    rates: RequestRates
    log: ServedLog
    followers: Followers


@asynccontextmanager
async def open_runtime(settings: Settings) -> AsyncIterator[Runtime]:
    """The runtime that the settings describe, on the real engines. Raises LiaisonError where there are none."""
    begun_with = (topics.AUDIT, topics.REVOCATIONS, topics.NOTICES, topics.HIT_GUESSES)
    topic_ids = admin.read_ids(settings, [topics.topic_name(settings, topic) for topic in begun_with]).topics
    ring = key_ring(settings)
    writer = writer_name(now())
    hits = HitBudget(settings.hit_budget, own=writer)
    held = await control.read_control(settings)
    active = held.find_generation()
    notices = NoticeIndex(topic_ids[topics.topic_name(settings, topics.NOTICES)], active.id)
    async with _connect(settings, hits, notices, writer) as connected:
        runtime = _make_runtime(settings, connected, ring, hits, active.compile_model())
        connected.audit.newest_format = held.audit_format
        async with _run_followers(runtime, connected.audit):
            yield runtime


@asynccontextmanager
async def _connect(
    settings: Settings, hits: HitBudget, notices: NoticeIndex, writer: str
) -> AsyncIterator[_Connections]:
    """Open the connections, the audit first: entries are recorded as `writer`'s and counted by `hits`."""
    followers = Followers()
    async with (
        connect_for_reading(settings) as elasticsearch,
        audit_log(settings, now, [hits.record_entry], writer, lambda _: AUDIT_UNREADABLE.inc(), followers) as audit,
        DecisionLog(settings) as decide,
        GuessLog(settings, GuessLedger(), now, followers) as guesses,
        watch_freshness(
            settings, now, settled := _settle_notices(settings, notices, elasticsearch), followers
        ) as freshness,
        open_rates(settings.request_rate, settings.rate_store.get_secret_value(), settings.namespace) as rates,
        served_log(settings, followers) as log_served,
    ):
        yield _Connections(elasticsearch, audit, decide, guesses, settled, freshness, rates, log_served, followers)


def _make_runtime(settings: Settings, connected: _Connections, ring: KeyRing, hits: HitBudget, model: Model) -> Runtime:
    cipher = QueryCipher(keys_in(settings.audit_key_folder))
    indices = Indices(settings.namespace, "")
    decisions = DecisionReader(connected.elasticsearch, indices, ring)
    return Runtime(
        settings=settings,
        unsealed=IndexReader(connected.elasticsearch, indices),
        model=model,
        audit=connected.audit,
        cipher=cipher,
        opaque=OpaqueCodec(ring),
        tokens=make_verifier(settings, now),
        grants=decisions,
        decisions=decisions,
        decide=connected.decide,
        hits=hits,
        guesses=connected.guesses,
        rates=connected.rates,
        refusals=RequestRates(settings.request_rate),
        lists=ListStore(settings.list_folder, cipher, settings.namespace),
        trail=TrailCheck(settings, now),
        log=connected.log,
        tag_keys=tag_keys(ring),
        as_of=lambda: connected.freshness.as_of,
        indexed_as_of=lambda: connected.freshness.indexed_as_of,
        without=lambda: connected.freshness.without,
        settled=connected.settled,
        followers=connected.followers,
    )


def _settle_notices(settings: Settings, index: NoticeIndex, elasticsearch: SearchEngine) -> SettledNotices:
    async def refresh(generation: str) -> None:
        own = Indices(settings.namespace, generation)
        await refresh_indices(elasticsearch, [own.write_alias(kind) for kind in ("notices", "cases")])

    return SettledNotices(index, refresh)


FollowRuntime = Callable[[Runtime, Follower], Awaitable[None]]


@asynccontextmanager
async def _run_followers(runtime: Runtime, audit: AuditLog) -> AsyncIterator[None]:
    """Keep the runtime's model, agencies and deny-list as Kafka has them; the last two are whole when it begins.

    While one can't be read, what was known last holds.
    """
    runtime.agencies = await registry.trusted_agencies(runtime.settings)
    runtime.denied.add_revocations(await revocations.read_revocations(runtime.settings), now())
    show_index_age(runtime.as_of, runtime.indexed_as_of, now)
    followed: Mapping[str, FollowRuntime] = {"generations": partial(_follow_control, audit), **FOLLOWED}
    async with AsyncExitStack() as kept:
        kept.callback(runtime.trail.close)
        for what, follow in followed.items():
            await kept.enter_async_context(runtime.followers.keep(what, partial(follow, runtime), IndexAwayError))
        kept.enter_context(show_audit_log(runtime.log.head_time, lambda: runtime.log.mismatched, now))
        yield


async def _follow_control(audit: AuditLog, runtime: Runtime, follower: Follower) -> None:
    """Search with the active generation's model; what was settled in another one's index is no longer.

    And write audit entries in the format that all read.
    """
    async with aclosing(control.watch_control(runtime.settings)) as states:
        async for held in states:
            audit.newest_format = held.audit_format
            active = held.find_generation()
            runtime.settled.follow_generation(active.id)
            runtime.model = active.compile_model()
            follower.note_going()


async def _follow_agencies(runtime: Runtime, follower: Follower) -> None:
    """Refuse the tokens of agencies that do not take part."""
    async with aclosing(registry.watch_agencies(runtime.settings)) as states:
        async for held in states:
            runtime.agencies = await asyncio.to_thread(trusted_registry, runtime.settings, held)
            follower.note_going()


async def _follow_reviews(runtime: Runtime, follower: Follower) -> None:
    """Let the metrics say which openings their owners have not reviewed in time."""
    while True:
        show_overdue(await count_overdue_reviews(runtime.decisions, runtime.unsealed, runtime.clock()))
        follower.note_going()
        await asyncio.sleep(PAUSE_S)


async def _follow_guesses(runtime: Runtime, follower: Follower) -> None:
    """Let the metrics say which agencies guess too much."""
    while True:
        show_refused_guesses(runtime.guesses.ledger.refused_days(), runtime.clock())
        follower.note_going()
        await asyncio.sleep(SHOW_GUESSES_S)


async def _follow_revocations(runtime: Runtime, follower: Follower) -> None:
    """Refuse the tokens that were ended at other servers."""
    async with aclosing(revocations.watch_revocations(runtime.settings)) as states:
        async for held in states:
            runtime.denied.add_revocations(held, runtime.clock())
            follower.note_going()


FOLLOWED: Final[Mapping[str, FollowRuntime]] = {
    "agencies": _follow_agencies,
    "ended sessions": _follow_revocations,
    "reviews that are due": _follow_reviews,
    "refused guesses": _follow_guesses,
}
"""What a server follows besides the audit and `control`, by what /readyz calls it."""


async def count_overdue_reviews(decisions: DecisionReader, reader: IndexReader, now: datetime) -> Mapping[str, int]:
    """Threads with an opening by one that has not been reviewed in time, counted by the owner of the case.

    What was opened of a case that is gone is not counted: nobody can review it.
    """
    late = [
        disclosure
        async for disclosure in decisions.late_reviews(now)
        if oversight_of(disclosure, now) is Oversight.OVERDUE
    ]
    live = await reader.read_cases(disclosure.case for disclosure in late)
    return Counter(disclosure.owner for disclosure in late if disclosure.case in live)


def show_overdue(counted: Mapping[str, int]) -> None:
    """Let the gauge say this and nothing else: an owner that has reviewed all is not named any more."""
    BREAK_GLASS_OVERDUE.clear()
    for owner, count in counted.items():
        BREAK_GLASS_OVERDUE.labels(owner).set(count)
