from __future__ import annotations

from collections.abc import Callable
from xml.etree import ElementTree

import msgspec
import pytest

from pipeline.api.chart_exchange import (
    MOST_BROUGHT,
    MOST_FILE_BYTES,
    list_case_keys,
    read_chart_file,
    read_number,
    write_graphml,
    write_i2,
)
from pipeline.api.chart_picture import FileChart, FileLine, FileNode, write_svg
from pipeline.api.problems import RequestTooLargeError, UnprocessableError

CHART = FileChart(
    "Chart",
    (
        FileNode("case fr-pj:1", "case", "Record", "Vols <de> fret & \x01co", "fr-pj:1", 10, -20.4, "Ask before use"),
        FileNode("entity fr-pj:1 p1", "thing", "Person", "Иван Петров", "", 110, 30),
    ),
    (FileLine("case fr-pj:1", "entity fr-pj:1 p1", "Certain", "certain"),),
)


def test_what_is_written_for_i2_comes_back_as_nodes_of_one_s_own() -> None:
    found = read_chart_file(write_i2(CHART))
    assert [one.node.label for one in found.nodes] == ["Vols <de> fret & co", "Иван Петров"]
    assert [(one.x, one.y) for one in found.nodes] == [(10, -20), (110, 30)]
    assert found.lines == ((0, 1, "Certain"),)
    assert [one.id for one in found.nodes] == ["case fr-pj:1", "entity fr-pj:1 p1"]
    assert list_case_keys(one.node for one in found.nodes) == ["fr-pj:1"]


@pytest.mark.parametrize("write", [write_graphml, write_svg])
def test_a_file_is_xml_with_every_name_and_line(write: Callable[[FileChart], bytes]) -> None:
    root = ElementTree.fromstring(write(CHART))
    said = " ".join(root.itertext())
    assert "Vols <de> fret & co" in said
    assert "Иван Петров" in said
    assert "Ask before use" in said
    assert len([one for one in root.iter() if one.tag.rpartition("}")[2] in ("edge", "line") and len(one)]) == 1


def test_followthemoney_comes_in_with_its_lines_and_numbers() -> None:
    lines = (
        {"id": "a", "schema": "Person", "properties": {"name": ["Mona"], "phone": ["+33 6 12 34 56 78"]}},
        {"id": "p", "schema": "Project", "properties": {"name": ["Vols"], "projectId": ["fr-pj:1"]}},
        {"id": "x", "schema": "ProjectParticipant", "properties": {"project": ["p"], "participant": ["a"]}},
        {"id": "y", "schema": "UnknownLink", "properties": {"subject": ["a"], "object": ["gone"], "role": ["x"]}},
    )
    found = read_chart_file(b"\n".join(map(msgspec.json.encode, lines)))
    assert [one.node.label for one in found.nodes] == ["Mona", "Vols"]
    assert found.nodes[0].node.number == "number phone +33612345678"
    assert found.nodes[1].node.case == "fr-pj:1"
    assert found.lines == ((1, 0, "ProjectParticipant"),)


def test_a_number_is_known_only_where_it_is_whole() -> None:
    assert read_number("BE68 5390 0754 7034") == "number iban BE68539007547034"
    assert read_number("Mona@Louvre.example") == "number email mona@louvre.example"
    assert read_number("0612345678") == ""
    assert read_number("Mona Lisa") == ""


def test_a_file_of_100_mb_is_refused_by_its_size_alone() -> None:
    with pytest.raises(RequestTooLargeError):
        read_chart_file(bytes(MOST_FILE_BYTES + 1))


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"\x00\x01\x02", b"<Chart>", b"<Chart/>", b"{", b"[1]", b'{"id": 1}',
        b'{"id":"a","schema":"X","properties":7}',
        b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><Chart>&b;</Chart>',
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><Chart/>',
    ],
)  # fmt: skip
def test_what_is_no_chart_is_refused_in_words(raw: bytes) -> None:
    with pytest.raises(UnprocessableError):
        read_chart_file(raw)


def test_of_a_large_file_as_much_comes_in_as_anybody_can_use_and_the_rest_is_counted() -> None:
    many = (msgspec.json.encode({"id": str(at), "schema": "Person"}) for at in range(MOST_BROUGHT + 5))
    found = read_chart_file(b"\n".join(many))
    assert (len(found.nodes), found.left_out) == (MOST_BROUGHT, 5)
