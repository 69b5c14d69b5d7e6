"""Conservation (invariant I2): consumed = accepted + duplicate + rejected, counted by distinct source positions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import msgspec
from aiokafka import TopicPartition

from pipeline.records.messages import Position
from pipeline.settings import Settings
from pipeline.streams import topics
from pipeline.streams.reading import read
from pipeline.streams.registry import agencies

ACCEPTED: Final = "accepted"
DUPLICATE: Final = "duplicate"
REJECTED: Final = "rejected"


class _Outcome(msgspec.Struct):
    """The parts of a receipt that are counted."""

    position: Position
    outcome: str
    reason: str = ""


@dataclass
class Accounting:
    """What became of every message on the national topics that Kafka still holds.

    `consumed` counts the source positions, `rejected` by reason; `contradicted` counts positions with two different
    outcomes and `repeated` receipts beyond the first: both are 0 if all is well.
    """

    consumed: int = 0
    accepted: int = 0
    duplicate: int = 0
    rejected: dict[str, int] = field(default_factory=dict)
    repeated: int = 0
    contradicted: int = 0

    @property
    def decided(self) -> int:
        """Positions with an outcome."""
        return self.accepted + self.duplicate + sum(self.rejected.values())

    @property
    def balanced(self) -> bool:
        """Whether every position consumed has exactly one outcome."""
        return self.consumed == self.decided and self.repeated == self.contradicted == 0


async def accounting(settings: Settings) -> Accounting:
    """Count the outcomes of all registered agencies; both sides are read to their ends. Raises LiaisonError."""
    names = list(await agencies(settings))
    outcomes, repeated, contradicted = await _outcomes(settings, names)
    positions = await _positions(settings, names)
    counted = Counter(outcomes[p] for p in positions if p in outcomes)
    rejected = {reason: n for (outcome, reason), n in sorted(counted.items()) if outcome == REJECTED}
    return Accounting(len(positions), counted[ACCEPTED, ""], counted[DUPLICATE, ""], rejected, repeated, contradicted)


async def _positions(settings: Settings, names: Iterable[str]) -> set[Position]:
    """Every position on the national topics: transaction markers and compaction leave offsets without a message."""
    found: set[Position] = set()
    async for records in read(settings, _starts(settings, topics.CASES, names)):
        found |= {Position(r.topic, r.partition, r.offset) for r in records}
    return found


async def _outcomes(settings: Settings, names: Iterable[str]) -> tuple[dict[Position, tuple[str, str]], int, int]:
    outcomes: dict[Position, tuple[str, str]] = {}
    repeated = contradicted = 0
    decode = msgspec.json.Decoder(_Outcome).decode
    async for records in read(settings, _starts(settings, topics.RECEIPTS, names)):
        for receipt in (decode(record.value) for record in records):
            said = (receipt.outcome, receipt.reason)
            first = outcomes.setdefault(receipt.position, said)
            repeated += first is not said
            contradicted += first != said
    return outcomes, repeated, contradicted


def _starts(settings: Settings, topic: topics.Topic, names: Iterable[str]) -> dict[TopicPartition, int]:
    full = [topics.name(settings, topic, agency=name) for name in names]
    return {TopicPartition(name, p): 0 for name in full for p in range(topics.partitions(settings, topic))}
