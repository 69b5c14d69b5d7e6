"""Conservation (invariant I2): consumed = accepted + duplicate + rejected, counted by distinct source positions.

A position that intake has set aside has no outcome until it is replayed: it is a state of its own, and no fault of the
count.

It holds on a running system too. What intake has acknowledged is read first and receipts last, and a receipt is
written in the transaction that comes before the acknowledgement: so every acknowledged position must have one, and
what has none beyond that point is still waiting, which is no fault.

What became of each offset of a source partition takes one byte (OutcomeMap), so millions of positions fit in megabytes.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Final

import msgspec
import numpy as np
from aiokafka import TopicPartition
from numpy.typing import NDArray

from pipeline.errors import LiaisonError
from pipeline.records.messages import Position
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.positions import last_offset_of
from pipeline.streams.kafka.reading import plain_consumer, read_partitions
from pipeline.streams.monitoring.lag import Lag, committed_of, ends_of, group_of, lag_of
from pipeline.streams.monitoring.set_aside import read_set_aside
from pipeline.streams.registers.registry import read_agencies

OutcomeReason = tuple[str, str]
"""An outcome and, for a rejection, its reason."""

_HELD: Final = 0x80
"""The bit of an offset at which Kafka holds a message; the other seven number the verdict, 0 being none."""

_ADD_HELD: Final = bytes(code | _HELD for code in range(256))
_ONLY_VERDICT: Final = bytes(code & ~_HELD for code in range(256))


@cache
def _verdict_table(number: int) -> bytes:
    """The table that gives a verdict's number to every offset without one."""
    return bytes(code if code & ~_HELD else code | number for code in range(256))


class VerdictNumbers:
    """Numbers from 1 for the verdicts met; the closed list of reasons leaves them far below 128."""

    def __init__(self) -> None:
        self._numbers: dict[OutcomeReason, int] = {}

    def number_of(self, verdict: OutcomeReason) -> int:
        """The verdict's number, the same at every call. Raises LiaisonError beyond 127 different ones."""
        number = self._numbers.setdefault(verdict, len(self._numbers) + 1)
        if number >= _HELD:
            raise LiaisonError("receipts name more reasons than there are")
        return number

    def by_number(self) -> dict[int, OutcomeReason]:
        """The verdicts by their numbers."""
        return {number: verdict for verdict, number in self._numbers.items()}


@dataclass(frozen=True)
class PartitionCount:
    """Positions of one partition by verdict; `missing` were passed without one, `waiting` lie ahead of intake.

    `set_aside` were passed without one, too, and wait to be replayed.
    """

    verdicts: dict[OutcomeReason, int]
    missing: int
    set_aside: int
    waiting: int
    repeated: int
    contradicted: int


class OutcomeMap:
    """The offsets from `begin` on of one partition. Ranges of offsets are inclusive."""

    def __init__(self, begin: int, numbers: VerdictNumbers) -> None:
        self._begin, self._numbers = begin, numbers
        self._codes = bytearray()
        self._repeated = self._contradicted = 0

    def add_messages(self, first: int, last: int) -> None:
        """Kafka holds messages at these offsets; in between lie markers, which are none."""
        if last < self._begin:
            return
        start, stop = max(first, self._begin) - self._begin, last + 1 - self._begin
        self._codes.extend(bytes(max(0, stop - len(self._codes))))
        self._codes[start:stop] = self._codes[start:stop].translate(_ADD_HELD)

    def add_receipt(self, first: int, last: int, verdict: OutcomeReason) -> None:
        """A receipt says this of these offsets; call it after `add_messages`, as what Kafka does not hold is left out.

        The first receipt of an offset decides; a second one is repeated, and contradicted where it says otherwise.
        """
        start, stop = max(first - self._begin, 0), min(last + 1 - self._begin, len(self._codes))
        if start >= stop:
            return
        number = self._numbers.number_of(verdict)
        before = self._codes[start:stop]
        verdicts = before.translate(_ONLY_VERDICT)
        said = len(verdicts) - verdicts.count(0)
        self._repeated += said
        self._contradicted += said - verdicts.count(number)
        self._codes[start:stop] = before.translate(_verdict_table(number))

    def count_messages(self, acknowledged: int, aside: Iterable[range] = ()) -> PartitionCount:
        """Count the messages; those before the offset `acknowledged` should all have a verdict, or be set `aside`."""
        codes = np.frombuffer(self._codes, dtype=np.uint8)
        counted = np.bincount(codes, minlength=256)
        verdicts = {
            verdict: int(counted[_HELD | number])
            for number, verdict in self._numbers.by_number().items()
            if counted[_HELD | number]
        }
        missing = int(np.count_nonzero(codes[: max(0, acknowledged - self._begin)] == _HELD))
        passed_over = self._count_unsaid(codes[: max(0, acknowledged - self._begin)], aside)
        waiting = int(counted[_HELD]) - missing
        return PartitionCount(verdicts, missing - passed_over, passed_over, waiting, self._repeated, self._contradicted)

    def _count_unsaid(self, codes: NDArray[np.uint8], aside: Iterable[range]) -> int:
        """How many messages of these offsets have no verdict."""
        spans = (codes[max(0, some.start - self._begin) : max(0, some.stop - self._begin)] for some in aside)
        return sum(int(np.count_nonzero(span == _HELD)) for span in spans)


