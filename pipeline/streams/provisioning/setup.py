"""Everything in Kafka that an installation needs, for the agencies and generations registered, and its repair.

A worker warns where a broker that is lost would take data with it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from pipeline.access.audit import FACTS_FORMAT
from pipeline.errors import LiaisonError
from pipeline.matching.model import load_model
from pipeline.settings import Settings
from pipeline.streams.catalogues import topics
from pipeline.streams.catalogues.topics import is_named_by_catalogue
from pipeline.streams.kafka.admin import admin_client
from pipeline.streams.kafka.topic_plans import TopicReport, apply_plan, find_differences, repair_topics
from pipeline.streams.registers.control import (
    activate_generation,
    new_generation,
    read_control,
    register_generation,
    set_audit_format,
)
from pipeline.streams.registers.registry import read_agencies


async def apply_all(settings: Settings, mend: Callable[[int, int], None] | None = None) -> TopicReport:
    """Create the missing topics of the installation, its agencies and its generations; with `mend`, repair the others.

    The model at hand makes the first generation; later ones come by `liaison ops generation build`. `mend` is told how
    far the copying of replicas has come.
    Raises LiaisonError.
    """
    own = new_generation(load_model(settings.model), settings.correlate_partitions)
    planned = topics.plan_topics(settings, [], [])
    found = apply_plan(settings, planned)
    of_agencies = topics.agency_plan(settings, await read_agencies(settings))
    found += apply_plan(settings, of_agencies)
    planned += of_agencies
    held = await read_control(settings)
    for generation in (held.generations or {own.id: own}).values():
        of_generation = topics.generation_plan(generation.apply_to_settings(settings), [generation.id])
        found += apply_plan(settings, of_generation)
        planned += of_generation
    if not held.generations:
        await set_audit_format(settings, FACTS_FORMAT)  # no earlier version runs where there was no generation
        await register_generation(settings, own)
    if not held.active:
        await activate_generation(settings, next(iter(held.generations), own.id))
    if mend is not None:
        found.repaired += repair_topics(settings, planned, mend)
    found.differences = [str(difference) for difference in find_differences(settings, planned)]
    if held.active not in ("", own.id):
        found.differences.append(
            f"the model at hand makes generation {own.id}; {held.active} is active (see `liaison ops generation build`)"
        )
    return found


log = logging.getLogger(__name__)

TOPICS_NAMED: Final = 3
"""Topics that the one line of the log names; it counts all."""


def warn_of_missing_replicas(settings: Settings) -> None:
    """Log one line where topics have fewer replicas than LIAISON_REPLICATION_FACTOR asks for."""
    if settings.replication_factor == 1:
        return
    try:
        short = find_short_of_replicas(settings)
    except LiaisonError as error:
        log.warning("whether topics have all their replicas is not known: %s", error)
        return
    if short:
        named = ", ".join(f"{name} ({replicas})" for name, replicas in list(short.items())[:TOPICS_NAMED])
        log.warning(
            "topics with fewer replicas than LIAISON_REPLICATION_FACTOR=%d: %d, such as %s; run"
            " `liaison topics apply --repair`",
            settings.replication_factor,
            len(short),
            named,
        )


def find_short_of_replicas(settings: Settings) -> dict[str, int]:
    """This installation's topics with fewer replicas than asked for, as far as this user may see them.

    Returns how many replicas each has, by name. Raises LiaisonError.
    """
    with admin_client(settings) as client:
        held = {
            topic["name"]: min(len(p["replica_nodes"]) for p in topic["partitions"])
            for topic in client.describe_topics()
            if topic["partitions"] and is_named_by_catalogue(settings, topic["name"])
        }
    return {name: replicas for name, replicas in sorted(held.items()) if replicas < settings.replication_factor}
