"""What is kept of a chart: references, where they stand, and what its author put in, as JSON of static/chart.js.

Nothing that a record says is in it. An object that stands for a record or entity names it by `ref`, as folders do
(pipeline.access.folders), which closes it for whoever can't open that: then its place alone is left.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from pipeline.access.folders import BadReferenceError, ItemKind, parse_reference
from pipeline.api.answers import ChartPlace
from pipeline.api.own_nodes import Label, NodeText, OwnNode
from pipeline.api.problems import UnprocessableError
from pipeline.api.services.chart import MOST_KNOWN, MOST_PLACES
from pipeline.api.services.saved_charts import MOST_LINKS, ChartItem, ChartOpening, ChartPair
from pipeline.errors import LiaisonError
from pipeline.locale import N_

At = Annotated[int, Meta(ge=0)]


class KeptPlace(msgspec.Struct, frozen=True, omit_defaults=True):
    """An entity that a thing is, or that bears a number: then `number` is that one's node."""

    ref: NodeText = ""
    number: NodeText = ""


class KeptNode(msgspec.Struct, frozen=True, omit_defaults=True):
    """A node and its place; of a case `ref`, of a thing its `places`, of a hit its reference; or the author's own."""

    x: float = 0
    y: float = 0
    ref: NodeText = ""
    places: Annotated[tuple[KeptPlace, ...], Meta(max_length=MOST_PLACES)] = ()
    hit: Annotated[str, Meta(max_length=200)] = ""
    own: OwnNode | None = None
    pinned: bool = False
    hidden: bool = False
    marked: bool = False
    """Of what is written as a picture, that it is in the path or among the matches that its author looks at."""
    group: Label = ""


class KeptLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """A line of the author's own between two nodes, by their places in the chart's order."""

    a: At
    b: At
    word: Label = ""


class KeptGroup(msgspec.Struct, frozen=True):
    """A group of nodes, by the name that they state."""

    id: Label
    label: Label


class KeptChart(msgspec.Struct, frozen=True, omit_defaults=True):
    """A chart as it is kept; `links` are pairs of its nodes, by their places in its order."""

    nodes: Annotated[tuple[KeptNode, ...], Meta(max_length=MOST_KNOWN)] = ()
    links: Annotated[tuple[tuple[At, At], ...], Meta(max_length=MOST_LINKS)] = ()
    lines: Annotated[tuple[KeptLine, ...], Meta(max_length=MOST_LINKS)] = ()
    groups: Annotated[tuple[KeptGroup, ...], Meta(max_length=MOST_KNOWN)] = ()

    @property
    def opening(self) -> ChartOpening | None:
        """What is asked of the service, an item for each node; None of an empty chart."""
        if not self.nodes:
            return None
        return ChartOpening(tuple(map(_make_item, self.nodes)), tuple(ChartPair(*pair) for pair in self.links))


BAD_CHART: Final = N_("this is not a chart, or it has more than {most} nodes")


def parse_chart(content: str | bytes) -> KeptChart:
    """A chart of its JSON. Raises UnprocessableError for what is none, or has too many nodes or lines."""
    try:
        return msgspec.json.decode(content, type=KeptChart)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise UnprocessableError(LiaisonError(BAD_CHART, most=MOST_KNOWN), "content") from error


def _make_item(node: KeptNode) -> ChartItem:
    places = (node.ref, *(place.ref for place in node.places))
    number = next((place.number for place in node.places if place.number), "")
    return ChartItem(tuple(filter(None, map(_parse_place, filter(None, places)))), number, node.hit)


def _parse_place(ref: str) -> ChartPlace | None:
    """The place that a reference names; None for what a chart does not have."""
    try:
        named = parse_reference(ref)
    except BadReferenceError:
        return None
    return ChartPlace(named.case, named.entity) if named.kind in (ItemKind.RECORD, ItemKind.ENTITY) else None
