"""Folding receipts and cases into an agency's data quality by day."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from pipeline.matching.model import load_model
from pipeline.ops.scorecard import CountedReceipt, CountedVersion, QualityScore, Scorecard, is_incomplete
from pipeline.records.doubts import Doubt
from support.index.documents import PureStages
from support.records.builder import person, record


def receipt(outcome: str, time: str, *codes: str) -> CountedReceipt:
    warnings = [{"code": code, "pointer": "/data", "message": ""} for code in codes]
    return msgspec.convert({"outcome": outcome, "time": time, "warnings": warnings}, CountedReceipt)


def held(time: str, *entities: dict[str, Any], status: str = "active") -> CountedVersion:
    value = {"case": "fr-pj:1", "status": status, "provenance": {"ingested_at": time}, "entities": entities}
    return msgspec.json.decode(msgspec.json.encode(value), type=CountedVersion)


NAMED: dict[str, Any] = {"type": "person", "names": [{"text": "anna"}]}


def test_each_record_counts_once_for_each_rate() -> None:
    card = Scorecard()
    card.add_receipt(receipt("accepted", "2026-11-23T10:00:00Z", Doubt.CHECK_DIGIT, Doubt.PHONE, Doubt.PLACEHOLDER))
    card.add_receipt(receipt("accepted", "2026-11-23T11:00:00Z", Doubt.INVISIBLE))
    card.add_receipt(receipt("rejected", "2026-11-23T12:00:00Z"))
    card.add_receipt(receipt("duplicate", "2026-11-23T13:00:00Z"))
    assert card.sum_days() == QualityScore(records=4, rejected=1, duplicate=1, warning=2, placeholder=1, invalid=1)
    assert card.sum_days().rates() == {
        "rejected": 0.25,
        "duplicate": 0.25,
        "warning": 0.5,
        "placeholder": 0.25,
        "invalid": 0.25,
        "missing": None,
        "crowded": None,
    }


def test_the_trend_is_by_day_in_any_order_of_arrival() -> None:
    card = Scorecard()
    for time in ("2026-11-24T00:00:00Z", "2026-11-22T23:59:59Z", "2026-11-24T09:00:00Z"):
        card.add_receipt(receipt("accepted", time))
    assert [(day, score.records) for day, score in card.by_day().items()] == [("2026-11-22", 1), ("2026-11-24", 2)]


def test_a_case_that_lacks_something_counts_once_and_a_withdrawn_one_not_at_all() -> None:
    card = Scorecard()
    card.add_version(held("2026-11-23T10:00:00Z", NAMED, NAMED))
    card.add_version(held("2026-11-23T10:00:00Z", NAMED | {"birth_date": [1980, 0, 0]}))
    card.add_version(held("2026-11-23T10:00:00Z", status="withdrawn"))
    assert card.sum_days() == QualityScore(cases=2, missing=1)
    assert card.sum_days().rates()["missing"] == 0.5


@pytest.mark.parametrize(
    ("entity", "expected"),
    [
        (NAMED, True),
        (NAMED | {"birth_date": [1980, 5, 1]}, False),
        ({"type": "organisation", "names": [{}]}, False),
        ({"type": "organisation", "identifiers": [{}]}, True),
        ({"type": "vehicle"}, True),
        ({"type": "vehicle", "identifiers": [{}]}, False),
        ({"type": "phone", "phones": [{}]}, False),
        ({"type": "vessel", "names": [{}]}, False),
        ({"type": "address", "place": [48.8, 2.3]}, False),
        ({"type": "event", "span": [1, 2]}, True),
        ({"type": "event", "span": [1, 2], "place": [48.8, 2.3]}, False),
    ],
)
def test_what_a_type_of_entity_needs(entity: dict[str, Any], expected: bool) -> None:
    (fields,) = held("2026-11-23T10:00:00Z", entity).entities
    assert is_incomplete(fields) is expected


def test_an_agency_is_told_of_the_cases_that_its_own_crowd_hides() -> None:
    """Hit-only cases alone, since all others are shown, and those that a question finds together with too many."""
    card, stages = Scorecard(), PureStages(load_model())
    for code, count, name, born in (
        ("H2", 101, "Ivan Petrov", "1980-05-01"),
        ("H2", 100, "Anna Petrov", "1980-05-01"),
        ("H0", 101, "Jan Nowak", "1980-05-01"),
        ("H2", 1, "Petrov Ivan Sergeevich", "1980-01-05"),
    ):
        for at in range(count):
            man = person(name, id="p1", birth_date=born)
            accepted = stages.accepted(record("fr-pj", f"{name[:3]}{count}-{at}", code=code, entities=[man]))
            card.add_version(msgspec.json.decode(msgspec.json.encode(accepted), type=CountedVersion))
    card.count_crowds()
    assert card.sum_days().crowded == 102
    assert card.sum_days().rates()["crowded"] == 102 / 303
