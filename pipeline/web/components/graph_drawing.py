"""A neighbourhood as rings around its case: an SVG in the page's colours, each readable case a link."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from math import cos, pi, sin
from typing import NamedTuple
from xml.etree.ElementTree import Element, SubElement, tostring

RING, RADIUS, MARGIN = 130, 9, 110
"""Pixels of the drawing's own grid: between rings, of a node, around the outermost ring for words."""

Point = tuple[float, float]


class Node(NamedTuple):
    """A case at a number of steps from the centre; one without a target is only a hit."""

    name: str
    word: str
    depth: int
    target: str = ""


class Edge(NamedTuple):
    """A link between two nodes by name."""

    a: str
    b: str
    band: str


def places(nodes: Sequence[Node]) -> dict[str, Point]:
    """Each node on the ring of its depth, spread evenly; each ring begins a little further on."""
    rings: defaultdict[int, list[str]] = defaultdict(list)
    for node in nodes:
        rings[node.depth].append(node.name)
    found: dict[str, Point] = {}
    for depth, names in rings.items():
        for at, name in enumerate(names):
            angle = 2 * pi * at / len(names) + depth / 2
            found[name] = (depth * RING * cos(angle), depth * RING * sin(angle))
    return found


def drawing_of(nodes: Sequence[Node], edges: Sequence[Edge], title: str) -> str:
    """The SVG; `title` is what those hear who do not see it."""
    deepest = max(node.depth for node in nodes)
    half = max(1, deepest) * RING + MARGIN
    box = {"class": "graph", "viewBox": f"{-half} {-half} {2 * half} {2 * half}", "role": "group", "aria-label": title}
    root = Element("svg", box)
    for depth in range(1, deepest + 1):
        SubElement(root, "circle", {"class": "ring", "r": str(depth * RING)})
    at = places(nodes)
    for edge in edges:
        (x1, y1), (x2, y2) = at[edge.a], at[edge.b]
        ends = {"x1": f"{x1:.1f}", "y1": f"{y1:.1f}", "x2": f"{x2:.1f}", "y2": f"{y2:.1f}"}
        SubElement(root, "line", {"class": f"edge {edge.band}", **ends})
    for node in nodes:
        _draw(root, node, at[node.name])
    return tostring(root, encoding="unicode")


def _draw(root: Element, node: Node, at: Point) -> None:
    kind = "centre" if node.depth == 0 else "" if node.target else "hit"
    group = SubElement(root, "g", {"class": f"node {kind}".strip(), "transform": f"translate({at[0]:.1f} {at[1]:.1f})"})
    place = SubElement(group, "a", {"href": node.target}) if node.target else group
    SubElement(place, "circle", {"r": str(RADIUS)})
    SubElement(place, "text", {"y": str(RADIUS + 14), "text-anchor": "middle"}).text = node.word
