"""An agency witnesses the audit log: reads it from Kafka, countersigns its heads, and compares them with others'."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Final

import msgspec
from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from pipeline.errors import LiaisonError
from pipeline.feeds.outcomes import readable_topic
from pipeline.private_files import create_private, write_private
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.admin import admin_client, read_ids
from pipeline.streams.kafka.positions import BlockedPartitionError
from pipeline.streams.kafka.producers import plain_producer
from pipeline.streams.kafka.reading import plain_consumer, read_partitions
from pipeline.streams.registers.registry import read_agencies
from pipeline.times import now
from pipeline.transparency.checkpoints import SignedHead
from pipeline.transparency.leaves import LeafError, decode64, encode64
from pipeline.transparency.log_records import HEAD_KEY, HeadRecord, decode_head
from pipeline.transparency.notes import SignatureType, SigningKey, VerifierKey
from pipeline.transparency.tree_store import TreeState
from pipeline.transparency.witness import Witness

LOG_KEY: Final = "log-key"
TAG_KEYS: Final = "tag-keys.json"
SIGNING_KEY: Final = "signing-key"
SEEN: Final = "seen"

FOLLOW_WAIT_MS: Final = 1000
"""How long the broker holds back its answer while nothing comes, and one wait for messages lasts."""

OTHERS_S: Final = 10.0
OTHERS_HEADS: Final = 10_000
"""What one look at another agency's heads takes at most. A choice: a witness that looks every day meets 1,440 of one
that countersigns each minute, in some 2 s; the rest comes with the next look."""

OTHERS_AT_ONCE: Final = 500
OTHERS_WAIT_MS: Final = 500
DAMAGED_S: Final = 2.0
"""How long a batch that can't be read is fetched again."""

_encoder = msgspec.json.Encoder()


class WitnessFolder:
    """What an agency keeps of the log: keys as files, and what it has seen. Only its user may read it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def pin_log_key(self, log_key: str) -> None:
        """Note the log's verifier key; once noted it never changes. Raises LiaisonError."""
        key = VerifierKey.parse(log_key.strip())
        file = self.path / LOG_KEY
        if file.exists() and file.read_text(encoding="utf-8").strip() != key.text:
            raise LiaisonError(f"{file} holds another log's key; use another folder for another log")
        if not file.exists():
            write_private(file, key.text + "\n")

    @property
    def log_key(self) -> VerifierKey:
        """Raises LiaisonError where none was noted."""
        try:
            return VerifierKey.parse((self.path / LOG_KEY).read_text(encoding="utf-8").strip())
        except FileNotFoundError as error:
            raise LiaisonError("the first run needs the log's key: --log-key, from its operator") from error

    def keep_tag_keys(self, keys: Mapping[str, str]) -> None:
        """Note tag keys (base64url by id) beside those there are. Raises LiaisonError where one has changed."""
        held = {key_id: encode64(key) for key_id, key in self.tag_keys.items()}
        if changed := [key_id for key_id, key in keys.items() if held.get(key_id, key) != key]:
            raise LiaisonError(f"the tag key {changed[0]} has changed; ask the log's operator which is right")
        if held | dict(keys) != held:
            write_private(self.path / TAG_KEYS, json.dumps({"keys": held | dict(keys)}, indent=1) + "\n")

    @property
    def tag_keys(self) -> dict[str, bytes]:
        """The agency's tag keys by id. Raises LiaisonError for a file that can't be read."""
        try:
            document = json.loads((self.path / TAG_KEYS).read_text(encoding="utf-8"))
            return {str(key_id): decode64(key) for key_id, key in document["keys"].items()}
        except FileNotFoundError:
            return {}
        except (ValueError, KeyError, AttributeError, TypeError, LeafError) as error:
            raise LiaisonError(f"{self.path / TAG_KEYS} holds no tag keys") from error

    def signing_key(self, agency: str) -> SigningKey:
        """The key that this witness countersigns with; made at the first call."""
        file = self.path / SIGNING_KEY
        if not file.exists():
            create_private(file, f"{SigningKey.generate(agency, SignatureType.COSIGNATURE).text}\n".encode())
        return SigningKey.parse(file.read_text(encoding="utf-8"))

    def open_witness(self) -> Witness:
        """What was seen so far; to be closed. Raises LiaisonError."""
        return Witness(self.path / SEEN, self.log_key, self.tag_keys)


async def read_log(settings: Settings, witness: Witness, *, follow: bool) -> AsyncGenerator[int]:
    """Take what the log has that was not seen, and say how many leaves were seen; with `follow`, go on for ever.

    A topic that is another than before is read from its beginning and held against what was seen; so is all of it once
    there are other tag keys.
    """
    name = await asyncio.to_thread(readable_topic, settings, topics.AUDIT_LOG, "")
    topic = (await asyncio.to_thread(read_ids, settings, [name])).topics[name]
    state, partition = witness.store.state, TopicPartition(name, 0)
    known = state.position if state.topic == topic else 0
    start = known if witness.is_scanned else 0
    async with aclosing(_read_chunks(settings, partition, start, follow)) as chunks:
        async for records in chunks:
            for record in records:
                witness.add_message(record.key, record.value)
            if records:
                position = records[-1].offset + 1
                witness.commit(TreeState(position=max(position, known), topic=topic))
                if position >= known:
                    witness.note_scanned()
            yield witness.size


