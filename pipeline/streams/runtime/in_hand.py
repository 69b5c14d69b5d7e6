"""What a process has in hand, noted so that its successor knows what it was at when it ended.

Each lane has a file under LIAISON_HOME. Before records are decided on it names them, and once their effects are certain
it names nothing: two writes of a few bytes a transaction, which outlive the process and are never synced, since a
machine that loses power was not ended by a record. Of what a file names its next reader takes fewer at a time, down to
one (`CarefulRanges`). A record that is taken alone is alone in its process, too (`Hands`).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import msgspec
from aiokafka import ConsumerRecord

NARROWED: Final = 32
"""What was in hand when a process ended is taken in so many parts: after two such ends a thousand records are down to
one, and what has to be done again after a kill costs some more transactions."""

NOTE_BYTES: Final = 4096
"""A note is written over the one before, blanks behind it, so that a file keeps its size."""


class CarefulRange(msgspec.Struct, frozen=True, array_like=True):
    """Offsets of a topic, both included, of which at most so many are taken at a time; 0: what was in hand at once."""

    topic: str
    first: int
    last: int
    most: int = 0

    def narrowed(self) -> CarefulRange:
        """The same, once a process has ended with it in hand."""
        most = self.most or -(-(self.last - self.first + 1) // NARROWED)
        return CarefulRange(self.topic, self.first, self.last, most)


class CarefulRanges:
    """What was in hand at unclean ends and has not been applied since: pure."""

    def __init__(self, ranges: Iterable[CarefulRange] = ()) -> None:
        self._ranges = [one.narrowed() for one in ranges]

    def __iter__(self) -> Iterator[CarefulRange]:
        return iter(self._ranges)

    def __bool__(self) -> bool:
        return bool(self._ranges)

    def most_at(self, topic: str, offset: int) -> int:
        """How many records may be taken from an offset on; 0: as many as there are."""
        found = [one.most for one in self._ranges if one.topic == topic and one.first <= offset <= one.last]
        return min(found, default=0)

    def count_takable(self, topic: str, records: Sequence[ConsumerRecord]) -> int:
        """How many of these records may be taken at once, the first of them."""
        if not self._ranges:
            return len(records)
        most = self.most_at(topic, records[0].offset)
        alike = next(
            (at for at, record in enumerate(records) if self.most_at(topic, record.offset) != most), len(records)
        )
        return min(alike, most) if most else alike

    def drop_applied(self, topic: str, offset: int) -> None:
        """Forget what is applied up to an offset."""
        self._ranges = [one for one in self._ranges if one.topic != topic or one.last > offset]


class HandNote:
    """A lane's file. Where it can't be written, the worker goes on without: then a record costs more ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None
        self._held: list[CarefulRange] = []
        self.careful = CarefulRanges(self._read())

    def _read(self) -> list[CarefulRange]:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=list[CarefulRange])
        except (OSError, msgspec.MsgspecError):  # none, or torn as the process ended
            return []

    def take(self, topic: str, first: int, last: int) -> None:
        """Name records that are about to be decided on."""
        self._held.append(CarefulRange(topic, first, last))
        self._write()

    def let_go(self) -> None:
        """Name nothing but what is still to be taken carefully."""
        if self._held:
            self._held.clear()
            self._write()

    def remove(self) -> None:
        """Remove the file, where the lane ends in good order."""
        self._held.clear()
        with suppress(OSError):
            if self.careful:
                self._write()
            else:
                self._path.unlink(missing_ok=True)
        self._close()

    def keep(self) -> None:
        """Leave the file as it is: what is in hand did not end."""
        self._close()

    def _close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _write(self) -> None:
        with suppress(OSError):
            if self._file is None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            os.pwrite(self._file, msgspec.json.encode([*self.careful, *self._held]).ljust(NOTE_BYTES), 0)


class Hands:
    """Whether lanes of a process have records in hand: any number of them together, or one alone."""

    def __init__(self) -> None:
        self._together = 0
        self._waiting = 0
        self._alone = asyncio.Lock()
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def together(self) -> AsyncIterator[None]:
        """Hold records beside others; waits while one lane holds a record alone, or is about to."""
        if self._waiting:
            async with self._changed:
                await self._changed.wait_for(lambda: not self._waiting)
        self._together += 1
        try:
            yield
        finally:
            self._together -= 1
            if self._waiting:
                async with self._changed:
                    self._changed.notify_all()

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Hold a record while no other lane holds any."""
        self._waiting += 1
        try:
            async with self._alone:
                async with self._changed:
                    await self._changed.wait_for(lambda: not self._together)
                yield
        finally:
            self._waiting -= 1
            async with self._changed:
                self._changed.notify_all()
