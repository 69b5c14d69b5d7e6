from __future__ import annotations

from pipeline.access.audit import ActKind
from pipeline.access.requester import parse_grounds
from pipeline.matching.bands import Band
from pipeline.web.components.graph_drawing import GraphEdge, render_graph
from pipeline.web.i18n import load_words
from pipeline.web.pages.graph import GraphPageData, load
from pipeline.web.session import Visit
from support.access.requesters import ANNA
from support.api.runtime import Api
from support.records.builder import person, record


async def loaded(api: Api, depth: str) -> GraphPageData:
    visit = Visit(api.runtime, load_words("en"), "light", ANNA, parse_grounds("investigation", "2026/4711"))
    return await load(visit, {"key": "fr-pj:1", "depth": depth})


def chain(api: Api) -> None:
    """A chain: fr - be - de in full, fr - nl as a hit, de - nl behind the rings."""
    api.hold(record("fr-pj"), record("be-fp"), record("de-bka"), record("nl-np", code="H2"))
    for a, b in (("be-fp:1", "fr-pj:1"), ("be-fp:1", "de-bka:1"), ("fr-pj:1", "nl-np:1"), ("de-bka:1", "nl-np:1")):
        api.link(a, b)


async def test_each_node_is_on_the_ring_of_its_distance_and_no_way_leads_through_a_hit(api: Api) -> None:
    chain(api)
    hit = api.session(ANNA).make_reference("nl-np:1")
    found = await loaded(api, "3")
    assert {node.name: node.depth for node in found.nodes} == {"fr-pj:1": 0, "be-fp:1": 1, hit: 1, "de-bka:1": 2}
    assert {node.name for node in found.nodes if not node.target} == {hit}
    assert GraphEdge("be-fp:1", "de-bka:1", Band.CERTAIN) in found.edges


async def test_a_link_by_a_shared_number_is_drawn_apart(api: Api) -> None:
    passport = [{"type": "passport", "value": "12AB34567", "country": "FR"}]
    api.hold(
        record("fr-pj", entities=[person("Ivan Petrov", birth_date="1980-05-01", identifiers=passport)]),
        record("be-fp", entities=[person("Anna Keller", identifiers=passport)]),
    )
    api.link("be-fp:1", "fr-pj:1")
    found = await loaded(api, "1")
    assert found.edges == (GraphEdge("be-fp:1", "fr-pj:1", Band.PROBABLE, is_shared=True),)
    assert 'class="edge probable shared"' in render_graph(found.nodes, found.edges, "")


async def test_a_graph_is_read_once_and_audited_as_one_act(api: Api) -> None:
    chain(api)
    await loaded(api, "2")
    assert [act.kind for act in api.audit.acts] == [ActKind.READ]
