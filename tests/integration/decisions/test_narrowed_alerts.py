"""An alert with filters from the stream to its reader: told of what passes them, now or by a later version."""

from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, datetime

import pytest

from pipeline.access.alerts import make_alert
from pipeline.access.case_filters import Filters
from pipeline.access.requester import Grounds, Purpose
from pipeline.api.answers import NoticeRow
from pipeline.api.runtime import open_runtime
from pipeline.api.services.notices import list_latest_notices
from pipeline.api.session import Session
from pipeline.settings import Settings
from pipeline.streams.audit.decision_log import DecisionLog
from pipeline.streams.catalogues import topics
from support.access.requesters import make_requester
from support.installation.fixtures import StartAll
from support.installation.installation import Installation
from support.installation.records import RecordMaker
from support.waiting import WaitFor

pytestmark = [pytest.mark.engines, pytest.mark.timeout(240), pytest.mark.rare]

BERT = make_requester("be-fp", subject="bert")
WHY = Grounds(Purpose.INVESTIGATION, "2026/1")


def write_alert(settings: Settings, question: str, filters: Filters) -> None:
    made = make_alert(uuid.uuid4().hex, question, "", BERT, WHY, datetime.now(UTC), filters=filters)

    async def written() -> None:
        async with DecisionLog(settings) as log:
            await log.write(topics.SUBSCRIPTIONS, made.id, made)

    asyncio.run(written())


def read_notices(settings: Settings) -> list[NoticeRow]:
    """What Bert reads, the latest first."""

    async def read() -> list[NoticeRow]:
        async with open_runtime(settings) as runtime:
            return list((await list_latest_notices(Session(runtime, BERT, WHY))).notices)

    return asyncio.run(read())


def test_it_tells_of_what_passes_and_of_what_comes_to_pass(
    records: RecordMaker, installation: Installation, start_all: StartAll, wait_for: WaitFor
) -> None:
    settings = installation.settings.model_copy(update={"max_index_lag": 0})
    person = records.person()
    suspect, witness = (person | {"role": role} for role in ("Suspect", "witness"))
    start_all()
    name = person["names"][0]
    question = f"{name['given']} {name['family']} born:{person['birth_date']} phone:{person['phones'][0]}"
    write_alert(settings, question, Filters(agencies=("fr-pj", "de-bk"), roles=("suspect",)))
    feed = [
        records.message("fr-pj", "1", people=[suspect]), records.message("de-bk", "1", people=[witness]),
        records.message("nl-np", "1", people=[suspect]),
    ]  # fmt: skip
    installation.push(feed)
    wait_for(lambda: installation.at_rest() and installation.accounting().decided == len(feed), deadline_s=90)
    wait_for(lambda: [row.case for row in read_notices(settings)] == ["fr-pj:1"], deadline_s=90)
    (first,) = read_notices(settings)
    assert first.filters == Filters(agencies=("fr-pj", "de-bk"), roles=("suspect",))

    later = [records.message("de-bk", "1", 2, people=[suspect])]
    installation.push(later)
    wait_for(lambda: {row.case for row in read_notices(settings)} == {"fr-pj:1", "de-bk:1"}, deadline_s=90)
    assert read_notices(settings)[0].case == "de-bk:1", "what came last is not the first"
    installation.holds([*feed, *later])
