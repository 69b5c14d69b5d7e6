"""Erasure: a withdrawn case's canary is in no document after a sweep, whether or not the correlator has retracted."""

from __future__ import annotations

import json
import signal
from typing import Any

import pytest
from elasticsearch import Elasticsearch

pytestmark = [pytest.mark.engines, pytest.mark.timeout(420)]

CANARY = "Zyxwakanary"


def documents(client: Elasticsearch, namespace: str) -> str:
    client.indices.refresh(index=f"{namespace}*")
    hits = client.search(index=f"{namespace}*", size=1000, version=True)["hits"]["hits"]
    return json.dumps([hit["_source"] for hit in hits])


def test_a_withdrawn_case_leaves_no_trace_in_the_index(
    records: Any,
    installation: Any,
    start_stage: Any,
    liaison: Any,
    wait_for: Any,
    elasticsearch_client: Elasticsearch,
) -> None:
    namespace = installation.settings.namespace
    start_stage("intake")
    start_stage("project")
    correlating = start_stage("correlate")
    person = records.person(names=[{"given": "Ivan", "family": CANARY}])
    feed = [records.message(agency, "one", 1, [person], summary=CANARY) for agency in ("fr-pj", "be-fp")]
    installation.push(feed)
    wait_for(lambda: installation.accounting().decided == 2 and installation.at_rest(), deadline_s=90)
    assert len(installation.visible_links()) == 1

    correlating.terminate()
    assert correlating.wait(timeout=60) in (0, -signal.SIGTERM)
    gone = [records.message(agency, "one", 2, status="withdrawn") for agency in ("fr-pj", "be-fp")]
    installation.push(gone)
    wait_for(lambda: installation.cases(["fr-pj:one", "be-fp:one"]) == {}, deadline_s=90)
    assert installation.visible_links() == {}
    assert CANARY.lower() in documents(elasticsearch_client, namespace).lower(), "nobody has retracted the link yet"
    assert json.loads(liaison("sweep", "--json").stdout) == {"swept": 1}
    assert CANARY.lower() not in documents(elasticsearch_client, namespace).lower()
    assert json.loads(liaison("sweep", "--json").stdout) == {"swept": 0}

    start_stage("correlate")
    wait_for(installation.at_rest, deadline_s=120)
    assert installation.visible_links() == {}
    assert CANARY.lower() not in documents(elasticsearch_client, namespace).lower()
