"""Who may be told that somebody searched for a silent case."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import orjson
import pytest
from aiokafka import TopicPartition

from pipeline.access.alerts import (
    LASTS,
    Alert,
    close_alert,
    extend_alert,
    label_alert,
    make_alert,
)
from pipeline.access.audit import FACTS_FORMAT, Act, ActKind, AuditEntry, Chain
from pipeline.access.hit_ledger import HitQuestion, searched_question
from pipeline.access.notices import Notice, NoticeKind, notice_id
from pipeline.access.query_cipher import QueryCipher, keys_in
from pipeline.access.requester import Grounds, Purpose, Requester, Role
from pipeline.index.decisions import DecisionReader, alert_document
from pipeline.index.documents import case_document
from pipeline.index.mappings import Indices
from pipeline.index.reading import IndexReader
from pipeline.matching.model import load_model
from pipeline.settings import Settings
from pipeline.streams.runtime.faults import InternalFaultError
from pipeline.streams.stages.notify import (
    GateQuestionProcessor,
    SharedQueries,
    SharedQuestions,
    SharedSearches,
    SilentSearches,
    decode_new,
    decode_search,
)
from support.correlation.key_rings import RING
from support.index.documents import PureStages
from support.index.memory import MemoryIndex
from support.records.builder import person, record

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
PHONED = person("Ivan Petrov", id="p1", birth_date="1980-05-01", phones=["+33612345678"])


class Desk:
    """The consumer over an index of two silent cases and an open one."""

    def __init__(self, home: Path) -> None:
        stages, index = PureStages(load_model()), MemoryIndex(Indices("", "g1"))
        for agency, code in (("fr-pj", "H3"), ("be-fp", "H3"), ("nl-np", "H0")):
            index.write([case_document(stages.accepted(record(agency, code=code, entities=[PHONED])))])
        self.cipher = QueryCipher(keys_in(home))
        self.home, self.stages, self.index = home, stages, index
        self.reader = IndexReader(index, Indices("", ""), lambda: NOW)
        self.searches = SilentSearches(self.reader, self.stages.model, self.cipher, RING, lambda: NOW)
        self.work = self.working_with(self.cipher)

    def working_with(self, cipher: QueryCipher) -> GateQuestionProcessor:
        """The consumer with other keys."""
        searches = SilentSearches(self.reader, self.stages.model, cipher, RING, lambda: NOW)
        finders = {"silent cases": searches.find_questions}
        return GateQuestionProcessor(Settings(home=self.home), decode_search, finders)

    def entry(self, question: str, kind: ActKind = ActKind.SEARCH) -> AuditEntry:
        query = self.cipher.encrypt(orjson.dumps({"question": question, "limit": 20}).decode(), NOW)
        act = Act(kind, "bert", "be-fp", "BE", purpose="investigation", case_reference="secret", query=query)
        return Chain("host").make_entry(act, NOW)

    async def told(self, question: str) -> list[Any]:
        return [notice async for notice in self.searches.notices(self.entry(question))]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return Desk(tmp_path_factory.mktemp("keys"))


MEANT = "ivan petrov born:1980-05-01"


@pytest.mark.parametrize("question", [MEANT, f"{MEANT} +33612345678", f"{MEANT} +33699999999"])
async def test_the_other_owner_is_told_who_searched_on_which_day_and_for_what_and_never_the_query(
    desk: Desk, question: str
) -> None:
    (notice,) = await desk.told(question)
    assert (notice.agency, notice.case, notice.kind) == ("fr-pj", "fr-pj:1", NoticeKind.SILENT_SEARCH)
    assert (notice.other_agency, notice.purpose) == ("be-fp", "investigation")
    assert notice.time == datetime(2026, 11, 24, tzinfo=UTC)
    encoded = msgspec.json.encode(notice)
    assert not [word for word in (b"petrov", b"612345678", b"secret", b"bert", b"12:") if word in encoded]


async def test_no_crowd_of_silent_cases_keeps_another_owner_from_being_told(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    crowd = [record("de-lka", str(at), code="H3", entities=[PHONED]) for at in range(300)]
    desk.index.write([case_document(desk.stages.accepted(one)) for one in crowd])
    assert {"fr-pj", "de-lka"} == {notice.agency for notice in await desk.told(MEANT)}


TRIPWIRES = ("+33612345678", "ivan petrov", "ivan petrov +33612345678", "ivan petrov born:1980-05-02 +33612345678",
             "petrov born:1980-05-01 +33612345678", "ivan petrov born:1980 +33612345678",
             "anna schmidt born:1980-05-01 +33612345678")  # fmt: skip


@pytest.mark.parametrize("question", [*TRIPWIRES, "anna schmidt", "ivan", "text:affair"])
async def test_nobody_is_told_of_a_search_by_a_number_or_anything_but_a_whole_name_and_birth_date(
    desk: Desk, question: str
) -> None:
    assert await desk.told(question) == []


async def test_a_days_searches_for_one_case_are_one_notice_whose_id_nobody_else_can_compute(desk: Desk) -> None:
    """An id over the entry's place would tell, by trial, how many acts of which process came before."""
    first, second = desk.entry(MEANT), msgspec.structs.replace(desk.entry(MEANT), sequence=7)
    later = msgspec.structs.replace(desk.entry(MEANT), time=(NOW + timedelta(hours=12)).isoformat())
    (one,), (same,), (other,) = [
        [found async for found in desk.searches.notices(entry)] for entry in (first, second, later)
    ]
    assert one == same
    assert one.id != other.id
    assert notice_id("silent search", first.chain, str(first.sequence), "fr-pj:1") not in one.id
    assert one.id.startswith(RING.first)


