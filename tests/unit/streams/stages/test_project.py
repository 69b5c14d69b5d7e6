from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from aiokafka import TopicPartition

from pipeline.index.documents import DocumentWrite
from pipeline.streams.catalogues import topics
from pipeline.streams.runtime.processor import NullStore
from pipeline.streams.stages.project import RecordIndexer


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
