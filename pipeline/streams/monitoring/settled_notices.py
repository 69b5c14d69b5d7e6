"""Up to which notice all notices are settled: they, and what they are about, are in the index and shown by it.

A reader's cursor passes no other: the case that a notice is about may be a moment away, and the notice is left out for
those who may not know of its case. What is settled follows from the index's own lag, never from who reads.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import NamedTuple

from pipeline.errors import LiaisonError

log = logging.getLogger(__name__)


class NoticeIndex(NamedTuple):
    """Where notices are read: the id of their topic, and the generation whose index holds what they are about.

    Offsets count within a topic: after a restore another one of the same name begins anew.
    """

    topic: str
    generation: str


class IndexedNotices(NamedTuple):
    """The offset before which all notices, and all that they are about, are in an index."""

    where: NoticeIndex
    end: int


class SettledNotices:
    """`end`: the offset of `index` before which notices are settled; 0 while nobody knows, as after a switch."""

    def __init__(self, index: NoticeIndex, refresh: Callable[[str], Awaitable[None]]) -> None:
        """`refresh` lets searches show all notices, and all cases in the index of the generation that it is given."""
        self.index, self.end = index, 0
        self._refresh = refresh
        self._hurried = asyncio.Event()

    def follow_generation(self, generation: str) -> None:
        """Notices are read with this generation's index; if it is another one, it may be behind the former."""
        if generation != self.index.generation:
            self.index, self.end = self.index._replace(generation=generation), 0

    async def follow_index(self, indexed: IndexedNotices) -> None:
        """More is in the index; it counts once searches show it, and only of the generation that is read."""
        if indexed.where.topic != self.index.topic:
            self.index, self.end = self.index._replace(topic=indexed.where.topic), 0
        if indexed.where != self.index or indexed.end <= self.end:
            return
        try:
            await self._refresh(indexed.where.generation)
        except LiaisonError as error:
            log.warning("notices are not settled yet: %s", error)
            return
        if indexed.where == self.index:
            self.end = indexed.end

    def hurry(self) -> None:
        """A reader can't go on before more is settled."""
        self._hurried.set()

    async def wait_hurried(self, least_s: float, longest_s: float) -> None:
        """Return once a reader waits for more to settle, within these bounds."""
        await asyncio.sleep(min(least_s, longest_s))
        with suppress(TimeoutError):
            await asyncio.wait_for(self._hurried.wait(), max(0.0, longest_s - least_s))
        self._hurried.clear()
