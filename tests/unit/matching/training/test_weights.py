from __future__ import annotations

import pytest

from pipeline.matching.comparisons.name.name_levels import NameLevel
from pipeline.matching.model_file import COMPANION_PRIORS
from pipeline.matching.reference import reference_model
from support.matching.populations import model_of

REFERENCE = reference_model().comparisons["name"].levels


@pytest.mark.parametrize("population", ["households", "noisy"])
@pytest.mark.parametrize("level", [NameLevel.CONFLICT, NameLevel.DIFFERENT])
@pytest.mark.parametrize("kind", ["household", "group"])
def test_conflicting_names_of_people_with_relatives_weigh_what_the_reference_has(
    population: str, level: int, kind: str
) -> None:
    """What training counts of such pairs it bounds itself, so they tell nothing; fewer companions are made up for."""
    file = model_of(population).file
    rarer = file.prior.companions[kind] - COMPANION_PRIORS[kind]
    found = file.own["person"]["name"].levels[level].companions[kind]
    assert found == pytest.approx(REFERENCE[level].companions[kind] - max(rarer, 0), abs=5)
