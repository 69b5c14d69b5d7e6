"""Someone else asked: two agencies that both share what they ask are told of each other, and nobody else is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import orjson
import pytest

from pipeline.access.audit import Act, ActKind, Chain
from pipeline.access.hit_ledger import HitQuestion
from pipeline.access.notices import Notice, NoticeKind
from pipeline.access.query_cipher import QueryCipher, keys_in
from pipeline.access.requester import Grounds, Purpose, Requester, Role
from pipeline.access.subscriptions import (
    LASTS,
    Subscription,
    close_subscription,
    extend_subscription,
    label_subscription,
    make_subscription,
)
from pipeline.index.decisions import DecisionReader, subscription_document
from pipeline.index.mappings import Indices
from pipeline.matching.model import load_model
from pipeline.settings import Settings
from pipeline.streams.stages.shared_questions import SharedQueryProcessor, SharedQuestions, SharedSearchProcessor
from support.correlation.key_rings import RING
from support.index.memory import MemoryIndex

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
MODEL = load_model()
PETROV = "ivan petrov born:1980-05-01"


def query(agency: str, question: str, *, shared: bool = True) -> Subscription:
    who = Requester(f"someone@{agency}", agency, agency[:2].upper(), frozenset({Role.INVESTIGATOR}))
    why = Grounds(Purpose.PREVENTION, "1")
    return make_subscription(f"of-{agency}", question, "", who, why, NOW, shared=shared)


class Desk:
    """Both consumers over an index of alerts."""

    def __init__(self, home: Path) -> None:
        self.index = MemoryIndex(Indices("", "g1"))
        decisions = DecisionReader(self.index, Indices("", ""), RING)
        self.cipher = QueryCipher(keys_in(home))
        questions = SharedQuestions(decisions, MODEL)
        self.searches = SharedSearchProcessor(Settings(home=home), questions, self.cipher)
        self.queries = SharedQueryProcessor(Settings(home=home), questions, decisions)
        self.offset = -1

    async def subscribed(self, subscription: Subscription) -> list[Notice]:
        self.offset += 1
        value = msgspec.json.encode(subscription)
        self.index.write([subscription_document(value, self.offset)])
        return await self._told(self.queries, SimpleNamespace(value=value, offset=self.offset))

    async def searched(self, agency: str, question: str, *, share: bool = True, at: datetime = NOW) -> list[Notice]:
        asked = {"question": question, "country": "", "share": share}
        sealed = self.cipher.encrypt(orjson.dumps(asked).decode(), at)
        act = Act(ActKind.SEARCH, "bert", agency, agency[:2].upper(), purpose="investigation", query=sealed)
        value = msgspec.json.encode(Chain("host").make_entry(act, at))
        return await self._told(self.searches, SimpleNamespace(value=value, topic="audit", partition=0, offset=0))

    async def _told(self, work: Any, record: Any) -> list[Notice]:
        outputs = await work.publish_effects(work.decide_records(None, None, [record]))
        asked = [msgspec.json.decode(output.value, type=HitQuestion) for output in outputs]
        return [question.notice for question in asked if question.notice is not None]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


async def test_both_are_told_that_the_other_asks_and_for_what_and_not_the_question(desk: Desk) -> None:
    assert await desk.subscribed(query("fr-pj", PETROV)) == []
    mine, theirs = await desk.searched("be-fp", "Иван Петров 1980-05-01")
    assert (mine.agency, mine.other_agency, mine.purpose, mine.subscription) == ("be-fp", "fr-pj", "prevention", "")
    assert (theirs.agency, theirs.other_agency, theirs.purpose) == ("fr-pj", "be-fp", "investigation")
    assert theirs.subscription == "of-fr-pj"
    assert {mine.kind, theirs.kind} == {NoticeKind.SHARED_INTEREST}
    assert not any(word in str((mine, theirs)).casefold() for word in ("petrov", "1980", "bert", "someone"))


async def test_a_new_saved_search_meets_those_that_were_there(desk: Desk) -> None:
    assert await desk.subscribed(query("fr-pj", "phone:+33612345678")) == []
    told = await desk.subscribed(query("be-fp", f"{PETROV} phone:+33612345678"))
    assert {(notice.agency, notice.other_agency, notice.subscription) for notice in told} == {
        ("be-fp", "fr-pj", "of-be-fp"), ("fr-pj", "be-fp", "of-fr-pj"),
    }  # fmt: skip
    again = msgspec.structs.replace(extend_subscription(query("be-fp", PETROV), Grounds(Purpose.PREVENTION, "2"), NOW))
    assert await desk.subscribed(again) == []
    assert await desk.subscribed(label_subscription(query("be-fp", PETROV), "Tver", NOW)) == []


@pytest.mark.parametrize(
    ("standing", "asked"),
    [
        (query("fr-pj", PETROV, shared=False), {}),
        (query("fr-pj", PETROV), {"share": False}),
        (query("be-fp", PETROV), {}),
        (query("fr-pj", "ivan petrov born:1955-11-30"), {}),
        (query("fr-pj", "zbigniew oczko born:1980-05-01"), {}),
        (query("fr-pj", "ivan petrov"), {}),
        (query("fr-pj", PETROV), {"at": NOW + LASTS}),
        (close_subscription(query("fr-pj", PETROV), NOW), {}),
    ],
    ids=["not-shared", "search-not-shared", "own", "namesake", "other-name", "not-exact", "run-out", "ended"],
)
async def test_nobody_is_told_unless_both_share_the_same(desk: Desk, standing: Subscription, asked: Any) -> None:
    await desk.subscribed(standing)
    assert await desk.searched("be-fp", PETROV, **asked) == []


async def test_a_search_that_is_repeated_is_told_once_a_day(desk: Desk) -> None:
    await desk.subscribed(query("fr-pj", PETROV))
    ids = [
        {notice.id for notice in await desk.searched("be-fp", PETROV, at=NOW + timedelta(hours=h))} for h in (0, 1, 24)
    ]
    assert ids[0] == ids[1]
    assert ids[0].isdisjoint(ids[2])
    assert len(ids[0]) == 2
