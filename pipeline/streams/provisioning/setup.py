"""Everything in Kafka that an installation needs, for the agencies and generations registered."""

from __future__ import annotations

from pipeline.matching.model import load_model
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka import admin
from pipeline.streams.provisioning.topic_repair import ReportReplicas, repair_topics
from pipeline.streams.registers.control import (
    GenerationControl,
    activate_generation,
    new_generation,
    read_control,
    register_generation,
)
from pipeline.streams.registers.registry import read_agencies


async def apply_all(settings: Settings, mend: ReportReplicas | None = None) -> admin.TopicReport:
    """Create the missing topics of the installation, its agencies and its generations; with `mend`, repair the others.

    The model at hand makes the first generation; later ones come by `liaison ops generation build`. `mend` is told how
    far the copying of replicas has come.
    Raises LiaisonError.
    """
    own = new_generation(load_model(settings.model), settings.block_partitions)
    planned = topics.plan_topics(settings, [], [])
    found = admin.apply_plan(settings, planned)
    of_agencies = topics.agency_plan(settings, await read_agencies(settings))
    found += admin.apply_plan(settings, of_agencies)
    planned += of_agencies
    held = await read_control(settings)
    for generation in (held.generations or {own.id: own}).values():
        of_generation = topics.generation_plan(generation.apply_to_settings(settings), [generation.id])
        found += admin.apply_plan(settings, of_generation)
        planned += of_generation
    if not held.generations:
        await register_generation(settings, own)
    if not held.active:
        await activate_generation(settings, next(iter(held.generations), own.id))
    if mend is not None:
        found.repaired += repair_topics(settings, planned, mend)
    found.differences = [*map(str, admin.find_differences(settings, planned)), *_elsewhere_active(held, own.id)]
    return found


def _elsewhere_active(held: GenerationControl, own: str) -> list[str]:
    if not held.active or held.active == own:
        return []
    return [f"the model at hand makes generation {own}; {held.active} is active (see `liaison ops generation build`)"]