async def _read_chunks(
    settings: Settings, partition: TopicPartition, start: int, follow: bool
) -> AsyncGenerator[list[ConsumerRecord]]:
    """What the partition holds from an offset on; with `follow` also what comes, without end."""
    if not follow:
        async with aclosing(read_partitions(settings, {partition: start})) as chunks:
            async for records in chunks:
                yield records
        return
    async with plain_consumer(settings, [partition], fetch_wait_ms=FOLLOW_WAIT_MS) as consumer:
        consumer.seek(partition, start)
        while True:
            yield (await consumer.getmany(timeout_ms=FOLLOW_WAIT_MS)).get(partition, [])


async def signed_heads(settings: Settings, log_key: VerifierKey, *, follow: bool) -> AsyncGenerator[SignedHead]:
    """The log's heads as they come, each signed by its key. Raises LiaisonError for one that is not.

    Whether they are those of its leaves, and fit each other, a witness tells.
    """
    name = await asyncio.to_thread(readable_topic, settings, topics.AUDIT_LOG, "")
    async with aclosing(_read_chunks(settings, TopicPartition(name, 0), 0, follow)) as chunks:
        async for records in chunks:
            for record in records:
                if record.key == HEAD_KEY:
                    yield SignedHead.from_signed_note(decode_head(record.value).head, log_key)


async def compare_with_others(settings: Settings, witness: Witness, agency: str) -> list[str]:
    """Hold the heads that other agencies have countersigned against what was seen, each from where it was left.

    Returns whose could not be read, or not to their end, and why: what an agency writes in its topic, or leaves open
    there, keeps nobody from those of the others. A head that is ahead of what was seen comes again.
    """
    unread = []
    found = await asyncio.to_thread(_witness_topics, settings, await read_agencies(settings), agency)
    for other, (name, topic_id) in found.items():
        told = f"the heads that {other} countersigned"
        try:
            async with asyncio.timeout(OTHERS_S):
                if not await _compare_with(settings, witness, other, TopicPartition(name, 0), topic_id):
                    unread.append(f"{told} behind {OTHERS_HEADS:,} that were read now; run this again")
        except TimeoutError:
            unread.append(f"{told}, or not all of them: reading took more than {OTHERS_S:.0f} s")
        except (KafkaError, OSError, BlockedPartitionError, LiaisonError) as error:
            unread.append(f"{told}: {error or type(error).__name__}")
    return unread


async def _compare_with(
    settings: Settings, witness: Witness, other: str, partition: TopicPartition, topic_id: str
) -> bool:
    """Go on with another agency's heads; False where there are more than one look takes.

    They are read uncommitted: a head is signed by the log, whoever writes it and however, and whoever leaves a
    transaction open would else hold up all readers.
    """
    read = 0
    async with plain_consumer(settings, [partition], patience_s=DAMAGED_S, isolation="read_uncommitted") as consumer:
        end = (await consumer.end_offsets([partition]))[partition]
        consumer.seek(partition, witness.position_in(topic_id))
        while (at := await consumer.position(partition)) < end:
            if read >= OTHERS_HEADS:
                return False
            found = await consumer.getmany(timeout_ms=OTHERS_WAIT_MS, max_records=OTHERS_AT_ONCE)
            for record in found.get(partition, ()):
                note = _head_of(record.value)
                if note and not witness.add_head(note, other):
                    witness.note_position(topic_id, at)
                    return True
                at, read = record.offset + 1, read + 1
            witness.note_position(topic_id, at)
    return True


def _witness_topics(settings: Settings, names: Iterable[str], own: str) -> dict[str, tuple[str, str]]:
    """The topics of other agencies' witnesses that there are, each with Kafka's id, by agency.

    One has none that was registered before there were any.
    """
    wanted = {name: topics.topic_name(settings, topics.WITNESS, agency=name) for name in names if name != own}
    with admin_client(settings) as client:
        held = set(client.list_topics())
    there = {name: topic for name, topic in wanted.items() if topic in held}
    ids = read_ids(settings, [*there.values()]).topics
    return {name: (topic, ids[topic]) for name, topic in there.items()}


def _head_of(value: bytes | None) -> str:
    """The head in a message; "" where there is none: whoever wrote it harms only what is told of itself."""
    try:
        return decode_head(value or b"").head
    except LeafError:
        return ""


def countersign_head(head: SignedHead, key: SigningKey) -> str:
    """A head as this witness passes it on, with the time at which it was seen."""
    return head.note + key.sign(head.checkpoint.text, int(now().timestamp()))


async def publish_head(settings: Settings, agency: str, head: SignedHead, key: SigningKey) -> None:
    """Publish a countersigned head for all agencies to read. Raises KafkaError."""
    value = _encoder.encode(HeadRecord(countersign_head(head, key)))
    topic = topics.topic_name(settings, topics.WITNESS, agency=agency)
    async with plain_producer(settings) as producer:
        await producer.send_and_wait(topic, value, key=b"%d" % head.checkpoint.size)
