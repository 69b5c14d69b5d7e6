"""The neighbourhood of a case: links of links to a depth of three, and the people and things that they are about.

Paths never lead through a hit-only record.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from functools import partial
from typing import NamedTuple

from pipeline.api.answers import CaseNode, EntityGraphAnswer, EntityTie, LinkEdge
from pipeline.api.services.graph import DEEPEST, GraphLimits, read_entity_graph, read_graph
from pipeline.index.documents import AsSent
from pipeline.locale import N_
from pipeline.matching.bands import Band, Basis
from pipeline.web.addresses import case_path, graph_path, link_path
from pipeline.web.components import states
from pipeline.web.components.badges import BAND_LABELS, badge, draw_basis
from pipeline.web.components.entity import describe_entity, describe_relation, entity_place, name_entity
from pipeline.web.components.graph_drawing import GraphEdge, GraphNode, GraphRelation, draw_legend, render_graph
from pipeline.web.components.markup import box, inline_svg, link, text
from pipeline.web.components.tables import TableColumn, draw_heading, draw_table, panel
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


async def _load_place(_: Visit, parameters: Parameters) -> GraphPlace:
    """What the address names."""
    depth = parameters["depth"]
    return GraphPlace(parameters["key"], min(DEEPEST, max(1, int(depth))) if depth in STEPS else 1)


async def _load_cases(visit: Visit, _: Parameters, place: GraphPlace) -> Drawer:
    return partial(_draw_cases, loaded=await read_cases(visit, place))


async def read_cases(visit: Visit, place: GraphPlace) -> GraphPageData:
    """The neighbourhood, as the reader may see it. Raises NotFoundError for the case itself."""
    found = await read_graph(visit.new_session(), place.key, place.depth, DRAWN)
    rings = _find_rings(place.key, found.edges)
    edges = {_make_edge(visit.words, edge) for edge in found.edges}
    nodes = tuple(_make_case_node(visit.words, row, rings[row.id]) for row in found.nodes)
    return GraphPageData(*place, nodes, tuple(sorted(edges)), found.left_out)


def _make_edge(words: Words, row: LinkEdge) -> GraphEdge:
    first, second = sorted((row.a, row.b))
    target = link_path(row.id, row.a) if row.view == "full" else ""
    _, band = BAND_LABELS[row.band]
    word = words("Link between {a} and {b}: {band}", a=first, b=second, band=words(band)) if target else ""
    return GraphEdge(first, second, row.band, row.basis == Basis.SHARED, target, word)


def _find_rings(key: str, edges: Iterable[LinkEdge]) -> dict[str, int]:
    """How many links away each node is; an edge leads from a case read in full, and back unless it ends at a hit."""
    onward: defaultdict[str, list[str]] = defaultdict(list)
    for edge in edges:
        onward[edge.a].append(edge.b)
        if edge.view == "full":
            onward[edge.b].append(edge.a)
    rings, waiting = {key: 0}, deque([key])
    while waiting:
        here = waiting.popleft()
        for there in onward[here]:
            if there not in rings:
                rings[there] = rings[here] + 1
                waiting.append(there)
    return rings


def _make_case_node(words: Words, row: CaseNode, ring: int) -> GraphNode:
    if row.view == "hit":
        return GraphNode(row.id, row.agency, ring, under=words("Hit only"))
    return GraphNode(row.id, row.id, ring, case_path(row.id), words.country_name(row.country or ""))


def draw(view: OpenPage, loaded: TabbedContent[GraphPlace]) -> None:
    """The case in the middle, and its graphs in tabs."""
    words, key = view.words, loaded.head.key
    draw_heading(words("Network"), key, case_path(key))
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


async def _load_entities(visit: Visit, _: Parameters, place: GraphPlace) -> Drawer:
    """The tab of the people and things of the case in the middle."""
    key = place.key
    return partial(_draw_entity_graph, key=key, found=await read_entity_graph(visit.new_session(), key))


def _draw_entity_graph(view: OpenPage, key: str, found: EntityGraphAnswer) -> None:
    words = view.words
    if not found.ties and not found.relations:
        states.draw_empty(words("No relations, and no links you have access to"))
        return
    names = {raw["id"]: name_entity(words, raw) for raw in found.entities}
    title = words("People and things")
    relations = list(_list_relations(words, key, found))
    with panel(title, key):
        with box("div", "scroll"):
            edges = list(_list_edges(words, key, found, names))
            inline_svg(render_graph(_list_nodes(words, key, found, names), edges, title, relations))
        draw_legend(words, shared=any(edge.is_shared for edge in edges))
        _draw_extent(words, found)
        with box("details", "table"):
            text("summary", words("View as table"))
            _draw_relations_table(words, key, found, names)
            _draw_ties_table(words, key, found, names)


def _draw_extent(words: Words, found: EntityGraphAnswer) -> None:
    """How much of it all is drawn, where it is not all of it."""
    said = [
        words("{shown} of {all} people and things", shown=len(found.entities), all=found.all_entities)
        if len(found.entities) < found.all_entities else "",
        words("{shown} of {all} links", shown=len(found.ties), all=found.all_links)
        if len(found.ties) < found.all_links else "",
        words("{shown} of {all} relations", shown=len(found.relations), all=found.all_relations)
        if len(found.relations) < found.all_relations else "",
    ]  # fmt: skip
    if any(said):
        with box("p", "row small"):
            text("span", words("Showing"))
            for each in filter(None, said):
                badge(each, "warn")


def _list_nodes(words: Words, key: str, found: EntityGraphAnswer, names: dict[str, str]) -> list[GraphNode]:
    entities = [
        GraphNode(f"entity {raw['id']}", names[raw["id"]], 1, entity_place(key, raw), describe_entity(words, raw))
        for raw in found.entities
    ]
    return [GraphNode(key, key, 0, case_path(key)), *entities, *(_make_case_node(words, row, 2) for row in found.cases)]


def _list_edges(words: Words, key: str, found: EntityGraphAnswer, names: dict[str, str]) -> Iterator[GraphEdge]:
    for raw in found.entities:
        yield GraphEdge(key, f"entity {raw['id']}", Band.NONE)
    for tie in found.ties:
        shared = tie.basis == Basis.SHARED
        if tie.entity is None:
            yield GraphEdge(key, tie.other, tie.band, shared)
            continue
        _, band = BAND_LABELS[tie.band]
        word = words("Link between {a} and {b}: {band}", a=names[tie.entity], b=tie.other, band=words(band))
        yield GraphEdge(f"entity {tie.entity}", tie.other, tie.band, shared, link_path(tie.link, key), word)


def _list_relations(words: Words, key: str, found: EntityGraphAnswer) -> Iterator[GraphRelation]:
    held = {raw["id"]: raw for raw in found.entities}
    for relation in found.relations:
        word = describe_relation(words, relation["type"], outgoing=False).removeprefix("← ")
        a, b = relation["from"], relation["to"]
        yield GraphRelation(f"entity {a}", f"entity {b}", word, entity_place(key, held[a]))


def _draw_relations_table(words: Words, key: str, found: EntityGraphAnswer, names: dict[str, str]) -> None:
    if not found.relations:
        return
    held = {raw["id"]: raw for raw in found.entities}
    columns = [
        TableColumn[AsSent](words("From"), lambda row: link(names[row["from"]], entity_place(key, held[row["from"]]))),
        TableColumn[AsSent](
            words("Relation"), lambda row: text("span", describe_relation(words, row["type"], outgoing=True))
        ),
        TableColumn[AsSent](words("To"), lambda row: link(names[row["to"]], entity_place(key, held[row["to"]]))),
    ]
    draw_table(words("Relations"), columns, found.relations)


def _draw_ties_table(words: Words, key: str, found: EntityGraphAnswer, names: dict[str, str]) -> None:
    ties = [tie for tie in found.ties if tie.view == "full"]
    if not ties:
        return
    columns = [
        TableColumn[EntityTie](words("Person or thing"), lambda tie: text("span", names[tie.entity or ""])),
        TableColumn[EntityTie](words("Other case"), lambda tie: link(tie.other, link_path(tie.link, key), "code")),
        TableColumn[EntityTie](
            words("Band"), lambda tie: draw_basis(words, tie.band, shared=tie.basis == Basis.SHARED)
        ),
    ]
    draw_table(words("Links"), columns, ties)


TABS = TabSet(
    _load_place,
    (Tab("cases", N_("Cases"), _load_cases), Tab("entities", N_("People and things"), _load_entities)),
    ("key", "depth"),
)

PAGE = Page("/graph/{depth}/of/{key:path}", N_("Network"), "search", TABS.load, draw, "tabs.js")
