from __future__ import annotations

from random import Random

import pytest

from pipeline.demo.case_files import CaseFile
from pipeline.demo.countries import load_countries
from pipeline.demo.recording import RecordedEntity
from pipeline.feeds.checking import Checker

PERSON = RecordedEntity({"type": "person", "names": [{"full": "Ana Neznámá"}]}, ("person-1",))
CAR = RecordedEntity({"type": "vehicle", "plate": "AB-123-CD"}, ("vehicle-1",))


@pytest.fixture
def file() -> CaseFile:
    return CaseFile(Random(1), load_countries()["FR"], 8, [PERSON])


def test_each_change_is_the_next_version_and_shows_what_it_holds(file: CaseFile) -> None:
    file.add_entity(CAR)
    file.correct_person(RecordedEntity(PERSON.fields, ("person-2",)))
    assert [version.number for version in file.versions] == [1, 2, 3]
    assert [version.shows for version in file.versions] == [
        {"person-1"},
        {"person-1", "vehicle-1"},
        {"person-2", "vehicle-1"},
    ]


def test_rewording_changes_nothing_that_is_matched_on(file: CaseFile) -> None:
    file.reword()
    first, second = (version.event["data"] for version in file.versions)
    assert first["entities"] == second["entities"]
    assert first != second


def test_a_withdrawal_holds_no_content_and_shows_nothing(file: CaseFile) -> None:
    file.withdraw()
    assert set(file.last.event["data"]) == {"case_id", "agency", "country", "version", "status"}
    assert file.last.shows == frozenset()
    assert file.last.withdrawn


def test_every_version_is_a_good_record(file: CaseFile) -> None:
    file.add_entity(CAR)
    file.reword()
    file.withdraw()
    lines = [(version.number, version.value) for version in file.versions]
    assert [checked.problems for checked in Checker("fr-pj", "FR").check_lines(lines)] == [()] * 4
