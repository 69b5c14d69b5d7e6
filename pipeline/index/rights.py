"""What each process does with the index: privileges of Elasticsearch, by the catalogue of indices.

Elasticsearch's own names of privileges. They follow from the calls that each process makes (pipeline.index.writer,
reading, mappings, searching); the engine that tests run on has no security, so they were not tried on one that has.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from pipeline.index.fields import CATALOGUE
from pipeline.index.mappings import Indices
from pipeline.settings import Settings

READS: Final = ("read", "view_index_metadata")
"""Searches, points in time and single documents; which indices stand behind an alias."""
REFRESHES: Final = "maintenance"
COUNTS: Final = "monitor"
WRITES: Final = "write"
MANAGES: Final = ("create_index", "manage")
"""Indices, aliases, mappings and settings; a stage makes those of its generation."""
DELETES: Final = "delete_index"

OPERATOR: Final = "operator"
"""Whoever runs operators' commands."""


class IndexUser(NamedTuple):
    """What a process may do with the installation's indices; none of them does anything to the cluster."""

    process: str
    """A stage, `api`, or OPERATOR."""
    privileges: tuple[str, ...]


USERS: Final = (
    IndexUser("project", (*READS, REFRESHES, WRITES, *MANAGES)),
    IndexUser("notify", (*READS, REFRESHES)),
    IndexUser("api", (*READS, REFRESHES, COUNTS)),
    IndexUser(OPERATOR, (*READS, REFRESHES, COUNTS, WRITES, *MANAGES, DELETES)),
)
"""Who uses the index at all: intake, derive, correlate and attest know Kafka alone."""


def index_patterns(settings: Settings) -> tuple[str, ...]:
    """The names of all indices and aliases of an installation, whichever generation they are of, as patterns."""
    any_generation = Indices(settings.namespace, "*")
    names = {each for kind in CATALOGUE for each in (any_generation.read_alias(kind), f"{settings.namespace}{kind}-*")}
    return tuple(sorted(names))
