from __future__ import annotations

from pipeline.matching.bands import Band
from pipeline.ops.shadow import ModelLink, compare_links

SURE, LIKELY = (Band.CERTAIN, 3000), (Band.PROBABLE, 2000)


def link(number: int, band: tuple[Band, int]) -> ModelLink:
    return ModelLink(f"be-fp:{number}", f"fr-pj:{number}", band[1], 0.9, band[0])


def test_links_that_appear_vanish_or_move_are_told_and_those_that_stay_are_counted() -> None:
    before = {"stays": link(1, SURE), "moves": link(2, SURE), "vanishes": link(3, LIKELY)}
    after = {"stays": link(1, SURE), "moves": link(2, LIKELY), "appears": link(4, SURE)}
    found = compare_links("g1", before, "g2", after, 8)
    assert [(change.change, change.link_id, change.case_a) for change in found.changes] == [
        ("moves", "moves", "be-fp:2"), ("vanishes", "vanishes", "be-fp:3"), ("appears", "appears", "be-fp:4"),
    ]  # fmt: skip
    assert (found.links_active, found.links_shadow, found.cases) == (3, 3, 8)
    assert (found.appear, found.vanish, found.move) == (1, 1, 1)
    assert found.bands == {
        "certain -> certain": 1, "certain -> probable": 1, "none -> certain": 1, "probable -> none": 1,
    }  # fmt: skip


def test_a_score_within_its_band_is_no_change() -> None:
    found = compare_links("g1", {"l": link(1, (Band.CERTAIN, 3000))}, "g2", {"l": link(1, (Band.CERTAIN, 2900))}, 2)
    assert found.changes == ()
