"""Sends the demo's messages and waits until every stage has come to rest."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence

from kafka.errors import KafkaError
from rich.console import Console

from pipeline.demo.messages import Message
from pipeline.errors import LiaisonError
from pipeline.feeds.pushing import CaseProducer
from pipeline.progress_bars import show_bars
from pipeline.records.hashing import partition_of
from pipeline.settings import Settings
from pipeline.streams.monitoring.lag import measure_lag

SEARCH_EVERY_S = 0.05
"""The resolution of the latency measured."""
POLL_S = 1.0
"""Each look asks Kafka for every partition of every stage: a fifth of a second of CPU."""
STUCK_S = 300.0
"""Without any progress for so long something is wrong: a chunk of a large table takes a minute on a busy machine."""

STAGES = {"intake": "Taken in", "correlate": "Correlated", "project": "Indexed"}


class FeedSender:
    """Sends messages, each to the partition of its key unless it is wrong on purpose."""

    def __init__(self, producer: CaseProducer, partitions: int) -> None:
        self._producer = producer
        self._partitions = partitions
        self.failures: list[BaseException] = []
        self.sent = 0

    def send(self, message: Message, then: Callable[[], object] = lambda: None) -> None:
        """Send one message; `then` is called once it is acknowledged."""

        def done(error: BaseException | None) -> None:
            if error is not None:
                self.failures.append(error)
                return
            self.sent += 1
            then()

        own = 0 if message.key is None else partition_of(message.key, self._partitions) + message.shift
        self._producer.send(message.agency, message.key, message.value, done, own % self._partitions)

    def flush(self) -> None:
        """Wait until all is acknowledged. Raises LiaisonError if Kafka did not take a message."""
        self._producer.flush()
        if self.failures:
            raise LiaisonError(f"Kafka did not accept {len(self.failures)} messages: {self.failures[0]}")


def send_all(sender: FeedSender, messages: Sequence[Message], console: Console) -> None:
    """Send as fast as Kafka takes them, with a progress bar."""
    with show_bars(console) as display:
        task = display.add_task("Sent", total=len(messages))
        for message in messages:
            sender.send(message, lambda: display.advance(task))
        sender.flush()


async def wait_until_settled(settings: Settings, console: Console, check: Callable[[], None]) -> None:
    """Return once no stage has anything left to do, with a bar for each stage.

    `check` raises if a worker has died. Raises LiaisonError if nothing moves for five minutes.
    """
    with show_bars(console) as display:
        tasks = {stage: display.add_task(title, total=None) for stage, title in STAGES.items()}
        most: Counter[str] = Counter()
        watch = _Watch()
        while (left := await _count_left(settings)) is None or any(left.values()):
            check()
            watch.check_progress(left or Counter())
            most |= left or Counter()
            for stage, task in tasks.items():
                total = most[stage] or 1
                display.update(task, total=total, completed=total - (left or most)[stage])
            await asyncio.sleep(POLL_S)


async def _count_left(settings: Settings) -> Counter[str] | None:
    """What is left to do; None while Kafka itself is still getting ready (a new cluster's first consumer groups)."""
    try:
        return await count_unacknowledged(settings)
    except LiaisonError as error:
        if isinstance(error.__cause__, KafkaError) and error.__cause__.retriable:
            return None
        raise


class _Watch:
    """Raises LiaisonError when what is left to do has not changed for too long."""

    def __init__(self) -> None:
        self._last: Counter[str] = Counter()
        self._moved = time.monotonic()

    def check_progress(self, left: Counter[str]) -> None:
        if left != self._last:
            self._last, self._moved = Counter(left), time.monotonic()
        elif time.monotonic() - self._moved > STUCK_S:
            stages = ", ".join(f"{stage} {count:,}" for stage, count in left.items() if count)
            raise LiaisonError(f"no progress for {STUCK_S:.0f} s; still to do: {stages}")


async def count_unacknowledged(settings: Settings) -> Counter[str]:
    """Messages that each stage has not acknowledged yet."""
    left: Counter[str] = Counter()
    for lag in await measure_lag(settings):
        stage = lag.group.removeprefix(settings.namespace).split("-")[0]
        left[stage] += lag.lag
    return left


FindCaseKeys = Callable[[Sequence[str]], Awaitable[set[str]]]
"""Which of these case keys a search finds."""


class Trickle:
    """Sends messages at a steady pace and notes how long each new case takes until a search finds it."""

    def __init__(self, sender: FeedSender, find: FindCaseKeys, pace_s: float) -> None:
        self._sender = sender
        self._find = find
        self._pace_s = pace_s
        self._sent_at: dict[str, float] = {}
        self.latencies_s: list[float] = []

    async def run(self, messages: Sequence[Message], fresh: set[str], console: Console) -> None:
        """Send all; `fresh` are the case keys that no earlier message has brought into the index."""
        with show_bars(console) as display:
            task = display.add_task("Live", total=len(messages))
            sending = asyncio.create_task(self._send_paced(messages, fresh, lambda: display.advance(task)))
            deadline = time.monotonic() + STUCK_S + len(messages) * self._pace_s
            while not sending.done() or self._sent_at:
                await asyncio.sleep(SEARCH_EVERY_S)
                for key in await self._find(list(self._sent_at)):
                    self.latencies_s.append(time.monotonic() - self._sent_at.pop(key))
                if time.monotonic() > deadline:
                    raise LiaisonError(f"{len(self._sent_at)} new cases can't be found after {STUCK_S:.0f} s")
            await sending
        self._sender.flush()

    async def _send_paced(self, messages: Sequence[Message], fresh: set[str], advance: Callable[[], object]) -> None:
        for message in messages:
            key = (message.key or b"").decode()
            if key in fresh:
                self._sent_at[key] = time.monotonic()
            self._sender.send(message)
            advance()
            await asyncio.sleep(self._pace_s)
