"""A switch of generation leads readers to another index of cases before servers know of it: no notice is passed."""

from __future__ import annotations

import msgspec
import pytest
from elasticsearch import AsyncElasticsearch

from pipeline.access.notices import Notice, NoticeKind
from pipeline.access.requester import Grounds, Purpose
from pipeline.api.runtime import open_runtime
from pipeline.api.services.notices import list_notices
from pipeline.api.session import Session
from pipeline.index.decisions import notice_document
from pipeline.index.documents import case_document
from pipeline.index.engine import connect
from pipeline.index.mappings import Indices, apply_mappings, switch_aliases
from pipeline.index.writer import BulkWriter
from pipeline.matching.model import load_model
from pipeline.streams.registers.control import read_control
from pipeline.times import now
from support.access.requesters import make_requester
from support.index.documents import PureStages
from support.installation.installation import Installation
from support.records.builder import record

pytestmark = [pytest.mark.engines, pytest.mark.rare]

BERT = make_requester("be-fp", subject="bert")
WHY = Grounds(Purpose.INVESTIGATION, "2026/1")


async def index_case_and_notice(client: AsyncElasticsearch, indices: Indices) -> None:
    """Write a case, and a notice about it, as the generation's workers do."""
    case = case_document(PureStages(load_model()).accepted(record("be-fp")))
    told = notice_document(msgspec.json.encode(Notice("n1", "be-fp", NoticeKind.EXPIRY, now(), case="be-fp:1")), 0)
    assert (await BulkWriter(client, indices).write([case, told])).refused == []
    await client.indices.refresh(index=indices.read_alias("notices"))


async def test_a_notice_is_read_with_the_index_of_which_it_is_known_what_is_settled(installation: Installation) -> None:
    settings = installation.settings.model_copy(update={"max_index_lag": 0})
    active = Indices(settings.namespace, (await read_control(settings)).active)
    behind = Indices(settings.namespace, "behind")
    async with connect(settings) as client, open_runtime(settings) as runtime:
        for indices in (active, behind):
            await apply_mappings(client, indices)
        await index_case_and_notice(client, active)
        runtime.settled.end = 1  # as this server last knew, before the switch
        await switch_aliases(client, behind)
        assert await runtime.unsealed.read_cases(["be-fp:1"]) == {}
        answer = await list_notices(Session(runtime, BERT, WHY))
        assert [row.id for row in answer.notices] == ["n1"]
        assert (await list_notices(Session(runtime, BERT, WHY), cursor=answer.next)).notices == ()
