from __future__ import annotations

from math import hypot
from xml.etree.ElementTree import fromstring

import pytest

from pipeline.web.components.graph_drawing import RING, Edge, Node, drawing_of, places

NODES = [Node("c", "fr-pj:1", 0, "/cases/fr-pj:1"), Node("n", "be-fp:<2>", 1, "/cases/be-fp:2"), Node("h", "pl-kg", 2)]
EDGES = [Edge("c", "n", "certain"), Edge("h", "n", "possible")]


def test_each_node_lies_on_the_ring_of_its_depth() -> None:
    found = places([*NODES, Node("m", "de-bk:3", 1, "/cases/de-bk:3")])
    distances = {name: hypot(*at) for name, at in found.items()}
    assert distances == pytest.approx({"c": 0, "n": RING, "m": RING, "h": 2 * RING})
    assert found["n"] != found["m"]


def test_readable_cases_are_links_and_hits_are_not() -> None:
    drawn = fromstring(drawing_of(NODES, EDGES, "Linked records"))
    assert drawn.get("aria-label") == "Linked records"
    assert [link.get("href") for link in drawn.iter("a")] == ["/cases/fr-pj:1", "/cases/be-fp:2"]
    assert [group.get("class") for group in drawn.iter("g")] == ["node centre", "node", "node hit"]
    assert [line.get("class") for line in drawn.iter("line")] == ["edge certain", "edge possible"]


def test_names_are_text_and_never_markup() -> None:
    assert "be-fp:&lt;2&gt;" in drawing_of(NODES, EDGES, "")
