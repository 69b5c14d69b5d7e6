"""`liaison ops retention` on the real engines."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from elasticsearch import Elasticsearch

from pipeline.access.alerts import LASTS, Alert, AlertState, make_alert
from pipeline.access.folders import LASTS as FOLDER_LASTS
from pipeline.access.folders import RENEWABLE as FOLDER_RENEWABLE
from pipeline.access.folders import Folder, FolderItem, ItemKind, Reference, edit_item, make_folder, make_item
from pipeline.access.requester import Grounds, Purpose
from pipeline.access.reviews import Review, Verdict
from pipeline.ops.retention import RENEWABLE
from pipeline.settings import Settings
from pipeline.streams.audit.decision_log import DecisionLog, NewValue
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.reading import read_table
from support.access.requesters import make_requester
from support.installation.command import RunLiaison
from support.installation.fixtures import StartAll
from support.installation.installation import Installation
from support.installation.records import RecordMaker
from support.processes.starting import Start
from support.waiting import WaitFor

pytestmark = [pytest.mark.engines, pytest.mark.rare]

NOW = datetime.now(UTC)
ANNA = make_requester("fr-pj", subject="anna")
WHY = Grounds(Purpose.INVESTIGATION, "fr 2026/1")
REVIEW = Review("held", "0" * 32, "be-fp:1", "fr-pj:kept", 1, 1, "g", Verdict.SAME, "fr-pj", "anna", NOW, "a reason")


async def decide(settings: Settings) -> None:
    past = make_alert("past", "Ivan Petrov", "FR", ANNA, WHY, NOW - LASTS - RENEWABLE)
    async with DecisionLog(settings) as log:
        for query in (past, make_alert("present", "Ivan Petrov", "FR", ANNA, WHY, NOW)):
            await log.write(topics.SUBSCRIPTIONS, query.id, query)
        for name, made in (("lapsed", NOW - FOLDER_LASTS - FOLDER_RENEWABLE), ("current", NOW)):
            kept = make_folder(name, "Kestrel", ANNA, WHY, made)
            item = edit_item(make_item("ab" * 8, kept, Reference(ItemKind.NOTE), ANNA, made), ANNA, NOW, text="a note")
            await log.write_all([NewValue(topics.FOLDERS, name, kept), NewValue(topics.FOLDER_ITEMS, item.key, item)])
        for review in (REVIEW, msgspec.structs.replace(REVIEW, id="over", case_b="fr-pj:gone")):
            await log.write(topics.REVIEWS, review.id, review)


def table(settings: Settings, topic: topics.Topic, kind: Any) -> dict[str, Any]:
    held = asyncio.run(read_table(settings, topics.topic_name(settings, topic)))
    return {key.decode(): msgspec.json.decode(value, type=kind) for key, value in held.items()}


@pytest.mark.timeout(300)
def test_what_has_had_its_time_ends_once(
    records: RecordMaker, installation: Installation, start_stage: Start, wait_for: WaitFor, liaison: RunLiaison
) -> None:
    settings, soon = installation.settings, (NOW + timedelta(days=2)).date().isoformat()  # also if midnight passes
    sent = [
        records.message("fr-pj", "kept", retain_until=soon),
        records.message("fr-pj", "gone", retain_until=soon),
        records.message("fr-pj", "gone", 2, status="withdrawn"),
    ]
    installation.push(sent)
    start_stage("intake")
    wait_for(lambda: installation.accounting().decided == len(sent), deadline_s=120)
    asyncio.run(decide(settings))
    keys = settings.audit_key_folder
    keys.mkdir(parents=True)
    (keys / "2001-01.key").write_bytes(b"old")

    due = json.loads(liaison("retention", "--dry-run", "--json").stdout)
    assert due["expiries"] == [{"agency": "fr-pj", "month": soon[:7], "cases": 1, "past": False}]
    assert (due["cases"], due["notices"]) == ([], ["fr-pj:kept"])
    assert (due["subscriptions"], due["reviews"], due["months"]) == (["past"], ["over"], ["2001-01"])
    assert (due["folders"], due["folder_items"]) == (["lapsed"], [f"lapsed|{'ab' * 8}"])
    assert table(settings, topics.REVIEWS, Review)["over"].reason
    assert (keys / "2001-01.key").exists()

    done = json.loads(liaison("retention", "--json").stdout)
    assert done == due | {"dry_run": False}
    queries = table(settings, topics.SUBSCRIPTIONS, Alert)
    assert (queries["past"].state, queries["past"].question) == (AlertState.ENDED, "")
    assert queries["present"].question
    kept = {key: item.text for key, item in table(settings, topics.FOLDER_ITEMS, FolderItem).items()}
    assert kept == {f"lapsed|{'ab' * 8}": "", f"current|{'ab' * 8}": "a note"}
    assert {key: one.title for key, one in table(settings, topics.FOLDERS, Folder).items()} == {
        "lapsed": "", "current": "Kestrel",
    }  # fmt: skip
    reviews = table(settings, topics.REVIEWS, Review)
    assert (reviews["over"].reason, reviews["over"].verdict) == ("", Verdict.SAME)
    assert reviews["held"] == REVIEW
    assert not (keys / "2001-01.key").exists()
    again = json.loads(liaison("retention", "--json").stdout)
    assert [again[kind] for kind in ("notices", "subscriptions", "reviews", "folders", "folder_items")] == [[]] * 5


def documents(client: Elasticsearch, namespace: str) -> str:
    """All that the installation's indices hold."""
    client.indices.refresh(index=f"{namespace}*")
    return json.dumps([hit["_source"] for hit in client.search(index=f"{namespace}*", size=1000)["hits"]["hits"]])


