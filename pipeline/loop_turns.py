"""How long work in an event loop shares it with everybody else's."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from typing import Final

SLICE_S: Final = 0.001
"""CPU of the loop's thread after which it is left to others: a request of theirs takes some ten turns of the loop."""

REST: Final = 2
"""Times as long as the loop was busy that it is left to others then: work of this kind takes a third of it at most."""


class LoopTurns:
    """Of one piece of work, which rests where it can."""

    def __init__(self) -> None:
        self._since = time.thread_time()

    async def rest(self) -> None:
        """Let others go on, where the loop has been busy for SLICE_S."""
        busy_s = time.thread_time() - self._since
        if busy_s >= SLICE_S:
            await asyncio.sleep(REST * busy_s)
            self._since = time.thread_time()

    async def join(self, made: Iterable[bytes]) -> bytes:
        """All that is made, one by one, with a rest where it is due."""
        found: list[bytes] = []
        for one in made:
            found.append(one)
            await self.rest()
        return b"".join(found)
