"""What an installation needs in Kafka, made at once: to register agency after agency looks at every topic each time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from pipeline.matching.model import generation_id, load_model
from pipeline.records.agencies import Agency
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka.topic_plans import apply_plan
from pipeline.streams.provisioning.setup import apply_all
from pipeline.streams.registers.registry import write_agency


async def provision(settings: Settings, countries: Mapping[str, str]) -> None:
    """Make the topics, register agencies by their countries, and activate the generation of the model at hand."""
    generation = generation_id(load_model(settings.model), settings.correlate_partitions)
    await asyncio.to_thread(apply_plan, settings, topics.plan_topics(settings, list(countries), [generation]))
    for name, country in countries.items():
        await write_agency(settings, Agency(name, country))
    await apply_all(settings)
