"""Conservation of notices: whatever comes, is indexed, shown and polled in which order, each is told that may be.

Notices and the cases that they are about go through two topics, each indexed in its own order and shown by a refresh of
its own; servers look at how far that is, at their own time, and a reader goes from one to the other. Each notice that
the reader may know of at the end comes exactly once, where no answer was lost on its way, and none that they may not.
What they may not know of delays nothing: every answer is the same as without it.

A restore brings all back at lower offsets, in topics of the same names, to be indexed anew. Then what was told before
may come again, and nothing is missed. A switch of generation leads readers to another index of cases, and servers learn
of it before or behind that; in either of them more may be indexed.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple
from unittest.mock import patch

import msgspec
from aiokafka import TopicPartition
from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from pipeline.access.notices import Notice, NoticeKind
from pipeline.api.services.notices import list_notices
from pipeline.index.decisions import notice_document
from pipeline.index.documents import DocumentWrite, case_document
from pipeline.index.mappings import Indices
from pipeline.streams.monitoring.freshness import Freshness, GroupPosition, NoticeIndex, SettledNotices
from support.access.requesters import BERT
from support.api.runtime import NOW, Api
from support.no_leak.worlds import STAGES
from support.records.builder import record
from support.temporary_folders import make_folder

HOME = make_folder("liaison-notices-")

SHARE = 2
"""One in so many of the examples elsewhere: each plays two histories."""

SERVERS = 2

CASES, NOTICES = TopicPartition("accepted", 0), TopicPartition("notices", 0)

GENERATIONS = {name: Indices("", name) for name in ("g1", "g2")}

INDEXED = (*GENERATIONS, "notices")
"""Cases in the index of each generation, and notices."""

GAP = 3
"""Offsets between two notices: a transaction's marker, and another agency's notice."""


class Coming(NamedTuple):
    """A notice to Bert and the version of a case that it is about; `hidden`: which he may not know of."""

    reference: bool
    hidden: bool
    second: bool
    """Of a case that is there already, in a version that he may not know of."""


coming = st.builds(Coming, st.booleans(), st.booleans(), st.booleans())
lost = st.sampled_from((False, False, False, True))
"""Whether an answer is lost on its way, and its reader asks again."""

steps = st.one_of(
    st.tuples(st.just("come"), coming),
    st.tuples(st.just("index"), st.sampled_from(INDEXED), st.sampled_from((1, 2, 99))),
    st.tuples(st.just("refresh"), st.sampled_from(INDEXED)),
    st.tuples(st.sampled_from(("begin look", "end look", "look")), st.integers(0, SERVERS - 1)),
    st.just(("restore",)),
    st.sampled_from((("switch",), ("lead",))),
    st.tuples(st.just("follow"), st.integers(0, SERVERS - 1)),
    st.tuples(st.just("poll"), st.integers(0, SERVERS - 1), st.sampled_from((1, 2, 50)), lost),
)


class Topic:
    """What was sent, how much of it is written to an index, and how much of that searches show."""

    def __init__(self, sent: list[DocumentWrite], indices: Indices) -> None:
        self.sent, self.indices = sent, indices
        self.written = self.shown = 0


class Server:
    """How far one server knows the index to be: a look reads what is acknowledged, then where the topics end."""

    def __init__(self, history: History) -> None:
        self.settled = SettledNotices(history.index, history.refresh)
        self._freshness = Freshness()
        self._history = history
        self._begun: tuple[dict[TopicPartition, int], NoticeIndex, int] | None = None

    def begin_look(self) -> None:
        topics, index = self._history.topics, self._history.index
        committed = {CASES: topics[index.generation].written, NOTICES: topics["notices"].written}
        self._begun = committed, index, self._history.end

    async def end_look(self) -> None:
        if self._begun is None:
            return
        committed, index, told = self._begun
        ends = {CASES: len(self._history.cases), NOTICES: len(self._history.notices)}
        at_rest = {name for name in ends if committed[name] == ends[name]}
        self._freshness.update_positions(NOW, [GroupPosition(ends, committed, at_rest)], index, told)
        if indexed := self._freshness.indexed_notices:
            await self.settled.follow_index(indexed)
        self._begun = None

    async def look(self) -> None:
        await self.end_look()
        self.begin_look()
        await self.end_look()


class History:
    """An installation and Bert, who polls; without what is hidden from him, or with it."""

    def __init__(self, *, whole: bool) -> None:
        self.api = Api(STAGES, HOME)
        self.api.index.add_generation(GENERATIONS["g2"])
        self.cases: list[DocumentWrite] = []
        self.notices: list[DocumentWrite] = []
        self.topics = {name: Topic(self.cases, indices) for name, indices in GENERATIONS.items()}
        self.topics["notices"] = Topic(self.notices, GENERATIONS["g1"])
        self.index, self.end = NoticeIndex("t1", "g1"), 0
        self.readable: list[str] = []
        self.answers: list[tuple[str, ...]] = []
        self.given: Counter[str] = Counter()
        self.again: set[str] = set()
        """What may come twice: of an answer that was lost, or before its server knew of a restore."""
        self._whole = whole
        self._cursor: str | None = None
        self._servers = [Server(self) for _ in range(SERVERS)]

    async def refresh(self, generation: str) -> None:
        for name in (generation, "notices"):
            self._show(self.topics[name])

    def _show(self, topic: Topic) -> None:
        self.api.index.write(topic.sent[topic.shown : topic.written], topic.indices)
        topic.shown = topic.written

    def come(self, what: Coming) -> None:
        number = str(len(self.notices))
        name, key = f"n{number}", f"fr-pj:{number}"
        if what.second:
            self._send_case(record("fr-pj", number, code="H3"), there=True)
        if self._whole or not what.hidden:
            self._send_case(record("fr-pj", number, version=2, code="H3" if what.hidden else "H0"))
            known: Any = {"reference": self.api.session(BERT).make_reference(key)} if what.reference else {"case": key}
            notice = Notice(name, "be-fp", NoticeKind.DISCLOSURE_ANSWER, NOW + timedelta(self.end), **known)
            self.notices.append(notice_document(msgspec.json.encode(notice), self.end))
        else:  # something else takes their places, which tell nobody anything
            self._send_case(record("fr-pj", f"other{number}", code="H3"))
            elsewhere = Notice(name, "nl-np", NoticeKind.EXPIRY, NOW)
            self.notices.append(notice_document(msgspec.json.encode(elsewhere), self.end))
        if not what.hidden:
            self.readable.append(name)
        self.end += GAP

    def _send_case(self, given: dict[str, Any], *, there: bool = False) -> None:
        document = case_document(STAGES.accepted(given))
        if there:
            for indices in GENERATIONS.values():
                self.api.index.write([document], indices)
        else:
            self.cases.append(document)

    def write(self, name: str, count: int) -> None:
        topic = self.topics[name]
        topic.written = min(len(topic.sent), topic.written + count)

    def restore(self) -> None:
        """All that was sent in topics anew, without the gaps, and an empty index."""
        self.index, self.end = self.index._replace(topic=f"{self.index.topic}+"), len(self.notices)
        for kind in ("cases", "notices"):
            self.api.index.forget_documents(kind)
        for topic in self.topics.values():
            topic.written = topic.shown = 0
        sent = [msgspec.json.decode(one.body, type=Notice) for one in self.notices]
        self.notices[:] = [notice_document(msgspec.json.encode(one), offset) for offset, one in enumerate(sent)]
        self.again.update(self.given)

    async def poll(self, server: int, limit: int, *, lost: bool = False) -> None:
        self.api.runtime.settled = self._servers[server].settled
        answer = await list_notices(self.api.session(BERT), limit, self._cursor)
        names = tuple(row.id for row in answer.notices)
        self.answers.append(names)
        self.given.update(names)
        if lost or self._servers[server].settled.index.topic != self.index.topic:
            self.again.update(names)
        if not lost:
            self._cursor = answer.next

    async def play(self, step: Sequence[Any]) -> None:
        match step:
            case ("come", what):
                self.come(what)
            case ("index", topic, count):
                self.write(topic, count)
            case ("restore",):
                self.restore()
            case ("switch",):
                self.index = self.index._replace(generation="g2" if self.index.generation == "g1" else "g1")
            case ("lead",):
                self.api.index.lead_readers(GENERATIONS[self.index.generation])
            case ("follow", server):
                self._servers[server].settled.follow_generation(self.index.generation)
            case ("refresh", topic):
                self._show(self.topics[topic])
            case ("begin look", server):
                self._servers[server].begin_look()
            case ("end look", server):
                await self._servers[server].end_look()
            case ("look", server):
                await self._servers[server].look()
            case ("poll", server, limit, lost):
                await self.poll(server, limit, lost=lost)

    async def come_to_rest(self) -> None:
        await self.play(("lead",))
        for name in self.topics:
            self.write(name, len(self.topics[name].sent))
        for server in self._servers:
            server.settled.follow_generation(self.index.generation)
            await server.look()
        await self.refresh(self.index.generation)
        before = -1
        while before != len(self.given):
            before = len(self.given)
            await self.poll(0, 50)


async def play(history: Sequence[Sequence[Any]], *, whole: bool) -> History:
    made = History(whole=whole)
    for step in history:
        await made.play(step)
    await made.come_to_rest()
    return made


WRITTEN_NOT_SHOWN = (
    ("come", Coming(reference=True, hidden=False, second=False)), ("index", "notices", 1), ("refresh", "notices"),
    ("index", "g1", 1), ("look", 0), ("poll", 0, 50, False),
)  # fmt: skip
"""A server knows that a case is written, and searches don't show it."""