ACCEPTED: Final = "accepted"
DUPLICATE: Final = "duplicate"
REJECTED: Final = "rejected"

LOOK_S: Final = 1.0
"""Pause between two looks at intake's backlog while waiting for it: as often as it acknowledges."""


class _Outcome(msgspec.Struct):
    """The parts of a receipt that are counted; `last_offset` is set where it speaks of a range of positions."""

    position: Position
    outcome: str
    reason: str = ""
    last_offset: int | None = None


@dataclass
class Accounting:
    """What became of the messages on national topics that Kafka still holds.

    `consumed` counts the source positions that intake has passed, `rejected` by reason; `contradicted` counts receipts
    that say otherwise than a position's first, and `repeated` all receipts beyond the first: both are 0 if all is well.
    `set_aside` are positions that intake has passed without an outcome, as each ended its process twice: they wait for
    a replay. `waiting` are the positions that intake has yet to come to.
    """

    consumed: int = 0
    accepted: int = 0
    duplicate: int = 0
    rejected: dict[str, int] = field(default_factory=dict)
    repeated: int = 0
    contradicted: int = 0
    set_aside: int = 0
    waiting: int = 0

    @property
    def decided(self) -> int:
        """Positions with an outcome."""
        return self.accepted + self.duplicate + sum(self.rejected.values())

    @property
    def missing(self) -> int:
        """Positions that intake has passed without an outcome, and that are not set aside."""
        return self.consumed - self.decided - self.set_aside

    @property
    def balanced(self) -> bool:
        """Whether every position consumed has exactly one outcome, or is set aside."""
        return self.missing == self.repeated == self.contradicted == 0


def sum_accounts(counted: Iterable[Accounting]) -> Accounting:
    """The sum of several agencies' accounts."""
    summed, rejected = Accounting(), Counter[str]()
    for account in counted:
        rejected.update(account.rejected)
        for name in (counter.name for counter in fields(Accounting) if counter.name != "rejected"):
            setattr(summed, name, getattr(summed, name) + getattr(account, name))
    summed.rejected = dict(sorted(rejected.items()))
    return summed


async def count_outcomes(settings: Settings) -> Accounting:
    """Count the outcomes of all registered agencies together. Raises LiaisonError."""
    return sum_accounts((await accounting_by_agency(settings)).values())


async def accounting_by_agency(settings: Settings) -> dict[str, Accounting]:
    """Count the outcomes of each registered agency, also of one that has left. Raises LiaisonError.

    Reads both topics of one agency after the other: memory holds one agency's positions, a byte each.
    """
    names = list(await read_agencies(settings))
    acknowledged = await _read_acknowledged(settings, names)
    aside = await _read_aside(settings)
    return {name: await _account_for(settings, name, acknowledged, aside) for name in names}


async def _read_aside(settings: Settings) -> Mapping[TopicPartition, list[range]]:
    """The offsets that intake has set aside; read before receipts, which say what became of those replayed since."""
    found: dict[TopicPartition, list[range]] = defaultdict(list)
    for one in await read_set_aside(settings):
        if one.stage == "intake":
            found[one.suspect.source].append(range(one.suspect.offset, one.suspect.offset + one.positions))
    return found


