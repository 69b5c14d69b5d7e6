"""An agency leaves: its cases are withdrawn through intake, and nothing of its is taken or asked any more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from pipeline.access.alerts import Alert, AlertState, make_alert
from pipeline.access.disclosure_threads import Disclosure, Move, ThreadStep
from pipeline.access.folders import (
    Folder,
    FolderItem,
    FolderState,
    ItemKind,
    Reference,
    edit_item,
    make_folder,
    make_item,
)
from pipeline.access.guesses import AskedGuesses
from pipeline.access.requester import Grounds, Purpose
from pipeline.access.token_keys import issue_token
from pipeline.access.tokens import TokenError
from pipeline.api.runtime import open_runtime
from pipeline.errors import LiaisonError
from pipeline.ops.agencies.removal import Removed, retire_agency
from pipeline.records.agencies import Agency, AgencyState
from pipeline.settings import Settings
from pipeline.streams.audit.decision_log import DecisionLog, NewValue
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.reading import read_table
from pipeline.streams.registers import registry
from pipeline.streams.registers.registry import read_agencies
from support.access.requesters import make_requester
from support.installation.fixtures import installation, make_installation, records, start_all, start_stage
from support.installation.installation import Installation
from support.installation.records import RecordMaker
from support.waiting import WaitFor

__all__ = ["installation", "make_installation", "records", "start_all", "start_stage"]

pytestmark = [pytest.mark.engines, pytest.mark.timeout(300), pytest.mark.rare]


def removed(installation: Installation, name: str, timeout_s: float = 90) -> Removed:
    return asyncio.run(retire_agency(installation.settings, name, timeout_s, lambda: datetime.now(UTC)))


def test_all_cases_go_with_their_links_and_later_records_are_refused(
    installation: Installation, records: RecordMaker, start_all: Callable[[], Any], wait_for: Callable[..., object]
) -> None:
    start_all()
    person = records.person()
    feed = [records.message("fr-pj", str(number), people=[person]) for number in range(3)]
    feed += [records.message("be-fp", "1", people=[person]), records.message("fr-pj", "2", 2, people=[person])]
    installation.push(feed)
    wait_for(lambda: installation.at_rest() and installation.accounting().decided == len(feed), 90)
    assert len(installation.visible_links()) == 3

    assert removed(installation, "fr-pj").cases == 3
    wait_for(installation.at_rest, 90)
    assert installation.visible_links() == {}
    assert installation.cases(["fr-pj:0", "fr-pj:1", "fr-pj:2"]) == {}
    assert installation.cases(["be-fp:1"]) == {"be-fp:1": 1}
    assert asyncio.run(read_agencies(installation.settings))["fr-pj"].state is AgencyState.REMOVED

    (position,) = installation.push([records.message("fr-pj", "9")])
    wait_for(lambda: position in installation.receipts())
    assert installation.receipts()[position].reason == "unknown_agency"
    assert removed(installation, "fr-pj").cases == 0
    assert installation.accounting().balanced


def test_without_intake_it_says_so_and_can_be_run_again(installation: Installation, records: RecordMaker) -> None:
    with pytest.raises(LiaisonError, match="agency xx-no is not registered"):
        removed(installation, "xx-no")
    installation.push([records.message("fr-pj", "1")])
    with pytest.raises(LiaisonError, match="run the same command again"):
        removed(installation, "fr-pj", timeout_s=0.1)


ANNA = make_requester("fr-pj", subject="anna")
NOW = datetime.now(UTC)


async def decide(settings: Settings) -> None:
    """What it asked of another agency and was granted, what another holds of it, and an alert."""
    query = make_alert("query", "Ivan Petrov", "FR", ANNA, Grounds(Purpose.INVESTIGATION, "2026/1"), NOW)
    kept = make_folder("f1", "Kestrel", ANNA, Grounds(Purpose.INVESTIGATION, "2026/1"), NOW)
    note = edit_item(make_item("ab" * 8, kept, Reference(ItemKind.NOTE), ANNA, NOW), ANNA, NOW, text="canary")
    async with DecisionLog(settings) as log:
        await log.write_all([NewValue(topics.FOLDERS, "f1", kept), NewValue(topics.FOLDER_ITEMS, note.key, note)])
        await log.write(topics.SUBSCRIPTIONS, query.id, query)
        for name, owner, requester in (("of-others", "be-fp", "fr-pj"), ("of-it", "fr-pj", "be-fp")):
            step = ThreadStep(Move.GRANT, owner, "bert", NOW, until=NOW + timedelta(days=1))
            await log.write(topics.DISCLOSURES, name, Disclosure(name, f"{owner}:1", owner, requester, steps=(step,)))


async def table(settings: Settings, topic: topics.Topic, kind: Any) -> list[Any]:
    held = await read_table(settings, topics.topic_name(settings, topic))
    return [msgspec.json.decode(value, type=kind) for value in held.values()]


def test_what_it_was_granted_and_what_it_asks_standing_ends(
    installation: Installation, start_stage: Callable[[str], Any]
) -> None:
    start_stage("intake")
    asyncio.run(decide(installation.settings))
    assert removed(installation, "fr-pj") == Removed(cases=0, disclosures=2, subscriptions=1, folders=1)
    (query,) = asyncio.run(table(installation.settings, topics.SUBSCRIPTIONS, Alert))
    assert (query.state, query.question) == (AlertState.ENDED, "")
    threads = asyncio.run(table(installation.settings, topics.DISCLOSURES, Disclosure))
    assert {thread.last.move for thread in threads} == {Move.REVOCATION}
    last = asyncio.run(table(installation.settings, topics.HIT_GUESSES, AskedGuesses))
    assert last == [AskedGuesses("fr-pj", "sub:query")], "the gate keeps no guess that it refused to an alert"
    (folder,) = asyncio.run(table(installation.settings, topics.FOLDERS, Folder))
    (note,) = asyncio.run(table(installation.settings, topics.FOLDER_ITEMS, FolderItem))
    assert (folder.state, folder.title, note.removed, note.text) == (FolderState.ENDED, "", True, "")
    assert removed(installation, "fr-pj") == Removed(0, 0, 0)


async def test_its_peoples_tokens_end_and_hold_again_when_it_comes_back(
    engine_settings: Settings, make_installation: type[Installation], wait_for: WaitFor
) -> None:
    await asyncio.to_thread(make_installation(engine_settings).prepare)
    token = issue_token(engine_settings, ANNA, NOW, timedelta(hours=1))
    async with open_runtime(engine_settings) as runtime:
        assert await runtime.requester(token) == ANNA
        await registry.write_agency(engine_settings, Agency("fr-pj", "FR", state=AgencyState.REMOVED))
        await asyncio.to_thread(wait_for, lambda: runtime.agencies["fr-pj"].state is AgencyState.REMOVED)
        with pytest.raises(TokenError, match="has left this installation"):
            await runtime.requester(token)
        await registry.write_agency(engine_settings, Agency("fr-pj", "FR"))
        await asyncio.to_thread(wait_for, lambda: runtime.agencies["fr-pj"].state is AgencyState.ACTIVE)
        assert await runtime.requester(token) == ANNA