READABLE = ("come", Coming(reference=False, hidden=False, second=False))

TOLD_THEN_RESTORED = (
    READABLE, READABLE, ("index", "g1", 99), ("index", "notices", 99), ("look", 0), ("poll", 0, 50, False),
    ("restore",), READABLE, ("look", 0), ("poll", 0, 50, False),
)  # fmt: skip
"""A cursor has passed more offsets than the restored topic has."""

LED_BEFORE_IT_IS_KNOWN = (
    READABLE, ("index", "g1", 99), ("index", "notices", 99), ("look", 0), ("switch",), ("lead",),
    ("poll", 0, 50, False),
)  # fmt: skip
"""Readers are led to an index that is behind, and the server does not know of it yet."""

KNOWN_BEFORE_IT_IS_LED = (
    READABLE, ("index", "notices", 99), ("index", "g2", 99), ("switch",), ("follow", 0), ("look", 0),
    ("poll", 0, 50, False),
)  # fmt: skip
"""The server knows that the new index holds all, and readers are led to the former, which does not."""


@example(WRITTEN_NOT_SHOWN, 64)
@example(TOLD_THEN_RESTORED, 64)
@example(LED_BEFORE_IT_IS_KNOWN, 64)
@example(KNOWN_BEFORE_IT_IS_LED, 64)
@settings(max_examples=max(settings().max_examples // SHARE, 1))
@given(st.lists(steps, min_size=10, max_size=60), st.sampled_from((1, 2, 64)))
def test_each_notice_that_may_be_read_is_told(history: Sequence[Sequence[Any]], most_ahead: int) -> None:
    with patch("pipeline.api.services.notices.MOST_AHEAD", most_ahead):
        whole = asyncio.run(play(history, whole=True))
        rest = asyncio.run(play(history, whole=False))
    assert set(whole.given) == set(whole.readable)
    assert {name for name, count in whole.given.items() if count > 1} <= whole.again
    assert whole.answers == rest.answers
    late = sum(name not in whole.answers[0] for name in whole.readable)
    event(f"told: {min(len(whole.readable), 3)}, not at once: {min(late, 3)}, again: {bool(whole.again)}")
