"""A model as an earlier version of Liaison wrote it."""

from __future__ import annotations

import msgspec

from pipeline.correlation.key_kinds import HASH_BITS
from pipeline.matching.model import load_model
from pipeline.matching.model_file import FORMAT, ModelFile

STOP_KEY = (1 << HASH_BITS) + 7


def earlier_model(version: str) -> ModelFile:
    """The shipped model under another name, one comparison a level short, as format 2 and with a stop key."""
    file = load_model().file
    comparisons = dict(file.comparisons)
    name, weighted = next((name, one) for name, one in comparisons.items() if len(one.levels) > 2)
    comparisons[name] = msgspec.structs.replace(weighted, levels=weighted.levels[:-1])
    return msgspec.structs.replace(
        file, version=version, comparisons=comparisons, format=FORMAT - 1, stop_keys=(STOP_KEY,)
    )
