"""The topic `revocations`, read whole: sessions that were ended before their tokens expire."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing

import msgspec

from pipeline.access.requester import Requester
from pipeline.access.revocations import DenyList, Revocation
from pipeline.access.token_keys import make_verifier
from pipeline.access.tokens import check_session
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka import admin
from pipeline.streams.kafka.reading import read_table, watch_table
from pipeline.streams.registers import registry
from pipeline.times import Clock

_decode = msgspec.json.Decoder(Revocation).decode


async def read_revocations(settings: Settings) -> list[Revocation]:
    """All that hold now. Raises LiaisonError before `topics apply`."""
    topic = topics.topic_name(settings, topics.REVOCATIONS)
    await asyncio.to_thread(admin.read_ids, settings, [topic])  # aiokafka asks for a missing topic without a pause
    return _decode_revocations(await read_table(settings, topic))


async def requester_now(settings: Settings, token: str, clock: Clock) -> Requester:
    """Whom a token names, for a command that is asked once. Raises TokenError as a server would."""
    bearer = await make_verifier(settings, clock).verify_bearer(token)
    denied = DenyList()
    denied.add_revocations(await read_revocations(settings), clock())
    check_session(bearer, await registry.read_agencies(settings), denied)
    return bearer.requester


async def watch_revocations(settings: Settings) -> AsyncGenerator[list[Revocation]]:
    """All that hold now, and then after every change; never ends."""
    async with aclosing(watch_table(settings, topics.topic_name(settings, topics.REVOCATIONS))) as tables:
        async for table in tables:
            yield _decode_revocations(table)


def _decode_revocations(table: Mapping[bytes, bytes]) -> list[Revocation]:
    return [_decode(value) for value in table.values()]
