from __future__ import annotations

import msgspec
import pytest

from pipeline.access.folders import close_references
from pipeline.api.answers import ChartPlace
from pipeline.api.chart_content import KeptChart, KeptNode, KeptPlace, parse_chart
from pipeline.api.own_nodes import OwnNode
from pipeline.api.problems import UnprocessableError
from pipeline.api.services.chart import MOST_KNOWN
from pipeline.api.services.saved_charts import ChartItem, ChartPair

PHONE = "number phone +33612345678"
KEPT = KeptChart(
    (
        KeptNode(1, 2, ref="record fr-pj:1"),
        KeptNode(3, 4, places=(KeptPlace("entity fr-pj:1 p1", PHONE), KeptPlace("entity be-fp:1 p1", PHONE))),
        KeptNode(5, 6, hit="H.1"),
        KeptNode(7, 8, own=OwnNode("Mona")),
        KeptNode(9, 9, ref="search e30"),
    ),
    ((0, 2),),
)


def test_a_kept_chart_asks_for_an_item_for_each_node() -> None:
    asked = parse_chart(msgspec.json.encode(KEPT)).opening
    assert asked is not None
    assert asked.items == (
        ChartItem((ChartPlace("fr-pj:1"),)),
        ChartItem((ChartPlace("fr-pj:1", "p1"), ChartPlace("be-fp:1", "p1")), PHONE),
        ChartItem(hit="H.1"), ChartItem(), ChartItem(),
    )  # fmt: skip
    assert asked.links == (ChartPair(0, 2),)


def test_what_a_folder_closes_leaves_its_place_and_no_number() -> None:
    closed = close_references(msgspec.json.decode(msgspec.json.encode(KEPT)), {"entity be-fp:1 p1"})
    found = parse_chart(msgspec.json.encode(closed))
    assert found.nodes[0] == KeptNode(1, 2)
    assert found.nodes[1].places == (KeptPlace(), KeptPlace("entity be-fp:1 p1", PHONE))
    none = parse_chart(msgspec.json.encode(close_references(msgspec.json.decode(msgspec.json.encode(KEPT)), set())))
    assert PHONE not in str(none)


@pytest.mark.parametrize("raw", ["", "[]", '{"nodes": 1}', '{"nodes": [{"x": "left"}]}', '{"links": [[0, -1]]}'])
def test_what_is_no_chart_is_refused(raw: str) -> None:
    with pytest.raises(UnprocessableError):
        parse_chart(raw)


def test_a_chart_of_too_many_nodes_or_edges_is_refused_with_a_clear_word() -> None:
    with pytest.raises(UnprocessableError, match="more than 5000 nodes"):
        parse_chart(msgspec.json.encode({"nodes": [{}] * (MOST_KNOWN + 1)}))
    with pytest.raises(UnprocessableError):
        parse_chart(msgspec.json.encode({"nodes": [{}], "links": [[0, 0]] * 100_000}))


def test_an_empty_chart_asks_nothing() -> None:
    assert KeptChart().opening is None
