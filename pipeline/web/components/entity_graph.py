"""The people and things of a case drawn around it, how they are related, and the cases that each is linked to."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from pipeline.access.redaction import Row
from pipeline.api.services.entity_graph import EntityGraphAnswer, read_entity_graph
from pipeline.matching.bands import Band
from pipeline.matching.basis import Basis
from pipeline.web.addresses import case_path, link_path
from pipeline.web.components import states
from pipeline.web.components.badges import BAND_LABELS, badge, draw_basis
from pipeline.web.components.entity import describe_entity, name_entity
from pipeline.web.components.graph_drawing import GraphEdge, GraphNode, GraphRelation, render_graph
from pipeline.web.components.graph_legend import draw_legend
from pipeline.web.components.markup import box, inline_svg, link, text
from pipeline.web.components.panel import panel
from pipeline.web.components.relations import describe_relation
from pipeline.web.components.table import TableColumn, draw_table
from pipeline.web.components.tabs import Drawer, tab_address
from pipeline.web.i18n import Words
from pipeline.web.page import OpenPage, Parameters
from pipeline.web.session import Visit


async def load_entity_graph(visit: Visit, _: Parameters, key: str) -> Drawer:
    """The tab of the people and things of case `key`."""
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


def entity_place(key: str, raw: Row) -> str:
    """Where an entity of a case is told of."""
    return case_path(key) + tab_address("people" if raw["type"] == "person" else "things", entity=raw["id"])


def _list_nodes(words: Words, key: str, found: EntityGraphAnswer, names: dict[str, str]) -> list[GraphNode]:
    entities = [
        GraphNode(f"entity {raw['id']}", names[raw["id"]], 1, entity_place(key, raw), describe_entity(words, raw))
        for raw in found.entities
    ]
    return [GraphNode(key, key, 0, case_path(key)), *entities, *(_make_case_node(words, row) for row in found.cases)]


def _make_case_node(words: Words, row: Row) -> GraphNode:
    if row["view"] == "hit":
        return GraphNode(row["id"], row["agency"], 2, under=words("Hit only"))
    return GraphNode(row["id"], row["id"], 2, case_path(row["id"]), words.country_name(row["country"]))


def _list_edges(words: Words, key: str, found: EntityGraphAnswer, names: dict[str, str]) -> Iterator[GraphEdge]:
    for raw in found.entities:
        yield GraphEdge(key, f"entity {raw['id']}", Band.NONE)
    for tie in found.ties:
        shared = tie["basis"] == Basis.SHARED
        if tie["view"] == "hit":
            yield GraphEdge(key, tie["other"], tie["band"], shared)
            continue
        _, band = BAND_LABELS[tie["band"]]
        word = words("Link between {a} and {b}: {band}", a=names[tie["entity"]], b=tie["other"], band=words(band))
        yield GraphEdge(f"entity {tie['entity']}", tie["other"], tie["band"], shared, link_path(tie["link"], key), word)


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
        TableColumn[Row](words("From"), lambda row: link(names[row["from"]], entity_place(key, held[row["from"]]))),
        TableColumn[Row](
            words("Relation"), lambda row: text("span", describe_relation(words, row["type"], outgoing=True))
        ),
        TableColumn[Row](words("To"), lambda row: link(names[row["to"]], entity_place(key, held[row["to"]]))),
    ]
    draw_table(words("Relations"), columns, found.relations)


def _draw_ties_table(words: Words, key: str, found: EntityGraphAnswer, names: dict[str, str]) -> None:
    ties = [tie for tie in found.ties if tie["view"] == "full"]
    if not ties:
        return
    columns = [
        TableColumn[Row](words("Person or thing"), lambda tie: text("span", names[tie["entity"]])),
        TableColumn[Row](words("Other case"), lambda tie: link(tie["other"], link_path(tie["link"], key), "code")),
        TableColumn[Row](
            words("Band"), lambda tie: draw_basis(words, tie["band"], shared=tie["basis"] == Basis.SHARED)
        ),
    ]
    draw_table(words("Links"), columns, ties)
