from __future__ import annotations

import pytest

from pipeline.access.audit import ActKind
from pipeline.access.requester import parse_grounds
from pipeline.matching.bands import Band
from pipeline.web.components.graph_drawing import render_graph
from pipeline.web.i18n import load_words
from pipeline.web.pages.graph import DRAWN, PAGE, GraphPageData, GraphPlace, read_cases
from pipeline.web.session import Visit
from support.access.requesters import ANNA
from support.api.runtime import Api
from support.records.builder import person, record, vehicle
from support.web.pages import opened


async def loaded(api: Api, depth: int) -> GraphPageData:
    visit = Visit(api.runtime, load_words("en"), "light", ANNA, parse_grounds("investigation", "2026/4711"))
    return await read_cases(visit, GraphPlace("fr-pj:1", depth))


def chain(api: Api) -> None:
    """A chain: fr - be - de in full, fr - nl as a hit, de - nl behind the rings."""
    api.hold(record("fr-pj"), record("be-fp"), record("de-bka"), record("nl-np", code="H2"))
    for a, b in (("be-fp:1", "fr-pj:1"), ("be-fp:1", "de-bka:1"), ("fr-pj:1", "nl-np:1"), ("de-bka:1", "nl-np:1")):
        api.link(a, b)


async def test_each_node_is_on_the_ring_of_its_distance_and_no_way_leads_through_a_hit(api: Api) -> None:
    chain(api)
    hit = api.session(ANNA).make_reference("nl-np:1")
    found = await loaded(api, 3)
    assert {node.name: node.depth for node in found.nodes} == {"fr-pj:1": 0, "be-fp:1": 1, hit: 1, "de-bka:1": 2}
    assert {node.name for node in found.nodes if not node.target} == {hit}
    assert ("be-fp:1", "de-bka:1", Band.CERTAIN) in [edge[:3] for edge in found.edges]


async def test_a_link_by_a_shared_number_is_drawn_apart(api: Api) -> None:
    passport = [{"type": "passport", "value": "12AB34567", "country": "FR"}]
    api.hold(
        record("fr-pj", entities=[person("Ivan Petrov", birth_date="1980-05-01", identifiers=passport)]),
        record("be-fp", entities=[person("Anna Keller", identifiers=passport)]),
    )
    api.link("be-fp:1", "fr-pj:1")
    found = await loaded(api, 1)
    (edge,) = found.edges
    assert (edge.band, edge.is_shared) == (Band.PROBABLE, True)
    assert 'class="edge probable shared"' in render_graph(found.nodes, found.edges, "")


async def test_a_graph_is_read_once_and_audited_as_one_act(api: Api) -> None:
    chain(api)
    await loaded(api, 2)
    assert [act.kind for act in api.audit.acts] == [ActKind.READ]


async def test_the_lines_of_links_seen_in_full_lead_to_their_evidence(api: Api) -> None:
    chain(api)
    found = await loaded(api, 1)
    drawn = render_graph(found.nodes, found.edges, "")
    full = [edge for edge in found.edges if edge.target]
    assert [(edge.a, edge.b) for edge in full] == [("be-fp:1", "fr-pj:1")]
    assert f'href="{full[0].target}"' in drawn
    assert full[0].word == "Link between be-fp:1 and fr-pj:1: Certain"
    assert len(found.edges) == 2


async def test_it_says_how_many_links_are_left_out(api: Api) -> None:
    api.hold(record("fr-pj"), *(record("be-fp", str(number)) for number in range(DRAWN.each + 3)))
    for number in range(DRAWN.each + 3):
        api.link(f"be-fp:{number}", "fr-pj:1")
    assert (await loaded(api, 1)).left_out == 3
    assert "12 of 15 links" in (await opened(api, PAGE, ANNA, key="fr-pj:1", depth="1")).said()


async def test_relations_stand_between_people_and_things(api: Api) -> None:
    held = [person("Ivan Petrov", id="p1"), vehicle("1-ABC-234", "BE", id="v1"), vehicle("1-XYZ-234", "BE", id="v2")]
    related = [{"from": "p1", "to": "v1", "type": "driver"}, {"from": "p1", "to": "v2", "type": "flew"}]
    api.hold(record("fr-pj", entities=held, relations=related))
    page = await opened(api, PAGE, ANNA, "fr", key="fr-pj:1", depth="1", tab="entities")
    said = " ".join(page.said().split())
    assert "Ivan Petrov Conducteur de 1-ABC-234" in said
    assert "Ivan Petrov flew → 1-XYZ-234" in said
    api.hold(record("fr-pj", "2"))
    empty = await opened(api, PAGE, ANNA, key="fr-pj:2", depth="1", tab="entities")
    assert "No relations, and no links you have access to" in empty.said()


@pytest.mark.parametrize("depth", ["0", "9", "²", "two"])
async def test_a_distance_that_makes_no_sense_is_one(api: Api, depth: str) -> None:
    api.hold(record("fr-pj"))
    page = await opened(api, PAGE, ANNA, key="fr-pj:1", depth=depth)
    (here,) = [said for _, said, told in page.drawn() if told.get("aria-current") == "true"]
    assert here == "1 hop"
