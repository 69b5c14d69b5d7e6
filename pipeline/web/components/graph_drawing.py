"""A neighbourhood as rings around its case: an SVG in the page's colours, each readable case a link.

Rings are ellipses, and the cases of a ring stand on its left and right at even heights, their words outwards: so that
no word covers another. A case stands on the side of the one that led to it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from math import sqrt
from typing import NamedTuple
from xml.etree.ElementTree import Element, SubElement, tostring

from pipeline.matching.bands import Band

ACROSS, UP, LINE = 190, 74, 34
"""Pixels of the drawing's own grid: width and least height from ring to ring, and what two lines of words need."""

RADIUS, MARGIN = 8, 170
"""Of a node, and around the outermost ring for words."""

Point = tuple[float, float]


class GraphNode(NamedTuple):
    """A case at a number of steps from the centre, its word and a line under it; without a target it is only a hit."""

    name: str
    word: str
    depth: int
    target: str = ""
    under: str = ""


class GraphEdge(NamedTuple):
    """A link between two nodes by name; `is_shared`: it is a number that two have, not one thing that both speak of."""

    a: str
    b: str
    band: Band
    is_shared: bool = False


class GraphLayout(NamedTuple):
    """Where each node is, and half the height of each ring from the innermost on."""

    places: dict[str, Point]
    heights: list[float]


def lay_out_graph(nodes: Sequence[GraphNode], edges: Sequence[GraphEdge]) -> GraphLayout:
    """Each node on the ring of its depth."""
    places: dict[str, Point] = {node.name: (0, 0) for node in nodes if node.depth == 0}
    heights: list[float] = []
    for depth in range(1, max(node.depth for node in nodes) + 1):
        sides = _split_sides([node for node in nodes if node.depth == depth], _find_parents(places, edges))
        highest = max(len(names) for names in sides.values())
        heights.append(max(depth * UP, heights[-1] + UP / 2 if heights else 0, highest * LINE / 2))
        for side, names in sides.items():
            places |= _place_side(names, side, depth * ACROSS, heights[-1])
    return GraphLayout(places, heights)


def _find_parents(places: dict[str, Point], edges: Sequence[GraphEdge]) -> dict[str, Point]:
    """For each node that is not placed yet, where one that leads to it is."""
    found: dict[str, Point] = {}
    for edge in edges:
        for here, there in ((edge.a, edge.b), (edge.b, edge.a)):
            if here in places and there not in places:
                found.setdefault(there, places[here])
    return found


def _split_sides(ring: Sequence[GraphNode], parents: dict[str, Point]) -> dict[int, list[str]]:
    """The names to the left (-1) and right (1) from top to bottom; around the centre they take turns."""
    sides: defaultdict[int, list[tuple[float, str]]] = defaultdict(list)
    for at, node in enumerate(ring):
        x, y = parents.get(node.name, (0, 0))
        side = (1 if x > 0 else -1) if x else (1, -1)[at % 2]
        sides[side].append((y, node.name))
    return {side: [name for _, name in sorted(found)] for side, found in sides.items()}


def _place_side(names: Sequence[str], side: int, width: float, height: float) -> dict[str, Point]:
    """Names at even heights on one side of an ellipse."""
    found = {}
    for at, name in enumerate(names):
        share = (2 * at + 1) / len(names) - 1
        found[name] = (side * width * sqrt(1 - share * share), height * share)
    return found


def render_graph(nodes: Sequence[GraphNode], edges: Sequence[GraphEdge], title: str) -> str:
    """The SVG; `title` is what those hear who do not see it."""
    laid = lay_out_graph(nodes, edges)
    across = len(laid.heights) * ACROSS + MARGIN
    up = (laid.heights[-1] if laid.heights else 0) + LINE
    root = Element("svg", _svg_attributes(across, up, title))
    for depth, height in enumerate(laid.heights, start=1):
        SubElement(root, "ellipse", {"class": "ring", "rx": str(depth * ACROSS), "ry": f"{height:.1f}"})
    for edge in edges:
        (x1, y1), (x2, y2) = laid.places[edge.a], laid.places[edge.b]
        ends = {"x1": f"{x1:.1f}", "y1": f"{y1:.1f}", "x2": f"{x2:.1f}", "y2": f"{y2:.1f}"}
        SubElement(root, "line", {"class": f"edge {edge.band}{' shared' * edge.is_shared}", **ends})
    for node in nodes:
        _add_node(root, node, laid.places[node.name])
    return tostring(root, encoding="unicode")


def _svg_attributes(across: float, up: float, title: str) -> dict[str, str]:
    """As large as it is drawn where there is room, smaller where there is not."""
    box = f"{-across:.0f} {-up:.0f} {2 * across:.0f} {2 * up:.0f}"
    return {"class": "graph", "viewBox": box, "width": f"{2 * across:.0f}", "role": "group", "aria-label": title}


def _add_node(root: Element, node: GraphNode, at: Point) -> None:
    """A node with its words, which leave the height of its centre free: there a link may lead on outwards."""
    kind = "centre" if node.depth == 0 else "" if node.target else "hit"
    group = SubElement(root, "g", {"class": f"node {kind}".strip(), "transform": f"translate({at[0]:.1f} {at[1]:.1f})"})
    place = SubElement(group, "a", {"href": node.target}) if node.target else group
    SubElement(place, "circle", {"r": str(RADIUS)})
    aside = (RADIUS + 6) * (1 if at[0] > 0 else -1)
    anchor = "middle" if at[0] == 0 else "start" if at[0] > 0 else "end"
    x, word, under = ("0", RADIUS + 15, RADIUS + 29) if at[0] == 0 else (str(aside), -5, 15)
    SubElement(place, "text", {"x": x, "y": str(word), "text-anchor": anchor}).text = node.word
    if node.under:
        below = {"class": "under", "x": x, "y": str(under), "text-anchor": anchor}
        SubElement(place, "text", below).text = node.under
