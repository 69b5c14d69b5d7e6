"""The audit log at a server or `attest`: where its keys come from, and a copy kept up with the topic `audit_log`.

The signing key is `attest`'s alone; agencies have tag keys.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from aiokafka import ConsumerRecord, TopicPartition

from pipeline.correlation.key_ring import KeyRing, KeyUse
from pipeline.errors import LiaisonError
from pipeline.private_files import create_private
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.admin import read_ids
from pipeline.streams.kafka.following import FollowedTopic, Followers, as_it_is, follow_topic
from pipeline.streams.kafka.reading import Fetching
from pipeline.transparency.notes import SignatureType, SigningKey
from pipeline.transparency.served_log import ServedLog
from pipeline.transparency.tag_keys import TagKeys


def tag_keys(ring: KeyRing) -> TagKeys:
    """The tag keys of the installation's agencies."""
    return TagKeys(ring.ids, lambda key_id, agency: ring.derive_key(KeyUse.AUDIT_TAGS, key_id, agency))


def log_name(settings: Settings) -> str:
    """The name of a new log: that of the settings, else one made of the cluster's id."""
    if settings.audit_log_name:
        return settings.audit_log_name
    cluster = read_ids(settings, [topics.topic_name(settings, topics.AUDIT)]).cluster
    return f"liaison/{settings.namespace}{cluster}".rstrip("=")


def signing_key(settings: Settings, *, make: bool) -> SigningKey:
    """The log's signing key; with `make`, a new one where there is none. Raises LiaisonError.

    Only a log without a head may begin with a new key: everybody who has witnessed one knows the key that signed it.
    """
    path = settings.audit_log_key_path
    try:
        return SigningKey.parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        if not make:
            raise LiaisonError(
                f"the audit log's signing key is not in {path}: put it back, or run this command where `attest` runs"
            ) from error
    made = SigningKey.generate(log_name(settings), SignatureType.NOTE)
    create_private(path, f"{made.text}\n".encode())
    return SigningKey.parse(path.read_text(encoding="utf-8"))


GATHER_MS: Final = 500
GATHER_BYTES: Final = 2**16
"""Messages are fetched together, as entries of `audit` are (audit_tail.py). A head may be seen half a second later."""


@asynccontextmanager
async def served_log(settings: Settings, followers: Followers | None = None) -> AsyncIterator[ServedLog]:
    """The log as this server tells of it, which grows with the topic until the context ends."""
    served = ServedLog(settings.audit_log_folder)
    try:
        async with follow_log(settings, served, followers or Followers()):
            yield served
    finally:
        served.close()


@asynccontextmanager
async def follow_log(settings: Settings, served: ServedLog, followers: Followers) -> AsyncIterator[None]:
    """Take the topic's messages as they come; while they can't be read or written, what is served stays as it is."""
    partition = TopicPartition(topics.topic_name(settings, topics.AUDIT_LOG), 0)
    came: list[ConsumerRecord] = []

    async def begin(_: int | None) -> int:
        came.clear()
        found = await asyncio.to_thread(read_ids, settings, [partition.topic])
        return served.begin_topic(found.topics[partition.topic])

    async def keep_messages() -> None:
        await asyncio.to_thread(served.add_messages, [(one.offset, one.key, one.value) for one in came])
        came.clear()

    followed = FollowedTopic("the audit log", partition, Fetching(GATHER_MS, GATHER_BYTES))
    following = follow_topic(settings, followers, followed, as_it_is, came.append, begin=begin, settle=keep_messages)
    async with following:
        yield
