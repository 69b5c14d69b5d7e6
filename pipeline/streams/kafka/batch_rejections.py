"""An operator's order to give up a damaged batch of a national topic, as topic `control` holds it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

import msgspec

SETTING: Final[Literal["rejected_batch"]] = "rejected_batch"


class RejectedBatch(msgspec.Struct, frozen=True):
    """The offsets of a damaged batch, both included; `topic_id` tells the topic from a later one of its name."""

    topic: str
    topic_id: str
    partition: int
    offset: int
    last_offset: int

    @property
    def key(self) -> str:
        """Its key in `control`: giving the order twice is as giving it once."""
        return f"{SETTING}|{self.topic}|{self.partition}|{self.offset}"

    def covers(self, offset: int) -> bool:
        """Whether an offset is one of these."""
        return self.offset <= offset <= self.last_offset


class _BatchOrder(msgspec.Struct):
    """What a value of `control` says of a batch."""

    batch: RejectedBatch


_decode = msgspec.json.Decoder(_BatchOrder).decode


def rejected_batches(table: Iterable[tuple[bytes, bytes]], topic: str, partition: int) -> list[RejectedBatch]:
    """The orders for a partition among keys and values of `control`."""
    prefix = f"{SETTING}|{topic}|{partition}|".encode()
    return [_decode(value).batch for key, value in table if key.startswith(prefix)]
