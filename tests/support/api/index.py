"""Write documents to the real engines as the stages would, for the API to read."""

from __future__ import annotations

import shutil
from collections.abc import Sequence

from pipeline.index.documents import DocumentWrite
from pipeline.index.engine import connect
from pipeline.index.mappings import Indices, apply_mappings
from pipeline.index.writer import BulkWriter
from pipeline.matching.model import generation_id
from pipeline.settings import Settings
from support.index.documents import PureStages
from support.installation.provisioning import provision

AGENCIES = ("be-fp", "de-bka", "es-cnp", "fr-pj", "nl-np", "pl-kg")
"""Those that take part."""


async def index(settings: Settings, stages: PureStages, actions: Sequence[DocumentWrite]) -> None:
    """Make topics, agencies and indices, write, and refresh."""
    await provision(settings, {name: name[:2].upper() for name in AGENCIES})
    await write_documents(settings, stages, actions)


async def write_documents(settings: Settings, stages: PureStages, actions: Sequence[DocumentWrite]) -> None:
    """Make the indices where there are none, write, and refresh."""
    own = Indices(settings.namespace, generation_id(stages.model, settings.correlate_partitions))
    async with connect(settings) as client:
        assert await apply_mappings(client, own) == []
        assert (await BulkWriter(client, own).write(actions)).refused == []
        await client.indices.refresh(index=[own.write_alias("cases"), own.write_alias("links")])


def beside(settings: Settings) -> Settings:
    """The settings of a second server, in a home of its own with the first one's signing key.

    Within one process the two can't share a home: LMDB opens a store once.
    """
    home = settings.home / "beside"
    if (tokens := settings.home / "tokens").exists():
        shutil.copytree(tokens, home / "tokens", dirs_exist_ok=True)
    return settings.model_copy(update={"home": home})
