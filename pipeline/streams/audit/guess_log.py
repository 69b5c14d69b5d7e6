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
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from types import TracebackType
from typing import Final

import msgspec
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import IllegalOperation, KafkaError

from pipeline.access.guesses import AskedGuesses, GuessLedger, decode_guesses
from pipeline.errors import LiaisonError
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.following import FollowedTopic, Followers, as_it_is, follow_topic
from pipeline.streams.kafka.positions import decode_value
from pipeline.streams.kafka.producers import FAIL_OVER_S, PromptProducer
from pipeline.streams.kafka.reading import Fetching, plain_consumer
from pipeline.times import Clock

log = logging.getLogger(__name__)

POLL_MS: Final = 500
"""How long one wait for guesses lasts."""

GUESSES: Final = "guesses"
"""What they are to those who are told that they can't be followed."""

AT_ONCE: Final = 200
"""Records that are taken in before others have a turn: 10 ms. A server that starts reads up to a million."""

FETCHING: Final = Fetching(500, at_once=AT_ONCE, isolation="read_uncommitted")
"""They are handed over as they come; the broker holds back an answer for half a second while there are none."""

REMEMBERED: Final = 10_000
"""Verdicts whose askers may not have come for them yet: each does within FAIL_OVER_S. Who finds none asks again."""


class GuessError(LiaisonError):
    """A guess could not be written, or has not come back: so hit-only records may not be asked."""


def guess_partition(settings: Settings) -> TopicPartition:
    """The one partition of `hit_guesses`."""
    return TopicPartition(topics.topic_name(settings, topics.HIT_GUESSES), 0)


def take_guess(ledger: GuessLedger, record: ConsumerRecord) -> frozenset[str]:
    """Take in a record of `hit_guesses`; what is none counts for nothing. Returns what is refused of it.

    Raises LaterFormatError for one of a later version, which is not taken in: it would count for less than it asked.
    """
    try:
        asked = decode_value(decode_guesses, record)
    except msgspec.MsgspecError:
        log.error("%s-%d-%d is no guess", record.topic, record.partition, record.offset)
        ledger.end = record.offset + 1
        return frozenset()
    return ledger.take_guesses(asked, record.offset, datetime.fromtimestamp(record.timestamp / 1000, UTC))


class GuessReader:
    """Reads `hit_guesses` for whoever decides on what came before: its connection stays open in between."""

    def __init__(self, settings: Settings) -> None:
        self._settings, self._partition = settings, guess_partition(settings)
        self._open = AsyncExitStack()
        self._consumer: AIOKafkaConsumer | None = None

    async def catch_up(self, ledger: GuessLedger) -> None:
        """Take in all that the topic holds now. Raises KafkaError, BlockedPartitionError, LaterFormatError."""
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
    """One server's writer and reader of `hit_guesses`; as a context it is entered once the topic was read whole.

    It reads no further than a record of a later version, and then lets nothing be asked of hit-only records.
    """

    def __init__(
        self, settings: Settings, ledger: GuessLedger, clock: Clock, followers: Followers | None = None
    ) -> None:
        self.ledger = ledger
        self._partition, self._clock = guess_partition(settings), clock
        self._settings, self._producer = settings, PromptProducer(settings)
        self._verdicts: OrderedDict[int, frozenset[str]] = OrderedDict()
        """By offset what was refused of a record: none only where it was judged and all of it may be asked."""
        self._came = asyncio.Condition()
        self._followers, self._open = followers or Followers(), AsyncExitStack()

    async def __aenter__(self) -> GuessLog:
        followed = FollowedTopic(GUESSES, self._partition, FETCHING)
        following = follow_topic(
            self._settings, self._followers, followed, as_it_is, self._take_record, settle=self._tell_waiting
        )
        follower = await self._open.enter_async_context(following)
        await follower.wait_caught_up()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()
        await self._producer.stop()

    async def ask(self, asked: AskedGuesses) -> frozenset[str]:
        """Count what a question guesses; returns the kinds of which it may ask no hit-only record.

        Raises GuessError, within FAIL_OVER_S: then none may be asked at all.
        """
        if self._followers.why_stopped(GUESSES):
            raise GuessError("the search cannot be counted now; try again")
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

    def _take_record(self, record: ConsumerRecord) -> None:
        self._verdicts[record.offset] = take_guess(self.ledger, record)

    async def _tell_waiting(self) -> None:
        while len(self._verdicts) > REMEMBERED:
            self._verdicts.popitem(last=False)
        async with self._came:
            self._came.notify_all()
