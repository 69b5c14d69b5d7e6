"""Tests of the first look at crowds; that it rules out no link is a property test."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.matching.bounds.sketches import Sketches, join_sketches, make_sketch
from pipeline.matching.model import Model
from pipeline.matching.screening.crowd_screening import CrowdScreen
from support.matching.prints import case_of

PHONE = "+33612345678"


def person(name: str, born: str = "1970-05-17", **more: object) -> dict[str, Any]:
    return {"type": "person", "names": [{"full": name}], "birth_date": born, **more}


def sketches_of(*cases: list[dict[str, Any]]) -> Sketches:
    return join_sketches([make_sketch(case_of(*entities).entities) for entities in cases])


@pytest.fixture(scope="module")
def look(model: Model) -> CrowdScreen:
    return CrowdScreen(model, 0.5)


CAR = {"type": "vehicle", "plate": "AB123CD"}
UNSKETCHED = person("Harald Lindqvist", "1981-11-28", birth_date_text="19?0-04-3l")
CROWD = (
    [person("Harald Lindqvist", "1981-11-28")],
    [person("Oczko Zbigniew")],
    [person("Harald Lindqvist", "1981-11-28", identifiers=[{"type": "passport", "value": "12AB34567"}])],
    [UNSKETCHED],
    [CAR],
    [CAR, person("Harald Lindqvist", "1981-11-28"), person("Zbigniew Oczko")],
    [{"type": "phone", "number": PHONE}],
)


def test_strangers_of_a_crowd_are_ruled_out(look: CrowdScreen) -> None:
    asking = sketches_of([person("Zbigniew Oczko")], [person("Sanna Virtanen", "1944-02-20", phones=[PHONE])], [CAR])
    assert look(asking, sketches_of(*CROWD)).astype(int).tolist() == [
        [0, 1, 0, 1, 0, 1, 0],
        [0, 0, 0, 1, 0, 0, 1],
        [0, 0, 0, 1, 1, 1, 0],
    ]


def test_a_number_that_two_may_have_leaves_all_open(look: CrowdScreen) -> None:
    asking = sketches_of([person("Zbigniew Oczko", identifiers=[{"type": "passport", "value": "12AB34567"}])])
    assert look(asking, sketches_of(*CROWD)).tolist()[0][2]


def test_a_case_without_a_sketch_leaves_and_is_left_all(look: CrowdScreen) -> None:
    asking = sketches_of([UNSKETCHED])
    assert look(asking, sketches_of(*CROWD)).all()
    assert look(asking, asking).all()
    assert look(sketches_of(), sketches_of(*CROWD)).shape == (0, len(CROWD))
    assert look(asking, sketches_of()).shape == (1, 0)


def test_a_threshold_that_anything_reaches_rules_nobody_out(model: Model) -> None:
    assert CrowdScreen(model, 1e-6)(sketches_of(*CROWD), sketches_of(*CROWD)).all()


def test_a_pair_is_looked_at_alike_in_any_company(look: CrowdScreen) -> None:
    """Of a crowd whose cases have several entities each more may be left than of those that have one."""
    names = ["Zbigniew Oczko", "Oczko", "Harald Lindqvist", "J. Oczko", "Олег Очко", "Zbigniew Lindqvist", "JC Oczko"]
    cases = [[person(name, born)] for name in names for born in ("1970-05-17", "1970", "1944-02-20", "")]
    all_of = sketches_of(*cases)
    together = look(all_of, all_of)
    assert 0 < together.mean() < 1
    for at, case in enumerate(cases):
        assert (look(sketches_of(case), all_of)[0] == together[at]).all()
        assert (look(all_of, sketches_of(case))[:, 0] == together[:, at]).all()
