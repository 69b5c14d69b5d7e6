from __future__ import annotations

from itertools import pairwise
from xml.etree.ElementTree import fromstring

import pytest

from pipeline.matching.bands import Band
from pipeline.web.components.graph_drawing import (
    ACROSS,
    CLEAR,
    LINE,
    GraphEdge,
    GraphNode,
    GraphRelation,
    lay_out_graph,
    render_graph,
)

NODES = [
    GraphNode("c", "fr-pj:1", 0, "/cases/fr-pj:1"),
    GraphNode("n", "be-fp:<2>", 1, "/cases/be-fp:2", "Belgium"),
    GraphNode("h", "pl-kg", 2),
]
EDGES = [GraphEdge("c", "n", Band.CERTAIN), GraphEdge("h", "n", Band.POSSIBLE)]


def test_each_node_lies_on_the_ring_of_its_depth_and_on_the_side_of_the_one_that_led_to_it() -> None:
    nodes = [*NODES, GraphNode("m", "de-bk:3", 1), GraphNode("k", "es-pn", 2)]
    laid = lay_out_graph(nodes, [*EDGES, GraphEdge("c", "m", Band.CERTAIN), GraphEdge("k", "m", Band.CERTAIN)])
    for node in nodes[1:]:
        x, y = laid.places[node.name]
        height = laid.heights[node.depth - 1]
        assert (x / (node.depth * ACROSS)) ** 2 + (y / height) ** 2 == pytest.approx(1)
    assert [*laid.places["c"]] == [0, 0]
    sides = {name: place[0] > 0 for name, place in laid.places.items()}
    assert sides["h"] == sides["n"] != sides["m"] == sides["k"]


def test_words_of_a_full_ring_have_room_above_each_other() -> None:
    many = [GraphNode(f"n{at}", f"be-fp:{at}", 1) for at in range(40)]
    laid = lay_out_graph([NODES[0], *many], [GraphEdge("c", node.name, Band.CERTAIN) for node in many])
    for side in (True, False):
        heights = sorted(y for name, (x, y) in laid.places.items() if name != "c" and (x > 0) == side)
        assert all(b - a >= LINE - 1e-6 for a, b in pairwise(heights))


def test_a_node_stands_as_high_as_what_led_to_it_where_there_is_room() -> None:
    inner = [GraphNode(f"i{at}", f"be-fp:{at}", 1) for at in range(4)]
    outer = [GraphNode("o0", "gr-as:1", 2), GraphNode("o2", "gr-as:2", 2)]
    edges = [GraphEdge("i0", "o0", Band.CERTAIN), GraphEdge("i2", "o2", Band.CERTAIN)]
    places = lay_out_graph([NODES[0], *inner, *outer], edges).places
    assert places["o0"][1] == pytest.approx(places["i0"][1])
    assert places["o2"][1] == pytest.approx(places["i2"][1])
    crowded = lay_out_graph([NODES[0], *inner, *outer], [edges[0], GraphEdge("i0", "o2", Band.CERTAIN)]).places
    assert abs(crowded["o0"][1] - crowded["o2"][1]) >= LINE


def test_a_relation_from_side_to_side_is_drawn_above_the_centre() -> None:
    inner = [GraphNode(f"i{at}", f"be-fp:{at}", 1) for at in range(4)]
    drawn = fromstring(render_graph([NODES[0], *inner], [], "", [GraphRelation("i0", "i3", "Owner", "#")]))
    (way,) = (path.get("d") for path in drawn.iter("path"))
    assert way
    bend = way.partition("Q")[2].split()[:2]
    assert float(bend[1]) <= -CLEAR / 2


def test_a_case_without_links_is_drawn_alone() -> None:
    assert fromstring(render_graph(NODES[:1], [], "")).get("viewBox")


def test_readable_cases_are_links_and_hits_are_not() -> None:
    drawn = fromstring(render_graph(NODES, EDGES, "Linked records"))
    assert drawn.get("aria-label") == "Linked records"
    assert [link.get("href") for link in drawn.iter("a")] == ["/cases/fr-pj:1", "/cases/be-fp:2"]
    assert [group.get("class") for group in drawn.iter("g")] == ["node centre", "node", "node hit"]
    assert [line.get("class") for line in drawn.iter("line")] == ["edge certain", "edge possible"]
    assert [text.text for text in drawn.iter("text")] == ["fr-pj:1", "be-fp:<2>", "Belgium", "pl-kg"]


def test_names_are_text_and_never_markup() -> None:
    assert "be-fp:&lt;2&gt;" in render_graph(NODES, EDGES, "")
