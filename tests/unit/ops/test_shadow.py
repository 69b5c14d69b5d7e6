from __future__ import annotations

from collections.abc import Mapping

from pipeline.matching.bands import Band
from pipeline.ops.shadow import LinkChange, LinkComparison, ModelLink

SURE, LIKELY = (Band.CERTAIN, 3000), (Band.PROBABLE, 2000)


def link(number: int, band: tuple[Band, int]) -> ModelLink:
    return ModelLink(f"be-fp:{number}", f"fr-pj:{number}", band[1], 0.9, band[0])


def compared(
    before: Mapping[int, tuple[Band, int]], after: Mapping[int, tuple[Band, int]]
) -> tuple[LinkComparison, list[LinkChange]]:
    found = LinkComparison()
    sides = [[(bytes([number]), link(number, band)) for number, band in side.items()] for side in (before, after)]
    return found, list(found.find_changes(*sides))


def test_links_that_appear_vanish_or_move_are_told_and_those_that_stay_are_counted() -> None:
    found, changes = compared({1: SURE, 2: SURE, 3: LIKELY}, {1: SURE, 2: LIKELY, 4: SURE})
    assert [(change.change, change.case_a, change.before, change.after) for change in changes] == [
        ("moves", "be-fp:2", link(2, SURE), link(2, LIKELY)),
        ("vanishes", "be-fp:3", link(3, LIKELY), None),
        ("appears", "be-fp:4", None, link(4, SURE)),
    ]
    assert found.links == [3, 3]
    assert found.changes == {"moves": 1, "vanishes": 1, "appears": 1}
    assert found.bands == {
        "certain -> certain": 1, "certain -> probable": 1, "none -> certain": 1, "probable -> none": 1,
    }  # fmt: skip


def test_a_score_within_its_band_is_no_change() -> None:
    assert compared({1: (Band.CERTAIN, 3000)}, {1: (Band.CERTAIN, 2900)})[1] == []
