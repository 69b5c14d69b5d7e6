"""What tells relatives apart, kept in learnt models: given names in conflict, and years between two births.

Records of relatives who were taken for one person would teach that one person's names and dates conflict often.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from pipeline.matching.comparisons.catalogue import BY_NAME
from pipeline.matching.model_file import ModelFile, Prior, WeightedComparison, WeightedLevel
from pipeline.matching.reference import reference_comparison

NAMES = "name"
DATES = ("birth_date", "birth_date_partial")


def keep_contradictions(file: ModelFile, prior: Prior) -> ModelFile:
    """The file, with contradictions of names and birth dates no weaker against companions than the reference.

    Names weigh more by what `prior` makes companions rarer than the reference has them: two people of one door, phone
    and birth date with two given names are twins, not one person, however few twins the records show.
    """
    reference, same = Prior(), dict.fromkeys(prior.companions, 0)
    rarer = {kind: bits - reference.companions[kind] for kind, bits in prior.companions.items()}

    def keep(comparisons: Mapping[str, WeightedComparison]) -> dict[str, WeightedComparison]:
        held = (name for name in (NAMES, *DATES) if name in comparisons)
        kept = {name: _keep(comparisons[name], name, rarer if name == NAMES else same) for name in held}
        return {**comparisons, **kept}

    own = {kind: keep(comparisons) for kind, comparisons in file.own.items()}
    return msgspec.structs.replace(file, comparisons=keep(file.comparisons), own=own)


def _keep(learnt: WeightedComparison, name: str, rarer: Mapping[str, int]) -> WeightedComparison:
    held = reference_comparison(BY_NAME[name]).levels
    levels = (
        _no_weaker(level, least, rarer) if least.bits <= 0 else level
        for level, least in zip(learnt.levels, held, strict=True)
    )
    return msgspec.structs.replace(learnt, levels=tuple(levels))


def _no_weaker(learnt: WeightedLevel, reference: WeightedLevel, rarer: Mapping[str, int]) -> WeightedLevel:
    bounds = {kind: bits - rarer[kind] for kind, bits in reference.companions.items()}
    return msgspec.structs.replace(
        learnt, companions={kind: min(bits, bounds[kind]) for kind, bits in learnt.companions.items()}
    )
