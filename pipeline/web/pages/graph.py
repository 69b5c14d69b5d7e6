"""The neighbourhood of a case: links of links to a depth of three; paths never lead through a hit-only record."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from typing import NamedTuple

from pipeline.access.redaction import Row
from pipeline.api.services.graph import DEEPEST, GraphLimits, read_graph
from pipeline.locale import N_
from pipeline.matching.basis import Basis
from pipeline.web.addresses import case_path, graph_path
from pipeline.web.components import states
from pipeline.web.components.badges import BAND_LABELS, badge, draw_basis
from pipeline.web.components.graph_drawing import GraphEdge, GraphNode, render_graph
from pipeline.web.components.markup import box, inline_svg, link, text
from pipeline.web.components.panel import panel
from pipeline.web.components.table import TableColumn, draw_table
from pipeline.web.i18n import Words
from pipeline.web.page import OpenPage, Page, Parameters
from pipeline.web.session import Visit

DRAWN = GraphLimits(nodes=40, each=12)
"""What can still be read in a drawing."""


class GraphPageData(NamedTuple):
    """What was reached from the case; not `complete` where more is linked than can be drawn."""

    key: str
    depth: int
    nodes: tuple[GraphNode, ...]
    edges: tuple[GraphEdge, ...]
    complete: bool


async def load(visit: Visit, parameters: Parameters) -> GraphPageData:
    """The neighbourhood, as the reader may see it. Raises NotFoundError for the case itself."""
    key = parameters["key"]
    depth = min(DEEPEST, max(1, int(parameters["depth"])) if parameters["depth"].isdigit() else 1)
    found = await read_graph(visit.new_session(), key, depth, DRAWN)
    rings = _find_rings(key, found.edges)
    edges = {_make_edge(edge) for edge in found.edges}
    nodes = tuple(_make_node(visit.words, row, rings[row["id"]]) for row in found.nodes)
    return GraphPageData(key, depth, nodes, tuple(sorted(edges)), found.complete)


def _make_edge(row: Row) -> GraphEdge:
    first, second = sorted((row["a"], row["b"]))
    return GraphEdge(first, second, row["band"], row["basis"] == Basis.SHARED)


def _find_rings(key: str, edges: Iterable[Row]) -> dict[str, int]:
    """How many links away each node is; an edge leads from a case read in full, and back unless it ends at a hit."""
    onward: defaultdict[str, list[str]] = defaultdict(list)
    for edge in edges:
        onward[edge["a"]].append(edge["b"])
        if edge["view"] == "full":
            onward[edge["b"]].append(edge["a"])
    rings, waiting = {key: 0}, deque([key])
    while waiting:
        here = waiting.popleft()
        for there in onward[here]:
            if there not in rings:
                rings[there] = rings[here] + 1
                waiting.append(there)
    return rings


def _make_node(words: Words, row: Row, ring: int) -> GraphNode:
    if row["view"] == "hit":
        return GraphNode(row["id"], row["agency"], ring, under=words("Hit only"))
    return GraphNode(row["id"], row["id"], ring, case_path(row["id"]), words.country_name(row["country"]))


def draw(view: OpenPage, loaded: GraphPageData) -> None:
    """The drawing, and the same as a table."""
    words = view.words
    with box("div", "heading"):
        with box("p", "trail"):
            link(loaded.key, case_path(loaded.key), data_up="")
        with box("div", "row apart"):
            text("h1", words("Network"))
            _draw_depth_switch(words, loaded)
    if not loaded.edges:
        states.draw_empty(words("No links you have access to"))
        return
    count = words.plural("{count} link", "{count} links", len(loaded.edges))
    with panel(words("Linked records"), count):
        with box("div", "scroll"):
            inline_svg(render_graph(loaded.nodes, loaded.edges, words("Linked records")))
        shared = any(edge.is_shared for edge in loaded.edges)
        _draw_legend(words, len(loaded.edges), shared=shared, more=not loaded.complete)
        with box("details", "table"):
            text("summary", words("View as table"))
            draw_table(words("Linked records"), _edge_columns(words, loaded), loaded.edges)


def _draw_legend(words: Words, shown: int, *, shared: bool, more: bool) -> None:
    with box("p", "row small legend"):
        for name, (_, word) in BAND_LABELS.items():
            with box("span", "row"):
                box("i", name, aria_hidden="true")
                text("span", words(word))
        if shared:
            with box("span", "row"):
                box("i", "shared", aria_hidden="true")
                text("span", words("Shared number"))
        if more:
            badge(words("Showing {count} links; there are more", count=words.format_number(shown)), "warn")


def _draw_depth_switch(words: Words, loaded: GraphPageData) -> None:
    with box("nav", "switch", aria_label=words("Distance")):
        for depth in range(1, DEEPEST + 1):
            current = "true" if depth == loaded.depth else None
            said = words.plural("{count} hop", "{count} hops", depth)
            link(said, graph_path(loaded.key, depth), aria_current=current)


def _edge_columns(words: Words, loaded: GraphPageData) -> list[TableColumn[GraphEdge]]:
    named = {node.name: node.word for node in loaded.nodes}
    return [
        TableColumn(words("Record"), lambda edge: text("span", named[edge.a], "code")),
        TableColumn(words("Other case"), lambda edge: text("span", named[edge.b], "code")),
        TableColumn(words("Band"), lambda edge: draw_basis(words, edge.band, shared=edge.is_shared)),
    ]


PAGE = Page("/graph/{depth}/of/{key:path}", N_("Network"), "search", load, draw)
