from __future__ import annotations

from typing import Any

import pytest

from pipeline.matching.comparisons.identifier import IDENTIFIER, compare, identifier_level
from pipeline.matching.fingerprint import IdentifierPrint as Number
from pipeline.matching.model import Model
from support.matching.prints import print_of


@pytest.mark.parametrize(
    ("p", "q", "expected"),
    [
        (Number("passport", "12AB34567", "FR"), Number("passport", "12AB34567", "FR"), "same"),
        (Number("passport", "12AB34567", "FR"), Number("passport", "12AB34567", ""), "same"),
        (Number("passport", "12AB34567", "FR"), Number("passport", "12A834567", "FR"), "same_confusable"),
        (Number("imo", "9074720", "", 0), Number("imo", "9074720", "", 0), "same_invalid"),
        (Number("document", "12AB34567", ""), Number("passport", "12AB34567", "FR"), "same_type_unknown"),
        (Number("passport", "12AB34567", "FR"), Number("passport", "12AB34567", "DE"), "same_other_country"),
        (Number("imo", "9074729", "", 1), Number("imo", "9074739", "", 0), "one_edit_checked"),
        (Number("passport", "12AB34567", "FR"), Number("passport", "12AB34576", "FR"), "one_edit"),
        (Number("passport", "12AB34567", "FR"), Number("passport", "99ZZ00001", "FR"), "renewed"),
        (Number("national_id", "18005123", "FR"), Number("national_id", "29911047", "FR"), "conflict"),
        (Number("imo", "9074729", "", 1), Number("imo", "9074731", "", 1), "each_its_own"),
        (Number("imo", "9074729", "", 1), Number("imo", "9187625", "", 0), "conflict"),
    ],
)
def test_levels(p: Number, q: Number, expected: str) -> None:
    for found in (identifier_level(p, q), identifier_level(q, p)):
        assert found is not None
        assert IDENTIFIER.levels.at(found).key == expected


@pytest.mark.parametrize(
    ("p", "q"),
    [
        (Number("passport", "12AB34567", "FR"), Number("national_id", "12AB34567", "FR")),
        (Number("passport", "12AB34567", "FR"), Number("driving_licence", "99", "FR")),
        (Number("national_id", "18005123", "FR"), Number("national_id", "29911047", "DE")),
        (Number("plate", "AB123CD", "FR"), Number("plate", "AB123CD", "FR")),
    ],
)
def test_numbers_that_say_nothing_of_each_other(p: Number, q: Number) -> None:
    assert identifier_level(p, q) is None
    assert identifier_level(q, p) is None


def test_a_short_number_weighs_no_more_than_its_digits(model: Model) -> None:
    table = model.tables["identifier"]

    def bits(value: str) -> int:
        entity = print_of(type="person", identifiers=[{"type": "card_index", "value": value}])
        found = compare(entity, entity, table)
        assert found is not None
        return found.weight

    assert bits("472") == 3 * 332
    assert bits("472918") < bits("4729185")
    assert bits("47291853729") == table.weights[0]


def test_a_contradicting_national_number_takes_from_an_agreeing_passport(model: Model) -> None:
    table = model.tables["identifier"]
    passport = {"type": "passport", "value": "12AB34567", "country": "FR"}

    def entity(number: str) -> Any:
        numbers = [passport, {"type": "national_id", "value": number, "country": "FR"}]
        return print_of(type="person", identifiers=numbers)

    agree, contradict = compare(entity("A1"), entity("A1"), table), compare(entity("A1"), entity("B92"), table)
    assert agree is not None
    assert contradict is not None
    assert contradict.weight < agree.weight


def test_zeros_are_no_evidence(model: Model) -> None:
    entity = print_of(type="person", identifiers=[{"type": "passport", "value": "000000000"}])
    assert compare(entity, entity, model.tables["identifier"]) is None