async def wait_for_intake(settings: Settings, within_s: float) -> None:
    """Return once intake has passed all that national topics hold now. Raises LiaisonError where that takes longer."""
    names = list(await read_agencies(settings))
    ends = await ends_of(settings, _list_partitions(settings, topics.CASES, names))
    deadline = time.monotonic() + within_s
    while behind := await _lagging_partitions(settings, names, ends):
        if time.monotonic() >= deadline:
            raise LiaisonError(
                f"intake has not finished {', '.join(sorted({lag.topic for lag in behind}))} within "
                f"{within_s:g} s: see `liaison ops lag`"
            )
        await asyncio.sleep(LOOK_S)


async def _lagging_partitions(
    settings: Settings, names: Iterable[str], ends: Mapping[TopicPartition, int]
) -> list[Lag]:
    """Where intake has not passed these ends; a partition that ends in transaction markers is done at lag 0."""
    acknowledged = await _read_acknowledged(settings, names)
    short = [partition for partition, end in ends.items() if acknowledged[partition] < end]
    return [lag for lag in await lag_of(settings, {group_of(settings, "intake"): short}) if lag.lag]


async def _read_acknowledged(settings: Settings, names: Iterable[str]) -> Mapping[TopicPartition, int]:
    group = group_of(settings, "intake")
    consumed = {group: _list_partitions(settings, topics.CASES, names)}
    return (await asyncio.to_thread(committed_of, settings, consumed))[group]


async def _account_for(
    settings: Settings,
    agency: str,
    acknowledged: Mapping[TopicPartition, int],
    aside: Mapping[TopicPartition, Sequence[range]],
) -> Accounting:
    maps = await _map_messages(settings, _list_partitions(settings, topics.CASES, [agency]))
    await _add_receipts(settings, _list_partitions(settings, topics.RECEIPTS, [agency]), maps)
    return sum_accounts(
        _from_count(held.count_messages(acknowledged[partition], aside.get(partition, ())))
        for partition, held in maps.items()
    )


async def _map_messages(settings: Settings, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, OutcomeMap]:
    """Every position on these partitions: transaction markers leave offsets without a message."""
    numbers = VerdictNumbers()
    async with plain_consumer(settings, partitions) as consumer:
        begins = await consumer.beginning_offsets(partitions)
    maps = {partition: OutcomeMap(begins[partition], numbers) for partition in partitions}
    async for records in read_partitions(settings, begins):
        held = maps[TopicPartition(records[0].topic, records[0].partition)]
        for record in records:
            held.add_messages(record.offset, last_offset_of(record))
    return maps


async def _add_receipts(
    settings: Settings, partitions: Iterable[TopicPartition], maps: Mapping[TopicPartition, OutcomeMap]
) -> None:
    decode = msgspec.json.Decoder(_Outcome).decode
    async for records in read_partitions(settings, dict.fromkeys(partitions, 0)):
        for receipt in (decode(record.value) for record in records):
            at = receipt.position
            held = maps.get(TopicPartition(at.topic, at.partition))
            if held is not None:
                last = at.offset if receipt.last_offset is None else receipt.last_offset
                held.add_receipt(at.offset, last, (receipt.outcome, receipt.reason))


def _from_count(count: PartitionCount) -> Accounting:
    rejected: Counter[str] = Counter()
    outcomes: Counter[str] = Counter()
    for (outcome, reason), positions in count.verdicts.items():
        outcomes[outcome] += positions
        if outcome == REJECTED:
            rejected[reason] += positions
    return Accounting(
        consumed=outcomes.total() + count.missing + count.set_aside,
        accepted=outcomes[ACCEPTED],
        duplicate=outcomes[DUPLICATE],
        rejected=dict(rejected),
        repeated=count.repeated,
        contradicted=count.contradicted,
        set_aside=count.set_aside,
        waiting=count.waiting,
    )


def _list_partitions(settings: Settings, topic: topics.Topic, names: Iterable[str]) -> list[TopicPartition]:
    full = [topics.topic_name(settings, topic, agency=name) for name in names]
    return [TopicPartition(name, p) for name in full for p in range(topics.partition_count(settings, topic))]
