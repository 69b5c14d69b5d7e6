"""Erasure: a canary of what is over is in no document after a sweep, whether or not its home has retracted."""

from __future__ import annotations

import json
import signal
from datetime import UTC, datetime

import pytest
from elasticsearch import Elasticsearch

from support.installation.command import RunLiaison
from support.installation.installation import Installation
from support.installation.records import RecordMaker
from support.processes.starting import Start
from support.waiting import WaitFor

pytestmark = [pytest.mark.engines, pytest.mark.timeout(420), pytest.mark.rare]

CANARY = "Zyxwakanary"


def documents(client: Elasticsearch, namespace: str) -> str:
    client.indices.refresh(index=f"{namespace}*")
    hits = client.search(index=f"{namespace}*", size=1000, version=True)["hits"]["hits"]
    return json.dumps([hit["_source"] for hit in hits])


def live_cases(client: Elasticsearch, namespace: str) -> int:
    client.indices.refresh(index=f"{namespace}cases")
    return int(client.count(index=f"{namespace}cases", query={"term": {"state": "live"}})["count"])


def test_a_withdrawn_or_expired_case_leaves_no_trace_in_the_index(
    records: RecordMaker,
    installation: Installation,
    start_stage: Start,
    liaison: RunLiaison,
    wait_for: WaitFor,
    elasticsearch_client: Elasticsearch,
) -> None:
    namespace = installation.settings.namespace
    start_stage("intake")
    start_stage("project")
    correlating = start_stage("correlate")
    person = records.person(names=[{"given": "Ivan", "family": CANARY}])
    other = records.person(names=[{"given": "Anna", "family": CANARY}])
    today = datetime.now(UTC).date().isoformat()
    feed = [records.message(agency, "one", 1, [person], summary=CANARY) for agency in ("fr-pj", "be-fp")]
    feed += [records.message(agency, "two", 1, [other], retain_until=today) for agency in ("de-bk", "nl-np")]
    installation.push(feed)
    wait_for(lambda: installation.at_rest() and installation.accounting().decided == len(feed), deadline_s=90)
    assert len(installation.visible_links()) == 1
    assert live_cases(elasticsearch_client, namespace) == len(feed)

    correlating.terminate()
    assert correlating.wait(timeout=60) in (0, -signal.SIGTERM)
    gone = [records.message(agency, "one", 2, status="withdrawn") for agency in ("fr-pj", "be-fp")]
    installation.push(gone)
    assert liaison("retention").returncode == 0
    wait_for(lambda: live_cases(elasticsearch_client, namespace) == 0, deadline_s=90)
    assert installation.cases(["fr-pj:one", "be-fp:one"]) == {}
    assert installation.visible_links() == {}
    assert CANARY.lower() in documents(elasticsearch_client, namespace).lower(), "nobody has retracted the link yet"
    assert json.loads(liaison("sweep", "--json").stdout) == {"swept": 2}
    assert CANARY.lower() not in documents(elasticsearch_client, namespace).lower()
    assert json.loads(liaison("sweep", "--json").stdout) == {"swept": 0}

    start_stage("correlate")
    wait_for(installation.at_rest, deadline_s=120)
    assert installation.visible_links() == {}
    assert CANARY.lower() not in documents(elasticsearch_client, namespace).lower()
