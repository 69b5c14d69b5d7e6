"""`liaison ops retention` on the real engines."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from pipeline.access.requester import Grounds, Purpose, Requester, Role
from pipeline.access.reviews import Review, Verdict
from pipeline.access.subscriptions import LASTS, Subscription, SubscriptionState, made
from pipeline.ops.retention import RENEWABLE
from pipeline.settings import Settings
from pipeline.streams import topics
from pipeline.streams.decision_log import DecisionLog
from pipeline.streams.reading import read_table

pytestmark = pytest.mark.engines

Run = Callable[..., subprocess.CompletedProcess[str]]
NOW = datetime.now(UTC)
ANNA = Requester("anna", "fr-pj", "FR", frozenset({Role.INVESTIGATOR}))
WHY = Grounds(Purpose.INVESTIGATION, "fr 2026/1")
REVIEW = Review("held", "0" * 32, "be-fp:1", "fr-pj:kept", 1, 1, "g", Verdict.SAME, "fr-pj", "anna", NOW, "a reason")


async def decide(settings: Settings) -> None:
    past = made("past", "Ivan Petrov", "FR", ANNA, WHY, NOW - LASTS - RENEWABLE)
    async with DecisionLog(settings) as log:
        for query in (past, made("present", "Ivan Petrov", "FR", ANNA, WHY, NOW)):
            await log.write(topics.SUBSCRIPTIONS, query.id, query)
        for review in (REVIEW, msgspec.structs.replace(REVIEW, id="over", case_b="fr-pj:gone")):
            await log.write(topics.REVIEWS, review.id, review)


def table(settings: Settings, topic: topics.Topic, kind: Any) -> dict[str, Any]:
    held = asyncio.run(read_table(settings, topics.name(settings, topic)))
    return {key.decode(): msgspec.json.decode(value, type=kind) for key, value in held.items()}


@pytest.mark.timeout(300)
def test_what_has_had_its_time_ends_once(
    records: Any, installation: Any, start_stage: Any, wait_for: Any, liaison: Run
) -> None:
    settings, tomorrow = installation.settings, (NOW + timedelta(days=1)).date().isoformat()
    sent = [
        records.message("fr-pj", "kept", retain_until=tomorrow),
        records.message("fr-pj", "gone", retain_until=tomorrow),
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
    assert due["expiries"] == [{"agency": "fr-pj", "month": tomorrow[:7], "cases": 1, "past": False}]
    assert (due["subscriptions"], due["reviews"], due["months"]) == (["past"], ["over"], ["2001-01"])
    assert table(settings, topics.REVIEWS, Review)["over"].reason
    assert (keys / "2001-01.key").exists()

    done = json.loads(liaison("retention", "--json").stdout)
    assert done == due | {"dry_run": False}
    queries = table(settings, topics.SUBSCRIPTIONS, Subscription)
    assert (queries["past"].state, queries["past"].question) == (SubscriptionState.ENDED, "")
    assert queries["present"].question
    reviews = table(settings, topics.REVIEWS, Review)
    assert (reviews["over"].reason, reviews["over"].verdict) == ("", Verdict.SAME)
    assert reviews["held"] == REVIEW
    assert not (keys / "2001-01.key").exists()
    again = json.loads(liaison("retention", "--json").stdout)
    assert (again["subscriptions"], again["reviews"], again["months"]) == ([], [], [])
