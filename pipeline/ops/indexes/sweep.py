"""`liaison ops sweep`: the index of every generation cleared of evidence about withdrawn and expired cases."""

from __future__ import annotations

from elasticsearch import ApiError, TransportError

from pipeline.errors import LiaisonError
from pipeline.index.engine import connect
from pipeline.index.mappings import Indices, has_indices
from pipeline.index.sweep import sweep_generation
from pipeline.settings import Settings
from pipeline.streams.kafka.connection import elasticsearch_url
from pipeline.streams.registers.control import read_control


async def sweep_all(settings: Settings) -> int | None:
    """Sweep all registered generations; returns how many links were cleared, None before any has an index.

    Raises LiaisonError.
    """
    held = await read_control(settings)
    swept: int | None = None
    try:
        async with connect(settings.model_copy(update={"elasticsearch_url": elasticsearch_url(settings)})) as client:
            for generation in held.generations:
                indices = Indices(settings.namespace, generation)
                if await has_indices(client, indices):
                    swept = (swept or 0) + await sweep_generation(client, indices)
    except (ApiError, TransportError) as error:
        raise LiaisonError(
            f"Elasticsearch is not responding ({type(error).__name__}); run the command again later"
        ) from error
    return swept
