"""The topic `rejected` and the state of an installation in memory, for the operators' pages in a browser.

What a replay would change is intake's own decision.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import NamedTuple

import pytest

from pipeline.api.services import operations
from pipeline.ops.replay import preview, rejections
from pipeline.ops.replay.rejections import RejectionFilter
from pipeline.ops.replay.resending import Resender
from pipeline.ops.status.overview import Overview
from pipeline.records.agencies import Agency, Registry
from pipeline.records.hashing import partition_of
from pipeline.records.intake import IntakeContext, SourceMessage, decide_message
from pipeline.records.messages import Position, RejectedMessage
from pipeline.settings import Settings

AGENCIES = {name: Agency(name, name[:2].upper()) for name in ("fr-pj", "be-fp")}


class Resent(NamedTuple):
    """A message that was sent again."""

    partition: int
    key: bytes | None
    origin: Position


class RejectedTopic:
    """The topic `rejected` and where a replay sends to; `now` is the time of all that is rejected."""

    def __init__(self, partitions: int, now: datetime) -> None:
        self._partitions, self._now = partitions, now
        self.messages: list[RejectedMessage] = []
        self.resent: list[Resent] = []

    def reject(self, value: bytes, key: bytes, shift: int = 0) -> RejectedMessage:
        """Let intake reject a message of its agency; `shift` is how far from its partition it was sent."""
        agency = key.decode().partition(":")[0]
        partition = (partition_of(key, self._partitions) + shift) % self._partitions
        source = SourceMessage(Position(f"cases.{agency}", partition, len(self.messages)), agency, key, value)
        context = IntakeContext(AGENCIES, self._partitions, lambda _: None, lambda: self._now)
        rejected = decide_message(source, context).rejected
        assert rejected is not None
        self.messages.append(rejected)
        return rejected

    async def read(self, _: Settings, wanted: RejectionFilter) -> AsyncIterator[RejectedMessage]:
        """As ops.replay.rejections.read_rejected."""
        for message in self.messages:
            if wanted.matches(message):
                yield message

    @asynccontextmanager
    async def open_resender(self, _: Settings, *, dry: bool) -> AsyncIterator[Resender]:
        """As ops.replay.resending.open_resender."""
        assert not dry

        async def resend(topic: str, partition: int, key: bytes | None, value: bytes | None, origin: Position) -> None:
            self.resent.append(Resent(partition, key, origin))

        yield resend


async def read_agencies(_: Settings) -> Registry:
    return AGENCIES


def hold_operations(patch: pytest.MonkeyPatch, topic: RejectedTopic, seen: Overview) -> None:
    """Have the pages read these in place of Kafka and Elasticsearch."""

    async def read_overview(_: Settings, __: datetime) -> Overview:
        return seen

    patch.setattr(operations, "read_overview", read_overview)
    patch.setattr(operations, "read_rejected", topic.read)
    patch.setattr(rejections, "read_rejected", topic.read)
    patch.setattr(rejections, "open_resender", topic.open_resender)
    patch.setattr(preview, "read_agencies", read_agencies)
