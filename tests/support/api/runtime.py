"""The API on in-memory parts: a filled index, a recorded audit, a fixed clock, tokens of a key of its own.

api = Api(stages, tmp_path); api.hold(record, record); api.link("fr-pj:1", "be-fp:1")
answer = await api.get("/v1/cases/fr-pj:1", who=ANNA)
await links(api.session(ANNA), "fr-pj:1")          # the same, in-process
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import httpx
import msgspec
import pytest
from fastapi import FastAPI

from pipeline.access.audit import Act, ActKind, Chain, ShownForm
from pipeline.access.guesses import AskedGuesses, GuessLedger
from pipeline.access.query_cipher import QueryCipher, keys_in
from pipeline.access.redaction import OpaqueCodec
from pipeline.access.release import Rule
from pipeline.access.requester import Requester, parse_grounds
from pipeline.access.token_keys import issue_token, make_verifier
from pipeline.api.answering import RecordedAnswer
from pipeline.api.application import create_app
from pipeline.api.hit_budget import HitBudget
from pipeline.api.list_store import ListStore
from pipeline.api.quotas import RequestRates
from pipeline.api.runtime import Runtime, open_runtime
from pipeline.api.session import Session
from pipeline.correlation.claims import ClaimState
from pipeline.index.decisions import DecisionReader, audit_document
from pipeline.index.documents import case_document, link_document, order_key_of
from pipeline.index.mappings import Indices
from pipeline.index.reading import IndexReader
from pipeline.matching.model import load_model
from pipeline.records.agencies import Agency
from pipeline.records.messages import AcceptedRecord
from pipeline.settings import Settings
from pipeline.streams.audit.audit_log import AuditError
from pipeline.streams.audit.audit_tail import TrailCheck, TrailStatus
from pipeline.streams.audit.decision_log import DecisionError, NewValue, OvertakenError
from pipeline.streams.audit.guess_log import GuessError
from pipeline.streams.catalogues import topics
from pipeline.streams.monitoring.freshness import NoticeIndex, SettledNotices
from pipeline.streams.stages.project import DECISIONS
from pipeline.times import Clock
from pipeline.transparency.served_log import ServedLog
from support.access.requesters import ANNA
from support.correlation.key_rings import RING, ROTATED
from support.index.documents import PureStages, admissions
from support.index.memory import MemoryIndex
from support.index.traced_engine import TracedEngine
from support.temporary_folders import make_folder
from support.transparency.log_world import KEYS

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)

ALL_SETTLED = 1 << 60
"""Above all offsets."""

GROUNDS = {"Liaison-Purpose": "investigation", "Liaison-Case-Reference": "2026/1"}


class RecordedAudit:
    """Keeps what is written, or refuses to while `away`."""

    def __init__(self) -> None:
        self.acts: list[Act] = []
        self.away = False
        self.held: asyncio.Event | None = None
        """What each act waits for, as for the fail-over of a broker."""

    @property
    def waits_s(self) -> float:
        return 0.0 if self.held is None else 60.0

    async def write(self, act: Act) -> None:
        if self.away:
            raise AuditError("away")
        if self.held is not None:
            await self.held.wait()
        assert act.rule, act
        for case in act.shown:
            rule = next(rule for rule in Rule if rule == case.rule)
            assert rule.view.value == case.form.value or case.form is ShownForm.COUNTED, case
        self.acts.append(act)

    def kinds(self) -> list[ActKind]:
        return [act.kind for act in self.acts]


class OpenRegistry(dict[str, Agency]):
    """Every agency takes part, of the country that its name begins with, unless the test says otherwise."""

    def get(self, name: str, default: Any = None) -> Any:
        staff = not name or name.startswith("liaison")
        return super().get(name, default if staff else Agency(name, name[:2].upper()))


class CheckedTrail(TrailCheck):
    """Stands as it is told to; without Kafka there is no trail to read."""

    def __init__(self) -> None:
        self.stands = TrailStatus(3, at=NOW)

    async def check_trail(self, patience_s: float) -> TrailStatus:
        return self.stands


class CountedGuesses:
    """Counts what is asked as the topic would have it, or refuses to while `away`."""

    def __init__(self, clock: Clock) -> None:
        self.ledger = GuessLedger(keeping=True)
        self.away = False
        self._clock = clock

    async def ask(self, asked: AskedGuesses) -> frozenset[str]:
        if self.away:
            raise GuessError("away")
        if asked.empty:
            return frozenset()
        return self.ledger.take_guesses(asked, self.ledger.end, self._clock())

    async def forget(self, agency: str, about: str) -> None:
        self.ledger.take_guesses(AskedGuesses(agency, about), self.ledger.end, self._clock())


class RecordedDecisions:
    """Keeps what is written and indexes it at once as the project stage would, or refuses to while `away`."""

    def __init__(self, index: MemoryIndex) -> None:
        self.values: list[tuple[str, msgspec.Struct]] = []
        self.away = False
        self.first = 0
        self._index = index
        self._last: dict[tuple[str, str], msgspec.Struct] = {}

    async def write(
        self, topic: topics.Topic, key: str, value: msgspec.Struct, replaces: msgspec.Struct | None = None
    ) -> int:
        (offset,) = await self.write_all([NewValue(topic, key, value, replaces)])
        return offset

    async def write_all(self, values: Sequence[NewValue]) -> list[int]:
        if self.away:
            raise DecisionError("away")
        for topic, key, _, replaces in values:
            if replaces is not None and self._last.get((topic.pattern, key), replaces) != replaces:
                raise OvertakenError("someone else decided this at the same moment; look again")
        return [self._keep(topic, key, value) for topic, key, value, _ in values]

    def _keep(self, topic: topics.Topic, key: str, value: msgspec.Struct) -> int:
        self._last[topic.pattern, key] = value
        offset = self.first + len(self.values)
        self.values.append((topic.pattern, value))
        if topic in DECISIONS:
            self._index.write([DECISIONS[topic](msgspec.json.encode(value), offset)])
        return offset


async def _refresh(_: str) -> None:
    """The index in memory shows at once what is written."""


@cache
def _application() -> FastAPI:
    """One application for all runtimes, each set when it is asked: FastAPI takes 0.2 s to make its routes ready."""
    return create_app(lambda: open_runtime(Settings()))


def _settings_at(home: Path) -> Settings:
    """What the environment says, with this home; reading it takes 5 ms, a third of what an example of a law takes."""
    given = frozenset(item for item in os.environ.items() if item[0].startswith("LIAISON_"))
    return _settings_of(given).model_copy(update={"home": home})


@cache
def _settings_of(environment: frozenset[tuple[str, str]]) -> Settings:
    return Settings()


@cache
def _empty_log() -> ServedLog:
    """One for all runtimes: each maps much address space."""
    return ServedLog(make_folder("liaison-log-"))


class Api:
    """A whole API without an engine; or on the `engine` given, whose indices bear `names`."""

    def __init__(
        self,
        stages: PureStages,
        home: Path,
        engine: TracedEngine | None = None,
        names: Indices = Indices("", ""),  # noqa: B008 - frozen
        log: ServedLog | None = None,
        **settings: Any,
    ) -> None:
        self.stages = stages
        self.now = NOW
        self.behind: timedelta | None = timedelta()
        """By how much the index is behind project's topics; None: not known."""
        self.backlog = timedelta()
        """By how much those are behind what was pushed."""
        self.without: tuple[str, ...] = ()
        """Agencies that keep a transaction open."""
        self.settled = SettledNotices(NoticeIndex("t1", "g1"), _refresh)
        """All is, as long as a test does not say otherwise."""
        self.settled.end = ALL_SETTLED
        self.settings = Settings(home=home, **settings) if settings else _settings_at(home)
        self.index = MemoryIndex(Indices("", "g1"))
        self.engine = engine or self.index
        self._names = names
        self.audit = RecordedAudit()
        self.held: dict[str, AcceptedRecord] = {}
        cipher = QueryCipher(keys_in(home / "audit-keys"))
        decisions = DecisionReader(self.engine, names, RING)
        self.decided = RecordedDecisions(self.index)
        self.guesses = CountedGuesses(self.clock)
        self.trail = CheckedTrail()
        self.agencies = OpenRegistry()
        self.log = log or _empty_log()
        self.runtime = Runtime(
            settings=self.settings,
            unsealed=IndexReader(self.engine, names, self.clock),
            model=stages.model,
            audit=self.audit,
            cipher=cipher,
            opaque=OpaqueCodec(RING),
            tokens=make_verifier(self.settings, self.clock),
            grants=decisions,
            decisions=decisions,
            decide=self.decided,
            hits=HitBudget(self.settings.hit_budget),
            guesses=self.guesses,
            rates=RequestRates(self.settings.request_rate),
            refusals=RequestRates(self.settings.request_rate),
            lists=ListStore(home / "lists", cipher),
            trail=self.trail,
            log=self.log,
            tag_keys=KEYS,
            as_of=lambda: None if self.behind is None else self.now - self.behind - self.backlog,
            without=lambda: self.without,
            indexed_as_of=lambda: None if self.behind is None else self.now - self.behind,
            settled=self.settled,
            clock=self.clock,
            agencies=self.agencies,
        )
        self.app = _application()

    def clock(self) -> datetime:
        return self.now

    def rotate(self) -> None:
        """Give the server the installation's secret after a rotation."""
        decisions = DecisionReader(self.engine, self._names, ROTATED)
        self.runtime.opaque, self.runtime.grants, self.runtime.decisions = OpaqueCodec(ROTATED), decisions, decisions

    def hold(self, *records: Mapping[str, Any]) -> None:
        """Index records as intake and project would."""
        for record in records:
            accepted = self.stages.accepted(dict(record))
            self.held[accepted.case] = accepted
            self.index.write([case_document(accepted, order_key_of(self.runtime.opaque.ring))])

    def sign_in(self, *people: Requester) -> None:
        """Index an act of each, as of those who have opened a page."""
        for who in people:
            act = Act(ActKind.READ, who.subject, who.agency, who.country)
            entry = Chain(f"signed in {who.agency} {who.subject}").make_entry(act, self.now)
            self.index.write([audit_document(msgspec.json.encode(entry), 0)])

    def link(self, a: str, b: str, state: ClaimState = ClaimState.LIVE, *, admitted: bool = True) -> str:
        """Index the claim about two held cases, and that the gate has answered both; its link id."""
        claim = self.stages.claim(self.held[a], self.held[b], state)
        self.index.write([link_document(claim), *(admissions(claim) if admitted else ())])
        return claim.link

    def session(self, who: Requester, language: str = "en", purpose: str = "investigation") -> Session:
        return Session(self.runtime, who, parse_grounds(purpose, "2026/1"), language, "request-1")

    def token(self, who: Requester, life: timedelta = timedelta(hours=1)) -> str:
        return issue_token(self.settings, who, self.now, life)

    async def request(
        self, method: str, path: str, who: Requester | None = ANNA, headers: Mapping[str, str] = GROUNDS, **more: Any
    ) -> httpx.Response:
        """One request over the application; `who` None sends no token."""
        self.app.state.runtime = self.runtime
        signed = {"Authorization": f"Bearer {self.token(who)}"} if who else {}
        transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://liaison") as client:
            return await client.request(method, path, headers={**signed, **headers}, **more)

    async def get(self, path: str, who: Requester | None = ANNA, **more: Any) -> httpx.Response:
        return await self.request("GET", path, who, **more)

    async def post(self, path: str, json: Any, who: Requester | None = ANNA, **more: Any) -> httpx.Response:
        return await self.request("POST", path, who, json=json, **more)


@pytest.fixture(scope="session")
def stages() -> PureStages:
    """Makes documents of records by the shipped model."""
    return PureStages(load_model())


@pytest.fixture
def api(stages: PureStages, tmp_path: Path) -> Api:
    """An API over an empty in-memory index."""
    return Api(stages, tmp_path)


Asked = ParamSpec("Asked")
Found = TypeVar("Found")


async def look(
    session: Session,
    find: Callable[Concatenate[RecordedAnswer, Asked], Awaitable[Found]],
    *given: Asked.args,
    **named: Asked.kwargs,
) -> Found:
    """What a part of some services finds for an answer, which here tells nobody anything."""
    async with session.answer(ActKind.READ) as answer:
        found = await find(answer, *given, **named)
        answer.tell_nothing()
        return found
