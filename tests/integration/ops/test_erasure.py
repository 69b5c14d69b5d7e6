"""Erasure from topics: once Kafka has compacted, no canary of a withdrawn or expired case is in those that keep it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from compaction import KEEPING, Kept
from kafka import KafkaAdminClient

pytestmark = [pytest.mark.engines, pytest.mark.timeout(280)]

CANARY = "Zyxwakanary"


def test_a_withdrawn_or_expired_case_leaves_no_trace_in_compacted_topics(
    records: Any, installation: Any, start_all: Any, kafka_admin: KafkaAdminClient, wait_for: Any, liaison: Any
) -> None:
    kept = Kept(installation, kafka_admin)
    kept.compact_at_once()
    start_all()
    found = records.person(names=[{"given": "Ivan", "family": CANARY}])
    staying = records.person()
    agencies = ("fr-pj", "be-fp")
    feed = [records.message(agency, "gone", 1, [found], summary=CANARY) for agency in agencies]
    today = datetime.now(UTC).date().isoformat()
    over = [records.message(agency, "over", 1, [found], summary=CANARY, retain_until=today) for agency in agencies]
    installation.push(over)
    feed += [records.message(agency, "staying", 1, [staying]) for agency in agencies]
    installation.push(feed)
    wait_for(lambda: installation.accounting().decided == len(over + feed) and installation.at_rest(), deadline_s=90)
    assert len(installation.visible_links()) == 2
    assert len(kept.naming(CANARY)) == len(KEEPING), "each of them held the canary"

    feed += [records.message(agency, "gone", 2, status="withdrawn") for agency in agencies]
    installation.push(feed[-len(agencies) :])
    assert liaison("retention").returncode == 0
    wait_for(lambda: installation.accounting().decided == len(over + feed) and installation.at_rest(), deadline_s=90)
    kept.roll()
    wait_for(lambda: not kept.naming(CANARY), deadline_s=90)
    installation.holds(feed)
    assert installation.cases([f"{agency}:over" for agency in agencies]) == {}
