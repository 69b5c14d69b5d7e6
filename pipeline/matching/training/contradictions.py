"""What tells relatives apart, kept in learnt models: given names in conflict, and years between two births.

Records of relatives who were taken for one person would teach that one person's names and dates conflict often.
"""

from __future__ import annotations

from collections.abc import Mapping, Set

import msgspec

from pipeline.matching.comparisons.catalogue import BY_NAME, NAME
from pipeline.matching.comparisons.name.name_levels import GIVEN_DIFFERS
from pipeline.matching.model_file import ModelFile, Prior, WeightedComparison, WeightedLevel
from pipeline.matching.reference import reference_comparison

NAMES = "name"
HEAVIEST = 1 << 16
"""Hundredths of a bit that no level takes."""

DATES = ("birth_date", "birth_date_partial")


def keep_contradictions(file: ModelFile, prior: Prior, *, companions_met: bool) -> ModelFile:
    """The file, with contradictions of names and birth dates no weaker against companions than the reference.

    Where companions were met, their records show how far birth dates lie apart, and how often one of several given
    names differs; of two people without a name in common a household shows too little.
    Names weigh more by what `prior` makes companions rarer than the reference has them: two people of one door, phone
    and birth date with two given names are twins, not one person, however few twins the records show.
    """
    reference, same = Prior(), dict.fromkeys(prior.companions, 0)
    learnt = {NAME.levels[GIVEN_DIFFERS].name} if companions_met else set()
    rarer = {kind: bits - reference.companions[kind] for kind, bits in prior.companions.items()}

    def keep(comparisons: Mapping[str, WeightedComparison]) -> dict[str, WeightedComparison]:
        held = (name for name in ((NAMES,) if companions_met else (NAMES, *DATES)) if name in comparisons)
        kept = {name: _keep(comparisons[name], name, rarer if name == NAMES else same, learnt) for name in held}
        return {**comparisons, **kept}

    own = {kind: keep(comparisons) for kind, comparisons in file.own.items()}
    return msgspec.structs.replace(file, comparisons=keep(file.comparisons), own=own)


def _keep(learnt: WeightedComparison, name: str, rarer: Mapping[str, int], free: Set[str]) -> WeightedComparison:
    """The comparison with contradictions bounded, but those in `free`; no level falls below a weaker one."""
    held = reference_comparison(BY_NAME[name]).levels
    levels, least = [], dict.fromkeys(rarer, -HEAVIEST)
    for level, reference in reversed(list(zip(learnt.levels, held, strict=True))):
        bounded = _no_weaker(level, reference, rarer) if reference.bits <= 0 and level.level not in free else level
        least = {kind: max(bits, least[kind]) for kind, bits in bounded.companions.items()}
        levels.append(msgspec.structs.replace(bounded, companions=least))
    return msgspec.structs.replace(learnt, levels=tuple(reversed(levels)))


def _no_weaker(learnt: WeightedLevel, reference: WeightedLevel, rarer: Mapping[str, int]) -> WeightedLevel:
    bounds = {kind: bits - rarer[kind] for kind, bits in reference.companions.items()}
    return msgspec.structs.replace(
        learnt, companions={kind: min(bits, bounds[kind]) for kind, bits in learnt.companions.items()}
    )
