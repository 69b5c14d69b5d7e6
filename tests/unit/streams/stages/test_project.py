from __future__ import annotations

from typing import Any, NamedTuple

import msgspec
import pytest
from aiokafka import ConsumerRecord, TopicPartition

from pipeline.access.audit import FACTS_FORMAT, Act, ActKind, Chain
from pipeline.index.decisions import audit_document
from pipeline.index.documents import DocumentWrite
from pipeline.streams.catalogues import topics
from pipeline.streams.runtime.processor import NullStore
from pipeline.streams.stages.document_publisher import document_of
from pipeline.streams.stages.project import RecordIndexer
from support.api.runtime import NOW


def test_an_entry_of_a_later_version_is_left_out_of_the_index_and_told_of(caplog: pytest.LogCaptureFixture) -> None:
    """What only shows goes on: whoever made the index anew with that version would see it."""
    sound = Chain("host|1|0").make_entry(Act(ActKind.READ), NOW)
    values = [sound, msgspec.to_builtins(sound) | {"format": FACTS_FORMAT + 1, "kind": "report"}, {"kind": "report"}]
    records = [
        ConsumerRecord("audit", 0, at, 0, 0, b"host|1|0", msgspec.json.encode(value), None, 0, 0, ())
        for at, value in enumerate(values)
    ]
    made = [document_of(one, lambda record: audit_document(record.value, record.offset)) for one in records]
    assert [(one.action is not None, one.error) for one in made] == [
        (True, ""), (False, "LaterFormatError"), (False, "ValidationError"),
    ]  # fmt: skip
    assert "audit-0-1 is left out of the index" in caplog.text


class Kept(NamedTuple):
    """A record of Kafka."""

    offset: int
    key: bytes
    value: bytes | None


def document(record: Any) -> DocumentWrite:
    return DocumentWrite("any", str(record.offset), record.offset, record.value)


@pytest.mark.parametrize(("topic", "indexed"), [(topics.REVIEWS, [2, 1]), (topics.AUDIT, [0, 1, 2])])
def test_only_a_compacted_topics_earlier_values_of_a_key_are_left_out(topic: topics.Topic, indexed: list[int]) -> None:
    """All entries of a writer's chain bear its key; each is an act of its own."""
    records: Any = [
        Kept(0, b"k", b"{}"),
        Kept(1, b"other", b"{}"),
        Kept(2, b"k", b"{}"),
        Kept(3, b"gone", None),
    ]
    writing: Any = None
    result = RecordIndexer(topic, document, writing).decide_records(TopicPartition("t", 0), NullStore(), records)
    assert [one.record.offset for one in result.documents] == indexed
