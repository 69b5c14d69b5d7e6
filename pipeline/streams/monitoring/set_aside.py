"""What all stages have set aside, as `progress` says, and the order to replay it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.producers import plain_producer
from pipeline.streams.kafka.reading import read_table
from pipeline.streams.runtime.attempts import Suspect, order_key, parse_suspect_key
from pipeline.streams.runtime.transactions import Progress, progress_partition


class SetAside(NamedTuple):
    """A record that a stage has passed over; `ordered`: whether its replay was ordered and has not come to an end."""

    stage: str
    suspect: Suspect
    positions: int
    ordered: bool
    key: bytes
    """Of its entry in `progress`."""
    entry: Progress

    @property
    def position(self) -> str:
        """Its source position, as receipts name it."""
        (topic, partition), offset = self.suspect
        return f"{topic}-{partition}-{offset}"


async def read_set_aside(settings: Settings) -> list[SetAside]:
    """What is set aside now, by stage and position. Raises LiaisonError."""
    topic = topics.topic_name(settings, topics.PROGRESS)
    table = await read_table(settings, topic, range(topics.PROGRESS_PARTITIONS))
    found = []
    for key, value in table.items():
        if (named := parse_suspect_key(key)) is None:
            continue
        entry = msgspec.json.decode(value, type=Progress)
        if entry.aside:
            ordered = order_key(key) in table or entry.aside == "replaying"
            stage = named.prefix.partition("|")[0]
            found.append(SetAside(stage, named.suspect, entry.records or 1, ordered, key, entry))
    return sorted(found)


async def order_replay(settings: Settings, wanted: Iterable[SetAside]) -> None:
    """Order the replay of records: whoever owns their partitions begins it within some ten seconds."""
    topic = topics.topic_name(settings, topics.PROGRESS)
    async with plain_producer(settings) as producer:
        for one in wanted:
            partition = progress_partition(one.stage, one.suspect.source.partition)
            value = msgspec.json.encode(Progress(one.suspect.offset, one.entry.topic_id))
            await producer.send_and_wait(topic, value, key=order_key(one.key), partition=partition)
