"""Follow topics without end: each follower is kept going, and says in words why it stands still.

A follower begins at an offset, takes in what there is, and goes on. After an outage of Kafka it goes on where it was,
and nothing is told but in the log: what was known last holds. Anything else that ends it is a problem until it has
taken in what came next; so is a task that has ended although nobody told it to. A server's `/readyz` names it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager, suppress
from typing import Final, NamedTuple, TypeVar

from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from pipeline.backoff import reset_pauses, retrying
from pipeline.errors import LiaisonError
from pipeline.settings import Settings
from pipeline.streams.kafka.admin import ClusterNotReadyError
from pipeline.streams.kafka.reading import AS_THEY_COME, Fetching, read_on

log = logging.getLogger(__name__)

T = TypeVar("T")

LONGEST_PAUSE_S: Final = 2.0
"""Between two attempts. A choice: after an outage what others wrote is seen that much later."""


class Follower:
    """One thing that is followed, by a task of its own."""

    def __init__(self, what: str, follow: FollowForever, passing: tuple[type[Exception], ...]) -> None:
        self._what, self._follow, self._passing = what, follow, passing
        self._begun, self._going = asyncio.Event(), False
        self._problem = ""
        self.task = asyncio.create_task(self._run(), name=f"following {what}")

    def note_going(self) -> None:
        """What came next has been taken in, or nothing more is there."""
        self._problem, self._going = "", True

    def note_caught_up(self) -> None:
        """All that was there at the start has been taken in."""
        self.note_going()
        self._begun.set()

    @property
    def problem(self) -> str:
        """Why it stands still; "" while it goes on, or Kafka is away."""
        problem = "its task has ended" if self.task.done() else self._problem
        return problem and f"{self._what} can't be followed: {problem}"

    async def wait_caught_up(self) -> None:
        """Return once all that was there at the start has been taken in, or it has a problem."""
        waiting = asyncio.create_task(self._begun.wait())
        await asyncio.wait({self.task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()

    async def _run(self) -> None:
        async for attempt in retrying(Exception, log, f"following {self._what}", longest_pause_s=LONGEST_PAUSE_S):
            with attempt:
                try:
                    await self._follow(self)
                except Exception as error:
                    self._note_failure(error)
                    if self._going:
                        reset_pauses(attempt)
                    self._going = False
                    raise

    def _note_failure(self, error: Exception) -> None:
        if _passes(error) or isinstance(error, self._passing):
            return
        if isinstance(error, LiaisonError):
            self._problem = str(error)
        else:
            self._problem = type(error).__name__  # its own words may be a record's
            log.exception("%s can't be followed", self._what)
        self._begun.set()


FollowForever = Callable[[Follower], Awaitable[None]]
"""Follows without end, and notes when it goes on."""


def _passes(error: Exception) -> bool:
    """Whether it is an outage, which nobody mends by restarting or replacing this process."""
    return isinstance(error, OSError | ClusterNotReadyError) or (isinstance(error, KafkaError) and error.retriable)


class Followers:
    """All that a process follows for as long as it lives."""

    def __init__(self) -> None:
        self._kept: dict[str, Follower] = {}

    @asynccontextmanager
    async def keep(self, what: str, follow: FollowForever, *passing: type[Exception]) -> AsyncIterator[Follower]:
        """Keep `follow` going for as long as the context lasts; what ends in one of `passing` is an outage too."""
        held = self._kept[what] = Follower(what, follow, passing)
        try:
            yield held
        finally:
            del self._kept[what]
            held.task.cancel()
            with suppress(asyncio.CancelledError):
                await held.task

    def why_stopped(self, *only: str) -> str:
        """Why something, or one of `only`, is not followed; "" while all is."""
        problems = (held.problem for what, held in self._kept.items() if not only or what in only)
        return next(filter(None, problems), "")


class FollowedTopic(NamedTuple):
    """A partition that is followed, and how it is fetched; `what` it is to those who are told."""

    what: str
    partition: TopicPartition
    fetching: Fetching = AS_THEY_COME


async def begin_or_go_on(reached: int | None) -> int:
    """Begin with the first record; after an outage go on where it was."""
    return reached or 0


def as_it_is(record: ConsumerRecord) -> ConsumerRecord:
    """A record that is handed on whole."""
    return record


async def nothing_more() -> None:
    """What was seen needs nothing more."""


@asynccontextmanager
async def follow_topic(
    settings: Settings,
    followers: Followers,
    followed: FollowedTopic,
    decode: Callable[[ConsumerRecord], T],
    see: Callable[[T], object],
    *,
    begin: Callable[[int | None], Awaitable[int]] = begin_or_go_on,
    settle: Callable[[], Awaitable[None]] = nothing_more,
) -> AsyncIterator[Follower]:
    """Hand on what each record of a partition says, in order, then each new one, until the context ends.

    `begin` is asked, before each connection, at which offset: it is told up to where this process has seen the
    partition, None at the start. `settle` is awaited behind the records that came together. A record at which `decode`
    or `see` raises comes again, without end.
    """
    reached: int | None = None

    async def follow(held: Follower) -> None:
        nonlocal reached
        reached = await begin(reached)
        async with aclosing(read_on(settings, {followed.partition: reached}, followed.fetching)) as fetched:
            async for found in fetched:
                try:
                    for record in found.records:
                        see(decode(record))
                        reached = record.offset + 1
                finally:
                    if found.records:
                        await settle()
                if found.records:
                    held.note_going()
                if found.caught_up:
                    held.note_caught_up()

    async with followers.keep(followed.what, follow) as held:
        yield held
