"""Notes beside the progress: what must be known of an index whichever generation owns it, written by its lanes.

`home`: whose fingerprints intake writes itself, and the end of `accepted` up to which they were complete when it began.
`told`: which generation agencies were told of last, and up to which offset of its `links`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec
from aiokafka import TopicPartition

from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.runtime.transactions import Output, Progress, progress_key, progress_partition

HOME: Final = ("intake", "home")
HITS_PUBLISHED: Final = ("project", "told")


def marker_output(settings: Settings, kind: tuple[str, str], index: int, value: Progress) -> Output:
    """The record that keeps a note; it goes into a transaction of the lane of that index."""
    stage, _ = kind
    topic = topics.topic_name(settings, topics.PROGRESS)
    return Output(topic, progress_partition(stage, index), _marker_key(kind, index), msgspec.json.encode(value))


def advance_progress(
    settings: Settings, stage: str, generation: str, source: TopicPartition, value: Progress
) -> Output:
    """The record that moves another stage's progress, where its work up to there is known to be done."""
    topic = topics.topic_name(settings, topics.PROGRESS)
    key = progress_key(f"{stage}|{generation}", source)
    return Output(topic, progress_partition(stage, source.partition), key, msgspec.json.encode(value))


def read_marker(table: Mapping[bytes, bytes], kind: tuple[str, str], index: int) -> Progress | None:
    """The note of an index in its partition of `progress`."""
    value = table.get(_marker_key(kind, index))
    return None if value is None else msgspec.json.decode(value, type=Progress)


def _marker_key(kind: tuple[str, str], index: int) -> bytes:
    """In the form of progress keys: stage, scope, topic, partition."""
    return "|".join((*kind, "note", str(index))).encode()
