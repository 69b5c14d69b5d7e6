from __future__ import annotations

from random import Random
from typing import Any

import pytest

from pipeline.demo.case_files import CaseFile
from pipeline.demo.countries import load_countries
from pipeline.demo.recording import RecordedEntity
from pipeline.demo.relations import draw_organisation, list_relations

FRANCE = load_countries()["FR"]
SUSPECT = {"id": "e1", "type": "person", "role": "suspect"}
OTHER = {"id": "e2", "type": "person", "role": "associate"}
VICTIM = {"id": "e2", "type": "person", "role": "victim"}
CAR = {"id": "e3", "type": "vehicle"}
CASES = [f"2026-{number:06d}" for number in range(1_000)]


def said(*entities: dict[str, Any]) -> list[dict[str, str]]:
    """All that a thousand cases with these entities say."""
    return [relation for case in CASES for relation in list_relations(FRANCE, case, entities)]


def record(entity: dict[str, Any]) -> RecordedEntity:
    return RecordedEntity({name: value for name, value in entity.items() if name != "id"}, ())


def test_people_own_or_drive_what_is_in_their_case_as_often_as_agencies_say_so() -> None:
    found = said(SUSPECT, CAR)
    assert {(relation["from"], relation["to"]) for relation in found} == {("e1", "e3")}
    assert {relation["type"] for relation in found} == {"owner", "driver"}
    assert 0.6 < len(found) / len(CASES) < 0.8
    assert 0.2 < sum("start" in relation for relation in found) / len(found) < 0.4


def test_a_thing_is_one_persons_whoever_else_is_in_the_case() -> None:
    found = said(SUSPECT, OTHER, CAR)
    of_the_car = [relation for relation in found if relation["to"] == "e3"]
    assert {relation["from"] for relation in of_the_car} == {"e1", "e2"}
    assert len(of_the_car) <= len(CASES)


@pytest.mark.parametrize(("other", "words"), [(OTHER, {"associate"}), (VICTIM, set())])
def test_suspects_have_associates_and_victims_are_nobodys(other: dict[str, Any], words: set[str]) -> None:
    assert {relation["type"] for relation in said(SUSPECT, other)} == words


@pytest.mark.parametrize("entities", [(CAR,), (SUSPECT, {"id": "e2", "type": "event"})])
def test_nobody_is_related_to_nothing(entities: tuple[dict[str, Any], ...]) -> None:
    assert said(*entities) == []


def test_people_are_members_of_clubs_and_work_for_companies() -> None:
    club = {"id": "o1", "type": "organisation"}
    assert {relation["type"] for relation in said(SUSPECT, club)} == {"member"}
    company = club | {"legal_form": "SARL"}
    assert {relation["type"] for relation in said(SUSPECT, company)} == {"director", "employee"}


def test_a_group_is_named_in_few_cases_and_in_none_without_people() -> None:
    person, car = record(SUSPECT), record(CAR)
    drawn = [draw_organisation(FRANCE, case, [person, car]) for case in CASES]
    named = [organisation.fields["names"][0]["full"] for organisation in drawn if organisation]
    assert 0.04 < len(named) / len(CASES) < 0.12
    assert any(name.endswith("SARL") for name in named)
    assert any("club" in name for name in named)
    assert not any(draw_organisation(FRANCE, case, [car]) for case in CASES)


def test_the_next_version_says_what_the_last_one_said() -> None:
    for number in range(50):
        file = CaseFile(Random(number), FRANCE, number, [record(SUSPECT), record(CAR)])
        file.add_entity(RecordedEntity({"type": "phone", "number": "+33612345678"}, ()))
        first, second = (version.event["data"] for version in file.versions)
        known = {entity["id"] for entity in first["entities"]}
        again = [relation for relation in second.get("relations", []) if relation["to"] in known]
        assert again == first.get("relations", [])
