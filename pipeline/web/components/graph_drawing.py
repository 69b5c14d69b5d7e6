"""A neighbourhood as rings around its case: an SVG in the page's colours; readable cases and links lead to their page.

Rings are ellipses, and the cases of a ring stand on its left and right at even heights, their words outwards: so that
no word covers another. A case stands on the side of the one that led to it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from math import sqrt
from typing import NamedTuple
from xml.etree.ElementTree import Element, SubElement, tostring

from pipeline.matching.bands import Band
from pipeline.web.components.badges import BAND_LABELS
from pipeline.web.components.markup import box, text
from pipeline.web.i18n import Words

ACROSS, UP, LINE = 190, 74, 34
"""Pixels of the drawing's own grid: width and least height from ring to ring, and what two lines of words need."""

RADIUS, MARGIN = 8, 170
"""Of a node, and around the outermost ring for words."""

BENT = 0.55
"""How far from the middle, as a share of its nodes' own distance, a relation's curve is drawn to."""

CLEAR = 24
"""By how much a curve from one side to the other is drawn upwards where it would run through the centre."""

WORD_AT = 0.35
"""Where on its curve a relation's word stands: not in the middle, where many meet."""

Point = tuple[float, float]


class GraphNode(NamedTuple):
    """A case at a number of steps from the centre, its word and a line under it; without a target it is only a hit."""

    name: str
    word: str
    depth: int
    target: str = ""
    under: str = ""


class GraphEdge(NamedTuple):
    """A link between two nodes by name; `is_shared`: it is a number that two have, not one thing that both speak of.

    It leads to `target`, its evidence, and is called `word`; without a target it only shows. Without a band it says
    that the one belongs to the other.
    """

    a: str
    b: str
    band: Band
    is_shared: bool = False
    target: str = ""
    word: str = ""


class GraphRelation(NamedTuple):
    """How two nodes are related, in a word that stands beside the line; it leads to where that is said."""

    a: str
    b: str
    word: str
    target: str


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


def _split_sides(ring: Sequence[GraphNode], parents: dict[str, Point]) -> dict[int, list[tuple[float, str]]]:
    """The names to the left (-1) and right (1) from top to bottom, each with the height of what led to it.

    Around the centre they take turns.
    """
    sides: defaultdict[int, list[tuple[float, str]]] = defaultdict(list)
    for at, node in enumerate(ring):
        x, y = parents.get(node.name, (0, 0))
        side = (1 if x > 0 else -1) if x else (1, -1)[at % 2]
        sides[side].append((y, node.name))
    return {side: sorted(found) for side, found in sides.items()}


def _place_side(names: Sequence[tuple[float, str]], side: int, width: float, height: float) -> dict[str, Point]:
    """Names on one side of an ellipse: as high as what led to them where there is room for it, else at even heights.

    A line that leads straight on crosses no words.
    """
    shares = [y / height for y, _ in names]
    if not any(shares) or any(below - above < LINE / height for above, below in pairwise(shares)):
        shares = [(2 * at + 1) / len(names) - 1 for at in range(len(names))]
    return {
        name: (side * width * sqrt(1 - share * share), height * share)
        for share, (_, name) in zip(shares, names, strict=True)
    }


def render_graph(
    nodes: Sequence[GraphNode], edges: Sequence[GraphEdge], title: str, relations: Sequence[GraphRelation] = ()
) -> str:
    """The SVG; `title` is what those hear who do not see it."""
    laid = lay_out_graph(nodes, edges)
    across = len(laid.heights) * ACROSS + MARGIN
    up = (laid.heights[-1] if laid.heights else 0) + LINE
    view_box = f"{-across:.0f} {-up:.0f} {2 * across:.0f} {2 * up:.0f}"
    width = f"{2 * across:.0f}"  # as large as it is drawn where there is room, smaller where there is not
    root = Element("svg", {"class": "graph", "viewBox": view_box, "width": width, "role": "group", "aria-label": title})
    for depth, height in enumerate(laid.heights, start=1):
        SubElement(root, "ellipse", {"class": "ring", "rx": str(depth * ACROSS), "ry": f"{height:.1f}"})
    for edge in edges:
        _add_edge(root, edge, laid.places[edge.a], laid.places[edge.b])
    for relation in relations:
        _add_relation(root, relation, laid.places[relation.a], laid.places[relation.b])
    for node in nodes:
        _add_node(root, node, laid.places[node.name])
    return tostring(root, encoding="unicode")


def _add_edge(root: Element, edge: GraphEdge, a: Point, b: Point) -> None:
    """A line; one that leads somewhere has a wide one around it, so that it can be met."""
    ends = {"x1": f"{a[0]:.1f}", "y1": f"{a[1]:.1f}", "x2": f"{b[0]:.1f}", "y2": f"{b[1]:.1f}"}
    place = root
    if edge.target:
        place = SubElement(root, "a", {"href": edge.target, "aria-label": edge.word})
        SubElement(place, "title").text = edge.word
        SubElement(place, "line", {"class": "around", **ends})
    kind = edge.band if edge.band else "held"
    SubElement(place, "line", {"class": f"edge {kind}{' shared' * edge.is_shared}", **ends})


def _add_relation(root: Element, relation: GraphRelation, a: Point, b: Point) -> None:
    """A curve towards the middle, clear of what stands between two nodes of one ring, with its word on it.

    From one side to the other it is drawn above the centre.
    """
    x, y = (a[0] + b[0]) / 2, (a[1] + b[1]) / 2
    bend = (x * BENT, y - CLEAR if a[0] * b[0] < 0 and abs(y) < LINE else y)
    word_at = _point_of_curve(a, bend, b, WORD_AT)
    place = SubElement(root, "a", {"href": relation.target, "class": "relation"})
    way = f"M{a[0]:.1f} {a[1]:.1f}Q{bend[0]:.1f} {bend[1]:.1f} {b[0]:.1f} {b[1]:.1f}"
    SubElement(place, "path", {"d": way})
    at = {"x": f"{word_at[0]:.1f}", "y": f"{word_at[1] + 4:.1f}", "text-anchor": "middle"}
    SubElement(place, "text", at).text = relation.word


def _point_of_curve(a: Point, bend: Point, b: Point, share: float) -> Point:
    """The point of a quadratic Bezier curve that is this share of the way from `a` to `b`."""
    weights = ((1 - share) ** 2, 2 * share * (1 - share), share**2)
    x, y = (sum(weight * point[axis] for weight, point in zip(weights, (a, bend, b), strict=True)) for axis in (0, 1))
    return x, y


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


def draw_legend(words: Words, *, shared: bool) -> None:
    """The lines of the bands, and that of a shared number where there is one."""
    with box("p", "row small legend"):
        for name, (_, word) in BAND_LABELS.items():
            with box("span", "row"):
                box("i", name, aria_hidden="true")
                text("span", words(word))
        if shared:
            with box("span", "row"):
                box("i", "shared", aria_hidden="true")
                text("span", words("Shared number"))
