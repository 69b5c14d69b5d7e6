"""What each process does with the index: privileges of Elasticsearch, by the catalogue of indices.

Elasticsearch's own names of privileges. tests/integration/streams/test_worker_rights.py has every process do its work
under them, on an Elasticsearch that asks, and finds each needed.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from pipeline.index.fields import CATALOGUE
from pipeline.index.mappings import Indices
from pipeline.settings import Settings

READS: Final = "read"
"""Searches, points in time and single documents."""
REFRESHES: Final = "maintenance"
COUNTS: Final = "monitor"
"""How many documents an index has, and how many bytes."""
WRITES: Final = "write"
MANAGES: Final = "manage"
"""Makes indices, aliases, mappings and settings, and deletes them; refreshes and counts too."""

OPERATOR: Final = "operator"
"""Whoever runs operators' commands."""


class IndexUser(NamedTuple):
    """What a process may do with the installation's indices; none of them does anything to the cluster."""

    process: str
    """A stage, `api`, or OPERATOR."""
    privileges: tuple[str, ...]


USERS: Final = (
    IndexUser("project", (WRITES, MANAGES)),
    IndexUser("notify", (READS, REFRESHES)),
    IndexUser("api", (READS, REFRESHES, COUNTS)),
    IndexUser(OPERATOR, (READS, WRITES, MANAGES)),
)
"""Who uses the index at all: intake, derive, correlate and attest know Kafka alone. What project writes it never reads.
"""


def index_patterns(settings: Settings) -> tuple[str, ...]:
    """The names of all indices and aliases of an installation, whichever generation they are of, as patterns."""
    any_generation = Indices(settings.namespace, "*")
    names = {each for kind in CATALOGUE for each in (any_generation.read_alias(kind), f"{settings.namespace}{kind}-*")}
    return tuple(sorted(names))