@pytest.mark.parametrize(
    ("read_at", "due"),
    [
        (NOW, datetime(2026, 11, 25, 0, 10, tzinfo=UTC)),
        (datetime(2026, 11, 25, 0, 0, 4, tzinfo=UTC), datetime(2026, 11, 25, 0, 10, tzinfo=UTC)),
        (datetime(2026, 11, 25, 15, tzinfo=UTC), datetime(2026, 11, 26, 0, 10, tzinfo=UTC)),
    ],
)
async def test_the_gate_holds_it_until_the_next_telling_time(desk: Desk, read_at: datetime, due: datetime) -> None:
    """Also where the audit is read late: what came at once then would show that it was late."""
    (notice,) = await desk.told(MEANT)
    assert searched_question(notice, read_at).due == due


async def test_only_searches_are_asked_again_and_once_their_key_is_gone_no_more(desk: Desk, tmp_path: Path) -> None:
    values = [msgspec.json.encode(desk.entry(MEANT, kind)) for kind in (ActKind.SEARCH, ActKind.READ)]
    records = [SimpleNamespace(topic="audit", partition=0, offset=at, value=one) for at, one in enumerate(values)]
    poison = SimpleNamespace(topic="audit", partition=0, offset=2, value=b"poison")
    decided = desk.work.decide_records(TopicPartition("audit", 0), None, [*records, poison])
    assert [entry.kind for _, entry in decided.documents] == [ActKind.SEARCH]
    (output,) = await desk.work.publish_effects(decided)
    question = msgspec.json.decode(output.value, type=HitQuestion)
    assert (output.topic, question.asker, question.owner, question.notice) == ("hit_questions", "be-fp", "fr-pj", None)
    assert question.due is not None
    assert await desk.working_with(QueryCipher(keys_in(tmp_path))).publish_effects(decided) == []


async def test_it_stops_at_an_act_of_a_later_version_once_those_before_are_told_of(desk: Desk) -> None:
    sound = desk.entry(MEANT)
    later = msgspec.to_builtins(sound) | {"format": FACTS_FORMAT + 1, "kind": "report"}
    records: list[Any] = [
        SimpleNamespace(topic="audit", partition=0, offset=at, value=msgspec.json.encode(one))
        for at, one in enumerate((sound, later, sound))
    ]
    with pytest.raises(InternalFaultError) as caught:
        desk.work.decide_records(TopicPartition("audit", 0), None, records)
    assert caught.value.decided == 1
    assert str(caught.value.__cause__).startswith(f"audit-0-1 has format {FACTS_FORMAT + 1}, ")
    (output,) = await desk.work.publish_effects(caught.value.result)
    assert msgspec.json.decode(output.value, type=HitQuestion).owner == "fr-pj"


