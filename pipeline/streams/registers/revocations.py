"""The topic `revocations`, read whole: sessions that were ended before their tokens expire."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing

import msgspec

from pipeline.access.requester import Requester
from pipeline.access.revocations import DenyList, Revocation
from pipeline.access.session_checks import check_session
from pipeline.access.token_keys import verifier
from pipeline.access.tokens import Clock
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka import admin
from pipeline.streams.kafka.reading import read_table, watch_table
from pipeline.streams.registers import registry

_decode = msgspec.json.Decoder(Revocation).decode


async def revocations(settings: Settings) -> list[Revocation]:
    """All that hold now. Raises LiaisonError before `topics apply`."""
    topic = topics.name(settings, topics.REVOCATIONS)
    await asyncio.to_thread(admin.ids, settings, [topic])  # aiokafka asks for a missing topic without a pause
    return _decoded(await read_table(settings, topic))


async def requester_now(settings: Settings, token: str, clock: Clock) -> Requester:
    """Whom a token names, for a command that is asked once. Raises TokenError as a server would."""
    bearer = await verifier(settings, clock).bearer(token)
    denied = DenyList()
    denied.add(await revocations(settings), clock())
    check_session(bearer, await registry.agencies(settings), denied)
    return bearer.requester


async def watch(settings: Settings) -> AsyncGenerator[list[Revocation]]:
    """All that hold now, and then after every change; never ends."""
    async with aclosing(watch_table(settings, topics.name(settings, topics.REVOCATIONS))) as tables:
        async for table in tables:
            yield _decoded(table)


def _decoded(table: Mapping[bytes, bytes]) -> list[Revocation]:
    return [_decode(value) for value in table.values()]
