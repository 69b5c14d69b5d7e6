from __future__ import annotations

from pipeline.web.i18n import load_words
from pipeline.web.pages.entity import PAGE, collect_statements
from support.access.requesters import ANNA
from support.api.runtime import Api
from support.records.builder import record
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


def test_values_that_cannot_all_be_true_are_marked_and_less_exact_ones_are_not() -> None:
    def fact(field: str, value: object) -> dict[str, object]:
        return {"field": field, "value": value, "cases": ["fr-pj:1"]}

    facts = [
        fact("gender", "male"), fact("gender", "female"), fact("birth_date", "1980-05"),
        fact("birth_date", "1980-05-14"), fact("nationalities", "FR"), fact("nationalities", "BE"), fact("id", "e1"),
    ]  # fmt: skip
    found = collect_statements(load_words("en"), facts)
    assert {one.field for one in found if one.differs} == {"gender"}
    assert [one.value for one in found if one.field == "nationalities"] == ["France", "Belgium"]
    assert [one.first for one in found] == [True, False] * 3
