from __future__ import annotations

import pytest
from msgspec.structs import replace

from pipeline.matching.model_file import ModelFile, Prior, WeightedComparison, WeightedLevel
from pipeline.matching.reference import (
    SHIPPED,
    SHIPPED_NAME,
    falling,
    project_companions,
    reference_model,
    renew_shipped,
    rising,
)


def test_a_monotone_sequence_stays() -> None:
    assert falling([5, 3, 3, -1], [1, 1, 1, 1]) == [5, 3, 3, -1]


def test_violators_are_pooled_by_weight() -> None:
    assert falling([1, 4, 0], [3, 1, 1]) == pytest.approx([1.75, 1.75, 0])
    assert rising([3, 1, 2], [1, 1, 1]) == [2, 2, 2]


def test_the_weighted_mean_is_kept() -> None:
    values, weights = [2.0, 9.0, 4.0, 4.5, -3.0], [1.0, 2.0, 3.0, 1.0, 2.0]
    pooled = falling(values, weights)
    assert pooled == sorted(pooled, reverse=True)
    total = sum(v * w for v, w in zip(values, weights, strict=True))
    assert sum(v * w for v, w in zip(pooled, weights, strict=True)) == pytest.approx(total)


def test_levels_against_companions_are_an_order_of_evidence() -> None:
    """A near postcode that relatives seldom share counted more than the same street, which they often do."""
    found = project_companions([-30, -20, 190, 30, 70], [1600, 1000, 500, 300, -200], [45, 8, 4, 10, 23])
    assert found == sorted(found, reverse=True)
    assert found[-1] == 0


def test_no_agreement_speaks_against_sameness_nor_a_contradiction_for_it() -> None:
    assert project_companions([50, -40, 30, -70], [900, 100, -200, -400], [1, 1, 1, 1]) == [50, 0, 0, -70]


FORMER = ModelFile("2026.10-3", {"name": WeightedComparison((WeightedLevel("same", 900),))}, format=2)
"""As a version before shipped it: other levels, another form."""


def test_the_model_that_ships_has_a_name_of_its_kind() -> None:
    assert SHIPPED_NAME.fullmatch(SHIPPED)


def test_a_model_that_shipped_with_another_version_becomes_this_ones() -> None:
    assert renew_shipped(FORMER) == reference_model(SHIPPED)


def test_what_an_operator_set_in_it_stays() -> None:
    given = {"stop_keys": (3, 5), "key_rarity": 1900, "shared_phones": ("+33123456789",)}
    assert renew_shipped(replace(FORMER, **given)) == replace(reference_model(SHIPPED), **given)


def test_the_model_that_ships_is_taken_as_it_is() -> None:
    own = replace(reference_model(SHIPPED), stop_keys=(3,))
    assert renew_shipped(own) is own


@pytest.mark.parametrize(
    "change",
    [
        {"version": "trained"},
        {"prior": Prior(source="training")},
        {"training": {"cases": b"9"}},
        {"comparisons": {"name": WeightedComparison((WeightedLevel("same", 900, source="training"),))}},
        {"comparisons": {"name": WeightedComparison((WeightedLevel("same", 900),), terms={"ivan": -20})}},
    ],
)
def test_a_trained_model_stays(change: dict[str, object]) -> None:
    """Also where whoever trained it gave it the name of one that ships."""
    trained = replace(FORMER, **change)
    assert renew_shipped(trained) is trained
