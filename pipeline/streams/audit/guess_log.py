"""What agencies guess with names, written before hit-only records are asked, and read by all who ask them.

A question is written to `hit_guesses`, and judged once it has come back: its place in the topic, behind what others
wrote, decides. So servers that ask at the same moment do not each allow as many guesses.

The topic is read uncommitted: what intake's transactions hold is there to be counted at once. One that was given up
counts too, since its agency asked it; what it asked comes again when the chunk is repeated, which changes nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime
from types import TracebackType
from typing import Final

import msgspec
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import IllegalOperation, KafkaError

from pipeline.access.guesses import AskedGuesses, GuessLedger
from pipeline.errors import LiaisonError
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.positions import BlockedPartitionError
from pipeline.streams.kafka.producers import FAIL_OVER_S, PromptProducer
from pipeline.streams.kafka.reading import plain_consumer
from pipeline.times import Clock

log = logging.getLogger(__name__)

POLL_MS: Final = 500
"""How long one wait for guesses lasts; they are handed over as they come."""

FETCH_WAIT_MS: Final = 500
"""How long the broker holds back an answer while there is none."""

AT_ONCE: Final = 200
"""Records that are taken in before others have a turn: 10 ms. A server that starts reads up to a million."""

PAUSE_S: Final = 2.0
"""Between two attempts while the topic can't be read."""

REMEMBERED: Final = 10_000
"""Verdicts whose askers may not have come for them yet: each does within FAIL_OVER_S. Who finds none asks again."""


class GuessError(LiaisonError):
    """A guess could not be written, or has not come back: so hit-only records may not be asked."""


def guess_partition(settings: Settings) -> TopicPartition:
    """The one partition of `hit_guesses`."""
    return TopicPartition(topics.topic_name(settings, topics.HIT_GUESSES), 0)


def take_guess(ledger: GuessLedger, record: ConsumerRecord) -> frozenset[str]:
    """Take in a record of `hit_guesses`; what is none counts for nothing. Returns what is refused of it."""
    try:
        return ledger.take_record(
            record.value or b"", record.offset, datetime.fromtimestamp(record.timestamp / 1000, UTC)
        )
    except msgspec.MsgspecError:
        log.exception("%s-%d-%d is no guess", record.topic, record.partition, record.offset)
        return frozenset()


class GuessReader:
    """Reads `hit_guesses` for whoever decides on what came before: its connection stays open in between."""

    def __init__(self, settings: Settings) -> None:
        self._settings, self._partition = settings, guess_partition(settings)
        self._open = AsyncExitStack()
        self._consumer: AIOKafkaConsumer | None = None

    async def catch_up(self, ledger: GuessLedger) -> None:
        """Take in all that the topic holds now. Raises KafkaError, BlockedPartitionError."""
        try:
            if self._consumer is None:
                reading = plain_consumer(self._settings, [self._partition], isolation="read_uncommitted")
                self._consumer = await self._open.enter_async_context(reading)
            await self._read_up(self._consumer, ledger)
        except BaseException:
            await self.close()
            raise

    async def _read_up(self, consumer: AIOKafkaConsumer, ledger: GuessLedger) -> None:
        end = (await consumer.end_offsets([self._partition]))[self._partition]
        if not ledger.end:
            ledger.forget_offsets(end)
        if ledger.end >= end:
            return
        consumer.seek(self._partition, ledger.end)
        while await consumer.position(self._partition) < end:
            found = await consumer.getmany(timeout_ms=POLL_MS, max_records=AT_ONCE)
            for record in found.get(self._partition, ()):
                take_guess(ledger, record)
            await asyncio.sleep(0)

    async def close(self) -> None:
        """Disconnect; the next reading connects anew."""
        opened, self._open, self._consumer = self._open, AsyncExitStack(), None
        await opened.aclose()


class GuessLog:
    """One server's writer and reader of `hit_guesses`; as a context it is entered once the topic was read whole."""

    def __init__(self, settings: Settings, ledger: GuessLedger, clock: Clock) -> None:
        self.ledger = ledger
        self._partition, self._clock = guess_partition(settings), clock
        self._settings, self._producer = settings, PromptProducer(settings)
        self._verdicts: OrderedDict[int, frozenset[str]] = OrderedDict()
        """By offset what was refused of a record: none only where it was judged and all of it may be asked."""
        self._position = 0
        self._came = asyncio.Condition()
        self._caught_up = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> GuessLog:
        self._task = asyncio.create_task(self._follow_forever())
        caught_up = asyncio.create_task(self._caught_up.wait())
        await asyncio.wait({self._task, caught_up}, return_when=asyncio.FIRST_COMPLETED)
        caught_up.cancel()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self._producer.stop()

    async def ask(self, asked: AskedGuesses) -> frozenset[str]:
        """Count what a question guesses; returns the kinds of which it may ask no hit-only record.

        Raises GuessError, within FAIL_OVER_S: then none may be asked at all.
        """
        if asked.empty or (not asked.about and self.ledger.is_free(asked, self._clock())):
            return frozenset()
        try:
            async with asyncio.timeout(FAIL_OVER_S):
                offset = await self._write(asked)
                async with self._came:
                    await self._came.wait_for(lambda: self.ledger.end > offset)
                refused = self._verdicts.pop(offset, None)
        except (TimeoutError, KafkaError, IllegalOperation, OSError) as error:
            raise GuessError("the search cannot be counted now; try again") from error
        if refused is None:
            raise GuessError("the search cannot be counted now; try again")
        return refused

    async def forget(self, agency: str, about: str) -> None:
        """Say that an alert guesses nothing any more. Raises GuessError."""
        try:
            async with asyncio.timeout(FAIL_OVER_S):
                await self._write(AskedGuesses(agency, about))
        except (TimeoutError, KafkaError, IllegalOperation, OSError) as error:
            raise GuessError("the search cannot be counted now; try again") from error

    async def _write(self, asked: AskedGuesses) -> int:
        """The offset at which the topic holds it, on all replicas. After a failure another producer begins anew."""
        try:
            producer = await self._producer.start_producer()
            sent = await producer.send_and_wait(
                self._partition.topic, msgspec.json.encode(asked), key=asked.agency.encode(), partition=0
            )
        except BaseException:
            await self._producer.stop()
            raise
        return int(sent.offset)

    async def _follow_forever(self) -> None:
        while True:
            try:
                await self._follow_topic()
            except (KafkaError, OSError, BlockedPartitionError) as error:
                log.warning("guesses cannot be followed: %s", type(error).__name__)
            except Exception:
                log.exception("guesses cannot be followed")
            await asyncio.sleep(PAUSE_S)

    async def _follow_topic(self) -> None:
        async with plain_consumer(
            self._settings, [self._partition], FETCH_WAIT_MS, isolation="read_uncommitted"
        ) as consumer:
            end = (await consumer.end_offsets([self._partition]))[self._partition]
            consumer.seek(self._partition, self._position)
            while True:
                if await consumer.position(self._partition) >= end:
                    self._caught_up.set()
                found = await consumer.getmany(timeout_ms=POLL_MS, max_records=AT_ONCE)
                await self._take_records(found.get(self._partition, ()))

    async def _take_records(self, records: list[ConsumerRecord] | tuple[()]) -> None:
        for record in records:
            self._verdicts[record.offset] = take_guess(self.ledger, record)
            self._position = record.offset + 1
        while len(self._verdicts) > REMEMBERED:
            self._verdicts.popitem(last=False)
        async with self._came:
            self._came.notify_all()
