from __future__ import annotations

import orjson

from pipeline.access.redaction import LinkRow
from pipeline.api.services.exports import What, export_records
from pipeline.api.services.follow_the_money import FtmEntity, case_entities, link_entities
from pipeline.index.documents import CaseRecord
from pipeline.matching.bands import Band
from support.access.requesters import ANNA
from support.api.runtime import Api
from support.records.builder import record
from support.records.samples import example


def example_entities() -> dict[str, list[FtmEntity]]:
    """The entities of docs/record.md's example by schema."""
    data = example()["data"]
    row = CaseRecord("fr-pj:2026-004711", "fr-pj", "FR", 3, "", data, None)
    found: dict[str, list[FtmEntity]] = {}
    for entity in case_entities(row):
        found.setdefault(entity["schema"], []).append(entity)
    return found


def test_a_case_is_a_project_with_its_owners_caveat() -> None:
    [project] = example_entities()["Project"]
    assert project["properties"] == {
        "name": ["Vol à main armée"], "projectId": ["fr-pj:2026-004711"], "publisher": ["fr-pj"], "country": ["fr"],
        "summary": ["Deux individus ont attaqué une bijouterie."], "startDate": ["2026-10-28"],
        "notes": ["Ne pas contacter le suspect."],
    }  # fmt: skip


def test_a_project_has_translations_of_the_caveat_behind_it() -> None:
    handling = {"code": "H1", "caveat": "a", "caveat_translations": {"en": "b", "fr": "c"}}
    [project] = case_entities(CaseRecord("x:1", "x", "FR", 1, "", {"handling": handling}, None))
    assert project["properties"]["notes"] == ["a", "b", "c"]


def test_a_person_takes_part_in_it_under_all_names() -> None:
    found = example_entities()
    [person] = found["Person"]
    assert person["properties"] == {
        "name": ["Иван Петров"], "alias": ["Ivan Petrov"], "birthDate": ["1980-05"], "birthPlace": ["Москва"],
        "gender": ["male"], "nationality": ["ru"], "address": ["12 rue de la Paix, 75002 Paris"],
        "phone": ["+33612345678"], "email": ["Ivan@mail.example"],
    }  # fmt: skip
    part = found["ProjectParticipant"][0]["properties"]
    assert part == {"project": [found["Project"][0]["id"]], "participant": [person["id"]], "role": ["suspect"]}


def test_phones_are_in_e164_where_they_are_known() -> None:
    man = {"id": "p1", "type": "person", "phones": ["06 12 34 56 79", "0049 30 1234567", "ask at the desk", "12"]}
    row = CaseRecord("x:1", "x", "FR", 1, "", {"entities": [man]}, None)
    [person] = [entity for entity in case_entities(row) if entity["schema"] == "Person"]
    assert person["properties"]["phone"] == ["+33612345679", "+49301234567", "ask at the desk", "12"]


def test_several_birth_dates_and_places_are_values_of_one_property() -> None:
    man = {
        "id": "p1", "type": "person", "birth_date": "1980", "birth_dates": ["1980-05-03", "1980", "1970/1975", "1981~"],
        "birth_place": "Kazan", "birth_places": ["Tver", "Kazan"],
    }  # fmt: skip
    row = CaseRecord("fr-pj:1", "fr-pj", "FR", 1, "", {"entities": [man]}, None)
    [person] = [entity for entity in case_entities(row) if entity["schema"] == "Person"]
    assert person["properties"] == {"birthDate": ["1980", "1980-05-03", "1981"], "birthPlace": ["Kazan", "Tver"]}


def test_things_are_linked_to_it_and_what_the_model_does_not_know_is_left_out() -> None:
    found = example_entities()
    assert {schema: len(some) for schema, some in found.items()} == {
        "Project": 1, "Person": 1, "Organization": 1, "ProjectParticipant": 2, "Vehicle": 1, "CryptoWallet": 1,
        "BankAccount": 1, "Vessel": 1, "Address": 1, "UnknownLink": 5,
    }  # fmt: skip
    assert found["Organization"][0]["properties"]["country"] == ["de"]


def test_the_same_case_has_the_same_ids() -> None:
    assert example_entities() == example_entities()


async def exported(api: Api, what: What) -> list[FtmEntity]:
    parts = [part async for part in export_records(api.session(ANNA), what, "ftm")]
    return [orjson.loads(line) for line in b"".join(parts).splitlines()]


async def test_a_link_joins_the_projects_of_its_cases(api: Api) -> None:
    api.hold(record("fr-pj"), record("be-fp"))
    api.link("be-fp:1", "fr-pj:1")
    *ends, link = await exported(api, "links")
    projects = [one["id"] for one in await exported(api, "cases") if one["schema"] == "Project"]
    assert [end["id"] for end in ends] == projects
    assert [*link["properties"]["subject"], *link["properties"]["object"]] == projects


async def test_a_hit_only_side_is_its_agency_and_an_opaque_reference(api: Api) -> None:
    api.hold(record("fr-pj"), record("nl-np", code="H2"))
    name = api.link("fr-pj:1", "nl-np:1")
    seen, hidden, link = await exported(api, "links")
    assert seen["properties"] == {"projectId": ["fr-pj:1"]}
    assert hidden["properties"] == {"publisher": ["nl-np"]}
    assert link["properties"]["recordId"] != [name]
    bare = next(link_entities(LinkRow("", "nl-np:1", "nl-np:1", 1, 1, None, None, Band.NONE, None, None)))
    assert hidden["id"] != bare["id"]
