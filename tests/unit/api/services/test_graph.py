from __future__ import annotations

import pytest

from pipeline.api.problems import NotFoundError
from pipeline.api.services.graph import EntityGraphLimits, GraphLimits, choose_entities, read_entity_graph, read_graph
from support.access.requesters import ANNA, BERT
from support.api.runtime import Api
from support.records.builder import person, record, vehicle
from support.web.large_case import KEY, hold_large_case

OWNED = {"from": "p1", "to": "v1", "type": "owner"}


async def test_entities_relations_and_the_cases_that_each_is_linked_to(api: Api) -> None:
    man = person("Ivan Petrov", id="p1", birth_date="1980-05-01")
    api.hold(record("fr-pj", entities=[man, vehicle("1-ABC-234", "BE", id="v1")], relations=[OWNED]))
    api.hold(record("be-fp", entities=[man]), record("nl-np", code="H2", entities=[man]))
    link, hit = api.link("be-fp:1", "fr-pj:1"), api.link("fr-pj:1", "nl-np:1")
    session = api.session(ANNA)
    found = await read_entity_graph(session, "fr-pj:1")
    assert [entity["id"] for entity in found.entities] == ["p1", "v1"]
    assert found.relations == (OWNED,)
    ties = {(tie.entity, tie.other, tie.link) for tie in found.ties}
    named = session.make_reference
    assert ties == {("p1", "be-fp:1", link), (None, named("nl-np:1"), named(hit))}
    assert {node.view for node in found.cases} == {"full", "hit"}
    assert (found.all_entities, found.all_links, found.all_relations) == (2, 2, 1)
    assert {shown.case for shown in api.audit.acts[-1].shown} == {"fr-pj:1", "be-fp:1", "nl-np:1"}


@pytest.mark.rare
async def test_of_a_large_case_what_fits_is_drawn_and_the_rest_counted(api: Api) -> None:
    hold_large_case(api, 100, 500)
    most = EntityGraphLimits(entities=10, links=12, each=2)
    found = await read_entity_graph(api.session(BERT), KEY, most)
    assert (len(found.entities), len(found.ties)) == (10, 12)
    counts = [sum(tie.entity == entity["id"] for tie in found.ties) for entity in found.entities]
    assert max(counts) == 2
    drawn = {entity["id"] for entity in found.entities}
    assert all({relation["from"], relation["to"]} <= drawn for relation in found.relations)
    assert (found.all_entities, found.all_links, found.all_relations) == (101, 500, 20)


def test_who_is_linked_comes_first_beside_whom_they_are_related_to() -> None:
    related = [{"from": "a", "to": "z", "type": "owner"}, {"from": "x", "to": "y", "type": "owner"}]
    assert choose_entities(["b", "a", "b"], related, 9) == ("b", "a", "z", "x", "y")
    assert choose_entities(["b", "a"], related, 2) == ("b", "a")
    assert choose_entities([], [], 2) == ()


async def test_a_case_that_may_not_be_read_has_no_graph(api: Api) -> None:
    api.hold(record("be-fp", code="H3"))
    with pytest.raises(NotFoundError):
        await read_entity_graph(api.session(ANNA), "be-fp:1")


async def test_records_that_are_left_out_of_a_drawing_are_on_record_as_counted_where_they_are_few(api: Api) -> None:
    man = person("Ivan Petrov", id="p1", birth_date="1980-05-01")
    api.hold(record("fr-pj", entities=[man]), *(record("be-fp", str(number), entities=[man]) for number in range(3)))
    for number in range(3):
        api.link("fr-pj:1", f"be-fp:{number}")
    found = await read_entity_graph(api.session(ANNA), "fr-pj:1", EntityGraphLimits(entities=1, links=1, each=1))
    drawn = await read_graph(api.session(ANNA), "fr-pj:1", most=GraphLimits(nodes=2))
    assert (found.all_links, len(found.ties), drawn.left_out) == (3, 1, 2)
    for act in api.audit.acts[-2:]:
        assert sorted(one.form for one in act.shown) == ["counted", "counted", "full", "full"]
        assert {one.case for one in act.shown} == {"fr-pj:1", *(f"be-fp:{number}" for number in range(3))}
