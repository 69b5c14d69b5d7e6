"""Rights, lag and backups are what the topics' rows say; for the topics of before, what three lists said."""

from __future__ import annotations

import hashlib
import json

import pytest

from pipeline.ops.backup.run import KEPT
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.catalogues.rights import ROLES, KafkaRight, ResourceType, agency_grants, role_grants
from pipeline.streams.catalogues.topics import CATALOGUE, Process, Scope, Topic
from pipeline.streams.monitoring import lag
from pipeline.streams.registers.control import Generation, GenerationControl
from pipeline.streams.stages import notify, project

SETTINGS = Settings(namespace="n.", case_partitions=3, correlate_partitions=2)

BEFORE = (
    "cases receipts hits rejected accepted control fingerprints links expiries reviews assignments subscriptions "
    "disclosures notices hit_questions hit_admissions hit_allowances agencies audit_log audit witness progress uploads "
    "revocations"
)
"""The topics of which three lists said who uses them: digests are of these, so that a new row changes none."""


def _is_of_before(name: str) -> bool:
    return name.removeprefix(SETTINGS.namespace).partition(".")[0] in BEFORE.split()


def _is_kept(right: KafkaRight) -> bool:
    return right.kind != ResourceType.TOPIC or _is_of_before(right.name)


def _digest(table: object) -> str:
    return hashlib.blake2b(json.dumps(table, sort_keys=True).encode(), digest_size=8).hexdigest()


def test_every_process_has_the_rights_that_it_had() -> None:
    granted = {role: role_grants(SETTINGS, role) for role in ROLES} | {"agency": agency_grants(SETTINGS, "fr-pj")}
    grants = {
        role: sorted({tuple(map(str, right)) for right in found if _is_kept(right)}) for role, found in granted.items()
    }
    assert _digest(grants) == "98dcc7ac9aa116f7"


def test_the_lag_of_every_group_is_counted_over_the_partitions_that_it_was() -> None:
    generations = {name: Generation(name, "x", "2026-11-24T00:00:00Z", 4, b"{}") for name in ("a1", "b2")}
    consumed = lag.consumed_partitions(SETTINGS, ["fr-pj", "be-fp"], GenerationControl("a1", generations))
    flow = ["intake", "correlate-a1", "project-a1", "derive-b2", "correlate-b2", "project-b2", "notify", "attest"]
    assert list(consumed) == [f"n.{group}" for group in flow]
    counted = {
        group: sorted(map(list, (one for one in found if _is_of_before(one.topic))))
        for group, found in consumed.items()
    }
    assert _digest(counted) == "4b6cd48ba9eda1e4"


def test_a_backup_copies_what_it_did_in_the_order_that_it_did() -> None:
    kept = "accepted control reviews assignments subscriptions disclosures notices hit_admissions hit_allowances"
    copied = [topic.pattern for topic in KEPT if _is_of_before(topic.pattern)]
    assert copied == [*kept.split(), "agencies", "audit_log", "audit"]


@pytest.mark.parametrize("topic", CATALOGUE, ids=lambda topic: str(topic.pattern))
def test_a_row_says_who_uses_the_topic(topic: Topic) -> None:
    assert topic.description.endswith(".")
    assert bool(topic.schema or topic.layout) == bool(topic.writers), "who writes its messages"
    assert not (topic.schema and topic.layout), "JSON or bytes"
    assert not topic.purged or len(topic.consumers) == 1, "who applies it deletes it: another would miss records"
    assert topic.consumers or topic.readers
    assert not set(topic.consumers) & set(topic.readers), "a consumer reads it, which need not be said twice"
    assert not topic.open_to_agencies or topic.scope is Scope.AGENCY
    assert not topic.compressed or not topic.is_read_by(Process.AGENCY), "its client may have no such codec"
    assert topics.is_compressed(SETTINGS, f"n.{topic.pattern}") == topic.compressed
    assert not topic.backed_up or topic.scope is Scope.INSTALLATION, "a backup has no agency's and no generation's"


def test_project_makes_documents_of_every_topic_that_it_consumes() -> None:
    indexed = {topic for topic in CATALOGUE if Process.PROJECT in topic.consumers and not topic.in_every_index}
    assert indexed == {topics.REJECTED, topics.HIT_QUESTIONS, *project.DECISIONS}


def test_the_lag_of_notify_is_counted_on_every_topic_that_it_follows() -> None:
    consumed = lag.consumed_partitions(SETTINGS, [], GenerationControl("", {}))
    counted = {partition.topic for partition in consumed["n.notify"]}
    assert "n.subscriptions" in counted
    assert {topics.topic_name(SETTINGS, topic) for topic in notify.FEEDS.values()} <= counted


def test_every_row_is_in_the_catalogue() -> None:
    rows = [topic for topic in vars(topics).values() if isinstance(topic, Topic)]
    lacking = [topic.pattern for topic in rows if topic not in CATALOGUE]
    assert not lacking, f"pipeline/streams/catalogues/topics.py: CATALOGUE lacks {lacking}"
