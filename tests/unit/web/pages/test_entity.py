from __future__ import annotations

from pipeline.api.answers import EntityFact
from pipeline.web.i18n import load_words
from pipeline.web.pages.entity import PAGE, collect_statements
from support.access.requesters import ANNA
from support.api.runtime import Api
from support.records.builder import person, record, vehicle
from support.web.pages import opened


async def test_a_person_is_told_from_all_records_that_may_be_read(api: Api) -> None:
    api.hold(record("fr-pj"), record("be-fp"), record("nl-np", code="H2"))
    api.link("fr-pj:1", "be-fp:1")
    api.link("fr-pj:1", "nl-np:1")
    page = await opened(api, PAGE, ANNA, key="fr-pj:1", entity="p1")
    assert "Ivan Petrov" in page.said()
    assert "be-fp:1" in page.said()
    assert "2 records" in page.said()
    assert "nl-np" not in page.said()


async def test_relations_are_told_from_every_record_and_lead_to_the_other(api: Api) -> None:
    man, car = person("Ivan Petrov", id="p1", birth_date="1980-05-01"), vehicle("1-ABC-234", "BE", id="v1")
    api.hold(record("fr-pj", entities=[man, car], relations=[{"from": "p1", "to": "v1", "type": "owner"}]))
    boss = person("Anna Keller", id="p9")
    known = {"from": "p9", "to": "p1", "type": "employer", "start": "2020"}
    api.hold(record("be-fp", entities=[man, boss], relations=[known]))
    api.link("fr-pj:1", "be-fp:1")
    said = " ".join((await opened(api, PAGE, ANNA, key="fr-pj:1", entity="p1")).said().split())
    assert "Owner of 1-ABC-234 fr-pj:1" in said
    assert "Employer Anna Keller since 2020 be-fp:1" in said
    french = " ".join((await opened(api, PAGE, ANNA, "fr", key="fr-pj:1", entity="v1")).said().split())
    assert "Propriétaire Ivan Petrov fr-pj:1" in french
    assert "Employeur" not in french


async def test_relations_beyond_many_are_folded(api: Api) -> None:
    many = [{"from": "p1", "to": f"v{number}", "type": "driver"} for number in range(50)]
    cars = [vehicle(f"1-ABC-{number:03}", "BE", id=f"v{number}") for number in range(50)]
    api.hold(record("fr-pj", entities=[person("Ivan Petrov", id="p1"), *cars], relations=many))
    said = (await opened(api, PAGE, ANNA, key="fr-pj:1", entity="p1")).said()
    assert "10 more" in said
    assert "1-ABC-049" in said


def test_values_that_cannot_all_be_true_are_marked_and_less_exact_ones_are_not() -> None:
    def fact(field: str, value: object) -> EntityFact:
        return EntityFact(field, value, ("fr-pj:1",))

    facts = [
        fact("gender", "male"), fact("gender", "female"), fact("birth_date", "1980-05"),
        fact("birth_date", "1980-05-14"), fact("nationalities", "FR"), fact("nationalities", "BE"), fact("id", "e1"),
    ]  # fmt: skip
    found = collect_statements(load_words("en"), facts)
    assert {one.field for one in found if one.differs} == {"gender"}
    assert [one.value for one in found if one.field == "nationalities"] == ["France", "Belgium"]
    assert [one.first for one in found] == [True, False] * 3
