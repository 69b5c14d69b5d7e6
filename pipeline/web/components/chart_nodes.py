"""A chart's nodes and edges as static/chart.js draws them: codes and references turned into words and addresses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from pipeline.api.answers import ChartEdge, ChartNode, OpenedChartAnswer, told
from pipeline.api.chart_content import KeptChart
from pipeline.api.own_nodes import OwnNode
from pipeline.locale import N_
from pipeline.matching.bands import Basis
from pipeline.matching.explain.words import IDENTIFIER_TYPES, TYPES
from pipeline.web.addresses import case_path, entity_path
from pipeline.web.components.badges import BAND_LABELS, ORIGINAL
from pipeline.web.components.chart_icons import choose_icon
from pipeline.web.components.entity import describe_relation
from pipeline.web.components.values import format_title
from pipeline.web.i18n import Words

CLOSED: Final = N_("An item that you can't open")
"""Of whatever a chart names and its viewer may not read, or is not there: the two are one."""

HIT_WORD: Final = N_("Hit only")

FURTHER_TYPES: Final = {"email": N_("E-mail"), "hit": HIT_WORD}
"""What ties two records besides entities and numbers of well-known types."""


class DrawnNode(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """A node as static/chart.js draws it; `word` is its type, `under` a second line, `keep` what a folder keeps.

    `lines` is what stands under a record: its country and number, its main person, its title; blank ones left out.
    """

    id: str
    kind: str
    type: str
    word: str
    label: str
    under: str = ""
    country: str = ""
    country_name: str = ""
    opened: str = ""
    path: str = ""
    keep: str = ""
    number: str = ""
    case: str = ""
    places: tuple[tuple[str, str], ...] = ()
    bearers: tuple[tuple[str, str], ...] = ()
    caveat: tuple[tuple[str, str], ...] = ()
    """What the owner asks, each text with its language: a translation first where there is one, then what binds."""
    lines: tuple[str, ...] = ()
    icon: str = ""
    """The name of its icon in chart_icons."""


class DrawnEdge(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """An edge as static/chart.js draws it; `word` is how it is heard."""

    a: str
    b: str
    kind: str
    word: str
    band: str = ""
    shared: bool = False
    links: tuple[tuple[str, str, str], ...] = ()


class DrawnGraph(msgspec.Struct, frozen=True):
    """What is added to a chart."""

    nodes: tuple[DrawnNode, ...]
    edges: tuple[DrawnEdge, ...]


def draw_graph(words: Words, nodes: Iterable[ChartNode], edges: Iterable[ChartEdge]) -> DrawnGraph:
    """Nodes and edges of an answer, in the viewer's words."""
    return DrawnGraph(
        tuple(_describe_node(words, node) for node in nodes), tuple(_describe_edge(words, edge) for edge in edges)
    )


def _describe_node(words: Words, node: ChartNode) -> DrawnNode:
    places, bearers = (tuple((place.case, place.entity) for place in some) for some in (node.places, node.bearers))
    if node.kind == "case":
        (key, _) = places[0]
        return DrawnNode(
            node.id, "case", "case", words("Record"), format_title(words, node.name or key), key, node.country,
            words.country_name(node.country), node.opened, case_path(key), f"record {key}", places=places,
            caveat=_list_caveats(node), lines=_list_lines(words, node, key), icon=choose_icon("case", ""),
        )  # fmt: skip
    if node.kind == "hit":
        return DrawnNode(node.id, "hit", "hit", words(HIT_WORD), words(HIT_WORD), node.agency)
    if node.kind == "closed":
        return DrawnNode(node.id, "closed", "closed", words(CLOSED), words(CLOSED))
    word = name_type(words, node.type)
    path = entity_path(*places[0]) if places else ""
    keep = "entity {} {}".format(*places[0]) if places else ""
    name = node.name or word
    icon = choose_icon("thing", node.type, is_number=node.id.startswith("number "))
    return DrawnNode(
        node.id, "thing", node.type, word, name, path=path, keep=keep, places=places, bearers=bearers, icon=icon
    )


def _list_lines(words: Words, node: ChartNode, key: str) -> tuple[str, ...]:
    _, _, number = key.partition(":")
    return tuple(filter(None, (f"{node.country} {number}".strip(), node.person, format_title(words, node.name))))


def _list_caveats(node: ChartNode) -> tuple[tuple[str, str], ...]:
    translation = told(node.caveat_translation)
    if not node.caveat or not translation:
        return (("", node.caveat),) if node.caveat else ()
    return (translation.language, translation.text), (translation.original_language or "", node.caveat)


def join_caveats(words: Words, caveats: Sequence[tuple[str, str]]) -> str:
    """What the owner of a record asks, as text: the translation first, and on a line of its own what binds."""
    *translations, original = [text for _, text in caveats] or [""]
    return "\n".join([*translations, f"{words(ORIGINAL)} {original}"]) if translations else original


def draw_kept(words: Words, kept: KeptChart, opened: OpenedChartAnswer) -> DrawnGraph:
    """A kept chart as it is now: a node for each of it, closed ones and its author's own among them."""
    graph = draw_graph(words, opened.nodes, opened.edges)
    nodes = list(graph.nodes)
    for at, (node, found) in enumerate(zip(kept.nodes, opened.nodes, strict=True)):
        if node.own is not None:
            nodes[at] = describe_own_node(words, f"own {at}", node.own)
        elif found.kind == "closed":
            nodes[at] = msgspec.structs.replace(graph.nodes[at], id=f"closed {at}")
    lines = (
        DrawnEdge(nodes[line.a].id, nodes[line.b].id, "own", line.word)
        for line in kept.lines
        if max(line.a, line.b) < len(nodes)
    )
    return DrawnGraph(tuple(nodes), (*graph.edges, *lines))


def describe_own_node(words: Words, name: str, own: OwnNode) -> DrawnNode:
    """A node of an author's own."""
    return DrawnNode(name, "own", own.type, words("Own node"), own.label, own.type, number=own.number, case=own.case)


def name_type(words: Words, kind: str) -> str:
    """What a type of thing, or of number, is called."""
    said = words(TYPES.get(kind) or IDENTIFIER_TYPES.get(kind) or FURTHER_TYPES.get(kind) or kind.replace("_", " "))
    return said[:1].upper() + said[1:]


def _describe_edge(words: Words, edge: ChartEdge) -> DrawnEdge:
    links = tuple((name.link, name.a, name.b) for name in edge.links)
    shared = edge.basis == Basis.SHARED and edge.kind == "link"
    if edge.kind == "relation":
        word = describe_relation(words, edge.word, outgoing=False).removeprefix("← ")
    elif edge.kind == "holds":
        word = words("Named in the record")
    else:
        word = words(BAND_LABELS[edge.band][1]) if edge.band else ""
    return DrawnEdge(edge.a, edge.b, edge.kind, word, edge.band.value, shared, links)
