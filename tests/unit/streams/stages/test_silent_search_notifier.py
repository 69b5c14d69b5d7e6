"""Who is told that somebody searched for a silent case."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import orjson
import pytest

from pipeline.access.audit import Act, ActKind, AuditEntry, Chain
from pipeline.access.notices import NoticeKind
from pipeline.access.query_cipher import QueryCipher, keys_in
from pipeline.index.document_making import case_document
from pipeline.index.mappings import Indices
from pipeline.index.reading import IndexReader
from pipeline.matching.model import load_model
from pipeline.settings import Settings
from pipeline.streams.stages.silent_search_notifier import SilentSearchProcessor
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
        return SilentSearchProcessor(Settings(home=self.home), self.reader, self.stages.model, cipher)

    def entry(self, question: str, kind: ActKind = ActKind.SEARCH) -> AuditEntry:
        query = self.cipher.encrypt(orjson.dumps({"question": question, "limit": 20}).decode(), NOW)
        act = Act(kind, "bert", "be-fp", "BE", purpose="investigation", case_reference="secret", query=query)
        return Chain("host").make_entry(act, NOW)

    async def told(self, question: str) -> list[Any]:
        return [notice async for notice in self.work.notices(self.entry(question))]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return Desk(tmp_path_factory.mktemp("keys"))


@pytest.mark.parametrize("question", ["+33612345678", "ivan petrov 1980-05-01 +33612345678"])
async def test_the_other_owner_is_told_who_searched_when_and_for_what_and_never_the_query(
    desk: Desk, question: str
) -> None:
    (notice,) = await desk.told(question)
    assert (notice.agency, notice.case, notice.kind) == ("fr-pj", "fr-pj:1", NoticeKind.SILENT_SEARCH)
    assert (notice.other_agency, notice.purpose, notice.time) == ("be-fp", "investigation", NOW)
    encoded = msgspec.json.encode(notice)
    assert not [word for word in (b"petrov", b"612345678", b"secret", b"bert") if word in encoded]


@pytest.mark.parametrize("question", ["anna schmidt", "ivan", "text:affair"])
async def test_nobody_is_told_of_a_search_that_did_not_mean_his_case(desk: Desk, question: str) -> None:
    assert await desk.told(question) == []


async def test_only_searches_are_asked_again_and_once_their_key_is_gone_no_more(desk: Desk, tmp_path: Path) -> None:
    values = [msgspec.json.encode(desk.entry("+33612345678", kind)) for kind in (ActKind.SEARCH, ActKind.READ)]
    records = [SimpleNamespace(topic="audit", partition=0, offset=at, value=one) for at, one in enumerate(values)]
    poison = SimpleNamespace(topic="audit", partition=0, offset=2, value=b"poison")
    decided = desk.work.decide_records(None, None, [*records, poison])  # type: ignore[arg-type]
    assert [entry.kind for entry in decided.documents] == [ActKind.SEARCH]
    (output,) = await desk.work.publish_effects(decided)
    assert output.topic == "notices"
    assert await desk.working_with(QueryCipher(keys_in(tmp_path))).publish_effects(decided) == []
