"""Uploads: the lines of one file or request reach a national topic exactly once, however often that is tried.

Each transaction holds the messages of some lines and, in what a consumer group of the upload's own commits, the line
that was reached. Kafka itself so remembers, for whichever machine tries next: a pusher that dies before, in or after a
transaction has sent all of its lines or none. Starting fences an earlier attempt that still runs, and whatever of it is
still on its way. So a request whose outcome is not known ends the producer: another one starts, and what was reached
tells whether the transaction is to be sent again. Kafka keeps what a group commits for its offsets.retention.minutes:
by default the seven days that it keeps national topics too; until then an upload that is repeated after its end is
known as done.

Beside the line the group keeps a digest of the lines that were taken up to it, so a name never stands for two contents:
what an attempt skips is what was taken under the name, and any other lines are refused before one of them is skipped.

The group commits offset 0 of a topic that holds nothing, with the line beside it: whoever watches groups sees a lag of
0, where on a topic in use that of every file ever pushed would grow until Kafka forgets the group.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final, NamedTuple

import msgspec
from aiokafka import TopicPartition
from aiokafka.errors import (
    GroupAuthorizationFailedError,
    IllegalOperation,
    KafkaError,
    ProducerFenced,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailed,
)
from aiokafka.structs import OffsetAndMetadata, RecordMetadata

from pipeline.backoff import retrying
from pipeline.errors import LiaisonError
from pipeline.locale import N_
from pipeline.records.messages import Position
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.admin import admin_client
from pipeline.streams.kafka.connection import login_name
from pipeline.streams.kafka.producers import (
    UNANSWERED,
    FailFastProducer,
    IndefiniteOutcomeError,
    consume_exception,
)
from pipeline.streams.kafka.reading import plain_consumer

log = logging.getLogger(__name__)

TRANSACTION_TIMEOUT_MS: Final = 30_000
"""Intake reads on past a dead pusher's open transaction after this, or as soon as the upload is tried again."""

MESSAGE_OVERHEAD: Final = 128
"""Bytes that Kafka's batch (61) and record headers add to a message at most."""


NOT_ITS_OWN: Final = (
    TransactionalIdAuthorizationFailed,
    TopicAuthorizationFailedError,
    GroupAuthorizationFailedError,
)
"""What Kafka says to another agency's credentials."""


DIGEST_BYTES: Final = 16
NUMBER_BYTES: Final = 8
"""Of a line's number and its length, as they go into the digest."""


OTHER_LINES: Final = N_(
    "other lines were taken under this upload's name before, or the same ones checked otherwise, and none of these was"
    " sent; send them under another name"
)


class OtherLinesError(LiaisonError):
    """Under the upload's name other lines were taken than those that this attempt brings."""


class UploadProgress(msgspec.Struct, frozen=True, array_like=True):
    """How far an upload has come: `line` is the last one dealt with, `digest` that of those taken up to it.

    The others are offsets by partition: its messages lie on the national topic from `begin` on and before `end`; their
    receipts come from `receipts` on.
    """

    line: int = 0
    begin: tuple[int, ...] = ()
    end: tuple[int, ...] = ()
    receipts: tuple[int, ...] = ()
    digest: str = ""


class UploadLine(NamedTuple):
    """One line to send; `key` None leaves the partition to chance, and intake rejects it there."""

    key: bytes | None
    raw: bytes


def fits_in_message(line: UploadLine) -> bool:
    """Whether Kafka takes the message at all (4 MiB)."""
    return len(line.raw) + len(line.key or b"") + MESSAGE_OVERHEAD <= topics.CASES.max_bytes