@pytest.mark.timeout(300)
def test_an_expired_case_leaves_the_index_within_a_minute_and_comes_back_when_it_is_extended(
    records: RecordMaker,
    installation: Installation,
    start_all: StartAll,
    start_stage: Start,
    wait_for: WaitFor,
    liaison: RunLiaison,
    elasticsearch_client: Elasticsearch,
) -> None:
    today, later = NOW.date().isoformat(), (NOW + timedelta(days=400)).date().isoformat()
    person = records.person(names=[{"given": "Ivan", "family": "Zyxwakanary"}])
    staying, over = (
        [records.message(agency, name, 1, [person], **data) for agency in ("fr-pj", "be-fp")]
        for name, data in (("staying", {}), ("over", {"retain_until": today}))
    )
    start_all()

    def pass_through(*messages: Any) -> None:
        before = installation.accounting().consumed
        installation.push(messages)
        wait_for(
            lambda: installation.at_rest() and installation.accounting().decided == before + len(messages),
            deadline_s=90,
        )

    def index() -> str:
        return documents(elasticsearch_client, installation.settings.namespace).lower()

    pass_through(*over)
    assert installation.visible_links() == {}
    assert installation.cases(["fr-pj:over", "be-fp:over"]) == {}
    assert "zyxwakanary" in index(), "what is over is invisible, and still there"
    due = json.loads(liaison("retention", "--dry-run", "--json").stdout)
    assert sorted(due["cases"]) == ["be-fp:over", "fr-pj:over"]
    assert "fr-pj:over\tversion 1 would end" in liaison("retention", "--dry-run").stdout

    assert json.loads(liaison("retention", "--json").stdout) == due | {"dry_run": False}
    wait_for(lambda: "zyxwakanary" not in index())
    wait_for(installation.at_rest)
    assert json.loads(liaison("retention", "--json").stdout)["cases"] == []
    assert [hit["kind"] for hit in installation.hits()].count("retracted") == 2

    pass_through(*over, *staying)
    assert installation.accounting().duplicate == 2, "the version that was ended is still known"
    assert "over" not in {case.partition(":")[2] for case in installation.cases(["fr-pj:over", "be-fp:over"])}
    pass_through(*(records.message(agency, "over", 2, [person], retain_until=later) for agency in ("fr-pj", "be-fp")))
    assert installation.cases(["fr-pj:over", "be-fp:over"]) == {"fr-pj:over": 2, "be-fp:over": 2}
    versions = sorted((a, b) for a, b, _ in installation.visible_links().values())
    assert versions == [(1, 1), (1, 2), (2, 1), (2, 2)]
    assert installation.accounting().balanced
