"""The neighbourhood of a case: links of links to a depth of three; paths never lead through a hit-only record."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from functools import partial
from typing import NamedTuple

from pipeline.access.redaction import Row
from pipeline.api.services.graph import DEEPEST, GraphLimits, read_graph
from pipeline.locale import N_
from pipeline.matching.basis import Basis
from pipeline.web.addresses import case_path, graph_path, link_path
from pipeline.web.components import states
from pipeline.web.components.badges import BAND_LABELS, draw_basis
from pipeline.web.components.entity_graph import load_entity_graph
from pipeline.web.components.graph_drawing import GraphEdge, GraphNode, render_graph
from pipeline.web.components.graph_legend import draw_legend
from pipeline.web.components.markup import box, inline_svg, link, text
from pipeline.web.components.panel import panel
from pipeline.web.components.table import TableColumn, draw_table
from pipeline.web.components.tabs import Drawer, Tab, TabbedContent, TabSet, draw_tabs
from pipeline.web.i18n import Words
from pipeline.web.page import OpenPage, Page, Parameters
from pipeline.web.session import Visit

DRAWN = GraphLimits(nodes=40, each=12)
"""What can still be read in a drawing."""


STEPS = frozenset(map(str, range(1, DEEPEST + 1)))


class GraphPageData(NamedTuple):
    """What was reached from the case; `left_out` links of the cases in it are not drawn."""

    key: str
    depth: int
    nodes: tuple[GraphNode, ...]
    edges: tuple[GraphEdge, ...]
    left_out: int


class GraphPlace(NamedTuple):
    """The case in the middle, and how many links away the graph of cases goes."""

    key: str
    depth: int


async def load_place(_: Visit, parameters: Parameters) -> GraphPlace:
    """What the address names."""
    depth = parameters["depth"]
    return GraphPlace(parameters["key"], min(DEEPEST, max(1, int(depth))) if depth in STEPS else 1)


async def load_cases(visit: Visit, _: Parameters, place: GraphPlace) -> Drawer:
    """The tab of the cases around."""
    return partial(_draw_cases, loaded=await read_cases(visit, place))


async def read_cases(visit: Visit, place: GraphPlace) -> GraphPageData:
    """The neighbourhood, as the reader may see it. Raises NotFoundError for the case itself."""
    found = await read_graph(visit.new_session(), place.key, place.depth, DRAWN)
    rings = _find_rings(place.key, found.edges)
    edges = {_make_edge(visit.words, edge) for edge in found.edges}
    nodes = tuple(_make_node(visit.words, row, rings[row["id"]]) for row in found.nodes)
    return GraphPageData(*place, nodes, tuple(sorted(edges)), found.left_out)


def _make_edge(words: Words, row: Row) -> GraphEdge:
    first, second = sorted((row["a"], row["b"]))
    target = link_path(row["id"], row["a"]) if row["view"] == "full" else ""
    _, band = BAND_LABELS[row["band"]]
    word = words("Link between {a} and {b}: {band}", a=first, b=second, band=words(band)) if target else ""
    return GraphEdge(first, second, row["band"], row["basis"] == Basis.SHARED, target, word)


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


async def _load_entities(visit: Visit, parameters: Parameters, place: GraphPlace) -> Drawer:
    return await load_entity_graph(visit, parameters, place.key)


TABS = TabSet(
    load_place,
    (Tab("cases", N_("Cases"), load_cases), Tab("entities", N_("People and things"), _load_entities)),
    ("key", "depth"),
)


def draw(view: OpenPage, loaded: TabbedContent[GraphPlace]) -> None:
    """The case in the middle, and its graphs in tabs."""
    words, key = view.words, loaded.head.key
    with box("div", "heading"):
        with box("p", "trail"):
            link(key, case_path(key), data_up="")
        text("h1", words("Network"))
    draw_tabs(view, TABS, loaded, words("Network"))


def _draw_cases(view: OpenPage, loaded: GraphPageData) -> None:
    """The drawing, and the same as a table."""
    words = view.words
    _draw_depth_switch(words, loaded)
    if not loaded.edges:
        states.draw_empty(words("No links you have access to"))
        return
    with panel(words("Linked records"), _format_extent(words, loaded)):
        with box("div", "scroll"):
            inline_svg(render_graph(loaded.nodes, loaded.edges, words("Linked records")))
        draw_legend(words, shared=any(edge.is_shared for edge in loaded.edges))
        with box("details", "table"):
            text("summary", words("View as table"))
            draw_table(words("Linked records"), _edge_columns(words, loaded), loaded.edges)


def _format_extent(words: Words, loaded: GraphPageData) -> str:
    """How many links are drawn, and of how many where these are not all."""
    shown = len(loaded.edges)
    if not loaded.left_out:
        return words.plural("{count} link", "{count} links", shown)
    whole = words.format_number(shown + loaded.left_out)
    return words("{shown} of {all} links", shown=words.format_number(shown), all=whole)


def _draw_depth_switch(words: Words, loaded: GraphPageData) -> None:
    with box("div", "row"), box("nav", "switch", aria_label=words("Distance")):
        for depth in range(1, DEEPEST + 1):
            current = "true" if depth == loaded.depth else None
            said = words.plural("{count} hop", "{count} hops", depth)
            link(said, graph_path(loaded.key, depth), aria_current=current)


def _edge_columns(words: Words, loaded: GraphPageData) -> list[TableColumn[GraphEdge]]:
    named = {node.name: node.word for node in loaded.nodes}
    return [
        TableColumn(words("Record"), lambda edge: text("span", named[edge.a], "code")),
        TableColumn(words("Other case"), lambda edge: _draw_other_end(edge, named[edge.b])),
        TableColumn(words("Band"), lambda edge: draw_basis(words, edge.band, shared=edge.is_shared)),
    ]


def _draw_other_end(edge: GraphEdge, name: str) -> None:
    """The other case; a link that is seen in full leads to its evidence."""
    if edge.target:
        link(name, edge.target, "code")
    else:
        text("span", name, "code")


PAGE = Page("/graph/{depth}/of/{key:path}", N_("Network"), "search", TABS.load, draw, "tabs.js")
