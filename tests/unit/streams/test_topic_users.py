"""Rights, lag and backups are what the topics' rows say; for the topics of before, what three lists said."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import pytest

from pipeline.ops.backup.run import KEPT
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.catalogues.rights import ROLES, agency_grants, role_grants
from pipeline.streams.catalogues.topics import CATALOGUE, Process, Scope, Topic
from pipeline.streams.monitoring import lag
from pipeline.streams.registers.control import Control, Generation
from pipeline.streams.stages import project

SETTINGS = Settings(namespace="n.", case_partitions=3, block_partitions=2)


def _digest(table: object) -> str:
    return hashlib.blake2b(json.dumps(table, sort_keys=True).encode(), digest_size=8).hexdigest()


def test_every_process_has_the_rights_that_it_had() -> None:
    grants = {role: sorted({tuple(map(str, one)) for one in role_grants(SETTINGS, role)}) for role in ROLES}
    grants["agency"] = sorted({tuple(map(str, one)) for one in agency_grants(SETTINGS, "fr-pj")})
    assert _digest(grants) == "827f1c89bd71c118"


def test_the_lag_of_every_group_is_counted_over_the_partitions_that_it_was() -> None:
    generations = {name: Generation(name, "x", "2026-11-24T00:00:00Z", 4, b"{}") for name in ("a1", "b2")}
    consumed = lag.consumed(SETTINGS, ["fr-pj", "be-fp"], Control("a1", generations))
    flow = ["intake", "correlate-a1", "project-a1", "derive-b2", "correlate-b2", "project-b2", "notify", "attest"]
    assert list(consumed) == [f"n.{group}" for group in flow]
    assert _digest({group: sorted(map(list, found)) for group, found in consumed.items()}) == "a3e1b90479a392be"


def test_a_backup_copies_what_it_did_in_the_order_that_it_did() -> None:
    kept = "accepted control reviews assignments subscriptions disclosures notices hit_admissions hit_allowances"
    assert [topic.pattern for topic in KEPT] == [*kept.split(), "agencies", "audit_log", "audit"]


@pytest.mark.parametrize("topic", CATALOGUE, ids=lambda topic: str(topic.pattern))
def test_a_row_says_who_uses_the_topic(topic: Topic) -> None:
    assert topic.description.endswith(".")
    assert bool(topic.schema) == bool(topic.writers), "who writes its messages"
    assert topic.consumers or topic.readers
    assert not set(topic.consumers) & set(topic.readers), "a consumer reads it, which need not be said twice"
    assert not topic.open_to_agencies or topic.scope is Scope.AGENCY
    assert not topic.backed_up or topic.scope is Scope.INSTALLATION, "a backup has no agency's and no generation's"


def test_project_makes_documents_of_every_topic_that_it_consumes() -> None:
    indexed = {topic for topic in CATALOGUE if Process.PROJECT in topic.consumers and not topic.in_every_index}
    assert indexed == {topics.REJECTED, topics.HIT_QUESTIONS, *project.DECISIONS}


def test_a_new_row_is_enough_for_rights_lag_and_backup(monkeypatch: pytest.MonkeyPatch) -> None:
    new = replace(topics.REVIEWS, pattern="remarks", consumers=(Process.NOTIFY,), writers=(Process.API,))
    monkeypatch.setattr(topics, "CATALOGUE", (*CATALOGUE, new))
    consumed = lag.consumed(SETTINGS, [], Control("", {}))
    assert "n.remarks" in {partition.topic for partition in consumed["n.notify"]}
    assert "n.remarks" in {one.name for one in topics.plan(SETTINGS, [], [])}
