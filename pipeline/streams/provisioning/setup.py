"""Everything in Kafka that an installation needs, for the agencies and generations registered."""

from __future__ import annotations

from pipeline.matching.model import load_model
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.kafka import admin
from pipeline.streams.provisioning.topic_repair import Advance, repair
from pipeline.streams.registers.control import Control, activate, control, new, register
from pipeline.streams.registers.registry import agencies


async def apply_all(settings: Settings, mend: Advance | None = None) -> admin.TopicReport:
    """Create the missing topics of the installation, its agencies and its generations; with `mend`, repair the others.

    The model at hand makes the first generation; later ones come by `liaison ops generation build`. `mend` is told how
    far the copying of replicas has come.
    Raises LiaisonError.
    """
    own = new(load_model(settings.model), settings.block_partitions)
    planned = topics.plan(settings, [], [])
    found = admin.apply(settings, planned)
    of_agencies = topics.agency_plan(settings, await agencies(settings))
    found += admin.apply(settings, of_agencies)
    planned += of_agencies
    held = await control(settings)
    for one in (held.generations or {own.id: own}).values():
        of_generation = topics.generation_plan(one.settings(settings), [one.id])
        found += admin.apply(settings, of_generation)
        planned += of_generation
    if not held.generations:
        await register(settings, own)
    if not held.active:
        await activate(settings, next(iter(held.generations), own.id))
    if mend is not None:
        found.repaired += repair(settings, planned, mend)
    found.differences = [*map(str, admin.differences(settings, planned)), *_elsewhere(held, own.id)]
    return found


def _elsewhere(held: Control, own: str) -> list[str]:
    if not held.active or held.active == own:
        return []
    return [f"the model at hand makes generation {own}; {held.active} is active (see `liaison ops generation build`)"]
