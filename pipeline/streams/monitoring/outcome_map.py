"""What became of each offset of one source partition: one byte an offset, so millions of positions fit in megabytes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np

from pipeline.errors import LiaisonError

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
    """Positions of one partition by verdict; `missing` were passed without one, `waiting` lie ahead of intake."""

    verdicts: dict[OutcomeReason, int]
    missing: int
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

    def count_messages(self, acknowledged: int) -> PartitionCount:
        """Count the messages; those before the offset `acknowledged` should all have a verdict."""
        codes = np.frombuffer(self._codes, dtype=np.uint8)
        counted = np.bincount(codes, minlength=256)
        verdicts = {
            verdict: int(counted[_HELD | number])
            for number, verdict in self._numbers.by_number().items()
            if counted[_HELD | number]
        }
        missing = int(np.count_nonzero(codes[: max(0, acknowledged - self._begin)] == _HELD))
        waiting = int(counted[_HELD]) - missing
        return PartitionCount(verdicts, missing, waiting, self._repeated, self._contradicted)
