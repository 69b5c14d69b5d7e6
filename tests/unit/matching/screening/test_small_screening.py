"""Tests of the screen of small sketches; that it rules out no link is a property test."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from pipeline.matching.bounds.sketches import join_sketches, make_sketch
from pipeline.matching.encoded import WordArray
from pipeline.matching.model import Model
from pipeline.matching.screening.small_screening import SmallSketchScreen
from pipeline.matching.screening.small_sketch import make_small_sketches
from support.matching.prints import case_of

PHONE = "+33612345678"
PASSPORT = {"type": "passport", "value": "12AB34567"}


@pytest.fixture(scope="module")
def screen(model: Model) -> SmallSketchScreen:
    return SmallSketchScreen(model, 0.5)


def small_of(*cases: list[dict[str, Any]], hit_only: bool = False) -> WordArray:
    return make_small_sketches(
        join_sketches([make_sketch(case_of(*entities).entities, hit_only=hit_only) for entities in cases])
    )


def person(name: str, born: str = "1970-05-17", **more: object) -> dict[str, Any]:
    return {"type": "person", "names": [{"full": name}], "birth_date": born, **more}


ZBIGNIEW = person("Zbigniew Oczko")
HARALD = person("Harald Lindqvist", "1981-11-28")
CAR = {"type": "vehicle", "plate": "AB123CD"}


def check(screen: SmallSketchScreen, left: list[Any], right: list[Any], *, passes: bool) -> None:
    for one, other in ((left, right), (right, left)):
        assert bool(screen.may_link(small_of(one), small_of(other))[0]) == passes


@pytest.mark.parametrize(
    "other",
    [
        [HARALD],
        [person("Zbigniew Lindqvist", "1981-11-28")],
        [person("Harald Oczko", "1944-02-20")],
        [HARALD, CAR],
        [CAR],
        [{"type": "phone", "number": PHONE}],
    ],
)
def test_strangers_are_ruled_out(screen: SmallSketchScreen, other: list[Any]) -> None:
    check(screen, [ZBIGNIEW], other, passes=False)


@pytest.mark.parametrize(
    "name",
    [
        "Oczko Zbigniew",
        "Zbigniev Oczko",
        "Zbigniew Oczkoo",
        "ZbigniewOczko",
        "Збигнев Очко",
        "Zbigniew Jan Oczko",
    ],
)
def test_one_person_is_not(screen: SmallSketchScreen, name: str) -> None:
    check(screen, [ZBIGNIEW], [person(name)], passes=True)
    check(screen, [CAR, ZBIGNIEW], [HARALD, person(name)], passes=True)


def test_a_number_in_common_leaves_all_open(screen: SmallSketchScreen) -> None:
    left, right = (one | {"identifiers": [PASSPORT]} for one in (ZBIGNIEW, HARALD))
    check(screen, [left], [right], passes=True)
    check(screen, [left], [right | {"identifiers": [PASSPORT | {"value": "99ZZ00001"}]}], passes=False)


def test_a_phone_that_a_person_and_a_line_share_leaves_all_open(screen: SmallSketchScreen) -> None:
    left = [ZBIGNIEW | {"phones": [PHONE]}]
    check(screen, left, [{"type": "phone", "number": PHONE}], passes=True)
    check(screen, left, [{"type": "phone", "number": "+33698765432"}], passes=False)


def test_a_case_that_has_no_room_leaves_all_open(screen: SmallSketchScreen) -> None:
    check(screen, [ZBIGNIEW], [HARALD] * 4, passes=True)
    check(screen, [ZBIGNIEW], [person("Harald Lindqvist", "1981-11-28", birth_date_text="19?0-04-3l")], passes=True)


def test_sketches_of_several_sizes_are_compared(screen: SmallSketchScreen) -> None:
    sketches = join_sketches([make_sketch(case_of(*case).entities) for case in ([ZBIGNIEW], [HARALD, CAR])])
    small, larger = (make_small_sketches(sketches, words) for words in (9, 25))
    assert screen.may_link(small[:1], larger).tolist() == [True, False]
    assert screen.may_link(larger, small).tolist() == [True, True]


def test_who_has_the_birth_date_of_a_hit_only_case_passes(screen: SmallSketchScreen) -> None:
    born = person("Harald Lindqvist", "1970-05-17")
    check(screen, [ZBIGNIEW], [born], passes=False)
    hidden = small_of([born], hit_only=True)
    assert screen.may_link(hidden, small_of([ZBIGNIEW]))[0]
    assert screen.may_link(small_of([ZBIGNIEW], [HARALD]), hidden).tolist() == [True, False]


def test_a_threshold_that_anything_reaches_rules_nobody_out(model: Model) -> None:
    assert SmallSketchScreen(model, 1e-6).may_link(small_of([ZBIGNIEW]), small_of([HARALD])).all()


def test_one_case_is_screened_against_many(screen: SmallSketchScreen) -> None:
    crowd = small_of([HARALD], [CAR], [ZBIGNIEW, CAR], [person("Sanna Virtanen", "1944-02-20")])
    for one in (small_of([ZBIGNIEW]), small_of([HARALD, CAR]), small_of([HARALD] * 4)):
        found = screen.may_link(np.repeat(one, len(crowd), 0), crowd).tolist()
        assert screen.may_link(one, crowd).tolist() == screen.may_link(crowd, one).tolist() == found
    assert screen.may_link(crowd[:1], crowd[:0]).tolist() == []
    assert screen.may_link(crowd[:0], crowd[:0]).tolist() == []


def test_sketches_are_made_of_fingerprints(screen: SmallSketchScreen) -> None:
    cases = [case_of(ZBIGNIEW), case_of(HARALD, CAR)]
    sketched = [replace(case, sketch=make_sketch(case.entities)) for case in cases]
    made = screen.make_sketches(sketched)
    assert made.shape == (2, screen.words)
    assert (made == small_of([ZBIGNIEW], [HARALD, CAR])).all()
    assert screen.make_sketches([]).shape == (0, screen.words)
