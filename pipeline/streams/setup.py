"""Everything in Kafka that an installation needs, for the agencies registered and the model at hand."""

from __future__ import annotations

from pipeline.matching.model import generation, load_model
from pipeline.settings import Settings
from pipeline.streams import admin, topics
from pipeline.streams.registry import agencies


async def apply_all(settings: Settings) -> admin.Applied:
    """Create the missing topics of the installation, its agencies and its generation. Raises LiaisonError."""
    current = generation(load_model(settings.model), settings.block_partitions)
    return admin.apply(settings, topics.plan(settings, await agencies(settings), [current]))
