"""The neighbourhood of a case: links of links to a depth of three; paths never lead through a hit-only record."""

from __future__ import annotations

from typing import NamedTuple

from pipeline.api.services.links import links
from pipeline.web.addresses import of_case, of_graph
from pipeline.web.components import states
from pipeline.web.components.graph_drawing import Edge, Node, drawing_of
from pipeline.web.components.links import other_side
from pipeline.web.components.markup import box, drawing, link, text
from pipeline.web.components.panel import panel
from pipeline.web.components.table import Column, table
from pipeline.web.components.words_with_frames import band
from pipeline.web.i18n import N_, Words
from pipeline.web.page import Page, Parameters, View
from pipeline.web.session import Visit

DEEPEST = 3
MOST_NODES, MOST_LINKS = 40, 12
"""Nodes of a drawing that can still be read, and links that are followed from one case."""


class Loaded(NamedTuple):
    """What was reached from the case."""

    key: str
    depth: int
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


async def load(visit: Visit, parameters: Parameters) -> Loaded:
    """Follow links step by step, as the reader may see them. Raises NotFound for the case itself."""
    key = parameters["key"]
    depth = min(DEEPEST, max(1, int(parameters["depth"])) if parameters["depth"].isdigit() else 1)
    nodes, edges, rim = {key: Node(key, key, 0, of_case(key))}, set[Edge](), [key]
    for step in range(1, depth + 1):
        before = rim
        rim = []
        for case in before:
            for node, edge in await _around(visit, case, step):
                if node.name not in nodes and len(nodes) < MOST_NODES:
                    nodes[node.name] = node
                    rim += [node.name] if node.target else []
                if node.name in nodes:
                    edges.add(edge)
    return Loaded(key, depth, tuple(nodes.values()), tuple(sorted(edges)))


async def _around(visit: Visit, case: str, step: int) -> list[tuple[Node, Edge]]:
    found = (await links(visit.session(), case, MOST_LINKS)).links
    around = []
    for row in found:
        if row["hit"]:
            node = Node(row["hit"]["reference"], row["hit"]["agency"], step)
        else:
            other = other_side(case, row)
            node = Node(other, other, step, of_case(other))
        first, second = sorted((case, node.name))
        around.append((node, Edge(first, second, row["band"])))
    return around


def draw(view: View, loaded: Loaded) -> None:
    """The drawing, and the same as a table."""
    words = view.words
    with box("div", "heading"):
        with box("p", "trail"):
            link(loaded.key, of_case(loaded.key), data_up="")
        with box("div", "row apart"):
            text("h1", words("Neighbourhood"))
            _depths(words, loaded)
    if not loaded.edges:
        states.empty(words("No links that you may see"))
        return
    count = words.plural("{count} link", "{count} links", len(loaded.edges))
    with panel(words("Linked records"), count):
        drawing(drawing_of(loaded.nodes, loaded.edges, words("Linked records")))
        with box("details", "table"):
            text("summary", words("The same as a table"))
            table(words("Linked records"), _columns(words, loaded), loaded.edges)


def _depths(words: Words, loaded: Loaded) -> None:
    with box("nav", "switch", aria_label=words("Depth")):
        for depth in range(1, DEEPEST + 1):
            current = "true" if depth == loaded.depth else None
            said = words.plural("{count} step", "{count} steps", depth)
            link(said, of_graph(loaded.key, depth), aria_current=current)


def _columns(words: Words, loaded: Loaded) -> list[Column[Edge]]:
    named = {node.name: node.word for node in loaded.nodes}
    return [
        Column(words("Record"), lambda edge: text("span", named[edge.a], "code")),
        Column(words("Other side"), lambda edge: text("span", named[edge.b], "code")),
        Column(words("Band"), lambda edge: band(words, edge.band)),
    ]


PAGE = Page("/graph/{depth}/of/{key:path}", N_("Neighbourhood"), "search", load, draw)
