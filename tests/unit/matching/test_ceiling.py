"""Tests of what a pair of cases can score at most; that no pair scores more is a property test."""

from __future__ import annotations

import msgspec
import pytest

from pipeline.matching.fingerprint import EntityPrint, Fingerprint, PhonePrint
from pipeline.matching.model import Calibration, Model, load_model
from pipeline.matching.names import prepare
from pipeline.matching.score.scoring import judge, probability_of
from pipeline.matching.screening.ceiling import OPEN, ceiling, falls_short, least_score
from pipeline.records.normalised import NormalisedName, PartialDate, Token

PHONE = PhonePrint("+33612345678", "612345678")


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model()


def person(given: str, family: str, year: int = 1970, **more: object) -> EntityPrint:
    name = NormalisedName(f"{given} {family}", (Token(given, "given"), Token(family, "family")))
    made = EntityPrint("p1", "person", (prepare(name, "person"),), PartialDate(year, 5, 17))
    return msgspec.structs.replace(made, **more)


def case(key: str, *entities: EntityPrint) -> Fingerprint:
    return Fingerprint(key, 1, "", key[:2], key[:2].upper(), entities=entities)


def test_other_people_fall_short_without_their_names_being_aligned(model: Model) -> None:
    a, b = case("fr:1", person("zbigniew", "oczko")), case("de:1", person("harald", "lindqvist", 1981))
    assert falls_short(a, b, model, 0.5)
    assert falls_short(b, a, model, 0.5)


def test_one_person_does_not(model: Model) -> None:
    a, b = case("fr:1", person("zbigniew", "oczko")), case("de:1", person("oczko", "zbigniew"))
    assert not falls_short(a, b, model, 0.5)
    assert ceiling(a.entities, b.entities, model) >= judge(a, b, model).score


def test_a_phone_that_a_person_and_a_line_share_leaves_all_open(model: Model) -> None:
    line = EntityPrint("n1", "phone", phones=(PHONE,))
    assert ceiling((person("zbigniew", "oczko", phones=(PHONE,)),), (line,), model) == OPEN


@pytest.mark.parametrize("threshold", [0.5, 0.9, 0.99])
def test_the_least_score_is_the_first_that_reaches_the_threshold(threshold: float) -> None:
    calibration = Calibration(((-1000, -500), (0, 200), (2000, 900)))
    least = least_score(threshold, calibration)
    assert probability_of(least, calibration) >= threshold > probability_of(least - 1, calibration)
