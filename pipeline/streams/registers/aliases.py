"""The readers' aliases follow `control`."""

from __future__ import annotations

from elasticsearch import AsyncElasticsearch

from pipeline.index import mappings
from pipeline.index.mappings import Indices
from pipeline.settings import Settings
from pipeline.streams.registers.control import read_control


async def follow_active(settings: Settings, client: AsyncElasticsearch) -> None:
    """Lead readers to the active generation.

    What is active is read again after each change: whoever moves the aliases last has seen the last switch.
    """
    led = ""
    while (active := (await read_control(settings)).active) != led:
        await mappings.switch_aliases(client, Indices(settings.namespace, active))
        led = active
