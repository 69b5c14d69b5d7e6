"""A consumer that learns who leads a partition now."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import errors
from aiokafka.errors import KafkaError

from pipeline.streams.kafka.fetching import BatchFetcher

EARLIEST = -2


@dataclass
class AnsweringClient:
    """Answers requests for offsets with one error code, and counts how often its metadata is asked for anew."""

    code: int
    refreshed: int = 0
    asked: list[int] = field(default_factory=list)

    async def send(self, node: int, request: Any) -> Any:
        self.asked.append(node)
        return SimpleNamespace(API_VERSION=1, topics=[("postings", [(0, self.code, -1, 7)])])

    def force_metadata_update(self) -> None:
        self.refreshed += 1


async def offsets_from(client: AnsweringClient) -> Any:
    """What a fetcher makes of the answer for the first offset of blocks-0."""
    fetcher = BatchFetcher.__new__(BatchFetcher)
    fetcher._client, fetcher._isolation_level, fetcher.begins = client, 1, {}
    return await fetcher._proc_offset_request(1, {"postings": [(0, EARLIEST)]})


@pytest.mark.parametrize("moved", [errors.NotLeaderForPartitionError, errors.UnknownTopicOrPartitionError])
async def test_offsets_asked_of_a_former_leader_ask_who_leads(moved: type[KafkaError]) -> None:
    client = AnsweringClient(moved.errno)
    with pytest.raises(moved):
        await offsets_from(client)
    assert (client.asked, client.refreshed) == ([1], 1)


async def test_offsets_of_a_leader_change_nothing() -> None:
    client = AnsweringClient(errors.NoError.errno)
    assert list((await offsets_from(client)).values()) == [(7, -1)]
    assert client.refreshed == 0