async def test_a_debug_line_says_what_a_search_asked_the_gate_and_nothing_of_anybody(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    record = SimpleNamespace(topic="audit", partition=0, offset=7, value=msgspec.json.encode(desk.entry(MEANT)))
    with caplog.at_level(logging.DEBUG, "pipeline"):
        await desk.work.publish_effects(desk.work.decide_records(TopicPartition("audit", 0), None, [record]))
    assert [log.getMessage() for log in caplog.records] == ["audit-0-7: 1 questions to the gate about silent cases"]


MODEL = load_model()
PETROV = "ivan petrov born:1980-05-01"


def query(agency: str, question: str, *, shared: bool = True) -> Alert:
    who = Requester(f"someone@{agency}", agency, agency[:2].upper(), frozenset({Role.INVESTIGATOR}))
    why = Grounds(Purpose.PREVENTION, "1")
    return make_alert(f"of-{agency}", question, "", who, why, NOW, shared=shared)


class AskingAgencies:
    """Both consumers over an index of alerts."""

    def __init__(self, home: Path) -> None:
        self.index = MemoryIndex(Indices("", "g1"))
        decisions = DecisionReader(self.index, Indices("", ""), RING)
        self.cipher = QueryCipher(keys_in(home))
        questions = SharedQuestions(decisions, MODEL)
        shared, queries = SharedSearches(questions, self.cipher), SharedQueries(questions, decisions)
        self.searches = GateQuestionProcessor(
            Settings(home=home), decode_search, {"shared questions": shared.find_questions}
        )
        self.queries = GateQuestionProcessor(
            Settings(home=home), decode_new, {"shared questions": queries.find_questions}
        )
        self.offset = -1

    async def subscribed(self, subscription: Alert) -> list[Notice]:
        self.offset += 1
        value = msgspec.json.encode(subscription)
        self.index.write([alert_document(value, self.offset)])
        record = SimpleNamespace(value=value, topic="subscriptions", partition=0, offset=self.offset)
        return await self._told(self.queries, record)

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
def agencies(tmp_path: Path) -> AskingAgencies:
    return AskingAgencies(tmp_path)


async def test_both_are_told_that_the_other_asks_and_for_what_and_not_the_question(agencies: AskingAgencies) -> None:
    assert await agencies.subscribed(query("fr-pj", PETROV)) == []
    mine, theirs = await agencies.searched("be-fp", "Иван Петров 1980-05-01")
    assert (mine.agency, mine.other_agency, mine.purpose, mine.subscription) == ("be-fp", "fr-pj", "prevention", "")
    assert (theirs.agency, theirs.other_agency, theirs.purpose) == ("fr-pj", "be-fp", "investigation")
    assert theirs.subscription == "of-fr-pj"
    assert {mine.kind, theirs.kind} == {NoticeKind.SHARED_INTEREST}
    assert not any(word in str((mine, theirs)).casefold() for word in ("petrov", "1980", "bert", "someone"))


async def test_a_new_saved_search_meets_those_that_were_there(agencies: AskingAgencies) -> None:
    assert await agencies.subscribed(query("fr-pj", "phone:+33612345678")) == []
    told = await agencies.subscribed(query("be-fp", f"{PETROV} phone:+33612345678"))
    assert {(notice.agency, notice.other_agency, notice.subscription) for notice in told} == {
        ("be-fp", "fr-pj", "of-be-fp"), ("fr-pj", "be-fp", "of-fr-pj"),
    }  # fmt: skip
    again = msgspec.structs.replace(extend_alert(query("be-fp", PETROV), Grounds(Purpose.PREVENTION, "2"), NOW))
    assert await agencies.subscribed(again) == []
    assert await agencies.subscribed(label_alert(query("be-fp", PETROV), "Tver", NOW)) == []


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
        (close_alert(query("fr-pj", PETROV), NOW), {}),
    ],
    ids=["not-shared", "search-not-shared", "own", "namesake", "other-name", "not-exact", "run-out", "ended"],
)
async def test_nobody_is_told_unless_both_share_the_same(agencies: AskingAgencies, standing: Alert, asked: Any) -> None:
    await agencies.subscribed(standing)
    assert await agencies.searched("be-fp", PETROV, **asked) == []


async def test_a_search_that_is_repeated_is_told_once_a_day(agencies: AskingAgencies) -> None:
    await agencies.subscribed(query("fr-pj", PETROV))
    ids = [
        {notice.id for notice in await agencies.searched("be-fp", PETROV, at=NOW + timedelta(hours=h))}
        for h in (0, 1, 24)
    ]
    assert ids[0] == ids[1]
    assert ids[0].isdisjoint(ids[2])
    assert len(ids[0]) == 2
