"""What a replay of rejected messages would change: intake's own decision on each, and nothing sent.

It is what would be so now: what is accepted or mended between the preview and the replay is not in it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from datetime import datetime
from typing import Final

import msgspec

from pipeline.ops.replay.rejections import RejectionFilter, read_replayable, route_rejected
from pipeline.records.agencies import Registry
from pipeline.records.intake import IntakeContext, SourceMessage, decide_message
from pipeline.records.messages import KnownVersion, Outcome, Position, RejectedMessage
from pipeline.records.validation import RefusedError
from pipeline.records.validation import read as read_record
from pipeline.settings import Settings
from pipeline.streams.registers.registry import read_agencies
from pipeline.times import unix_ms

BATCH: Final = 100
"""Messages whose cases are looked up at once; of 4 MiB at most, rarely of more than some kilobytes."""

ReadKnown = Callable[[Iterable[str]], Awaitable[Mapping[str, KnownVersion]]]
"""Reads what is accepted of cases, by key."""


class PreviewedOutcome(msgspec.Struct, frozen=True, order=True):
    """What becomes of some messages of an agency: `change` is new, update, duplicate or rejected, `reason` why not."""

    agency: str
    change: str
    reason: str
    messages: int


class ReplayPreview(msgspec.Struct, frozen=True):
    """What a replay would send and what would come of it; `left` by reason what no sending again can mend."""

    outcomes: tuple[PreviewedOutcome, ...]
    left: dict[str, int]

    @property
    def messages(self) -> int:
        """How many messages would be sent."""
        return sum(outcome.messages for outcome in self.outcomes)


async def preview_replay(
    settings: Settings, wanted: RejectionFilter, read_known: ReadKnown, now: datetime
) -> ReplayPreview:
    """Decide on the messages that a replay would send, in their order. Raises LiaisonError, KafkaError."""
    agencies, left = await read_agencies(settings), Counter[str]()
    known: dict[str, KnownVersion] = {}
    counted = Counter[tuple[str, str, str]]()
    async for batch in _in_batches(read_replayable(settings, wanted, left)):
        keys = [key for message in batch if (key := _case_key(message)) and key not in known]
        known |= await read_known(keys)
        for message in batch:
            counted[message.agency, *preview_message(message, settings.case_partitions, agencies, known, now)] += 1
    outcomes = sorted(PreviewedOutcome(*place, messages) for place, messages in counted.items())
    return ReplayPreview(tuple(outcomes), dict(left))


def preview_message(
    message: RejectedMessage, partitions: int, agencies: Registry, known: dict[str, KnownVersion], now: datetime
) -> tuple[str, str]:
    """What becomes of a message that is sent again, and why not; `known` is then what intake would know. Pure."""
    key, partition = route_rejected(message, partitions)
    again = SourceMessage(
        Position(message.position.topic, partition, message.position.offset),
        message.agency,
        key,
        message.original,
        unix_ms(now),
        message.origin or message.position,
    )
    decision = decide_message(again, IntakeContext(agencies, partitions, known.get, lambda: now))
    if decision.rejected is not None:
        return Outcome.REJECTED.value, decision.rejected.reason
    if decision.taken is None:
        return Outcome.DUPLICATE.value, ""
    case = decision.taken.case.key
    change = "update" if case in known else "new"
    known[case] = decision.taken.known
    return change, ""


async def _in_batches(messages: AsyncIterator[RejectedMessage]) -> AsyncIterator[list[RejectedMessage]]:
    batch: list[RejectedMessage] = []
    async for message in messages:
        batch.append(message)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _case_key(message: RejectedMessage) -> str:
    """The key of the case that a message is about; "" where it can't be read."""
    try:
        return read_record(message.original).case.key
    except RefusedError:
        return ""
