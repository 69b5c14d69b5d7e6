"""Everything in Kafka that an installation needs, for the agencies and generations registered."""

from __future__ import annotations

from pipeline.matching.model import load_model
from pipeline.settings import Settings
from pipeline.streams import admin, topics
from pipeline.streams.control import Control, activate, control, new, register
from pipeline.streams.registry import agencies


async def apply_all(settings: Settings) -> admin.Applied:
    """Create the missing topics of the installation, its agencies and its generations.

    The model at hand makes the first generation; later ones come by `liaison ops generation build`.
    Raises LiaisonError.
    """
    own = new(load_model(settings.model), settings.block_partitions)
    found = admin.apply(settings, topics.plan(settings, await agencies(settings), []))
    held = await control(settings)
    for one in (held.generations or {own.id: own}).values():
        found += admin.apply(one.settings(settings), topics.generation_plan(one.settings(settings), [one.id]))
    if not held.generations:
        await register(settings, own)
    if not held.active:
        await activate(settings, next(iter(held.generations), own.id))
    found.differences += _elsewhere(held, own.id)
    return found


def _elsewhere(held: Control, own: str) -> list[str]:
    if not held.active or held.active == own:
        return []
    return [f"the model at hand makes generation {own}; {held.active} is active (see `liaison ops generation build`)"]
