"""A worker's warning where a broker that is lost would take data with it."""

from __future__ import annotations

import logging
from typing import Final

from pipeline.errors import LiaisonError
from pipeline.settings import Settings
from pipeline.streams.catalogues.topics import is_named_by_catalogue
from pipeline.streams.kafka.admin import admin_client

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