class Upload:
    """One attempt at an upload, made by `attempt`. `name` tells this upload from the agency's others."""

    def __init__(self, settings: Settings, agency: str, name: str) -> None:
        self._settings = settings
        self._id = topics.upload_prefix(settings, agency) + name
        self._cases = topics.topic_name(settings, topics.CASES, agency=agency)
        self._receipts = topics.topic_name(settings, topics.RECEIPTS, agency=agency)
        self._uploads = topics.topic_name(settings, topics.UPLOADS)
        self.reached = UploadProgress()
        self._taken = hashlib.blake2b(digest_size=DIGEST_BYTES)
        self._recognised = False
        self._producer: FailFastProducer | None = None

    async def start(self) -> None:
        """Fence earlier attempts, whose last transaction is settled by it, and learn what they reached."""
        remembered = await self._open_producer()
        if remembered is None:
            begin, receipts = [await self._end_offsets(topic) for topic in (self._cases, self._receipts)]
            remembered = UploadProgress(0, begin, begin, receipts)
        self.reached = remembered

    async def _open_producer(self) -> UploadProgress | None:
        """Start a producer; returns what was reached, if anything, which is final from then on."""
        producer = FailFastProducer(self._settings, self._id, transaction_timeout_ms=TRANSACTION_TIMEOUT_MS)
        try:
            await producer.start()
            remembered = await asyncio.to_thread(self._read_progress)
        except BaseException:
            await producer.drop()
            raise
        self._producer = producer
        return remembered

    async def stop(self) -> None:
        """Close; a transaction in the making is left to be aborted."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.drop()

    def add_taken(self, line: int, content: bytes) -> None:
        """Hear of each line that this attempt takes, in their order, before any of them is sent or skipped for good.

        `content` is what tells the line from others. Raises OtherLinesError where an earlier attempt has taken others.
        """
        if line > self.reached.line:
            self.require_same_lines()
        self._taken.update(line.to_bytes(NUMBER_BYTES) + len(content).to_bytes(NUMBER_BYTES) + content)

    def require_same_lines(self) -> None:
        """Raise OtherLinesError unless the lines heard of are those that were taken up to the last one reached."""
        if not self._recognised and self.reached.line and self._taken.hexdigest() != self.reached.digest:
            raise OtherLinesError(OTHER_LINES)
        self._recognised = True

    async def send_lines(self, lines: Sequence[UploadLine], reached: int) -> list[Position]:
        """Send lines and note that all up to `reached` are dealt with, both or neither; returns their positions.

        Goes on with another producer for as long as Kafka does not answer. Raises KafkaError for what it refuses, and
        ProducerFenced; what is known then is what `reached` says at the next start.
        """
        placed: list[RecordMetadata] = []
        async for attempt in retrying(UNANSWERED, log, self._id):
            with attempt:
                producer = self._producer or await self._replace_producer(self._reached_after(placed, reached))
                if producer is not None:
                    await self._send_transaction(producer, lines, reached, placed)
        self.reached = self._reached_after(placed, reached)
        return [Position(record.topic, record.partition, record.offset) for record in placed]

    async def _send_transaction(
        self, producer: FailFastProducer, lines: Sequence[UploadLine], reached: int, placed: list[RecordMetadata]
    ) -> None:
        """One attempt; what fails costs the producer. Fills `placed`."""
        placed.clear()
        try:
            async with producer.transaction():
                sent = [await self._enqueue_line(producer, line) for line in lines]
                placed[:] = await asyncio.gather(*sent)
                # Who may read a topic may commit to it; the line is in the metadata.
                told = msgspec.json.encode(self._reached_after(placed, reached)).decode()
                await producer.send_offsets_to_transaction({self._place: OffsetAndMetadata(0, told)}, self._id)
        except (KafkaError, IllegalOperation, AssertionError) as error:  # aiokafka asserts on states left by a failure
            cause = producer.failure
            await self.stop()
            if cause is None:
                raise
            raise cause from error

    async def _enqueue_line(self, producer: FailFastProducer, line: UploadLine) -> asyncio.Future[RecordMetadata]:
        future: asyncio.Future[RecordMetadata] = await producer.send(self._cases, line.raw, key=line.key)
        future.add_done_callback(consume_exception)
        return future

    async def _replace_producer(self, after: UploadProgress) -> FailFastProducer | None:
        """Another producer where the last attempt was not committed; None where it was.

        Raises ProducerFenced where another attempt at the upload has gone on meanwhile.
        """
        try:
            remembered = await self._open_producer() or self.reached
        except NOT_ITS_OWN:
            raise
        except (KafkaError, OSError, LiaisonError) as error:
            raise IndefiniteOutcomeError(f"no producer could be started: {error!r}") from error
        if remembered == after:
            return None
        if remembered.line != self.reached.line:
            raise ProducerFenced
        return self._producer

    def _reached_after(self, placed: Sequence[RecordMetadata], reached: int) -> UploadProgress:
        end = list(self.reached.end)
        for record in placed:
            end[record.partition] = max(end[record.partition], record.offset + 1)
        return msgspec.structs.replace(self.reached, line=reached, end=tuple(end), digest=self._taken.hexdigest())

    @property
    def _place(self) -> TopicPartition:
        return TopicPartition(self._uploads, 0)

    def _read_progress(self) -> UploadProgress | None:
        with admin_client(self._settings) as client:
            if self._uploads not in client.list_topics():  # aiokafka would try to commit there without end
                raise LiaisonError(
                    f"topic {self._uploads} is missing, or not for these credentials: the operator runs "
                    "`liaison topics apply`, then `liaison ops agency add` for this agency once more"
                )
            held = client.list_group_offsets({self._id: [self._place]})[self._id]
        text = next((found.metadata for found in held.values()), "")
        found = msgspec.json.decode(text, type=UploadProgress) if text else None
        # Up to 0.3 no digest told which lines these were: better sent twice, to be duplicates, than skipped unseen.
        return found if found and found.digest else None

    async def _end_offsets(self, topic: str) -> tuple[int, ...]:
        partitions = [TopicPartition(topic, number) for number in range(self._settings.case_partitions)]
        async with plain_consumer(self._settings, partitions) as consumer:
            ends = await consumer.end_offsets(partitions)
        return tuple(ends[partition] for partition in partitions)


@asynccontextmanager
async def open_upload(settings: Settings, agency: str, name: str) -> AsyncIterator[Upload]:
    """An upload, started and closed afterwards. Raises LiaisonError for whatever Kafka objects to."""
    upload = Upload(settings, agency, name)
    try:
        await upload.start()
        yield upload
    except (ProducerFenced, IllegalOperation) as error:
        raise LiaisonError("another run of the same upload has taken over") from error
    except NOT_ITS_OWN as error:
        raise LiaisonError(f"the login {login_name(settings)} can't send for {agency}") from error
    except KafkaError as error:
        raise LiaisonError(
            f"Kafka can't be reached or refused ({error}); run the same command again to continue"
        ) from error
    finally:
        await upload.stop()
