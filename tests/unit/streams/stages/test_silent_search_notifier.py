"""Who may be told that somebody searched for a silent case."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import orjson
import pytest

from pipeline.access.audit import Act, ActKind, AuditEntry, Chain
from pipeline.access.hit_ledger import HitQuestion, searched_question
from pipeline.access.notices import NoticeKind, notice_id
from pipeline.access.query_cipher import QueryCipher, keys_in
from pipeline.index.documents import case_document
from pipeline.index.mappings import Indices
from pipeline.index.reading import IndexReader
from pipeline.matching.model import load_model
from pipeline.settings import Settings
from pipeline.streams.stages.silent_search_notifier import SilentSearchProcessor
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
        self.home, self.stages = home, stages
        self.reader = IndexReader(index, Indices("", ""), lambda: NOW)
        self.work = self.working_with(self.cipher)

    def working_with(self, cipher: QueryCipher) -> SilentSearchProcessor:
        """The consumer with other keys."""
        return SilentSearchProcessor(
            Settings(home=self.home), self.reader, self.stages.model, cipher, RING, lambda: NOW
        )

    def entry(self, question: str, kind: ActKind = ActKind.SEARCH) -> AuditEntry:
        query = self.cipher.encrypt(orjson.dumps({"question": question, "limit": 20}).decode(), NOW)
        act = Act(kind, "bert", "be-fp", "BE", purpose="investigation", case_reference="secret", query=query)
        return Chain("host").make_entry(act, NOW)

    async def told(self, question: str) -> list[Any]:
        return [notice async for notice in self.work.notices(self.entry(question))]


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
        [found async for found in desk.work.notices(entry)] for entry in (first, second, later)
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
    decided = desk.work.decide_records(None, None, [*records, poison])  # type: ignore[arg-type]
    assert [entry.kind for entry in decided.documents] == [ActKind.SEARCH]
    (output,) = await desk.work.publish_effects(decided)
    question = msgspec.json.decode(output.value, type=HitQuestion)
    assert (output.topic, question.asker, question.owner, question.notice) == ("hit_questions", "be-fp", "fr-pj", None)
    assert question.due is not None
    assert await desk.working_with(QueryCipher(keys_in(tmp_path))).publish_effects(decided) == []
